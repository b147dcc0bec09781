//! What the threads of a system tell the thread that booted it.

use flounder::{CoreId, Mailbox};
use flounder_monitor::Command;

use crate::host::HostEvent;
use crate::jobs::{ProgramJob, SystemJob};

/// What the threads of a system tell the thread that booted it.
#[derive(Debug)]
pub(crate) enum Report {
    /// A system loop runs.
    SystemLoop { core: CoreId, jobs: Mailbox<SystemJob>, desk: Mailbox<HostEvent> },
    /// A program loop runs.
    ProgramLoop { core: CoreId, jobs: Mailbox<ProgramJob> },
    /// A loop's thread could not be set up.
    NotStarted { core: CoreId, source: std::io::Error },
    /// A monitor runs.
    Monitor { core: CoreId, commands: Mailbox<Command> },
    /// Programs can be spawned on a core.
    CoreUp { core: CoreId },
    /// A part of the system failed.
    Failed { what: String },
    /// Every domain is stopped, but for wedged ones.
    Stopped { wedged: u32 },
    /// A loop has ended; its thread can be joined.
    LoopEnded { core: CoreId, kind: LoopKind },
}

/// Which of a core's two loops.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum LoopKind {
    System,
    Program,
}

impl LoopKind {
    /// What its threads are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Program => "program",
        }
    }
}
