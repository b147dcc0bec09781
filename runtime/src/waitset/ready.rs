//! The ready set: which sources have something to do, and whether their loop sleeps.
//!
//! Whoever makes a source ready rings its [`Bell`]: the source's key is listed once, and the loop is
//! woken if it sleeps. The loop moves the list to a queue of its own, which nobody else touches. The
//! handshake is Dekker's: a ringer publishes the key and then looks at `asleep`, the loop publishes
//! `asleep` and then looks at the list, each with a sequentially consistent fence in between, so that
//! at least one of them sees the other.

use std::os::fd::BorrowedFd;
use std::task::{Wake, Waker};

use rustix::fs::Timespec;

use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::{Arc, Mutex, lock};
use crate::waitset::doorbell::{Bed, Doorbell};

/// Names a source in its waitset. Never reused, so that a late ring is harmless.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// The part of a waitset that other threads touch.
#[derive(Debug)]
pub(crate) struct ReadySet {
    /// The keys that were rung, in order, each at most once: it takes no more memory than the
    /// sources do. A lock, because a queue without one allocates as keys pass through; who holds it
    /// does no more than to add a key or to move them all.
    rung: Mutex<Vec<Key>>,
    /// Something is listed in `rung`. Changed under its lock only.
    any: AtomicBool,
    asleep: AtomicBool,
    doorbell: Doorbell,
    /// The only CPU that its loop may use, if there is one.
    cpu: Option<usize>,
}

impl ReadySet {
    pub(crate) fn new() -> Self {
        let (any, asleep) = (AtomicBool::new(false), AtomicBool::new(false));
        let (doorbell, cpu) = (Doorbell::default(), crate::thread::only_cpu());
        Self { rung: Mutex::new(Vec::new()), any, asleep, doorbell, cpu }
    }

    /// Takes the keys that were rung, in the order of ringing, in exchange for an empty list.
    pub(crate) fn take(&self, empty: &mut Vec<Key>) {
        debug_assert!(empty.is_empty(), "what is exchanged is overwritten");
        if self.is_empty() {
            return;
        }
        let mut rung = lock(&self.rung);
        self.any.store(false, Ordering::Relaxed);
        std::mem::swap(&mut *rung, empty);
    }

    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: the lock orders what is behind the flag; before a sleep the fences do.
        !self.any.load(Ordering::Relaxed)
    }

    /// Lists `key` as the last one.
    fn push(&self, key: Key) {
        let mut rung = lock(&self.rung);
        rung.push(key);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Wakes the loop if it sleeps. Whatever it shall find must be published before.
    pub(crate) fn wake(&self) {
        // Pairs with the fence in `fall_asleep`.
        fence(Ordering::SeqCst);
        // Acquire pairs with the store in `fall_asleep`: where it sleeps is known.
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Acquire) {
            self.doorbell.ring();
        }
    }

    /// Publishes that the loop is about to sleep. The caller looks at everything once more after
    /// this and sleeps only if it finds nothing.
    pub(crate) fn fall_asleep(&self, bed: Bed) {
        self.doorbell.go_to(bed);
        // Release pairs with the swap in `wake`.
        self.asleep.store(true, Ordering::Release);
        // Pairs with the fence in `wake`.
        fence(Ordering::SeqCst);
    }

    /// Takes back what `fall_asleep` published.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// What the poller waits for besides the loop's own descriptors.
    pub(crate) fn doorbell(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.doorbell.open()
    }

    /// Sleeps at the doorbell until it rings, or for `timeout`.
    pub(crate) fn sleep(&self, timeout: Option<&Timespec>) {
        self.doorbell.sleep(timeout);
    }
}

/// Makes one source ready, from any thread. A source that is ready already isn't queued again.
#[derive(Debug)]
pub struct Bell {
    ready: Arc<ReadySet>,
    key: Key,
    queued: AtomicBool,
}

impl Bell {
    pub(crate) fn new(ready: Arc<ReadySet>, key: Key) -> Self {
        Self { ready, key, queued: AtomicBool::new(false) }
    }

    /// Makes the source ready. What it shall find must be published before.
    pub fn ring(&self) {
        if self.enlist() {
            self.ready.wake();
        }
    }

    /// Makes the source ready without waking its loop: it has its turn once something else does. Not
    /// for a bell that is rung as well, since who rings what is listed wakes nobody.
    pub(crate) fn note(&self) {
        self.enlist();
    }

    /// Lists the source, unless it is listed.
    fn enlist(&self) -> bool {
        // AcqRel pairs with the swap in `answer`: if it was queued, the turn to come sees all that
        // was published before.
        let is_new = !self.queued.swap(true, Ordering::AcqRel);
        if is_new {
            self.ready.push(self.key);
        }
        is_new
    }

    /// Begins a turn: rings from now on queue the source again.
    pub(crate) fn answer(&self) {
        // Relaxed: a ring that isn't seen here has listed the key, for another turn.
        if self.queued.load(Ordering::Relaxed) {
            // AcqRel pairs with the swap in `enlist`.
            self.queued.swap(false, Ordering::AcqRel);
        }
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    /// The only CPU that its loop may use, if there is one.
    pub(crate) fn cpu(&self) -> Option<usize> {
        self.ready.cpu
    }
}

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &std::sync::Arc<Self>) {
        self.ring();
    }
}

/// The bell as a waker for futures and timers.
pub(crate) fn waker(bell: &Arc<Bell>) -> Waker {
    Waker::from(Arc::clone(bell))
}
