//! The lives of single domains, and what their ends must give.

use std::fs;
use std::future::pending;
use std::io;
use std::time::Duration;

use flounder::{Cap, CoreId, DomainId};
use flounder_domain::{Env, ExitStatus, ProcessError, Program};
use flounder_idl::types::ExitCause;
use flounder_multicore::census::processes;
use flounder_multicore::random::SplitMix;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::run::Sky;

/// The module that is a client of the system and dies as one.
pub(crate) const CLIENT: &str = "client";

/// The status of a domain that was killed.
const KILLED: u8 = 9;

/// What a client is told if it is to exit by itself.
const EXITS: &str = "exits";

/// Signals from outside.
const SIGNALS: [Signal; 3] = [Signal::KILL, Signal::TERM, Signal::SEGV];

/// How often a process is looked for, and the pause between two looks.
const LOOKS_MAX: u32 = 10_000;
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// What happens to a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    core: CoreId,
    end: End,
    /// A number that no other program waits with, to find the process by.
    tag: u64,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It exits.
    Exit(u8),
    /// The process manager kills it.
    Kill,
    /// A signal from outside ends it.
    Signal(Signal),
    /// It ends with its client, which exits or is killed.
    Client { exits: bool },
    /// It gets another core's CPU, and is killed then.
    Span(CoreId),
}

/// What isn't as it must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("status and cause are {got:?}, not {want:?}")]
    End { got: (u8, ExitCause), want: (u8, ExitCause) },
    #[error("its process is nowhere")]
    Lost,
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Cap(#[from] flounder::CapError),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Life {
    pub(crate) fn draw(random: &mut SplitMix, cores: usize) -> Self {
        let mut core = || CoreId(u8::try_from(random.below(cores)).unwrap_or(0));
        let (core, other) = (core(), core());
        let byte = u8::try_from(random.below(256)).unwrap_or(0);
        let end = match random.below(10) {
            0..4 => End::Exit(byte),
            4..6 => End::Kill,
            6..8 => End::Signal(SIGNALS[random.below(SIGNALS.len())]),
            8 if other != core => End::Span(other),
            _ => End::Client { exits: random.below(2) == 0 },
        };
        Self { core, end, tag: random.below(usize::MAX) as u64 }
    }

    /// Lives it.
    pub(crate) async fn live(&self, sky: &Sky<'_>) -> Result<(), Wrong> {
        self.count(sky);
        let domain = sky.asked(sky.processes.spawn(self.program().core(self.core))).await?;
        let want = self.end_it(sky, &domain).await?;
        let id = domain.identify()?.domain.unwrap_or(DomainId::NONE);
        let status = sky.asked(sky.processes.wait(&domain)).await?;
        let record = sky.asked(sky.processes.status(id, None)).await?;
        let got = (status, record.cause);
        if got == want { Ok(()) } else { Err(Wrong::End { got, want }) }
    }

    fn count(&self, sky: &Sky<'_>) {
        let ends = &mut sky.report.borrow_mut().ends;
        let count = match self.end {
            End::Exit(_) => &mut ends.exit,
            End::Kill => &mut ends.kill,
            End::Signal(_) => &mut ends.signal,
            End::Client { .. } => &mut ends.client,
            End::Span(_) => &mut ends.span,
        };
        *count += 1;
    }

    fn program(&self) -> Program {
        match self.end {
            End::Exit(0) => Program::new("/bin/true"),
            End::Exit(1) => Program::new("/bin/false"),
            End::Exit(status) => Program::new("/bin/sh").arg("-c").arg(format!("exit {status}")),
            End::Kill | End::Signal(_) => waits(self.tag),
            End::Span(_) => waits(self.tag).spanned_by_spawner(),
            End::Client { exits } => {
                let client = Program::new(format!("/modules/{CLIENT}")).arg(self.tag.to_string());
                if exits { client.arg(EXITS) } else { client }
            }
        }
    }

    /// Does what ends it, and says what that must give.
    async fn end_it(&self, sky: &Sky<'_>, domain: &Cap) -> Result<(u8, ExitCause), Wrong> {
        let id = domain.identify()?.domain.unwrap_or(DomainId::NONE);
        match self.end {
            End::Exit(status) => return Ok((status, ExitCause::Exited)),
            End::Client { exits: true } => return Ok((0, ExitCause::Exited)),
            End::Signal(signal) => {
                let pid = self.pid(sky).await?;
                let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(io::Error::from)?;
                pidfd_send_signal(pidfd, signal).map_err(io::Error::from)?;
                let number = u8::try_from(signal.as_raw()).unwrap_or(0);
                return Ok((128 + number, ExitCause::Crashed));
            }
            End::Span(to) => {
                let dispatcher = sky.operator.home().holder().dispatcher(self.core, id);
                sky.asked(sky.processes.span(domain, to, Cap::NULL, dispatcher)).await?;
            }
            End::Kill | End::Client { exits: false } => {}
        }
        sky.asked(sky.processes.kill(domain)).await?;
        Ok((KILLED, ExitCause::Killed))
    }

    /// The number of the domain's process.
    async fn pid(&self, sky: &Sky<'_>) -> Result<Pid, Wrong> {
        for _ in 0..LOOKS_MAX {
            if let Some(pid) = self.find(sky)? {
                return Ok(pid);
            }
            // A program runs a little before the kernel tells its arguments.
            sky.operator.home().waitset().sleep(LOOK_PAUSE).await;
        }
        Err(Wrong::Lost)
    }

    /// Finds the process by its arguments.
    fn find(&self, sky: &Sky<'_>) -> io::Result<Option<Pid>> {
        let tag = seconds(self.tag);
        let has_tag = |pid: &u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|&byte| byte == 0).any(|arg| arg == tag.as_bytes())
        };
        let found = processes(sky.guarded)?.into_iter().find(has_tag);
        Ok(found.and_then(|number| pid(&number.to_string())))
    }
}

fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

/// A program that waits far longer than any storm.
fn waits(tag: u64) -> Program {
    Program::new("/bin/sleep").arg(seconds(tag))
}

fn seconds(tag: u64) -> String {
    format!("1000000.{tag}")
}

/// A client of the system: starts a program that ends with it, and exits or waits for that.
pub(crate) async fn client(env: Env) -> ExitStatus {
    let tag = env.arg(1).and_then(|tag| tag.parse().ok()).unwrap_or(0);
    let program = waits(tag).core(env.core()).end_with_spawner();
    let Ok(processes) = env.system().processes().await else { return ExitStatus::FAILURE };
    let Ok(domain) = processes.spawn(program).await else { return ExitStatus::FAILURE };
    if env.arg(2) == Some(EXITS) {
        return ExitStatus::SUCCESS;
    }
    let _ = processes.wait(&domain).await;
    pending().await
}
