//! Timers that call a handler once.

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::clock::Time;
use crate::dispatcher::{Core, Ctx};
use crate::waitset::{Registration, Source, TimerGuard, Turn, waker};

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
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}
