//! Kernel objects. An object lives as long as somebody has a cap to it.

use std::any::Any;
use std::fmt;

use super::cnode::Slots;
use super::frame::Memory;
use super::{Counted, Kernel, Tally};
use crate::contain::discard;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, lock};
use crate::{CoreId, DomainId};

/// The type of a cap, that is of the object it names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CapKind {
    /// The right to command spawnds and, with RETYPE, to mint Domain caps.
    ProcessManager,
    /// A domain, for who may wait for it, kill it, span it, or report its exit.
    Domain,
    /// One end of a channel on its way to its owner.
    EndPoint,
    /// Memory, reached through the cap only.
    Frame,
    /// A table of caps.
    CNode,
    /// The root of a domain's address space: here a token that says whose.
    VNode,
    /// A domain's dispatcher on one core: here a token that says which.
    Dispatcher,
}

/// Is told when nobody has a cap to a domain any more.
pub trait LastDrop: Send + Sync {
    /// The last cap to `domain` was dropped. Called once, on the thread that dropped the cap, with
    /// no lock held; it should only mark something ready.
    fn last_drop(&self, domain: DomainId);
}

pub(super) struct Object {
    // First, so that the count is down before the body's last-drop notice goes out.
    tally: Tally,
    alive: AtomicBool,
    body: Body,
}

pub(super) enum Body {
    ProcessManager,
    Domain(Domain),
    EndPoint(Mutex<Cargo>),
    Frame(Memory),
    CNode(Slots),
    VNode(DomainId),
    Dispatcher(CoreId, DomainId),
}

pub(super) type Payload = Box<dyn Any + Send>;

/// What an `EndPoint` carries until it is taken. Whoever has the last cap drops it, which must not
/// cost that one more than the cap.
pub(super) struct Cargo(Option<Payload>);

impl Cargo {
    pub(super) fn new(payload: Payload) -> Self {
        Self(Some(payload))
    }

    fn take(&mut self) -> Option<Payload> {
        self.0.take()
    }
}

impl Drop for Cargo {
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            discard(payload);
        }
    }
}

pub(super) struct Domain {
    _tally: Tally,
    notice: Notice,
}

struct Notice {
    domain: DomainId,
    to: Option<Arc<dyn LastDrop>>,
}

impl Object {
    pub(super) fn new(kernel: &Kernel, body: Body) -> Arc<Self> {
        let tally = kernel.count(Counted::Objects);
        Arc::new(Self { tally, alive: AtomicBool::new(true), body })
    }

    pub(super) fn domain(
        kernel: &Kernel,
        domain: DomainId,
        to: Option<Arc<dyn LastDrop>>,
    ) -> Arc<Self> {
        let tally = kernel.count(Counted::Domains);
        Self::new(kernel, Body::Domain(Domain { _tally: tally, notice: Notice { domain, to } }))
    }

    pub(super) fn kernel(&self) -> &Kernel {
        self.tally.kernel()
    }

    /// False once an `EndPoint` was taken; the other objects live as long as their caps.
    pub(super) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire) // pairs with the swap in `take_payload`
    }

    /// What an `EndPoint` carries, for the first who asks.
    pub(super) fn take_payload(&self) -> Option<Payload> {
        let Body::EndPoint(payload) = &self.body else { return None };
        let first = self.alive.swap(false, Ordering::AcqRel); // one swap finds `true`
        if first { lock(payload).take() } else { None }
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    pub(super) fn kind(&self) -> CapKind {
        match self.body {
            Body::ProcessManager => CapKind::ProcessManager,
            Body::Domain(_) => CapKind::Domain,
            Body::EndPoint(_) => CapKind::EndPoint,
            Body::Frame(_) => CapKind::Frame,
            Body::CNode(_) => CapKind::CNode,
            Body::VNode(_) => CapKind::VNode,
            Body::Dispatcher(..) => CapKind::Dispatcher,
        }
    }

    pub(super) fn domain_id(&self) -> Option<DomainId> {
        match &self.body {
            Body::Domain(domain) => Some(domain.notice.domain),
            Body::VNode(domain) | Body::Dispatcher(_, domain) => Some(*domain),
            _ => None,
        }
    }

    pub(super) fn core(&self) -> Option<CoreId> {
        if let Body::Dispatcher(core, _) = self.body { Some(core) } else { None }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind())?;
        self.domain_id().map_or(Ok(()), |domain| write!(f, "({domain})"))
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            to.last_drop(self.domain);
        }
    }
}
