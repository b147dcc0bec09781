//! What the handlers have to do after an event, and the orders a spawnd is owed.
//!
//! Effects are done at once and in order. Orders are not among them: a busy spawnd binding would
//! need a queue. An effect only says that a core is owed something, and the handlers take orders
//! from the machine as long as the binding has room.

use std::vec::Drain;

use flounder::{CoreId, DomainId, ErrVal, Iref};

use super::ids::{BindingKey, Generation, Reply, RequestId};

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Answer that request.
    Answer(Reply, Answer),
    /// Bind to a spawnd, then report `SpawndBound` or `SpawndClosed`.
    BindSpawnd {
        /// The spawnd's core.
        core: CoreId,
        /// The generation to repeat in the report.
        generation: Generation,
        /// Where it listens.
        iref: Iref,
    },
    /// Close the binding to that generation, or give up binding to it.
    CloseSpawnd {
        /// The spawnd's core.
        core: CoreId,
        /// The generation whose binding it is.
        generation: Generation,
    },
    /// Ask the monitor to end that generation: it can't be used any more. `RemoveSpawnd` follows.
    FenceSpawnd {
        /// The spawnd's core.
        core: CoreId,
        /// The generation to end.
        generation: Generation,
    },
    /// The spawnd of that core is owed a new order: see `Machine::take_order`.
    Owes(CoreId),
    /// Close a client's binding, then report `ClientGone`.
    CloseClient(BindingKey),
    /// The domain's record is gone: let go of what the handlers keep for it.
    Freed(DomainId),
    /// Tell the monitor that everything is cleaned up, but for that many domains.
    ShutdownDone {
        /// How many domains could not be stopped.
        wedged: u32,
    },
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To `spawn`: OK and a cap with WAIT and KILL to this domain.
    Spawned(DomainId),
    /// To `spawn`: this error and the null cap.
    NotSpawned(ErrVal),
    /// To `span`.
    Span(ErrVal),
    /// To `kill`.
    Kill(ErrVal),
    /// To `wait`: the error value and the status.
    Wait(ErrVal, u8),
}

/// The effects of one event; kept and drained by the handlers, so that it is allocated once.
#[derive(Debug, Default)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// Takes all effects out, in the order to do them.
    pub fn drain(&mut self) -> Drain<'_, Effect> {
        self.0.drain(..)
    }

    /// The effects, in the order to do them.
    #[must_use]
    pub fn as_slice(&self) -> &[Effect] {
        &self.0
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    pub(super) fn answer(&mut self, reply: Reply, answer: Answer) {
        self.push(Effect::Answer(reply, answer));
    }
}

/// One request that a spawnd is owed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Order<P> {
    /// The generation it is meant for.
    pub generation: Generation,
    /// The id its reply repeats.
    pub request: RequestId,
    /// Whom it is about; path and arguments are in that domain's record.
    pub domain: DomainId,
    /// What to do.
    pub what: What<P>,
}

/// What a spawnd is asked to do.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum What<P> {
    /// Start the program.
    Spawn {
        /// The flags of the client's spawn.
        flags: u8,
        /// What the client sent along.
        payload: P,
    },
    /// Start the program's span entry.
    Span {
        /// What the client sent along.
        payload: P,
    },
    /// End what runs of the domain on that core.
    Kill,
    /// Return its resources.
    Cleanup,
}

/// What a reply answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderKind {
    /// A spawn, with caps or without.
    Spawn,
    /// A span.
    Span,
    /// A kill.
    Kill,
    /// A cleanup.
    Cleanup,
}

impl<P> What<P> {
    /// The kind its reply has to name.
    #[must_use]
    pub fn kind(&self) -> OrderKind {
        match self {
            Self::Spawn { .. } => OrderKind::Spawn,
            Self::Span { .. } => OrderKind::Span,
            Self::Kill => OrderKind::Kill,
            Self::Cleanup => OrderKind::Cleanup,
        }
    }
}
