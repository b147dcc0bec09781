//! What stands in for crossbeam's queue under loom.
//!
//! The values are behind a mutex, but how many there are is read beside it. Otherwise each look at a
//! queue would order everything before it, as no look at crossbeam's does, and no model would miss
//! the fences of our handshakes.

use std::collections::VecDeque;

use super::atomic::{AtomicUsize, Ordering};
use super::{Mutex, lock};

/// Stands in for `crossbeam_queue::SegQueue`.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    values: Mutex<VecDeque<T>>,
    len: AtomicUsize,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { values: Mutex::new(VecDeque::new()), len: AtomicUsize::new(0) }
    }

    pub(crate) fn push(&self, value: T) {
        let mut values = lock(&self.values);
        values.push_back(value);
        // Release pairs with the load in `is_empty`.
        self.len.store(values.len(), Ordering::Release);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        // The lock would order what crossbeam doesn't: a look that finds nothing orders nothing.
        if self.is_empty() {
            return None;
        }
        let mut values = lock(&self.values);
        let value = values.pop_front()?;
        // Release pairs with the load in `is_empty`.
        self.len.store(values.len(), Ordering::Release);
        Some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }
}
