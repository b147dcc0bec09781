//! Loom's atomics, but for a flag of our own.
//!
//! A swap comes right after the value that it replaces, with no store in between. Loom lets a plain
//! store that was made later come before the swap, and so finds wake-ups lost where none can be. The
//! flag stores by swapping, which loom keeps in order. What no model shows for it: two threads that
//! see each other's stores in opposite orders, and a store that ends a release sequence.

pub(crate) use loom::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};

/// A flag, see above.
#[derive(Debug, Default)]
pub(crate) struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    pub(crate) fn new(value: bool) -> Self {
        Self(loom::sync::atomic::AtomicBool::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> bool {
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: bool, order: Ordering) {
        self.0.swap(value, order);
    }

    pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
        self.0.swap(value, order)
    }
}
