//! What wakes a sleeping loop: an eventfd, because the loop sleeps in epoll.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// An event counter: each ring is an event for the poller, which nobody has to take back.
#[derive(Debug)]
pub(super) struct Doorbell {
    fd: OwnedFd,
    #[cfg(any(loom, shuttle))]
    rung: modelled::Rung,
}

impl Doorbell {
    pub(super) fn new() -> rustix::io::Result<Self> {
        Ok(Self {
            fd: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            #[cfg(any(loom, shuttle))]
            rung: modelled::Rung::default(),
        })
    }

    #[cfg(not(any(loom, shuttle)))]
    pub(super) fn ring(&self) {
        // The counter is never reset and holds 2^64 - 2 rings, which take centuries: a write can't
        // fail.
        let written = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
        debug_assert!(written.is_ok(), "an eventfd with room takes a write");
    }

    #[cfg(any(loom, shuttle))]
    pub(super) fn ring(&self) {
        self.rung.set();
    }

    /// Sleeps until the doorbell rings, in place of epoll, of which models see nothing.
    #[cfg(any(loom, shuttle))]
    pub(super) fn wait(&self) {
        self.rung.take();
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
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
