//! What is near: bells within one thread, and where two ends of a channel meet.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::{Bell, Entry, Queue, Waitset, WeakWaitset};
use crate::sync::Arc;

/// Makes one source ready, from the thread of its waitset: no other thread needs to hear of it.
#[derive(Clone)]
pub struct NearBell {
    queue: Rc<Queue>,
    entry: Rc<Entry>,
}

impl NearBell {
    pub(super) fn new(queue: Rc<Queue>, entry: Rc<Entry>) -> Self {
        Self { queue, entry }
    }

    /// Makes the source ready. A source that is ready already isn't queued again.
    #[inline]
    pub fn ring(&self) {
        if self.entry.listed.get() {
            return;
        }
        if self.queue.awaited.get() {
            // Whoever waits for the set's descriptor is to see it readable.
            self.entry.bell.ring();
        } else {
            self.queue.push(Rc::clone(&self.entry));
        }
    }

    /// The same bell for other threads.
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.entry.bell
    }
}

impl fmt::Debug for NearBell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NearBell").field(&self.entry.bell).finish()
    }
}

/// What the two ends of a channel have in common before they are claimed: what counts is where it is.
#[derive(Debug)]
pub(crate) struct Meeting;

impl Meeting {
    /// Tells meetings apart, as long as both are held: each is behind reference counts of its own.
    fn id(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

/// What one end left for the other, taken back on drop.
pub(crate) struct Errand {
    waitset: WeakWaitset,
    meeting: Arc<Meeting>,
}

impl Drop for Errand {
    fn drop(&mut self) {
        if let Some(waitset) = self.waitset.upgrade() {
            drop(waitset.fetch(&self.meeting));
        }
    }
}

impl Waitset {
    /// Leaves something for the other end of a channel, should it come here.
    pub(crate) fn leave(&self, meeting: Arc<Meeting>, what: Box<dyn Any>) -> Errand {
        self.inner.errands.borrow_mut().insert(meeting.id(), what);
        Errand { waitset: self.downgrade(), meeting }
    }

    /// Takes what the other end left here.
    pub(crate) fn fetch(&self, meeting: &Arc<Meeting>) -> Option<Box<dyn Any>> {
        self.inner.errands.borrow_mut().remove(&meeting.id())
    }
}
