//! The places of a channel that are kept for sends to come.

use std::cell::Cell;

/// How much of the room of one end is kept. There is never more kept than there was room for.
#[derive(Debug, Default)]
pub(crate) struct Reserved(Cell<usize>);

impl Reserved {
    /// How many places are kept.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }

    /// Keeps one more if there is room besides those that are kept; returns whether there is.
    pub(crate) fn keep(&self, has_room: bool) -> bool {
        if has_room {
            self.0.set(self.0.get() + 1);
        }
        has_room
    }

    /// Gives one back.
    pub(crate) fn give_back(&self) {
        debug_assert!(self.0.get() > 0, "what is given back was reserved");
        self.0.set(self.0.get().saturating_sub(1));
    }
}
