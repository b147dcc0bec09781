//! Time that passes when the world says so.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use flounder::{Clock, Time};

/// The clock of all loops of a world.
#[derive(Clone, Default, Debug)]
pub(crate) struct VirtualClock(Rc<Cell<Time>>);

impl VirtualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }

    /// Moves on to `to`, never back.
    pub(crate) fn advance_to(&self, to: Time) {
        self.0.set(self.0.get().max(to));
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        self.0.get()
    }
}
