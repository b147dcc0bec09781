//! What can happen to the process manager, with every cap already resolved: the machine sees what a
//! cap said, never the cap.

use flounder::{CoreId, DomainId, ErrVal, Iref, mutant};

use super::domain::Ended;
use super::effects::OrderKind;
use super::ids::{BindingKey, Generation, Reply};

/// Bit 0 of a spawn's flags: the domain ends with the binding that spawned it.
pub const SPAWN_ENDS_WITH_SPAWNER: u8 = 1;

/// Bit 1 of a spawn's flags: the spawner's cap has SPAN as well. An executable of the host has no
/// binding to ask for more cores with, so whoever spawns it may.
pub const SPAWN_SPANNED_BY_SPAWNER: u8 = 2;

/// Who asks, as the binding's badge says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client {
    /// The binding the request came over.
    pub key: BindingKey,
    /// The domain in the badge, whose quota is charged; services and operators share
    /// [`DomainId::NONE`].
    pub domain: DomainId,
    /// Whether the badge says operator, who may read every domain's arguments.
    pub operator: bool,
}

/// What the cap in a request turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presented {
    /// Null, dead, or not a Domain cap.
    Nothing,
    /// A Domain cap that lacks the right the request needs.
    Weak(DomainId),
    /// A Domain cap with the right.
    Domain(DomainId),
}

impl Presented {
    /// The domain the cap names, whatever it allows.
    #[must_use]
    pub fn names(self) -> Option<DomainId> {
        match self {
            Self::Nothing => None,
            Self::Weak(domain) | Self::Domain(domain) => Some(domain),
        }
    }

    /// True if this is an exit of the sender's own domain: the cap is its own, or none at all.
    pub(super) fn is_own(self, client: Client) -> bool {
        if mutant!("forged-exit-status") {
            return true;
        }
        let named = self.names().unwrap_or(client.domain);
        client.domain != DomainId::NONE && named == client.domain
    }
}

/// What a spawned program is called, kept in its record for `get_status`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Image {
    /// The path it was asked for by.
    pub program: Box<str>,
    /// Its arguments, each ending in NUL.
    pub argv: Box<[u8]>,
}

/// One event. `P` is what travels with a spawn or a span and is no business of the machine's: the
/// environment and the caps. It moves from the event to the [`Order`](super::Order).
#[derive(Clone, Debug)]
pub enum Event<P> {
    /// The monitor, or somebody who poses as one, says that a spawnd listens.
    AddSpawnd {
        /// Its core.
        core: CoreId,
        /// Which life of that core's spawnd.
        generation: Generation,
        /// Where it listens.
        iref: Iref,
        /// Whether the message came over monitor 0's binding.
        from_monitor: bool,
    },
    /// The bind that an effect asked for succeeded.
    SpawndBound {
        /// The spawnd's core.
        core: CoreId,
        /// The generation the effect named.
        generation: Generation,
    },
    /// The bind failed, or the binding to that spawnd is gone.
    SpawndClosed {
        /// The spawnd's core.
        core: CoreId,
        /// The generation the binding belonged to.
        generation: Generation,
    },
    /// The monitor says that a generation is gone.
    RemoveSpawnd {
        /// The spawnd's core.
        core: CoreId,
        /// The generation that ended.
        generation: Generation,
        /// Domains that could not be ended with it.
        survivors: Vec<DomainId>,
        /// Whether another part of the list follows; nothing is decided before the last.
        more: bool,
    },
    /// The monitor says that a survivor ended after all.
    SurvivorEnded {
        /// The core it survived on.
        core: CoreId,
        /// The survivor.
        domain: DomainId,
    },
    /// Somebody else sent what only the monitor may send.
    NotMonitor,
    /// The monitor asks to stop everything.
    Shutdown,
    /// A spawnd answered.
    SpawndReply {
        /// The spawnd's core.
        core: CoreId,
        /// The generation of the binding it came over.
        generation: Generation,
        /// The request it says it answers.
        request: super::RequestId,
        /// The kind it says it answers.
        kind: OrderKind,
        /// How it went.
        err: ErrVal,
    },
    /// A spawnd saw a death that nobody asked for.
    DomainExited {
        /// The spawnd's core.
        core: CoreId,
        /// The generation of the binding it came over.
        generation: Generation,
        /// Who died.
        domain: DomainId,
        /// Of what.
        ended: Ended,
    },
    /// A client asks for a new domain.
    Spawn {
        /// Who asks.
        client: Client,
        /// Where the answer goes.
        reply: Reply,
        /// Where the program shall run.
        core: CoreId,
        /// See [`SPAWN_ENDS_WITH_SPAWNER`] and [`SPAWN_SPANNED_BY_SPAWNER`].
        flags: u8,
        /// What is spawned.
        image: Image,
        /// What travels along.
        payload: P,
    },
    /// A client asks to extend a domain to another core.
    Span {
        /// Who asks.
        client: Client,
        /// Where the answer goes.
        reply: Reply,
        /// The cap, checked for SPAN.
        cap: Presented,
        /// The core to extend to.
        core: CoreId,
        /// What travels along.
        payload: P,
    },
    /// A client asks to end a domain.
    Kill {
        /// Who asks.
        client: Client,
        /// Where the answer goes.
        reply: Reply,
        /// The cap, checked for KILL.
        cap: Presented,
    },
    /// A program says that it ends.
    Exit {
        /// Who says so.
        client: Client,
        /// The cap, checked for EXIT.
        cap: Presented,
        /// The exit status it wants.
        status: u8,
    },
    /// A client waits for a domain's end.
    Wait {
        /// Who asks.
        client: Client,
        /// Where the answer goes.
        reply: Reply,
        /// The cap, checked for WAIT.
        cap: Presented,
        /// Whether a live domain is answered at once.
        nohang: bool,
    },
    /// A client's binding is gone.
    ClientGone(BindingKey),
    /// Nobody holds a cap to that domain any more.
    LastCapDropped(DomainId),
}
