//! The cap: what a program holds, sends and loses.

use std::fmt;

use super::derivation::Node;
use super::object::{Object, Payload};
use super::seat::Seat;
use super::{CapError, CapKind, Holder, LastDrop, Rights};
use crate::sync::Arc;
use crate::{CoreId, DomainId};

/// An unforgeable, typed reference to a kernel object.
///
/// A cap can be derived, sent, revoked and dropped; it can't be cloned, so whoever gives it away
/// has lost it. It is usable iff its object is alive, no derivation above it was revoked since,
/// and its [`Holder`] is alive.
///
/// ```
/// use flounder::{CapError, Kernel, Rights, Transfer};
///
/// let kernel = Kernel::new();
/// let (parent, child) = (kernel.holder(), kernel.holder());
/// let frame = parent.frame(4096)?;
/// frame.write_at(0, b"hello")?;
///
/// // The child gets a copy that can only read.
/// let sent = frame.copy_with(Rights::READ)?;
/// let received = sent.transfer(Transfer::Copy, &child).unwrap();
/// let mut bytes = [0; 5];
/// received.read_at(0, &mut bytes)?;
/// assert_eq!(&bytes, b"hello");
/// assert_eq!(received.write_at(0, b"HELLO"), Err(CapError::MissingRights));
///
/// // Revoking takes back whatever came from this cap, and leaves the cap itself.
/// frame.revoke()?;
/// assert_eq!(received.read_at(0, &mut bytes), Err(CapError::Revoked));
/// assert!(frame.identify().is_ok());
/// # Ok::<(), CapError>(())
/// ```
#[derive(Default)]
pub struct Cap(Option<Box<Held>>);

/// A node and who holds it: giving a cap away changes the second only, so the cap keeps its place
/// in the tree.
pub(super) struct Held {
    pub(super) node: Node,
    pub(super) holder: Seat,
}

/// How a cap argument passes from one domain to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// `cap`: the receiver gets a cap derived from the one that was sent.
    Copy,
    /// `give_away_cap`: the receiver gets the cap that was sent, with its descendants.
    Move,
}

/// What a usable cap says about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CapInfo {
    /// The type.
    pub kind: CapKind,
    /// What it may be used for.
    pub rights: Rights,
    /// Whose Domain, `VNode` or Dispatcher it is.
    pub domain: Option<DomainId>,
    /// The core of a Dispatcher.
    pub core: Option<CoreId>,
}

impl Cap {
    /// The cap that names nothing. It can be sent like any other.
    pub const NULL: Self = Self(None);

    /// True for the null cap, and only for it: an unusable cap isn't null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// Says what the cap is, if it is usable. Needs no right.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`].
    pub fn identify(&self) -> Result<CapInfo, CapError> {
        let node = &self.usable()?.node;
        let object = node.object();
        let (domain, core) = (object.domain_id(), object.core());
        Ok(CapInfo { kind: object.kind(), rights: node.rights(), domain, core })
    }

    /// Derives a cap with the same rights and the same holder.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`]; [`CapError::Limit`] below
    /// [`DERIVATION_DEPTH_MAX`](super::DERIVATION_DEPTH_MAX) caps, or if the holder has
    /// [`HOLDER_CAPS_MAX`](super::HOLDER_CAPS_MAX).
    pub fn copy(&self) -> Result<Self, CapError> {
        let held = self.usable()?;
        held.beside(held.node.copy(held.node.rights())?)
    }

    /// Derives a cap with these rights, of which none may be new, and the same holder.
    ///
    /// # Errors
    ///
    /// Those of [`copy`](Self::copy), and [`CapError::MissingRights`].
    pub fn copy_with(&self, rights: Rights) -> Result<Self, CapError> {
        let held = self.usable()?;
        held.beside(held.node.copy(rights)?)
    }

    /// Makes every cap derived from this one unusable, whoever holds it. This one stays as it is,
    /// and what is derived from it later is usable.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`].
    pub fn revoke(&self) -> Result<(), CapError> {
        self.usable()?.node.revoke();
        Ok(())
    }

    /// Mints the cap of a new Domain object below this `ProcessManager` cap, with all rights of a
    /// Domain. `notice` is told when the last cap to the object was dropped.
    ///
    /// # Errors
    ///
    /// Those of [`copy`](Self::copy), [`CapError::WrongType`], and [`CapError::MissingRights`]
    /// without RETYPE.
    pub fn retype_domain(
        &self,
        domain: DomainId,
        notice: Option<Arc<dyn LastDrop>>,
    ) -> Result<Self, CapError> {
        let held = self.usable_as(CapKind::ProcessManager, Rights::RETYPE)?;
        // Before the object, whose end somebody hears of.
        let seat = Seat::take(&held.holder)?;
        let object = || Object::domain(held.holder.kernel(), domain, notice);
        Ok(Self::held(held.node.derive(Rights::DOMAIN, object)?, seat))
    }

    /// Takes what an `EndPoint` carries. All caps to this `EndPoint` are unusable afterwards.
    ///
    /// # Errors
    ///
    /// Hands the cap back: [`CapError::Null`], [`CapError::WrongType`], without TAKE
    /// [`CapError::MissingRights`], and [`CapError::Revoked`], also if somebody was faster.
    pub fn take_endpoint(self) -> Result<Payload, (Self, CapError)> {
        let payload = self
            .usable_as(CapKind::EndPoint, Rights::TAKE)
            .and_then(|held| held.node.object().take_payload().ok_or(CapError::Revoked));
        payload.map_err(|err| (self, err))
    }

    /// Passes the cap to another holder, as the receiving end of a binding does.
    ///
    /// The null cap passes, and so does an unusable cap, which stays unusable: whoever is asked to
    /// work with it answers with its own error. What passed doesn't depend on the life of the old
    /// holder any more.
    ///
    /// # Errors
    ///
    /// Hands the cap back with [`CapError::Foreign`] if the holder belongs to another kernel, with
    /// [`CapError::Limit`] if it has [`HOLDER_CAPS_MAX`](super::HOLDER_CAPS_MAX) caps.
    pub fn transfer(self, how: Transfer, to: &Holder) -> Result<Self, (Self, CapError)> {
        let Some(mut held) = self.0 else { return Ok(Self::NULL) };
        if !held.holder.kernel().is(to.kernel()) {
            return Err((Self(Some(held)), CapError::Foreign));
        }
        if held.check().is_err() {
            return Ok(Self(Some(held))); // a new holder would bring it back to life
        }
        let seat = match Seat::take(to) {
            Ok(seat) => seat,
            Err(err) => return Err((Self(Some(held)), err)),
        };
        // A copy of what goes, with nothing below it, is nothing but the same node.
        if how == Transfer::Move || held.node.is_childless() {
            held.holder = seat;
            return Ok(Self(Some(held)));
        }
        let Held { node, holder } = *held;
        Ok(match node.into_copy() {
            Ok(node) => Self::held(node, seat),
            Err(revoked) => Self::held(revoked, holder),
        })
    }

    /// Deletes the cap, as dropping it does. What was derived from it stays usable.
    pub fn delete(self) {
        drop(self);
    }

    /// The first cap to a new object.
    pub(super) fn root(holder: Seat, object: Arc<Object>, rights: Rights) -> Self {
        Self::held(Node::root(object, rights), holder)
    }

    pub(super) fn held(node: Node, holder: Seat) -> Self {
        Self(Some(Box::new(Held { node, holder })))
    }

    /// The usable cap taken apart.
    pub(super) fn into_parts(self) -> Result<(Node, Seat), (Self, CapError)> {
        match self.0 {
            None => Err((Self::NULL, CapError::Null)),
            Some(held) => match held.check() {
                Ok(()) => Ok((held.node, held.holder)),
                Err(err) => Err((Self(Some(held)), err)),
            },
        }
    }

    pub(super) fn usable(&self) -> Result<&Held, CapError> {
        let held = self.0.as_ref().ok_or(CapError::Null)?;
        held.check()?;
        Ok(held)
    }

    fn usable_as(&self, kind: CapKind, rights: Rights) -> Result<&Held, CapError> {
        let held = self.usable()?;
        if held.node.object().kind() != kind {
            return Err(CapError::WrongType);
        }
        held.require(rights)?;
        Ok(held)
    }
}

impl Held {
    fn check(&self) -> Result<(), CapError> {
        if self.holder.is_alive() { self.node.check() } else { Err(CapError::Revoked) }
    }

    /// A cap with the same holder.
    fn beside(&self, node: Node) -> Result<Cap, CapError> {
        Ok(Cap::held(node, Seat::take(&self.holder)?))
    }

    pub(super) fn require(&self, rights: Rights) -> Result<(), CapError> {
        if self.node.rights().contains(rights) { Ok(()) } else { Err(CapError::MissingRights) }
    }
}

impl fmt::Debug for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(held) = &self.0 else { return f.write_str("Cap(NULL)") };
        let (object, rights) = (held.node.object(), held.node.rights());
        let state = if held.check().is_ok() { "" } else { ", unusable" };
        write!(f, "Cap({object:?}, {rights:?}{state})")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::kernel::DERIVATION_DEPTH_MAX;
    use crate::{ErrCode, ErrVal, Kernel};

    #[test]
    fn every_kind_says_what_it_is() {
        let kernel = Kernel::new();
        let (holder, id, core) = (kernel.holder(), DomainId(7), CoreId(3));
        let root = kernel.process_manager().unwrap();
        let cases = [
            (
                root.retype_domain(id, None).unwrap(),
                CapKind::Domain,
                Rights::DOMAIN,
                Some(id),
                None,
            ),
            (root, CapKind::ProcessManager, Rights::RETYPE, None, None),
            (holder.endpoint(Box::new(())), CapKind::EndPoint, Rights::TAKE, None, None),
            (holder.frame(1).unwrap(), CapKind::Frame, Rights::READ | Rights::WRITE, None, None),
            (holder.cnode(), CapKind::CNode, Rights::READ | Rights::WRITE, None, None),
            (holder.vnode(id), CapKind::VNode, Rights::NONE, Some(id), None),
            (holder.dispatcher(core, id), CapKind::Dispatcher, Rights::NONE, Some(id), Some(core)),
        ];
        for (cap, kind, rights, domain, core) in &cases {
            let (kind, rights, domain, core) = (*kind, *rights, *domain, *core);
            assert_eq!(cap.identify(), Ok(CapInfo { kind, rights, domain, core }));
        }
    }

    #[test]
    fn the_null_cap_can_be_sent_and_nothing_else() {
        let holder = Kernel::new().holder();
        assert!(Cap::NULL.is_null() && Cap::default().is_null());
        assert_eq!(Cap::NULL.identify(), Err(CapError::Null));
        assert_eq!(Cap::NULL.copy().unwrap_err(), CapError::Null);
        assert_eq!(Cap::NULL.revoke(), Err(CapError::Null));
        assert_eq!(Cap::NULL.take_endpoint().unwrap_err().1, CapError::Null);
        for how in [Transfer::Copy, Transfer::Move] {
            assert!(Cap::NULL.transfer(how, &holder).unwrap().is_null());
        }
    }

    #[test]
    fn a_copy_only_loses_rights() {
        let frame = Kernel::new().holder().frame(1).unwrap();
        let reader = frame.copy_with(Rights::READ).unwrap();
        let cases = [
            (&frame, Rights::READ | Rights::WRITE, None),
            (&frame, Rights::NONE, None),
            (&frame, Rights::KILL, Some(CapError::MissingRights)),
            (&reader, Rights::READ, None),
            (&reader, Rights::WRITE, Some(CapError::MissingRights)),
        ];
        for (cap, rights, refused) in cases {
            let copy = cap.copy_with(rights);
            assert_eq!(copy.as_ref().err(), refused.as_ref(), "{cap:?} with {rights:?}");
            if let Ok(copy) = copy {
                assert_eq!(copy.identify().map(|info| info.rights), Ok(rights));
            }
        }
    }

    #[test]
    fn only_the_root_mints_domains() {
        let kernel = Kernel::new();
        let root = kernel.process_manager().unwrap();
        let weak = root.copy_with(Rights::NONE).unwrap();
        let frame = kernel.holder().frame(1).unwrap();
        let before = kernel.counts();
        for (cap, err) in [
            (&weak, CapError::MissingRights),
            (&frame, CapError::WrongType),
            (&Cap::NULL, CapError::Null),
        ] {
            assert_eq!(cap.retype_domain(DomainId(1), None).unwrap_err(), err, "{cap:?}");
        }
        assert_eq!(kernel.counts(), before);
        let domain = root.retype_domain(DomainId(1), None).unwrap();
        root.revoke().unwrap();
        assert_eq!(domain.identify(), Err(CapError::Revoked));
        assert_eq!(weak.identify(), Err(CapError::Revoked));
    }

    #[test]
    fn an_endpoint_that_is_not_taken_is_handed_back() {
        let holder = Kernel::new().holder();
        let endpoint = holder.endpoint(Box::new(5_u8));
        let weak = endpoint.copy_with(Rights::NONE).unwrap();
        assert_eq!(weak.take_endpoint().unwrap_err().1, CapError::MissingRights);
        assert_eq!(holder.cnode().take_endpoint().unwrap_err().1, CapError::WrongType);
        let second = endpoint.copy().unwrap();
        assert_eq!(endpoint.take_endpoint().unwrap().downcast_ref(), Some(&5_u8));
        let (second, err) = second.take_endpoint().unwrap_err();
        assert_eq!((err, second.is_null()), (CapError::Revoked, false));
    }

    #[test]
    fn transfer_changes_the_holder_and_not_the_place() {
        let kernel = Kernel::new();
        for how in [Transfer::Copy, Transfer::Move] {
            let (giver, taker) = (kernel.holder(), kernel.holder());
            let top = giver.frame(1).unwrap();
            let (sent, kept) = (top.copy().unwrap(), top.copy().unwrap());
            let below = sent.copy().unwrap();
            let passed = sent.transfer(how, &taker).unwrap();
            giver.end();
            assert!(passed.identify().is_ok(), "{how:?}: survives the giver");
            assert_eq!(kept.identify(), Err(CapError::Revoked));
            assert_eq!(below.identify(), Err(CapError::Revoked), "its own holder ended");
        }
    }

    #[test]
    fn a_moved_cap_still_revokes_what_was_derived_before() {
        let kernel = Kernel::new();
        let (giver, taker) = (kernel.holder(), kernel.holder());
        for (how, below_dies) in [(Transfer::Move, true), (Transfer::Copy, false)] {
            let top = giver.frame(1).unwrap();
            let sent = top.copy().unwrap();
            let below = sent.copy().unwrap();
            let passed = sent.transfer(how, &taker).unwrap();
            passed.revoke().unwrap();
            assert_eq!(below.identify().is_err(), below_dies, "{how:?}");
            top.revoke().unwrap();
            assert_eq!(passed.identify(), Err(CapError::Revoked), "{how:?}");
        }
    }

    #[test]
    fn an_unusable_cap_passes_and_stays_unusable() {
        let kernel = Kernel::new();
        let taker = kernel.holder();
        for how in [Transfer::Copy, Transfer::Move] {
            let ended = kernel.holder();
            let of_ended = ended.frame(1).unwrap();
            ended.end();
            let top = kernel.holder().frame(1).unwrap();
            let revoked = top.copy().unwrap();
            top.revoke().unwrap();
            for cap in [of_ended, revoked] {
                let passed = cap.transfer(how, &taker).unwrap();
                assert_eq!((passed.is_null(), passed.identify()), (false, Err(CapError::Revoked)));
            }
        }
    }

    #[test]
    fn a_cap_of_another_kernel_is_handed_back() {
        let (ours, theirs) = (Kernel::new(), Kernel::new());
        let cap = theirs.holder().frame(1).unwrap();
        let (cap, err) = cap.transfer(Transfer::Move, &ours.holder()).unwrap_err();
        assert_eq!((err, cap.identify().is_ok()), (CapError::Foreign, true));
        assert_eq!(theirs.counts().caps, 1);
    }

    #[test]
    fn depth_is_limited_by_the_caps_that_exist() {
        let kernel = Kernel::new();
        let mut chain = vec![kernel.holder().frame(1).unwrap()];
        for depth in 0..DERIVATION_DEPTH_MAX {
            chain.push(chain[depth].copy().unwrap());
        }
        let last = &chain[DERIVATION_DEPTH_MAX];
        let limit = CapError::Limit { max: DERIVATION_DEPTH_MAX, of: "caps above a cap" };
        assert_eq!(last.copy().unwrap_err(), limit);
        chain[0].revoke().unwrap();
        assert_eq!(last.identify(), Err(CapError::Revoked));
    }

    #[test]
    fn a_cap_handed_on_and_on_stays_usable_and_revocable() {
        let kernel = Kernel::new();
        let holders = [kernel.holder(), kernel.holder()];
        let top = holders[0].frame(1).unwrap();
        let mut cap = top.copy().unwrap();
        for hop in 0..3 * DERIVATION_DEPTH_MAX {
            cap = cap.copy().unwrap().transfer(Transfer::Copy, &holders[hop % 2]).unwrap();
        }
        assert!(cap.identify().is_ok());
        assert_eq!(kernel.counts().caps, 2);
        top.revoke().unwrap();
        assert_eq!(cap.identify(), Err(CapError::Revoked));
    }

    #[test]
    fn what_a_deleted_cap_had_revoked_stays_revoked() {
        let top = Kernel::new().holder().frame(1).unwrap();
        let middle = top.copy().unwrap();
        let before = middle.copy().unwrap();
        middle.revoke().unwrap();
        let after = middle.copy().unwrap();
        middle.delete();
        assert_eq!(before.copy().unwrap_err(), CapError::Revoked);
        assert!(after.copy().unwrap().identify().is_ok());
    }

    #[test]
    fn errors_have_their_codes() {
        let cases = [
            (CapError::Null, ErrCode::CAP_ERR_NULL),
            (CapError::Revoked, ErrCode::CAP_ERR_REVOKED),
            (CapError::WrongType, ErrCode::CAP_ERR_TYPE),
            (CapError::MissingRights, ErrCode::CAP_ERR_RIGHTS),
            (CapError::Range, ErrCode::CAP_ERR_RANGE),
            (CapError::Occupied, ErrCode::CAP_ERR_LIMIT),
            (CapError::Limit { max: 1, of: "" }, ErrCode::CAP_ERR_LIMIT),
            (CapError::Foreign, ErrCode::FLOUNDER_ERR_RX_CAP),
        ];
        for (err, code) in cases {
            assert_eq!(ErrVal::from(err), ErrVal::from(code));
        }
    }

    #[test]
    fn debug_shows_object_rights_and_state() {
        let holder = Kernel::new().holder();
        let vnode = holder.vnode(DomainId(4));
        assert_eq!(format!("{:?} {vnode:?}", Cap::NULL), "Cap(NULL) Cap(VNode(4), NONE)");
        holder.end();
        assert_eq!(format!("{vnode:?}"), "Cap(VNode(4), NONE, unusable)");
    }
}
