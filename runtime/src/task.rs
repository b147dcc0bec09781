//! Tasks: futures that run on their dispatcher, each an event source of its waitset.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};

use crate::dispatcher::{Core, Ctx};
use crate::sync::Arc;
use crate::waitset::{Bell, Registration, Source, Turn, waker};

/// A task as an event source.
struct Task<S: 'static> {
    core: Weak<Core<S>>,
    waker: Waker,
    future: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    registration: RefCell<Option<Registration>>,
}

impl<S: 'static> Task<S> {
    fn new(
        core: &Rc<Core<S>>,
        bell: &Arc<Bell>,
        future: Pin<Box<dyn Future<Output = ()>>>,
    ) -> Self {
        Self {
            core: Rc::downgrade(core),
            waker: waker(bell),
            future: RefCell::new(Some(future)),
            registration: RefCell::default(),
        }
    }

    fn finish(&self) {
        let future = self.future.borrow_mut().take();
        drop(future);
        let registration = self.registration.borrow_mut().take();
        drop(registration);
    }
}

impl<S: 'static> Source for Task<S> {
    fn turn(&self) -> Turn {
        let Some(core) = self.core.upgrade() else { return Turn::Idle };
        // Taken out while it runs, so that it may end its own dispatcher.
        let Some(mut future) = self.future.borrow_mut().take() else { return Turn::Idle };
        let mut cx = Context::from_waker(&self.waker);
        match core.guard(|| future.as_mut().poll(&mut cx)) {
            Some(poll) if poll.is_pending() && !core.has_ended() => {
                *self.future.borrow_mut() = Some(future);
            }
            _ => {
                core.guard(|| drop(future));
                self.finish();
            }
        }
        Turn::Idle
    }

    fn end(&self) {
        self.finish();
    }
}

impl<S: 'static> Ctx<S> {
    /// Runs `future` on the dispatcher, until it is done or the dispatcher ends.
    ///
    /// It runs when the waitset gives it a turn, never inside this call. On a dispatcher that has
    /// ended it is dropped at once.
    pub fn spawn_local(&self, future: impl Future<Output = ()> + 'static) {
        let Some(core) = self.upgrade() else { return };
        let (task, registration) =
            core.insert(|bell| Rc::new(Task::new(&core, bell, Box::pin(future))));
        registration.bell().ring();
        *task.registration.borrow_mut() = Some(registration);
    }
}

impl<S: 'static> fmt::Debug for Task<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
