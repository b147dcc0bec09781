//! What wakes a sleeping loop: an eventfd, because the loop sleeps in epoll.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// An eventfd that is readable from the first ring until it is silenced.
#[derive(Debug)]
pub(super) struct Doorbell {
    fd: OwnedFd,
    #[cfg(loom)]
    rung: modelled::Rung,
}

impl Doorbell {
    pub(super) fn new() -> rustix::io::Result<Self> {
        Ok(Self {
            fd: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            #[cfg(loom)]
            rung: modelled::Rung::default(),
        })
    }

    pub(super) fn ring(&self) {
        #[cfg(loom)]
        let _held = self.rung.set(true);
        // The counter is at most 2^64 - 2 and reset at each waking: a write can't fail.
        let written = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
        debug_assert!(written.is_ok(), "an eventfd with room takes a write");
    }

    pub(super) fn silence(&self) {
        #[cfg(loom)]
        let _held = self.rung.set(false);
        let mut count = [0; 8];
        // WouldBlock: nobody rang, which is as good.
        let _ = rustix::io::read(&self.fd, &mut count);
    }

    /// Blocks until the doorbell rings. Loom can't see who sleeps in epoll: it is told here.
    #[cfg(loom)]
    pub(super) fn wait(&self) {
        self.rung.wait();
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(loom)]
mod modelled {
    use crate::sync::{Condvar, Mutex, MutexGuard, lock};

    /// Whether the eventfd is readable, for loom to see.
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
        /// The eventfd is changed likewise while the guard lives.
        pub(super) fn set(&self, rung: bool) -> MutexGuard<'_, bool> {
            let mut guard = lock(&self.rung);
            *guard = rung;
            self.changed.notify_all();
            guard
        }

        pub(super) fn wait(&self) {
            let mut rung = lock(&self.rung);
            while !*rung {
                rung = self.changed.wait(rung).expect("loom's locks are never poisoned");
            }
        }
    }
}
