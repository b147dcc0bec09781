//! The sources that their loop looks at, instead of having their bells rung.
//!
//! A source that had something to do just now is likely to have more in a moment. Ringing for it would
//! cost its peer and the loop more than the message does, so for a while the loop *watches* it: the
//! peer only publishes its message. A source that was looked at in vain for long, and every watched
//! source before its loop sleeps, is told to *rest*: it asks for its bell and then looks once more,
//! so that nothing is overlooked in between.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Entry, Inner};

/// How many sources a loop watches at most: each costs every look a cache line.
const WATCHED_MAX: usize = 4;
/// After so many looks in vain a source rests: what they took would have paid for some rings.
const LOOKS_MAX: u32 = 1_000;

/// The watched sources, each at most once. They stay here while they have their turns.
#[derive(Default)]
pub(super) struct Watched {
    list: RefCell<Vec<Rc<Entry>>>,
}

impl Inner {
    /// Watches a source from now on; one too many rests at once.
    #[inline]
    pub(super) fn watch(&self, entry: Rc<Entry>) {
        entry.looks.set(0);
        if !entry.watched.get() {
            self.begin_to_watch(entry);
        }
    }

    fn begin_to_watch(&self, entry: Rc<Entry>) {
        let mut list = self.watched.list.borrow_mut();
        if list.len() < WATCHED_MAX {
            entry.watched.set(true);
            list.push(entry);
        } else {
            drop(list);
            self.rest(&entry);
        }
    }

    /// Watches a source no more: its bell rings for whatever comes.
    #[inline]
    pub(super) fn leave(&self, entry: &Rc<Entry>) {
        if entry.watched.replace(false) {
            self.watched.list.borrow_mut().retain(|watched| !Rc::ptr_eq(watched, entry));
        }
    }

    /// True if no source but this one is watched.
    #[inline]
    pub(super) fn watches_at_most(&self, entry: &Entry) -> bool {
        self.watched.list.borrow().len() == usize::from(entry.watched.get())
    }

    /// True if a watched source has something to do.
    pub(super) fn has_watched(&self) -> bool {
        self.watched.list.borrow().iter().any(|entry| entry.has_event())
    }

    /// True if what a watched source waits for may come while the loop spins.
    pub(super) fn may_spin(&self) -> bool {
        let list = self.watched.list.borrow();
        list.iter().any(|entry| entry.source().is_some_and(|it| it.is_worth_spinning()))
    }

    /// Makes the watched sources ready that have something to do.
    #[inline]
    pub(super) fn list_watched(&self) {
        if !self.watched.list.borrow().is_empty() {
            self.list_some();
        }
    }

    // Apart, so that a loop that watches nothing doesn't pay for a call.
    #[inline(never)]
    fn list_some(&self) {
        let mut at = 0;
        while let Some(tired) = self.list_until_tired(&mut at) {
            tired.watched.set(false);
            self.rest(&tired);
        }
    }

    /// Makes the watched sources from `at` on ready that have something to do, up to one that shall
    /// rest, which is taken out: it is asked when the list is not borrowed.
    #[inline]
    fn list_until_tired(&self, at: &mut usize) -> Option<Rc<Entry>> {
        let mut list = self.watched.list.borrow_mut();
        while let Some(entry) = list.get(*at) {
            if !entry.listed.get() && !self.look_at(entry) {
                return Some(list.remove(*at));
            }
            *at += 1;
        }
        None
    }

    /// Makes a watched source ready if it has something to do. False if it shall rest, or is gone.
    #[inline]
    fn look_at(&self, entry: &Rc<Entry>) -> bool {
        if entry.has_event() {
            self.list(Rc::clone(entry));
            return true;
        }
        let looks = entry.looks.get() + 1;
        entry.looks.set(looks);
        looks <= LOOKS_MAX && entry.is_there()
    }

    /// Lets all watched sources rest: the loop is about to sleep.
    pub(super) fn rest_all(&self) {
        loop {
            // The borrow ends before the source is asked.
            let Some(entry) = self.watched.list.borrow_mut().pop() else { return };
            entry.watched.set(false);
            self.rest(&entry);
        }
    }

    fn rest(&self, entry: &Rc<Entry>) {
        if entry.source().is_some_and(|source| !source.rest()) {
            self.list(Rc::clone(entry));
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::{Owned, Registration, Source, Turn, Waitset};
    use super::*;
    use std::cell::Cell;

    /// A source that is always watched, and counts what is done with it.
    #[derive(Default)]
    struct Probe {
        events: Cell<u32>,
        looks: Cell<u32>,
        rests: Cell<u32>,
    }

    impl Source for Probe {
        fn turn(&self) -> Turn {
            self.events.set(self.events.get().saturating_sub(1));
            if self.events.get() > 0 { Turn::Again } else { Turn::Watch }
        }

        fn end(&self) {}

        fn has_event(&self) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.events.get() > 0
        }

        fn rest(&self) -> bool {
            self.rests.set(self.rests.get() + 1);
            self.events.get() == 0
        }
    }

    /// A source that writes down its turns; the one called `watched` is watched after each.
    struct Busy {
        name: &'static str,
        turns: Rc<RefCell<Vec<&'static str>>>,
        left: Cell<u32>,
    }

    impl Source for Busy {
        fn turn(&self) -> Turn {
            self.turns.borrow_mut().push(self.name);
            self.left.set(self.left.get().saturating_sub(1));
            if self.name == "watched" { Turn::Watch } else { Turn::Idle }
        }

        fn end(&self) {}

        fn has_event(&self) -> bool {
            self.left.get() > 0
        }
    }

    #[test]
    fn a_watched_source_is_not_overtaken_by_what_rings_after_it() {
        let (waitset, turns) = (Waitset::new(), Rc::<RefCell<Vec<_>>>::default());
        let owned = Owned::default();
        let [early, watched, late] = ["early", "watched", "late"].map(|name| {
            let (turns, left) = (Rc::clone(&turns), Cell::new(0));
            waitset.insert(&owned, |_| Rc::new(Busy { name, turns, left }))
        });
        watched.1.bell().ring();
        assert_eq!(waitset.poll(1), 1);
        turns.borrow_mut().clear();
        early.1.bell().ring();
        watched.0.left.set(1);
        late.1.bell().ring();
        assert_eq!(waitset.poll(9), 3);
        let position = |name| turns.borrow().iter().position(|&turn| turn == name);
        assert!(position("watched") < position("late"), "{turns:?}");
    }

    #[test]
    fn a_source_that_is_always_ready_lets_a_watched_one_have_its_turn() {
        let (waitset, turns) = (Waitset::new(), Rc::<RefCell<Vec<_>>>::default());
        let owned = Owned::default();
        let [watched, endless] = ["watched", "endless"].map(|name| {
            let (turns, left) = (Rc::clone(&turns), Cell::new(0));
            waitset.insert(&owned, |_| Rc::new(Busy { name, turns, left }))
        });
        watched.1.bell().ring();
        assert_eq!(waitset.poll(1), 1);
        turns.borrow_mut().clear();
        watched.0.left.set(1);
        for _ in 0..2 {
            endless.1.bell().ring();
            assert_eq!(waitset.poll(1), 1);
        }
        assert!(turns.borrow().contains(&"watched"), "{turns:?}");
    }

    /// Probes that had a turn, so that as many as fit are watched.
    fn probes(waitset: &Waitset, count: usize) -> Vec<(Rc<Probe>, Registration)> {
        let owned = Owned::default();
        let insert = |_| waitset.insert(&owned, |_| Rc::<Probe>::default());
        let probes: Vec<_> = (0..count).map(insert).collect();
        ring_all(&probes);
        assert_eq!(waitset.poll(count), count);
        probes
    }

    fn ring_all(probes: &[(Rc<Probe>, Registration)]) {
        for (_, registration) in probes {
            registration.bell().ring();
        }
    }

    fn rests(probes: &[(Rc<Probe>, Registration)]) -> Vec<u32> {
        probes.iter().map(|(probe, _)| probe.rests.get()).collect()
    }

    #[test]
    fn a_watched_source_has_its_turns_without_a_ring() {
        let waitset = Waitset::new();
        let probes = probes(&waitset, 2);
        assert_eq!(waitset.poll(9), 0, "nothing to do");
        probes[1].0.events.set(3);
        assert!(waitset.inner.has_watched());
        assert_eq!(waitset.poll(9), 3);
        assert!(!waitset.inner.has_watched());
    }

    #[test]
    fn one_too_many_rests_and_is_rung_for() {
        let waitset = Waitset::new();
        let probes = probes(&waitset, WATCHED_MAX + 1);
        assert_eq!(rests(&probes), [0, 0, 0, 0, 1]);
        drop(probes);
        assert_eq!(waitset.poll(9), 0, "sources that are gone are looked at no more");
    }

    #[test]
    fn a_source_that_is_gone_makes_room_for_another() {
        let waitset = Waitset::new();
        drop(probes(&waitset, WATCHED_MAX));
        assert_eq!(waitset.poll(1), 0);
        let next = probes(&waitset, 1);
        assert_eq!(rests(&next), [0], "there is room to watch it");
    }

    #[test]
    fn a_source_that_stays_quiet_rests() {
        let waitset = Waitset::new();
        let probes = probes(&waitset, 1);
        while probes[0].0.rests.get() == 0 {
            assert_eq!(waitset.poll(1), 0);
            assert!(probes[0].0.looks.get() <= 2 * LOOKS_MAX, "it is watched without an end");
        }
    }

    #[test]
    fn who_is_about_to_sleep_lets_all_rest_and_overlooks_nothing() {
        let waitset = Waitset::new();
        let probes = probes(&waitset, 2);
        assert!(waitset.announce_wait());
        assert_eq!(rests(&probes), [1, 1]);
        ring_all(&probes);
        assert_eq!(waitset.poll(2), 2);
        probes[0].0.events.set(1);
        assert!(!waitset.announce_wait(), "there is something to do");
        assert_eq!(waitset.poll(9), 1);
    }
}
