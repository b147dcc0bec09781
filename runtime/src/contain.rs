//! Panics that end a dispatcher and nothing else, even if what they drop panics again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Is told with what a handler or a task panicked; the dispatcher has ended by then.
pub(crate) type Contain = Rc<dyn Fn(&(dyn Any + Send))>;

/// Drops what a program panicked with.
///
/// That is a value of the program, whose drop may panic in turn. What it panics with then is leaked:
/// nothing else ends the chain for certain.
pub fn discard_panic(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// Repeats `attempt` until it doesn't panic. Each attempt has to get further than the one before.
pub(crate) fn until_it_returns(attempt: impl Fn()) {
    while let Err(payload) = catch_unwind(AssertUnwindSafe(&attempt)) {
        discard_panic(payload);
    }
}
