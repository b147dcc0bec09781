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
