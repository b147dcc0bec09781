//! The order of turns.
//!
//! What is ready is in a queue that only the loop's thread touches. A round of turns begins with
//! gathering what became ready since: first the watched sources, then what was rung. A source that
//! was looked at before is not overtaken by what rang later, because whoever rang may have waited for
//! its message to be sent: rings order messages of different peers, and watching must not undo that.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Entry, Inner, Key, Source};

/// The sources that are ready, each at most once.
#[derive(Default)]
pub(super) struct Queue {
    entries: RefCell<VecDeque<Rc<Entry>>>,
    /// How many turns the present round has left.
    round: Cell<usize>,
    /// Somebody waits for the set's descriptor.
    pub(super) awaited: Cell<bool>,
    /// Empty but while what was rung is on its way to `entries`. Kept for its memory.
    rung: RefCell<Vec<Key>>,
}

impl Queue {
    /// Puts a source behind all that are ready, unless it is ready already.
    #[inline]
    pub(super) fn list(&self, entry: Rc<Entry>) {
        if !entry.listed.get() {
            self.push(entry);
        }
    }

    /// Puts a source behind all that are ready, which isn't ready yet.
    #[inline]
    pub(super) fn push(&self, entry: Rc<Entry>) {
        entry.listed.set(true);
        self.entries.borrow_mut().push_back(entry);
    }

    /// Forgets what is ready: the waitset is gone.
    pub(super) fn clear(&self) {
        let entries = self.entries.take();
        drop(entries);
    }
}

impl Inner {
    /// Takes the next source that has something to do.
    pub(super) fn next(&self) -> Option<(Rc<Entry>, Rc<dyn Source>)> {
        if self.queue.round.get() == 0 || !self.ready.is_empty() {
            self.gather();
        }
        loop {
            let entry = self.queue.entries.borrow_mut().pop_front()?;
            self.queue.round.set(self.queue.round.get().saturating_sub(1));
            entry.listed.set(false);
            entry.bell.answer();
            if let Some(source) = entry.source() {
                return Some((entry, source));
            }
        }
    }

    /// Begins a round.
    fn gather(&self) {
        if self.ready.is_empty() {
            self.list_watched();
        } else {
            self.list_watched_and_rung();
        }
        self.queue.round.set(self.queue.entries.borrow().len());
    }

    // Apart, so that a loop whose bells nobody rang from outside doesn't pay for a call.
    #[inline(never)]
    fn list_watched_and_rung(&self) {
        // Taken before watched sources are looked at: then whatever was published before one of
        // these rings is seen.
        let mut rung = self.queue.rung.take();
        self.ready.take(&mut rung);
        self.list_watched();
        for key in rung.drain(..) {
            // A source that is gone may have rung.
            if let Some(entry) = self.entry(key) {
                self.list(entry);
            }
        }
        self.queue.rung.replace(rung);
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.queue.entries.borrow().is_empty()
    }

    pub(super) fn list(&self, entry: Rc<Entry>) {
        self.queue.list(entry);
    }
}
