//! What wakes a sleeping loop: an eventfd where it sleeps in epoll, a futex where it has no descriptors
//! to wait for, which is quicker on both sides. Most loops never have any, so that the eventfd comes
//! with the first.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::Timespec;
#[cfg(not(any(loom, shuttle)))]
use rustix::thread::futex;

use crate::sync::OnceLock;
#[cfg(not(any(loom, shuttle)))]
use crate::sync::atomic::{AtomicU32, Ordering};

/// Where a loop sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bed {
    /// In the poller, or wherever somebody waits for the set's descriptor.
    Poller,
    /// At the doorbell.
    Doorbell,
}

/// The loop is awake, or sleeps in the poller.
#[cfg(not(any(loom, shuttle)))]
const NOBODY: u32 = 0;
/// The loop sleeps at the doorbell, or is about to.
#[cfg(not(any(loom, shuttle)))]
const SLEEPER: u32 = 1;

/// An event counter, each ring of which is an event for the poller that nobody has to take back; and a
/// word to sleep at.
#[derive(Debug, Default)]
pub(super) struct Doorbell {
    /// Opened by the loop before it first sleeps in the poller.
    fd: OnceLock<OwnedFd>,
    #[cfg(not(any(loom, shuttle)))]
    word: AtomicU32,
    #[cfg(any(loom, shuttle))]
    rung: modelled::Rung,
}

impl Doorbell {
    /// The descriptor that is readable once the doorbell rang. Only the loop opens it.
    pub(super) fn open(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        if self.fd.get().is_none() {
            let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            let _ = self.fd.set(fd);
        }
        Ok(self.fd.get().expect("it was opened just now").as_fd())
    }

    /// Says where the loop will sleep, before it says that it does.
    #[cfg(not(any(loom, shuttle)))]
    pub(super) fn go_to(&self, bed: Bed) {
        let word = if bed == Bed::Doorbell { SLEEPER } else { NOBODY };
        // Relaxed: `ReadySet::asleep` publishes it.
        self.word.store(word, Ordering::Relaxed);
    }

    #[cfg(any(loom, shuttle))]
    pub(super) fn go_to(&self, _: Bed) {}

    /// Sleeps until a ring since `go_to`, or for `timeout`.
    #[cfg(not(any(loom, shuttle)))]
    pub(super) fn sleep(&self, timeout: Option<&Timespec>) {
        // Whatever ends it, also a signal: the caller looks at everything again and sleeps again.
        let _ = futex::wait(&self.word, futex::Flags::PRIVATE, SLEEPER, timeout);
    }

    #[cfg(not(any(loom, shuttle)))]
    pub(super) fn ring(&self) {
        // Relaxed: whoever rings has read `ReadySet::asleep`. If the loop has woken meanwhile by itself,
        // this finds where it sleeps next, or nobody, and wakes it for nothing.
        if self.word.swap(NOBODY, Ordering::Relaxed) == SLEEPER {
            let woken = futex::wake(&self.word, futex::Flags::PRIVATE, 1);
            debug_assert!(woken.is_ok(), "the word is ours");
            return;
        }
        // Without one the loop has woken by itself: it sleeps nowhere else before it has one.
        let Some(fd) = self.fd.get() else { return };
        // The counter is never reset and holds 2^64 - 2 rings, which take centuries: a write can't
        // fail.
        let written = rustix::io::write(fd, &1_u64.to_ne_bytes());
        debug_assert!(written.is_ok(), "an eventfd with room takes a write");
    }

    #[cfg(any(loom, shuttle))]
    pub(super) fn ring(&self) {
        self.rung.set();
    }

    /// Sleeps until the doorbell rings, without a timeout: models have no time.
    #[cfg(any(loom, shuttle))]
    pub(super) fn sleep(&self, timeout: Option<&Timespec>) {
        debug_assert!(cfg!(shuttle) || timeout.is_none(), "who has timers sleeps in the poller");
        self.rung.take();
    }
}

#[cfg(any(loom, shuttle))]
mod modelled {
    use crate::sync::{Condvar, Mutex, lock};

    /// Whether the eventfd has an event for the poller.
    #[derive(Debug)]
    pub(super) struct Rung {
        rung: Mutex<bool>,
        changed: Condvar,
    }

    impl Default for Rung {
        fn default() -> Self {
            Self { rung: Mutex::new(false), changed: Condvar::new() }
        }
    }

    impl Rung {
        pub(super) fn set(&self) {
            *lock(&self.rung) = true;
            self.changed.notify_all();
        }

        /// Waits for an event and takes it.
        pub(super) fn take(&self) {
            let mut rung = lock(&self.rung);
            while !*rung {
                rung = self.changed.wait(rung).expect("nothing panics under this lock");
            }
            *rung = false;
        }
    }
}
