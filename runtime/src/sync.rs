//! The only module that names std's atomics and locks, or crossbeam.
//!
//! Under `cfg(loom)` atomics, fences and locks are loom's, so that the algorithms built on them are
//! checked as they stand. Crossbeam knows nothing of loom: the queue of [`queues`] stands in. `Arc`
//! stays std's, because loom's has no `Weak` and doesn't turn into an `Arc<dyn Trait>`; who counts
//! references with it is trusted, not checked. So does `OnceLock`, of which loom has none.
//!
//! Under `cfg(shuttle)` they are shuttle's, which runs whole services in random schedules, but sees
//! every store in one order. Crossbeam's queues stay: nothing is scheduled inside of them.
//!
//! In both, a [`defect`] can be planted by the place of an operation.

#[cfg(any(loom, shuttle))]
pub(crate) mod atomic;
#[cfg(any(loom, shuttle))]
mod defect;
mod fences;
#[cfg(loom)]
mod queues;
#[cfg(not(loom))]
mod queues {
    pub(crate) use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
    pub(crate) use crossbeam_queue::SegQueue as Queue;
}

pub(crate) use std::sync::{Arc, OnceLock, Weak};

pub(crate) use fences::{have_heavy, heavy, light};
#[cfg(loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(loom)]
pub(crate) use loom::thread::ThreadId;
#[cfg(loom)]
use loom::thread::current as current_thread;
pub(crate) use queues::{Queue, Receiver, Sender, TrySendError, bounded};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
#[cfg(shuttle)]
pub(crate) use shuttle::thread::ThreadId;
#[cfg(shuttle)]
use shuttle::thread::current as current_thread;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::thread::ThreadId;
#[cfg(not(any(loom, shuttle)))]
use std::thread::current as current_thread;

/// Locks, also if a thread panicked while it held the lock: what our locks guard is valid between
/// any two statements, so a panic can't leave it half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A number that this process hasn't given out before, from 1.
pub(crate) fn serial() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    // Std's in models too: it orders nothing, and loom's has no static.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The calling thread.
#[inline]
pub(crate) fn this_thread() -> ThreadId {
    current_thread().id()
}

/// A count that orders nothing. Std's in models too: it would only be more for them to go through.
#[derive(Debug, Default)]
pub(crate) struct Count(std::sync::atomic::AtomicUsize);

impl Count {
    const ORDER: std::sync::atomic::Ordering = std::sync::atomic::Ordering::Relaxed;

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Self::ORDER);
    }

    /// Counts one more if it is less than `max`; returns whether it is.
    pub(crate) fn add_below(&self, max: usize) -> bool {
        let more = |count| (count < max).then_some(count + 1);
        self.0.fetch_update(Self::ORDER, Self::ORDER, more).is_ok()
    }

    pub(crate) fn subtract(&self) {
        self.0.fetch_sub(1, Self::ORDER);
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn get(&self) -> usize {
        self.0.load(Self::ORDER)
    }
}

/// True, but where the models run with a defect in the calling line, to see that they find it: for
/// what goes wrong in a sequence, not in one operation on shared memory.
#[cfg(not(any(loom, shuttle)))]
#[inline]
pub(crate) const fn as_written() -> bool {
    true
}

#[cfg(any(loom, shuttle))]
#[track_caller]
pub(crate) fn as_written() -> bool {
    defect::Defect::here() == defect::Defect::None
}
