//! What keeps the dispatchers of one program together on a loop that it shares: a panic ends the
//! program and nothing else, even if what it drops panics again, and its end is the end of every
//! dispatcher it made, whatever it did with them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

type OnPanic = Box<dyn Fn(&(dyn Any + Send))>;

/// The dispatchers of one program, and who is told if one of them panics.
pub(crate) struct Contain {
    on_panic: OnPanic,
    dispatchers: RefCell<Dispatchers>,
    ended: Cell<bool>,
}

/// A dispatcher that can be ended from outside.
pub(crate) trait Contained {
    /// Ends all its sources. If it unwinds it got further and is called again.
    fn end(&self);
}

/// Entries of dropped dispatchers are swept out when the list has doubled since the last sweep.
#[derive(Default)]
struct Dispatchers {
    list: Vec<Weak<dyn Contained>>,
    sweep_at: usize,
}

impl Dispatchers {
    /// Shorter lists aren't worth a sweep.
    const SWEEP_MIN: usize = 16;

    fn push(&mut self, dispatcher: Weak<dyn Contained>) {
        if self.list.len() >= self.sweep_at {
            self.list.retain(|dispatcher| dispatcher.strong_count() > 0);
            self.sweep_at = Self::SWEEP_MIN.max(2 * self.list.len());
        }
        if self.list.is_empty() {
            // Most programs make one.
            self.list.reserve_exact(1);
        }
        self.list.push(dispatcher);
    }
}

impl Contain {
    pub(crate) fn new(on_panic: impl Fn(&(dyn Any + Send)) + 'static) -> Rc<Self> {
        let (on_panic, dispatchers) = (Box::new(on_panic) as OnPanic, RefCell::default());
        Rc::new(Self { on_panic, dispatchers, ended: Cell::new(false) })
    }

    /// Takes in a new dispatcher, which is ended at once if the others were.
    pub(crate) fn add(&self, dispatcher: &Rc<impl Contained + 'static>) {
        if self.ended.get() {
            return dispatcher.end();
        }
        let weak = Rc::downgrade(dispatcher);
        self.dispatchers.borrow_mut().push(weak);
    }

    /// Tells with what a handler or a task panicked, whose dispatcher has ended by now.
    pub(crate) fn panicked(&self, payload: Box<dyn Any + Send>) {
        (self.on_panic)(&*payload);
        discard(payload);
    }

    /// Ends all dispatchers.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        let dispatchers = std::mem::take(&mut self.dispatchers.borrow_mut().list);
        for dispatcher in dispatchers.iter().filter_map(Weak::upgrade) {
            until_it_returns(|| dispatcher.end());
        }
    }
}

/// Drops a value of a program where another must not suffer from it, such as what it panicked with.
///
/// The drop may panic. What it panics with then is leaked: nothing else ends the chain for certain.
pub fn discard(value: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(again);
    }
}

/// Repeats `attempt` until it doesn't panic. Each attempt has to get further than the one before.
pub(crate) fn until_it_returns(attempt: impl Fn()) {
    while let Err(payload) = catch_unwind(AssertUnwindSafe(&attempt)) {
        discard(payload);
    }
}
