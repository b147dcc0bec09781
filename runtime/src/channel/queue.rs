//! The queue of those who wait for room in a channel: first come, first served.

use std::collections::BTreeMap;
use std::task::Waker;

/// Who waits for room, in the order of coming. Bounded by the futures that wait.
#[derive(Debug, Default)]
pub(crate) struct RoomQueue {
    /// A waker is gone once it was woken; the place is kept until its owner leaves.
    waiting: BTreeMap<Place, Option<Waker>>,
    next: u64,
}

/// A place in the queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place(u64);

impl RoomQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// True if nobody is ahead of `place`, or of one who comes now if that is `None`.
    pub(crate) fn is_first(&self, place: Option<Place>) -> bool {
        self.waiting.first_key_value().map(|(&first, _)| first) == place
    }

    /// Keeps the waker of a place, or of a new place at the end. Returns the waker it replaces, to
    /// be dropped when nothing is borrowed.
    pub(crate) fn wait(&mut self, place: &mut Option<Place>, waker: Waker) -> Option<Waker> {
        let place = *place.get_or_insert_with(|| {
            self.next += 1;
            Place(self.next)
        });
        self.waiting.insert(place, Some(waker)).flatten()
    }

    /// Takes the waker of the first place, if it wasn't woken yet.
    pub(crate) fn wake_first(&mut self) -> Option<Waker> {
        self.waiting.first_entry()?.get_mut().take()
    }

    /// Gives a place up. Returns its waker, to be dropped when nothing is borrowed.
    pub(crate) fn leave(&mut self, place: Place) -> Option<Waker> {
        self.waiting.remove(&place).flatten()
    }

    /// Empties the queue; returns who is to be woken.
    pub(crate) fn take_all(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.waiting).into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_served_in_order_and_left_in_any() {
        let mut queue = RoomQueue::default();
        assert!(queue.is_first(None), "nobody waits");
        let mut places = [None; 4];
        for place in &mut places {
            assert!(queue.wait(place, Waker::noop().clone()).is_none());
        }
        assert!(queue.wait(&mut places[3], Waker::noop().clone()).is_some(), "replaced");
        assert!(queue.is_first(places[0]) && !queue.is_first(places[1]) && !queue.is_first(None));
        assert!(queue.wake_first().is_some());
        assert!(queue.wake_first().is_none(), "woken once, until it waits again");
        for left in [1, 0] {
            queue.leave(places[left].unwrap());
        }
        assert!(queue.is_first(places[2]));
        assert_eq!(queue.take_all().len(), 2);
        assert!(queue.is_empty() && queue.wake_first().is_none());
    }
}
