//! The timers of one waitset, in the order they are due.

use std::collections::BTreeMap;
use std::task::Waker;

use crate::clock::Time;

/// Names a timer: due times first, so that the map is in the order of firing.
pub(crate) type TimerKey = (Time, u64);

#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeMap<TimerKey, Waker>,
    count: u64,
}

impl Timers {
    pub(crate) fn insert(&mut self, at: Time, waker: Waker) -> TimerKey {
        self.count += 1;
        let key = (at, self.count);
        self.due.insert(key, waker);
        key
    }

    /// Takes a timer out; one that has fired isn't there any more.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<Waker> {
        self.due.remove(&key)
    }

    /// When the next timer is due.
    pub(crate) fn next(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next timer that is due by `now`.
    pub(crate) fn pop(&mut self, now: Time) -> Option<Waker> {
        let entry = self.due.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
