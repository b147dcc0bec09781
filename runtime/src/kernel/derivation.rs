//! Where a cap stands in the tree of derivations, and how a revocation reaches all below it.
//!
//! The tree is never walked. A cap from which another was derived has a [`Place`] with an epoch; revoking
//! the cap steps the epoch. A derived cap carries a link to each place above it with the epoch found there, and is
//! revoked as soon as one of them has moved on. So a revocation costs the same for one descendant
//! as for a million, and dropping a cap never runs down a chain. No lock is taken, but that of two who
//! are the first to derive.
//!
//! A derivation that races with a revocation above it either read the old epoch, and is dead at
//! birth, or the new one, and counts as made afterwards, as does one that the revocation found no place of.

use super::object::Object;
use super::{CapError, Counted, Rights, Tally};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, OnceLock};

/// How many existing caps can stand above a cap. Each use looks at all of them, so this bounds the
/// cost of a use; services pass a cap on three or four times. Deleted caps don't count.
pub const DERIVATION_DEPTH_MAX: usize = 64;

/// A cap's place in the tree: the epoch of its descendants, and whether the cap still exists.
#[derive(Debug, Default)]
struct Place {
    /// Bit 0: the cap is gone, the epoch final. Above: how often it was revoked. In one word, so
    /// that who finds the cap gone has the final epoch in the same load.
    word: AtomicU64,
}

struct Reading {
    epoch: u64,
    gone: bool,
}

impl Place {
    const GONE: u64 = 1;
    const EPOCH_STEP: u64 = 2;

    fn read(&self) -> Reading {
        // Acquire pairs with the Release in `step` and `leave`: who saw the revocation's effects
        // sees the revocation.
        let word = self.word.load(Ordering::Acquire);
        Reading { epoch: word / Self::EPOCH_STEP, gone: word & Self::GONE != 0 }
    }

    fn step(&self) {
        self.word.fetch_add(Self::EPOCH_STEP, Ordering::Release); // read by `read`
    }

    fn leave(&self) {
        self.word.fetch_or(Self::GONE, Ordering::Release); // read by `read`
    }
}

/// A place above a cap, and the epoch under which the cap was derived.
#[derive(Clone, Debug)]
struct Link {
    place: Arc<Place>,
    epoch: u64,
}

/// A cap without its holder: the object, the rights to it, and the place in the tree.
#[derive(Debug)]
pub(super) struct Node {
    // First, so that the count is down before the object's last-drop notice goes out.
    _tally: Tally,
    rights: Rights,
    /// Made with the first derivation: most caps have none, and who derives later than a revocation
    /// isn't hit by it.
    place: OnceLock<Arc<Place>>,
    above: Box<[Link]>,
    object: Arc<Object>,
}

impl Node {
    /// The first node of `object`, below nothing.
    pub(super) fn root(object: Arc<Object>, rights: Rights) -> Self {
        Self::below(Vec::new(), object, rights)
    }

    /// A node below this one. The object is asked for only when nothing can fail any more, so
    /// that a refused derivation leaves no trace.
    pub(super) fn derive(
        &self,
        rights: Rights,
        object: impl FnOnce() -> Arc<Object>,
    ) -> Result<Self, CapError> {
        let mut above = self.links_above()?;
        let place = Arc::clone(self.place.get_or_init(Arc::default));
        let epoch = place.read().epoch;
        above.push(Link { place, epoch });
        if above.len() > DERIVATION_DEPTH_MAX {
            return Err(CapError::Limit { max: DERIVATION_DEPTH_MAX, of: "caps above a cap" });
        }
        Ok(Self::below(above, object(), rights))
    }

    /// A node below this one, with the same object and fewer rights or the same.
    pub(super) fn copy(&self, rights: Rights) -> Result<Self, CapError> {
        if !self.rights.contains(rights) {
            return Err(CapError::MissingRights);
        }
        self.derive(rights, || Arc::clone(&self.object))
    }

    /// The child that remains when this node goes: as nobody can revoke through this node any
    /// more, the child hangs where this node hung.
    pub(super) fn into_copy(self) -> Result<Self, Self> {
        match self.links_above() {
            Ok(above) => Ok(Self::below(above, Arc::clone(&self.object), self.rights)),
            Err(_) => Err(self),
        }
    }

    /// True if no cap that still exists was derived from this one.
    pub(super) fn is_childless(&self) -> bool {
        // Links hold it; a count that is about to fall is taken for a child.
        self.place.get().is_none_or(|place| Arc::strong_count(place) == 1)
    }

    /// Kills everything derived from this node up to now.
    pub(super) fn revoke(&self) {
        if let Some(place) = self.place.get() {
            place.step();
        }
    }

    /// Refuses a node whose object is gone or above which something was revoked.
    pub(super) fn check(&self) -> Result<(), CapError> {
        let valid = |link: &Link| link.place.read().epoch == link.epoch;
        if self.object.is_alive() && self.above.iter().all(valid) {
            Ok(())
        } else {
            Err(CapError::Revoked)
        }
    }

    pub(super) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    pub(super) fn rights(&self) -> Rights {
        self.rights
    }

    fn below(above: Vec<Link>, object: Arc<Object>, rights: Rights) -> Self {
        let tally = object.kernel().count(Counted::Caps);
        Self { _tally: tally, rights, place: OnceLock::new(), above: above.into(), object }
    }

    /// The links a node beside this one needs. A place whose cap is gone can't be revoked any
    /// more: if its final epoch is right, it is right for ever and the link is left out. So a cap
    /// that is handed on and on doesn't grow.
    fn links_above(&self) -> Result<Vec<Link>, CapError> {
        let mut links = Vec::with_capacity(self.above.len() + 1);
        for link in &self.above {
            match link.place.read() {
                Reading { epoch, .. } if epoch != link.epoch => return Err(CapError::Revoked),
                Reading { gone: true, .. } => (),
                Reading { gone: false, .. } => links.push(link.clone()),
            }
        }
        Ok(links)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(place) = self.place.get() {
            place.leave();
        }
    }
}
