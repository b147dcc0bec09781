//! The cap: what a program holds, sends and loses.

use std::fmt;

use super::derivation::Node;
use super::object::{Object, Payload};
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
pub struct Cap(Option<Held>);

/// A node and who holds it: giving a cap away changes the second only, so the cap keeps its place
/// in the tree.
pub(super) struct Held {
    pub(super) node: Node,
    pub(super) holder: Holder,
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
    /// Whose Domain, VNode or Dispatcher it is.
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
    /// [`DERIVATION_DEPTH_MAX`](super::DERIVATION_DEPTH_MAX) caps.
    pub fn copy(&self) -> Result<Self, CapError> {
        let held = self.usable()?;
        Ok(held.beside(held.node.copy(held.node.rights())?))
    }

    /// Derives a cap with these rights, of which none may be new, and the same holder.
    ///
    /// # Errors
    ///
    /// Those of [`copy`](Self::copy), and [`CapError::MissingRights`].
    pub fn copy_with(&self, rights: Rights) -> Result<Self, CapError> {
        let held = self.usable()?;
        Ok(held.beside(held.node.copy(rights)?))
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

    /// Mints the cap of a new Domain object below this ProcessManager cap, with all rights of a
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
        let object = || Object::domain(held.holder.kernel(), domain, notice);
        Ok(held.beside(held.node.derive(Rights::DOMAIN, object)?))
    }

    /// Takes what an EndPoint carries. All caps to this EndPoint are unusable afterwards.
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
    /// Hands the cap back with [`CapError::Foreign`] if the holder belongs to another kernel.
    pub fn transfer(self, how: Transfer, to: &Holder) -> Result<Self, (Self, CapError)> {
        let Some(held) = self.0 else { return Ok(Self::NULL) };
        if !held.holder.kernel().is(to.kernel()) {
            return Err((Self(Some(held)), CapError::Foreign));
        }
        if held.check().is_err() {
            return Ok(Self(Some(held))); // a new holder would bring it back to life
        }
        let Held { node, holder } = held;
        let passed = match how {
            Transfer::Move => Ok(node),
            Transfer::Copy => node.into_copy(),
        };
        Ok(match passed {
            Ok(node) => Self::held(node, to.clone()),
            Err(revoked) => Self::held(revoked, holder),
        })
    }

    /// Deletes the cap, as dropping it does. What was derived from it stays usable.
    pub fn delete(self) {
        drop(self);
    }

    /// The first cap to a new object.
    pub(super) fn root(holder: &Holder, object: Arc<Object>, rights: Rights) -> Self {
        Self::held(Node::root(object, rights), holder.clone())
    }

    pub(super) fn held(node: Node, holder: Holder) -> Self {
        Self(Some(Held { node, holder }))
    }

    /// The usable cap taken apart.
    pub(super) fn into_parts(self) -> Result<(Node, Holder), (Self, CapError)> {
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
    fn beside(&self, node: Node) -> Cap {
        Cap::held(node, self.holder.clone())
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
