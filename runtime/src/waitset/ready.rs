//! The ready set: which sources have something to do, and whether their loop sleeps.
//!
//! Whoever makes a source ready rings its [`Bell`]: the source's key enters the queue once, and the
//! loop is woken if it sleeps. The handshake is Dekker's: a ringer publishes the key and then looks
//! at `asleep`, the loop publishes `asleep` and then looks at the queue, each with a sequentially
//! consistent fence in between, so that at least one of them sees the other.

use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Wake, Waker};

use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::{Arc, Queue};
use crate::waitset::doorbell::Doorbell;

/// Names a source in its waitset. Never reused, so that a late ring is harmless.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// The part of a waitset that other threads touch.
#[derive(Debug)]
pub(crate) struct ReadySet {
    queue: Queue<Key>,
    asleep: AtomicBool,
    doorbell: Doorbell,
}

impl ReadySet {
    pub(crate) fn new() -> rustix::io::Result<Self> {
        let doorbell = Doorbell::new()?;
        Ok(Self { queue: Queue::new(), asleep: AtomicBool::new(false), doorbell })
    }

    /// Takes the next key, in the order of ringing.
    pub(crate) fn pop(&self) -> Option<Key> {
        self.queue.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Puts `key` at the end of the queue and wakes the loop if it sleeps.
    fn push(&self, key: Key) {
        self.queue.push(key);
        self.wake();
    }

    /// Wakes the loop if it sleeps. Whatever it shall find must be published before.
    pub(crate) fn wake(&self) {
        // Pairs with the fence in `fall_asleep`.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.doorbell.ring();
        }
    }

    /// Publishes that the loop is about to sleep. The caller looks at everything once more after
    /// this and sleeps only if it finds nothing.
    pub(crate) fn fall_asleep(&self) {
        self.asleep.store(true, Ordering::Relaxed);
        // Pairs with the fence in `wake`.
        fence(Ordering::SeqCst);
    }

    /// Takes back what `fall_asleep` published.
    pub(crate) fn awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Empties the doorbell after a sleep.
    pub(crate) fn silence(&self) {
        self.doorbell.silence();
    }

    /// Blocks until the doorbell rings.
    #[cfg(loom)]
    pub(crate) fn wait(&self) {
        self.doorbell.wait();
    }
}

impl AsFd for ReadySet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.doorbell.as_fd()
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
        // AcqRel pairs with the swap in `answer`: if it was queued, the turn to come sees all that
        // was published before this ring.
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.push(self.key);
        }
    }

    /// Begins a turn: rings from now on queue the source again.
    pub(crate) fn answer(&self) {
        // AcqRel pairs with the swap in `ring`.
        self.queued.swap(false, Ordering::AcqRel);
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
