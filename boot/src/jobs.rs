//! What crosses the threads of one core: jobs for its loops, completions of its programs.

use std::thread::JoinHandle;

use flounder::platform::{Completion, ProgramEnd};
use flounder::{DomainId, Half, Mailbox};

use crate::host::Desks;
use crate::modules::AsyncMain;
use crate::newborn::Newborn;

/// How many jobs or completions may wait: far more than the domains a core takes, so that none is
/// ever refused.
pub(crate) const JOBS_MAX: usize = 1 << 24;

/// What a system loop is asked to do.
pub(crate) enum SystemJob {
    /// Start the core's monitor. `uplink` leads to monitor 0, which has none.
    StartMonitor { uplink: Option<Half> },
    /// Know the desks of the other cores.
    Meet(Desks),
    /// Have the core's spawnd panic.
    CrashSpawnd,
    /// Stop the loop.
    Stop,
}

/// What a program loop is asked to do.
pub(crate) enum ProgramJob {
    /// Start a program.
    Start { newborn: Box<Newborn>, main: AsyncMain, completions: Completions },
    /// End a program.
    Kill(DomainId),
    /// A program has ended by itself.
    Ended(DomainId, ProgramEnd),
    /// Join the threads of blocking programs that have ended.
    Join(Vec<JoinHandle<()>>),
    /// Stop the loop.
    Stop,
}

/// Where a program's completions go, from its thread or loop: to the registry of its core first.
#[derive(Clone)]
pub(crate) struct Completions(pub(crate) Mailbox<Completion>);

impl Completions {
    pub(crate) fn send(&self, completion: Completion) {
        // The mailbox has room for every domain's completions; closed, nobody is left to hear.
        let _ = self.0.send(completion);
    }
}
