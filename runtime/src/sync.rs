//! The only module that names std's atomics and locks, or crossbeam.
//!
//! Under `cfg(loom)` everything here is loom's, so that the algorithms built on it are checked as
//! they stand. Crossbeam knows nothing of loom: a queue behind a mutex stands in.

#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, Weak, atomic};

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, atomic};
#[cfg(loom)]
pub(crate) use std::sync::Weak;

/// Locks, also if a thread panicked while it held the lock: what our locks guard is valid between
/// any two statements, so a panic can't leave it half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(not(loom))]
pub(crate) use queues::{Queue, Receiver, Sender, TrySendError, bounded};

#[cfg(not(loom))]
mod queues {
    pub(crate) use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
    pub(crate) use crossbeam_queue::SegQueue as Queue;
}
