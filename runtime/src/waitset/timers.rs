//! The timers of one waitset, in the order they are due.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::WeakWaitset;
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

/// A running timer, stopped on drop.
pub(crate) struct TimerGuard {
    waitset: WeakWaitset,
    key: TimerKey,
}

impl TimerGuard {
    pub(super) fn new(waitset: WeakWaitset, key: TimerKey) -> Self {
        Self { waitset, key }
    }
}

impl Drop for TimerGuard {
    fn drop(&mut self) {
        if let Some(waitset) = self.waitset.upgrade() {
            let removed = waitset.inner.timers.borrow_mut().remove(self.key);
            drop(removed);
        }
    }
}

/// Ready at a point in time; see [`Waitset::sleep`](super::Waitset::sleep).
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    waitset: WeakWaitset,
    at: Time,
    timer: Option<TimerGuard>,
}

impl Sleep {
    pub(super) fn new(waitset: WeakWaitset, at: Time) -> Self {
        Self { waitset, at, timer: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(waitset) = self.waitset.upgrade() else { return Poll::Ready(()) };
        if waitset.now() >= self.at {
            self.timer = None;
            return Poll::Ready(());
        }
        // A new timer each time: the waker may have changed.
        self.timer = Some(waitset.timer(self.at, cx.waker().clone()));
        Poll::Pending
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("at", &self.at).finish_non_exhaustive()
    }
}
