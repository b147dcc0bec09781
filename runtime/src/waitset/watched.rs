//! The sources that their loop looks at, instead of having their bells rung.
//!
//! A source that had something to do just now is likely to have more in a moment. Ringing for it would
//! cost its peer and the loop more than the message does, so for a while the loop *watches* it: the
//! peer only publishes its message. A source that was looked at in vain for long, and every watched
//! source before its loop sleeps, is told to *rest*: it asks for its bell and then looks once more,
//! so that nothing is overlooked in between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Entry, Inner, Key};

/// How many sources a loop watches at most: each costs every look a cache line.
const WATCHED_MAX: usize = 4;
/// After so many looks in vain a source rests: what they took would have paid for some rings.
const LOOKS_MAX: u32 = 1_000;

/// The watched sources, each at most once.
#[derive(Default)]
pub(super) struct Watched {
    list: RefCell<VecDeque<Watch>>,
}

struct Watch {
    key: Key,
    /// How often it was looked at in vain.
    looks: u32,
}

impl Inner {
    /// Watches a source from now on; one too many rests at once.
    pub(super) fn watch(&self, key: Key, entry: &Entry) {
        let mut list = self.watched.list.borrow_mut();
        if let Some(watch) = list.iter_mut().find(|watch| watch.key == key) {
            watch.looks = 0;
        } else if list.len() < WATCHED_MAX {
            list.push_back(Watch { key, looks: 0 });
        } else {
            drop(list);
            self.rest(key, entry);
        }
    }

    /// True if a watched source has something to do.
    pub(super) fn has_watched(&self) -> bool {
        let list = self.watched.list.borrow();
        list.iter().any(|watch| self.entry(watch.key).is_some_and(|entry| entry.source.has_event()))
    }

    /// Takes the next watched source that has something to do.
    pub(super) fn next_watched(&self) -> Option<(Key, Rc<Entry>)> {
        let watched = self.watched.list.borrow().len();
        for _ in 0..watched {
            let Watch { key, looks } = self.watched.list.borrow_mut().pop_front()?;
            let Some(entry) = self.entry(key) else { continue };
            if entry.source.has_event() {
                return Some((key, entry));
            }
            if looks < LOOKS_MAX {
                self.watched.list.borrow_mut().push_back(Watch { key, looks: looks + 1 });
            } else {
                self.rest(key, &entry);
            }
        }
        None
    }

    /// Queues the watched sources that have something to do, so that those that are always ready
    /// don't starve them.
    pub(super) fn queue_watched(&self) {
        while let Some((key, entry)) = self.next_watched() {
            self.queue_again(key, &entry);
        }
    }

    /// Lets all watched sources rest: the loop is about to sleep.
    pub(super) fn rest_all(&self) {
        loop {
            // The borrow ends before the source is asked.
            let Some(Watch { key, .. }) = self.watched.list.borrow_mut().pop_front() else {
                return;
            };
            if let Some(entry) = self.entry(key) {
                self.rest(key, &entry);
            }
        }
    }

    fn rest(&self, key: Key, entry: &Entry) {
        if !entry.source.rest() {
            self.queue_again(key, entry);
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
            Turn::Watch
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
