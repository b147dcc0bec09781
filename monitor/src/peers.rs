//! Who is who: the words in which the monitor speaks of children, peers and interfaces.

use flounder::{Badge, CoreId, DomainId, Fingerprint, Role};

/// The binding between the monitor and one dispatcher of its core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChildKey(pub u64);

/// Names a request in its reply: chosen by whoever asks, unique per binding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u64);

/// One life of a service that can be started again. Starts at 1 and only grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Generation(pub u64);

/// An interface as one side of a bind knows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Interface {
    /// The name, for people: a mismatch is reported with the names of both sides.
    pub name: String,
    /// What is compared.
    pub fingerprint: Fingerprint,
}

/// What a child was started as. Its badge and its rights follow from this and from nothing it says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChildKind {
    /// A program that the core's spawnd started.
    Program {
        /// The domain it belongs to.
        domain: DomainId,
    },
    /// The core's spawnd.
    Spawnd {
        /// Which life of it.
        generation: Generation,
    },
    /// The process manager; only monitor 0 has it.
    ProcMgmt,
    /// Whoever runs the system.
    Operator,
    /// Another service of the system.
    Service,
}

impl ChildKind {
    /// The badge of such a child on `core`.
    #[must_use]
    pub fn badge(self, core: CoreId) -> Badge {
        let (domain, role) = match self {
            Self::Program { domain } => (domain, Role::Program),
            Self::Operator => (DomainId::NONE, Role::Operator),
            Self::Spawnd { .. } | Self::ProcMgmt | Self::Service => (DomainId::NONE, Role::Service),
        };
        Badge { core, domain, role }
    }
}
