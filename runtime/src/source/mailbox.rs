//! Mailboxes: values from any thread, each handled by one dispatcher.

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::dispatcher::{Core, Ctx};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use crate::sync::{Arc, Queue};
use crate::waitset::{Bell, Registration, Source, Turn};

/// Sends values of type `T` from any thread to a handler of one dispatcher. When the last handle is
/// dropped and all values are handled, the mailbox is gone.
pub struct Mailbox<T> {
    shared: Arc<Mail<T>>,
}

struct Mail<T> {
    queue: Queue<T>,
    /// Places taken, by values in the queue or about to enter it.
    taken: AtomicUsize,
    capacity: usize,
    /// The dispatcher has ended.
    closed: AtomicBool,
    /// How many handles can still send.
    handles: AtomicUsize,
    bell: Arc<Bell>,
    /// Rings the bell for what comes, as loudly as was asked for.
    ring: fn(&Bell),
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

impl<T> Mail<T> {
    /// Takes a place for one value, if there is one.
    fn take_place(&self) -> bool {
        // Relaxed: the count guards no memory, the queue does.
        let (order, capacity) = (Ordering::Relaxed, self.capacity);
        self.taken
            .fetch_update(order, order, |taken| (taken < capacity).then_some(taken + 1))
            .is_ok()
    }

    fn announce(&self) {
        (self.ring)(&self.bell);
    }

    fn drain(&self) {
        while self.queue.pop().is_some() {}
    }

    /// True if nothing is left and nothing can come.
    fn is_over(&self) -> bool {
        // Acquire pairs with the decrement of the last handle: what it sent is found.
        self.handles.load(Ordering::Acquire) == 0 && self.queue.is_empty()
    }
}

impl<T> Mailbox<T> {
    /// Puts `value` into the mailbox. It is dropped unhandled if the dispatcher ends before its
    /// turn.
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
        if !mail.take_place() {
            return Err(MailError::Full(value));
        }
        mail.queue.push(value);
        // Pairs with the fence in `end`: either that finds the value, or this the end.
        fence(Ordering::SeqCst);
        if mail.closed.load(Ordering::Relaxed) {
            mail.drain();
        }
        mail.announce();
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
        let Some(value) = self.mail.queue.pop() else {
            if self.mail.is_over() {
                self.end();
            }
            return Turn::Idle;
        };
        self.mail.taken.fetch_sub(1, Ordering::Relaxed);
        core.enter(|state| (self.event.borrow_mut())(state, value));
        Turn::Again
    }

    fn end(&self) {
        // Release pairs with the first load in `send`.
        self.mail.closed.store(true, Ordering::Release);
        // Pairs with the fence in `send`.
        fence(Ordering::SeqCst);
        self.mail.drain();
        let registration = self.registration.borrow_mut().take();
        drop(registration);
    }
}

impl<S: 'static> Ctx<S> {
    /// Makes a mailbox for `capacity` values, each handled by `event`. It takes values until the
    /// dispatcher ends.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn mailbox<T: Send + 'static>(
        &self,
        capacity: usize,
        event: impl FnMut(&mut S, T) + 'static,
    ) -> Mailbox<T> {
        self.mailbox_with(Bell::ring, capacity, event)
    }

    /// Makes a mailbox like [`Ctx::mailbox`] for what can wait: a loop that sleeps isn't woken for it,
    /// and handles it once something else wakes it. Until then the mailbox may be full, and stays when
    /// its last handle is dropped.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    pub fn quiet_mailbox<T: Send + 'static>(
        &self,
        capacity: usize,
        event: impl FnMut(&mut S, T) + 'static,
    ) -> Mailbox<T> {
        self.mailbox_with(Bell::note, capacity, event)
    }

    fn mailbox_with<T: Send + 'static>(
        &self,
        ring: fn(&Bell),
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
                handles: AtomicUsize::new(1),
                bell: Arc::clone(bell),
                ring,
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
        // Relaxed: a handle is made from another, which is there.
        self.shared.handles.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        // AcqRel: the last one publishes what all of them sent to the load in `is_over`.
        if self.shared.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.announce();
        }
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("capacity", &self.shared.capacity).finish_non_exhaustive()
    }
}
