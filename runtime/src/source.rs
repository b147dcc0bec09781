//! Event sources beside messages and tasks: timers, file descriptors, mailboxes.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};

use crate::clock::Time;
use crate::dispatcher::{Core, Ctx};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Arc, Queue};
use crate::waitset::{Bell, Interest, Registration, Source, TimerGuard, Turn, Waitset, waker};

/// A timer that calls a handler; dropping it stops the timer.
#[must_use = "dropping a timer stops it"]
pub struct Timer {
    _guard: TimerGuard,
    _registration: Registration,
}

type TimerEvent<S> = Box<dyn FnOnce(&mut S)>;

struct TimerSource<S: 'static> {
    core: Weak<Core<S>>,
    event: RefCell<Option<TimerEvent<S>>>,
}

impl<S: 'static> Source for TimerSource<S> {
    fn turn(&self) -> Turn {
        let event = self.event.borrow_mut().take();
        if let (Some(core), Some(event)) = (self.core.upgrade(), event) {
            core.enter(event);
        }
        Turn::Idle
    }

    fn end(&self) {
        let event = self.event.borrow_mut().take();
        drop(event);
    }
}

/// A watched file descriptor; dropping it ends the watch.
#[must_use = "dropping a watch ends it"]
pub struct DescriptorWatch {
    _registration: Registration,
}

type ReadyEvent<S, F> = Box<dyn FnMut(&mut S, &F)>;

struct DescriptorSource<S: 'static, F: AsFd> {
    core: Weak<Core<S>>,
    waitset: Waitset,
    interest: Interest,
    key: std::cell::Cell<Option<crate::waitset::Key>>,
    fd: F,
    event: RefCell<ReadyEvent<S, F>>,
}

impl<S: 'static, F: AsFd> Source for DescriptorSource<S, F> {
    fn turn(&self) -> Turn {
        let (Some(core), Some(key)) = (self.core.upgrade(), self.key.get()) else {
            return Turn::Idle;
        };
        core.enter(|state| (self.event.borrow_mut())(state, &self.fd));
        if self.key.get().is_some() {
            let armed = self.waitset.arm_descriptor(self.fd.as_fd(), key, self.interest);
            debug_assert!(armed.is_ok(), "a registered descriptor can be armed");
        }
        Turn::Idle
    }

    fn end(&self) {
        if self.key.take().is_some() {
            self.waitset.remove_descriptor(self.fd.as_fd());
        }
    }
}

impl<S: 'static, F: AsFd> Drop for DescriptorSource<S, F> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends values of type `T` from any thread to a handler of one dispatcher.
pub struct Mailbox<T> {
    shared: Arc<Mail<T>>,
}

struct Mail<T> {
    queue: Queue<T>,
    /// Places taken, by values in the queue or about to enter it.
    taken: AtomicUsize,
    capacity: usize,
    closed: AtomicBool,
    bell: Arc<Bell>,
}

/// Why a mailbox took no value; the value comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailError<T> {
    /// As many values as it holds wait to be handled.
    #[error("the mailbox is full")]
    Full(T),
    /// Its dispatcher has ended.
    #[error("the mailbox's dispatcher has ended")]
    Closed(T),
}

impl<T> Mailbox<T> {
    /// Puts `value` into the mailbox.
    ///
    /// # Errors
    ///
    /// [`MailError`] hands the value back.
    pub fn send(&self, value: T) -> Result<(), MailError<T>> {
        let mail = &*self.shared;
        // Acquire pairs with the store in `end`.
        if mail.closed.load(Ordering::Acquire) {
            return Err(MailError::Closed(value));
        }
        // Relaxed: the count guards no memory, the queue does.
        if mail.taken.fetch_add(1, Ordering::Relaxed) >= mail.capacity {
            mail.taken.fetch_sub(1, Ordering::Relaxed);
            return Err(MailError::Full(value));
        }
        mail.queue.push(value);
        mail.bell.ring();
        Ok(())
    }
}

type MailEvent<S, T> = Box<dyn FnMut(&mut S, T)>;

struct MailSource<S: 'static, T> {
    core: Weak<Core<S>>,
    mail: Arc<Mail<T>>,
    event: RefCell<MailEvent<S, T>>,
    registration: RefCell<Option<Registration>>,
}

impl<S: 'static, T> Source for MailSource<S, T> {
    fn turn(&self) -> Turn {
        let Some(core) = self.core.upgrade() else { return Turn::Idle };
        let Some(value) = self.mail.queue.pop() else { return Turn::Idle };
        self.mail.taken.fetch_sub(1, Ordering::Relaxed);
        core.enter(|state| (self.event.borrow_mut())(state, value));
        Turn::Again
    }

    fn end(&self) {
        self.mail.closed.store(true, Ordering::Release);
        while self.mail.queue.pop().is_some() {}
        let registration = self.registration.borrow_mut().take();
        drop(registration);
    }
}

impl<S: 'static> Ctx<S> {
    /// Calls `event` once at `at`, a time of the dispatcher's clock, unless the timer is dropped
    /// before.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn timer(&self, at: Time, event: impl FnOnce(&mut S) + 'static) -> Timer {
        let core = self.core();
        let (_, registration) = core.insert(|_| {
            let event = RefCell::new(Some(Box::new(event) as TimerEvent<S>));
            Rc::new(TimerSource { core: Rc::downgrade(&core), event })
        });
        let guard = core.waitset().timer(at, waker(registration.bell()));
        Timer { _guard: guard, _registration: registration }
    }

    /// Calls `event` whenever `fd` is ready, until the watch is dropped. Level-triggered: it is
    /// called again as long as the descriptor is ready.
    ///
    /// # Errors
    ///
    /// What the system says if the descriptor can't be waited for.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn watch_descriptor<F: AsFd + 'static>(
        &self,
        fd: F,
        interest: Interest,
        event: impl FnMut(&mut S, &F) + 'static,
    ) -> std::io::Result<DescriptorWatch> {
        let core = self.core();
        let (source, registration) = core.insert(|_| {
            Rc::new(DescriptorSource {
                core: Rc::downgrade(&core),
                waitset: core.waitset().clone(),
                interest,
                key: std::cell::Cell::new(None),
                fd,
                event: RefCell::new(Box::new(event)),
            })
        });
        core.waitset().add_descriptor(source.fd.as_fd(), registration.key(), interest)?;
        source.key.set(Some(registration.key()));
        Ok(DescriptorWatch { _registration: registration })
    }

    /// Makes a mailbox for `capacity` values, each handled by `event`. It lives as long as the
    /// dispatcher.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn mailbox<T: Send + 'static>(
        &self,
        capacity: usize,
        event: impl FnMut(&mut S, T) + 'static,
    ) -> Mailbox<T> {
        let core = self.core();
        let (source, registration) = core.insert(|bell| {
            let mail = Mail {
                queue: Queue::new(),
                taken: AtomicUsize::new(0),
                capacity,
                closed: AtomicBool::new(false),
                bell: Arc::clone(bell),
            };
            Rc::new(MailSource {
                core: Rc::downgrade(&core),
                mail: Arc::new(mail),
                event: RefCell::new(Box::new(event)),
                registration: RefCell::default(),
            })
        });
        let shared = Arc::clone(&source.mail);
        *source.registration.borrow_mut() = Some(registration);
        Mailbox { shared }
    }
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("capacity", &self.shared.capacity).finish_non_exhaustive()
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

impl fmt::Debug for DescriptorWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DescriptorWatch").finish_non_exhaustive()
    }
}
