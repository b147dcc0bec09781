//! `CNode`s: caps that travel together.
//!
//! A cap in a `CNode` has no holder of its own: it can only be reached through a cap to the
//! `CNode`, and gets that cap's holder on its way out. So a `CNode` that is given away takes its
//! caps along, and they survive whoever put them in.
//!
//! A `CNode` can't be put into a `CNode`. That keeps one from holding itself, which would never be
//! freed, and bounds what one cap can bring along.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::derivation::Node;
use super::object::Body;
use super::seat::Seat;
use super::{Cap, CapError, CapKind, Holder, Rights};
use crate::sync::{Mutex, MutexGuard, lock};

/// How many caps a `CNode` holds: what a program inherits is a handful, and a receiver must be able
/// to look through all of it in one turn.
pub const CNODE_SLOTS: usize = 64;

/// What a `CNode` holds, by slot. No cap is ever dropped under the lock, because a last drop runs
/// code of the object's owner.
#[derive(Default)]
pub(super) struct Slots(Mutex<BTreeMap<usize, Node>>);

impl Cap {
    /// Puts `cap` into a free slot of this `CNode`. Needs WRITE.
    ///
    /// # Errors
    ///
    /// Hands `cap` back. [`CapError::Null`] and [`CapError::Revoked`] may mean either cap;
    /// [`CapError::WrongType`] if this is no `CNode` or `cap` is one; [`CapError::MissingRights`],
    /// [`CapError::Range`], [`CapError::Occupied`], [`CapError::Foreign`].
    pub fn put(&self, slot: usize, cap: Cap) -> Result<(), (Cap, CapError)> {
        let (slots, to) = match self.slot(slot, Rights::WRITE) {
            Ok(parts) => parts,
            Err(err) => return Err((cap, err)),
        };
        let (node, holder) = cap.into_parts()?;
        if node.object().kind() == CapKind::CNode {
            return Err((Cap::held(node, holder), CapError::WrongType));
        }
        if !holder.kernel().is(to.kernel()) {
            return Err((Cap::held(node, holder), CapError::Foreign));
        }
        match slots.lock().entry(slot) {
            Entry::Vacant(free) => {
                free.insert(node);
                Ok(())
            }
            Entry::Occupied(_) => Err((Cap::held(node, holder), CapError::Occupied)),
        }
    }

    /// Takes the cap in `slot` out of this `CNode`; it gets the holder of the `CNode`'s cap. Needs
    /// WRITE.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`] also for an empty slot, [`CapError::Revoked`] for an unusable `CNode`,
    /// [`CapError::WrongType`], [`CapError::MissingRights`], [`CapError::Range`],
    /// [`CapError::Limit`] if the holder has [`HOLDER_CAPS_MAX`](super::HOLDER_CAPS_MAX) caps.
    pub fn take(&self, slot: usize) -> Result<Cap, CapError> {
        let (slots, holder) = self.slot(slot, Rights::WRITE)?;
        let mut slots = slots.lock();
        let Entry::Occupied(full) = slots.entry(slot) else { return Err(CapError::Null) };
        let seat = Seat::take(holder)?;
        Ok(Cap::held(full.remove(), seat))
    }

    /// Derives a cap from the one in `slot`, which stays; the copy gets the holder of the `CNode`'s
    /// cap. Needs READ.
    ///
    /// # Errors
    ///
    /// Those of [`take`](Self::take), and those of [`copy`](Self::copy) for the cap in the slot.
    pub fn copy_from(&self, slot: usize) -> Result<Cap, CapError> {
        let (slots, holder) = self.slot(slot, Rights::READ)?;
        let slots = slots.lock();
        let node = slots.get(&slot).ok_or(CapError::Null)?;
        node.check()?;
        Ok(Cap::held(node.copy(node.rights())?, Seat::take(holder)?))
    }

    /// The slots of this `CNode` that hold a cap, usable or not, ascending. Needs no right.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`], [`CapError::WrongType`].
    pub fn occupied(&self) -> Result<Vec<usize>, CapError> {
        let (slots, _) = self.slots(Rights::NONE)?;
        Ok(slots.lock().keys().copied().collect())
    }

    fn slot(&self, slot: usize, rights: Rights) -> Result<(&Slots, &Holder), CapError> {
        let parts = self.slots(rights)?;
        if slot < CNODE_SLOTS { Ok(parts) } else { Err(CapError::Range) }
    }

    fn slots(&self, rights: Rights) -> Result<(&Slots, &Holder), CapError> {
        let held = self.usable()?;
        let Body::CNode(slots) = held.node.object().body() else {
            return Err(CapError::WrongType);
        };
        held.require(rights)?;
        Ok((slots, &held.holder))
    }
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Node>> {
        lock(&self.0)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Kernel, Transfer};

    #[test]
    fn refusals_hand_the_cap_back() {
        let kernel = Kernel::new();
        let holder = kernel.holder();
        let frame = || holder.frame(8).unwrap();
        let dead = || {
            let holder = kernel.holder();
            let cap = holder.cnode();
            holder.end();
            cap
        };
        let full = || {
            let cnode = holder.cnode();
            cnode.put(3, frame()).unwrap();
            cnode
        };
        let foreign = Kernel::new().holder().frame(8).unwrap();
        let cases = [
            ("null CNode", Cap::NULL, 3, frame(), CapError::Null),
            ("null cap", holder.cnode(), 3, Cap::NULL, CapError::Null),
            ("dead CNode", dead(), 3, frame(), CapError::Revoked),
            ("dead cap", holder.cnode(), 3, dead(), CapError::Revoked),
            ("no CNode", frame(), 3, frame(), CapError::WrongType),
            ("CNode in a CNode", holder.cnode(), 3, holder.cnode(), CapError::WrongType),
            ("slot too high", holder.cnode(), CNODE_SLOTS, frame(), CapError::Range),
            ("slot taken", full(), 3, frame(), CapError::Occupied),
            ("other kernel", holder.cnode(), 3, foreign, CapError::Foreign),
            (
                "no right",
                holder.cnode().copy_with(Rights::READ).unwrap(),
                3,
                frame(),
                CapError::MissingRights,
            ),
        ];
        for (name, cnode, slot, cap, expected) in cases {
            let before = (format!("{cap:?}"), kernel.counts());
            let (cap, err) = cnode.put(slot, cap).unwrap_err();
            assert_eq!(err, expected, "{name}");
            assert_eq!((format!("{cap:?}"), kernel.counts()), before, "{name}");
        }
    }

    #[test]
    fn a_cnode_never_comes_to_hold_itself() {
        let kernel = Kernel::new();
        let holder = kernel.holder();
        let (cnode, other) = (holder.cnode(), holder.cnode());
        for inner in [cnode.copy().unwrap(), other.copy().unwrap()] {
            assert_eq!(cnode.put(0, inner).unwrap_err().1, CapError::WrongType);
        }
        drop((cnode, other));
        assert_eq!(kernel.counts().objects, 0);
    }

    #[test]
    fn every_slot_can_be_used_and_emptied() {
        let holder = Kernel::new().holder();
        let cnode = holder.cnode();
        for slot in 0..CNODE_SLOTS {
            assert_eq!(cnode.take(slot).unwrap_err(), CapError::Null);
            cnode.put(slot, holder.frame(slot + 1).unwrap()).unwrap();
        }
        assert_eq!(cnode.occupied(), Ok((0..CNODE_SLOTS).collect()));
        for slot in (0..CNODE_SLOTS).rev() {
            assert_eq!(cnode.copy_from(slot).unwrap().frame_bytes(), Ok(slot + 1));
            assert_eq!(cnode.take(slot).unwrap().frame_bytes(), Ok(slot + 1));
        }
        assert_eq!(cnode.occupied(), Ok(vec![]));
        assert_eq!(cnode.take(CNODE_SLOTS).unwrap_err(), CapError::Range);
    }

    #[test]
    fn what_is_inside_goes_along_and_survives_the_giver() {
        let kernel = Kernel::new();
        let (giver, taker) = (kernel.holder(), kernel.holder());
        let cnode = giver.cnode();
        for slot in 0..3 {
            cnode.put(slot, giver.frame(8).unwrap()).unwrap();
        }
        let cnode = cnode.transfer(Transfer::Move, &taker).unwrap();
        giver.end();
        let (first, second) = (cnode.take(0).unwrap(), cnode.copy_from(1).unwrap());
        assert!(first.identify().is_ok() && second.identify().is_ok());
        taker.end();
        for cap in [&first, &second, &cnode] {
            assert_eq!(cap.identify(), Err(CapError::Revoked));
        }
    }

    #[test]
    fn a_revocation_reaches_into_a_cnode() {
        let holder = Kernel::new().holder();
        let (cnode, frame) = (holder.cnode(), holder.frame(8).unwrap());
        cnode.put(0, frame.copy().unwrap()).unwrap();
        frame.revoke().unwrap();
        assert_eq!(cnode.copy_from(0).unwrap_err(), CapError::Revoked);
        assert_eq!(cnode.take(0).unwrap().identify(), Err(CapError::Revoked));
    }
}
