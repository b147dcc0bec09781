//! What wakes a loop for the future that it blocks on.

use std::task::Wake;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, ThreadId, this_thread};
use crate::waitset::{ReadySet, Waitset};

/// Wakes the future that a dispatcher blocks on.
pub(crate) struct BlockOn {
    woken: AtomicBool,
    ready: Arc<ReadySet>,
    /// The loop's.
    thread: ThreadId,
}

impl BlockOn {
    /// For futures that are polled beside the calling thread's loop.
    pub(crate) fn at(waitset: &Waitset) -> Arc<Self> {
        let (woken, ready) = (AtomicBool::new(false), Arc::clone(waitset.ready()));
        Arc::new(Self { woken, ready, thread: this_thread() })
    }

    /// Has the future polled again.
    pub(crate) fn set(&self) {
        // Release pairs with the swap in `take`: the poll to come sees what it was woken for.
        self.woken.store(true, Ordering::Release);
    }

    /// True if the future is to be polled again.
    pub(crate) fn is_set(&self) -> bool {
        // Acquire pairs with the store in `set`.
        self.woken.load(Ordering::Acquire)
    }

    /// Begins a poll: wakes from now on ask for another. False if none was asked for.
    pub(crate) fn take(&self) -> bool {
        // AcqRel pairs with the store in `set`.
        self.woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for BlockOn {
    fn wake(self: std::sync::Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &std::sync::Arc<Self>) {
        self.set();
        // The loop is awake while its own thread is here, and looks before it sleeps.
        if this_thread() != self.thread {
            self.ready.wake();
        }
    }
}
