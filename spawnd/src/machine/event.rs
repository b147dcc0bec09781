//! What goes into the machine and what comes out: every word of the protocol is a type here.

use std::fmt;
use std::time::Duration;

use flounder::{DomainId, ErrCode, ErrVal};

/// Names a request in its reply; chosen by the process manager.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a reply answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RequestKind {
    /// A spawn, with or without caps.
    Spawn,
    /// A span.
    Span,
    /// A kill.
    Kill,
    /// A cleanup.
    Cleanup,
}

/// Everything needed to start a program: path, arguments, caps. The machine moves it from the
/// request to the platform and understands nothing of it; refused, it is dropped.
pub trait Payload: fmt::Debug {
    /// The monitor's end of the binding that a dispatcher is born with.
    type Endpoint: fmt::Debug;

    /// Whether the program is a dispatcher; a process of the host has no monitor.
    fn is_dispatcher(&self) -> bool;
}

/// What the process manager orders.
#[derive(Debug)]
pub enum Order<P> {
    /// Start a program in a new domain.
    Spawn {
        /// The new domain.
        domain: DomainId,
        /// What to start.
        program: P,
    },
    /// Start the span entry of a domain of another core.
    Span {
        /// The domain.
        domain: DomainId,
        /// What to start.
        program: P,
    },
    /// End what runs of a domain here.
    Kill {
        /// The domain.
        domain: DomainId,
    },
    /// Return the resources of an ended domain.
    Cleanup {
        /// The domain.
        domain: DomainId,
    },
}

impl<P> Order<P> {
    /// What its reply answers.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Spawn { .. } => RequestKind::Spawn,
            Self::Span { .. } => RequestKind::Span,
            Self::Kill { .. } => RequestKind::Kill,
            Self::Cleanup { .. } => RequestKind::Cleanup,
        }
    }
}

/// How a program ended, as the platform saw it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Death {
    /// What ended it.
    pub cause: Cause,
    /// The exit status, 134 for a panic, 128 and the number for a signal.
    pub status: u8,
}

/// What ends a program that nobody else ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// It returned or exited.
    Exited,
    /// It panicked, or a signal ended it.
    Crashed,
}

/// Why the platform could not start a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The program vanished or can't be executed.
    #[error("the program could not be loaded")]
    Load,
    /// The thread, the task or the process could not be started.
    #[error("the program could not be started")]
    Run,
    /// The program has no span entry, or the caps for it are not what it needs.
    #[error("the domain could not be spanned")]
    Span,
}

impl StartError {
    /// The code that answers the request.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::Load => ErrCode::SPAWN_ERR_LOAD,
            Self::Run => ErrCode::SPAWN_ERR_RUN,
            Self::Span => ErrCode::SPAWN_ERR_SPAN,
        }
    }
}

/// What happens to a spawnd.
#[derive(Debug)]
pub enum Event<P: Payload> {
    /// The process manager orders something; cap, arguments and path were checked.
    Request {
        /// The request's id.
        request: RequestId,
        /// What is ordered.
        order: Order<P>,
    },
    /// The process manager ordered something that a check refused.
    Refused {
        /// The request's id.
        request: RequestId,
        /// What its reply answers.
        kind: RequestKind,
        /// What the check found.
        code: ErrCode,
    },
    /// The monitor answered [`Effect::AskMonitorEndpoint`].
    MonitorEndpoint {
        /// The domain it was asked for.
        domain: DomainId,
        /// The endpoint, or why there is none.
        result: Result<P::Endpoint, ErrVal>,
    },
    /// The platform started the program.
    Started {
        /// Its domain.
        domain: DomainId,
    },
    /// The platform could not start the program, and nothing of it runs.
    StartFailed {
        /// Its domain.
        domain: DomainId,
        /// Why.
        why: StartError,
    },
    /// The platform could not finish the start of a program that runs already.
    StartBroke {
        /// Its domain.
        domain: DomainId,
        /// Why.
        why: StartError,
    },
    /// Nothing of the program executes here any more.
    Ended {
        /// Its domain.
        domain: DomainId,
        /// How it ended.
        death: Death,
    },
    /// The time of [`Effect::ArmGrace`] is over.
    Timer {
        /// The domain it was armed for.
        domain: DomainId,
    },
    /// This spawnd has to go: everything it started is killed, nothing new is started.
    Stop,
}

/// What the machine wants done at once. What it owes the process manager is
/// [`Owed`](super::Owed).
#[derive(Debug)]
pub enum Effect<P: Payload> {
    /// Ask the monitor for an endpoint. The domain's number serves as request id: a domain asks at
    /// most once.
    AskMonitorEndpoint {
        /// Whom it is for.
        domain: DomainId,
    },
    /// Start a program; `Started`, `StartFailed` or `StartBroke` tells how it went.
    Start {
        /// Its domain.
        domain: DomainId,
        /// What to start.
        program: P,
        /// What it is born with if it is a dispatcher.
        endpoint: Option<P::Endpoint>,
    },
    /// End the domain's holder at once, and its program as soon as can be; `Ended` tells when. May
    /// come twice for a start that went wrong.
    Kill {
        /// The domain.
        domain: DomainId,
    },
    /// Send [`Event::Timer`] after a time. Armed at most once in the life of a domain.
    ArmGrace {
        /// The domain.
        domain: DomainId,
        /// How long it has to end.
        after: Duration,
    },
    /// The timer isn't needed any more.
    DisarmGrace {
        /// The domain.
        domain: DomainId,
    },
    /// Return what the platform holds of an ended domain.
    Release {
        /// The domain.
        domain: DomainId,
    },
    /// More requests are unanswered than [`Config::requests_max`](super::Config::requests_max):
    /// the last one is lost, so the handler closes the process manager's binding.
    Overrun,
    /// After [`Event::Stop`], once: everything ended, except for the survivors.
    Stopped {
        /// What could not be ended, ascending.
        survivors: Vec<DomainId>,
    },
}

/// Effects in the order in which they have to be carried out.
pub type Effects<P> = Vec<Effect<P>>;
