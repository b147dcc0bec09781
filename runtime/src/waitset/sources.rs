//! The registered sources of a waitset, and whose they are.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use super::{Bell, Key, NearBell, Source, WeakWaitset};
use crate::sync::Arc;

/// The registered sources. A slot keeps its generation when it is freed, so no key comes twice.
#[derive(Default)]
pub(super) struct Sources {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
pub(super) struct Slot {
    generation: u32,
    entry: Option<Rc<Entry>>,
}

/// A registered source, for its turns: it may be in the loop's queue when it is removed.
pub(super) struct Entry {
    pub(super) bell: Arc<Bell>,
    /// `None` once it is removed.
    source: RefCell<Option<Rc<dyn Source>>>,
    /// It is in the loop's queue.
    pub(super) listed: Cell<bool>,
}

impl Entry {
    pub(super) fn new(bell: Arc<Bell>, source: Rc<dyn Source>) -> Rc<Self> {
        Rc::new(Self { bell, source: RefCell::new(Some(source)), listed: Cell::new(false) })
    }

    /// The source, unless it was removed.
    pub(super) fn source(&self) -> Option<Rc<dyn Source>> {
        self.source.borrow().clone()
    }

    fn key(&self) -> Key {
        self.bell.key()
    }
}

impl Sources {
    pub(super) fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.entry.is_some()).count()
    }

    pub(super) fn get(&self, key: Key) -> Option<Rc<Entry>> {
        let slot = self.slots.get(key.index as usize)?;
        if slot.generation == key.generation { slot.entry.clone() } else { None }
    }

    /// Puts the source into the place that was reserved for it.
    pub(super) fn fill(&mut self, entry: &Rc<Entry>) {
        self.slots[entry.key().index as usize].entry = Some(Rc::clone(entry));
    }

    pub(super) fn reserve(&mut self) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            let index = u32::try_from(self.slots.len()).ok().filter(|&index| index < u32::MAX);
            self.slots.push(Slot::default());
            index.expect("a waitset has under 2^32 - 1 sources: each takes memory")
        });
        Key { index, generation: self.slots[index as usize].generation }
    }

    /// Removes a source, to be dropped when nothing is borrowed.
    pub(super) fn remove(&mut self, key: Key) -> Option<Rc<dyn Source>> {
        let slot = self.slots.get_mut(key.index as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        // A slot whose generations are used up is never given out again.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(key.index);
        }
        slot.entry.take()?.source.take()
    }
}

/// The sources of one dispatcher.
#[derive(Clone, Default)]
pub(crate) struct Owned {
    keys: Rc<RefCell<Keys>>,
}

/// Keys in order. The dispatchers of most programs have one source, which is not worth a tree.
#[derive(Default)]
struct Keys {
    one: Option<Key>,
    others: BTreeSet<Key>,
}

impl Keys {
    fn insert(&mut self, key: Key) {
        if self.one.is_none() {
            self.one = Some(key);
        } else {
            self.others.insert(key);
        }
    }

    fn remove(&mut self, key: Key) {
        if self.one.take_if(|one| *one == key).is_none() {
            self.others.remove(&key);
        }
    }

    fn is_empty(&self) -> bool {
        self.one.is_none() && self.others.is_empty()
    }

    fn pop_first(&mut self) -> Option<Key> {
        let other = self.others.first().copied();
        match self.one.take_if(|one| other.is_none_or(|other| *one < other)) {
            None => self.others.pop_first(),
            one => one,
        }
    }
}

impl Owned {
    pub(super) fn add(&self, key: Key) {
        self.keys.borrow_mut().insert(key);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.borrow().is_empty()
    }

    pub(super) fn take_first(&self) -> Option<Key> {
        self.keys.borrow_mut().pop_first()
    }
}

/// A source's place in its waitset, given up on drop.
pub(crate) struct Registration {
    waitset: WeakWaitset,
    owned: Owned,
    near: NearBell,
}

impl Registration {
    pub(super) fn new(waitset: WeakWaitset, owned: Owned, near: NearBell) -> Self {
        Self { waitset, owned, near }
    }

    pub(crate) fn bell(&self) -> &Arc<Bell> {
        self.near.bell()
    }

    /// The bell for this thread.
    pub(crate) fn near(&self) -> &NearBell {
        &self.near
    }

    pub(crate) fn key(&self) -> Key {
        self.bell().key()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let key = self.key();
        self.owned.keys.borrow_mut().remove(key);
        if let Some(waitset) = self.waitset.upgrade() {
            // Two statements: dropping the source may register or remove others.
            let removed = waitset.inner.sources.borrow_mut().remove(key);
            drop(removed);
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("key", &self.key()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_keys_are_not() {
        let mut sources = Sources::default();
        let mut keys = BTreeSet::new();
        for _ in 0..1_000 {
            let (one, other) = (sources.reserve(), sources.reserve());
            assert!(keys.insert(one) && keys.insert(other));
            for key in [one, other] {
                assert!(sources.remove(key).is_none() && sources.get(key).is_none());
            }
            assert!(sources.remove(one).is_none(), "gone already");
        }
        assert_eq!((sources.slots.len(), sources.free.len(), sources.len()), (2, 2, 0));
    }

    #[test]
    fn owned_keys_leave_in_order() {
        let mut sources = Sources::default();
        let all: [Key; 4] = std::array::from_fn(|_| sources.reserve());
        let mut keys = Keys::default();
        for index in [2, 0, 3, 1] {
            keys.insert(all[index]);
        }
        keys.remove(all[2]);
        keys.insert(all[2]);
        keys.remove(all[3]);
        for key in &all[..3] {
            assert_eq!((keys.is_empty(), keys.pop_first()), (false, Some(*key)));
        }
        assert_eq!((keys.is_empty(), keys.pop_first()), (true, None));
    }

    #[test]
    fn a_place_whose_keys_are_used_up_is_given_up() {
        let mut sources = Sources::default();
        let first = sources.reserve();
        sources.slots[first.index as usize].generation = u32::MAX;
        sources.remove(Key { generation: u32::MAX, ..first });
        assert_ne!(sources.reserve().index, first.index);
    }
}
