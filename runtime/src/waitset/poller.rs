//! Where a loop with file descriptors sleeps: one epoll instance over them and its doorbell, made with
//! the first.

use std::cell::{Cell, OnceCell, RefCell};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::epoll;
use rustix::event::epoll::{CreateFlags, Event, EventData, EventFlags};
use rustix::fs::Timespec;

use crate::sync::Arc;
use crate::waitset::ready::{Key, ReadySet};

/// What a file descriptor is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Interest {
    /// It can be read, or its other end is closed.
    Readable,
    /// It can be written, or its other end is closed.
    Writable,
    /// Something out of the ordinary is to be seen: a file of the kernel's that is always readable
    /// says so when its contents have changed since they were read.
    Exceptional,
}

impl Interest {
    /// One event per arming, so that a ready descriptor can't starve the other sources.
    fn flags(self) -> EventFlags {
        EventFlags::ONESHOT
            | match self {
                Self::Readable => EventFlags::IN | EventFlags::RDHUP,
                Self::Writable => EventFlags::OUT,
                Self::Exceptional => EventFlags::PRI,
            }
    }
}

/// The data of the doorbell's own events; no key has it, because indexes stay below 2^32 - 1.
const DOORBELL: u64 = u64::MAX;
/// How many events one look takes from the kernel; the rest comes with the next look.
const EVENTS_MAX: usize = 64;

pub(crate) struct Poller {
    ready: Arc<ReadySet>,
    epoll: OnceCell<OwnedFd>,
    descriptors: Cell<usize>,
    events: RefCell<Vec<Event>>,
}

impl Poller {
    pub(crate) fn new(ready: Arc<ReadySet>) -> Self {
        let (epoll, descriptors, events) = Default::default();
        Self { ready, epoll, descriptors, events }
    }

    /// The descriptor that is readable when one of the set is, or the doorbell rang.
    pub(crate) fn open(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        if self.epoll.get().is_none() {
            let epoll = epoll::create(CreateFlags::CLOEXEC)?;
            // Edge-triggered: each ring is one event, and nobody has to empty the doorbell.
            let flags = EventFlags::IN | EventFlags::ET;
            epoll::add(&epoll, self.ready.doorbell()?, EventData::new_u64(DOORBELL), flags)?;
            self.events.borrow_mut().reserve(EVENTS_MAX);
            let _ = self.epoll.set(epoll);
        }
        Ok(self.epoll.get().expect("it was opened just now").as_fd())
    }

    pub(crate) fn add(
        &self,
        fd: BorrowedFd<'_>,
        key: Key,
        interest: Interest,
    ) -> rustix::io::Result<()> {
        epoll::add(self.open()?, fd, data(key), interest.flags())?;
        self.descriptors.set(self.descriptors.get() + 1);
        Ok(())
    }

    /// Arms a descriptor again after its event.
    pub(crate) fn arm(
        &self,
        fd: BorrowedFd<'_>,
        key: Key,
        interest: Interest,
    ) -> rustix::io::Result<()> {
        epoll::modify(self.open()?, fd, data(key), interest.flags())
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) {
        // A descriptor that was closed behind our back has left the set already.
        let _ = self.epoll.get().map(|epoll| epoll::delete(epoll, fd));
        self.descriptors.set(self.descriptors.get() - 1);
    }

    /// Looks for ready descriptors without sleeping.
    pub(crate) fn look(&self, found: impl FnMut(Key)) {
        if !self.has_no_descriptors() {
            self.look_again(found);
        }
    }

    /// Looks without sleeping, also whether the doorbell rang.
    pub(crate) fn look_again(&self, found: impl FnMut(Key)) {
        self.collect(Some(Timespec { tv_sec: 0, tv_nsec: 0 }), found);
    }

    /// True if nothing but the doorbell can wake who sleeps here.
    pub(crate) fn has_no_descriptors(&self) -> bool {
        self.descriptors.get() == 0
    }

    /// Sleeps until the doorbell rings, a descriptor is ready or `timeout` is over.
    pub(crate) fn sleep(&self, timeout: Option<Timespec>, found: impl FnMut(Key)) {
        self.collect(timeout, found);
    }

    fn collect(&self, timeout: Option<Timespec>, mut found: impl FnMut(Key)) {
        // Not opened: it has nothing to tell.
        let Some(epoll) = self.epoll.get() else { return };
        let mut events = self.events.borrow_mut();
        events.clear();
        // EINTR: the caller looks at everything again and sleeps again.
        let spare = rustix::buffer::spare_capacity(&mut events);
        let _ = epoll::wait(epoll, spare, timeout.as_ref());
        for event in events.iter() {
            match event.data.u64() {
                // It woke the loop, which looks at what was rung.
                DOORBELL => {}
                bits => found(key(bits)),
            }
        }
    }
}

fn data(key: Key) -> EventData {
    EventData::new_u64(u64::from(key.index) << 32 | u64::from(key.generation))
}

fn key(bits: u64) -> Key {
    Key { index: (bits >> 32) as u32, generation: (bits & 0xffff_ffff) as u32 }
}
