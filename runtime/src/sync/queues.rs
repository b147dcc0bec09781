//! What stands in for crossbeam's queues under loom.
//!
//! The values are behind a mutex, but how many there are is read beside it. Otherwise each look at a
//! queue would order everything before it, as no look at crossbeam's does, and no model would miss
//! the fences of our handshakes.

use std::collections::VecDeque;

use super::atomic::{AtomicUsize, Ordering};
use super::{Arc, Mutex, lock};

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
        // Nothing has room for so many.
        let pushed = self.push_below(usize::MAX, value);
        debug_assert!(pushed.is_ok(), "a queue without a bound takes every value");
    }

    /// Puts `value` at the end, or hands it back if there are `capacity` values.
    fn push_below(&self, capacity: usize, value: T) -> Result<(), T> {
        let mut values = lock(&self.values);
        if values.len() >= capacity {
            return Err(value);
        }
        values.push_back(value);
        // Release pairs with the load in `len`.
        self.len.store(values.len(), Ordering::Release);
        Ok(())
    }

    pub(crate) fn pop(&self) -> Option<T> {
        // The lock would order what crossbeam doesn't: a look that finds nothing orders nothing.
        if self.is_empty() {
            return None;
        }
        let mut values = lock(&self.values);
        let value = values.pop_front()?;
        // Release pairs with the load in `len`.
        self.len.store(values.len(), Ordering::Release);
        Some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }
}

/// What both ends of a bounded channel share.
#[derive(Debug)]
struct Bounded<T> {
    queue: Queue<T>,
    capacity: usize,
}

/// Stands in for `crossbeam_channel::bounded`, but for telling an end that the other is gone: our
/// links do that.
pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Bounded { queue: Queue::new(), capacity });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// Stands in for `crossbeam_channel::Sender`.
#[derive(Debug)]
pub struct Sender<T>(Arc<Bounded<T>>);

/// Stands in for `crossbeam_channel::Receiver`.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Bounded<T>>);

/// The channel is full; the value comes back.
pub(crate) struct TrySendError<T>(T);

impl<T> TrySendError<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Sender<T> {
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.0.queue.push_below(self.0.capacity, value).map_err(TrySendError)
    }
}

impl<T> Receiver<T> {
    /// The next value, if there is one.
    pub(crate) fn try_recv(&self) -> Result<T, Empty> {
        self.0.queue.pop().ok_or(Empty)
    }
}

/// The channel has no value.
pub(crate) struct Empty;

/// What crossbeam's two ends tell alike.
macro_rules! levels {
    ($end:ident) => {
        impl<T> $end<T> {
            pub(crate) fn capacity(&self) -> Option<usize> {
                Some(self.0.capacity)
            }

            pub(crate) fn len(&self) -> usize {
                self.0.queue.len()
            }

            pub(crate) fn is_empty(&self) -> bool {
                self.0.queue.is_empty()
            }

            pub(crate) fn is_full(&self) -> bool {
                self.len() == self.0.capacity
            }
        }
    };
}

levels!(Sender);
levels!(Receiver);
