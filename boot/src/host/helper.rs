//! The thread of a core that starts processes, and does for them what takes long.
//!
//! It is pinned to the core's CPU, which a process inherits, and lives as long as the core: the
//! kernel ends a process when the thread that started it ends.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use flounder::platform::StartFailure;
use flounder::{CoreId, DomainId, Mailbox};
use rustix::io::Errno;
use rustix::process::Pid;

use super::cgroup::Group;
use super::desk::HostEvent;
use super::exec::Exec;
use super::output::Sink;
use super::process::Process;
use super::raw::{Inheritance, Nursery, Strings};
use super::{Host, affinity, is_executable, tree};

/// What the thread is asked to do. For each process a few jobs wait, and one
/// for each core that asks for its end.
#[derive(Debug)]
pub(super) enum Job {
    /// Start a process, in the spare group if there is one.
    Start { domain: DomainId, exec: Exec, spare: Option<Group> },
    /// End what a process leads, where no group does that.
    EndTree { domain: DomainId, leader: Pid },
    /// Give the threads of a process another CPU, for another core.
    Widen { domain: DomainId, pid: Pid, cpu: usize, core: CoreId },
    /// Undo a start.
    Undo(Born),
    /// Remove the group of a process that has ended.
    Remove(Group),
    /// Tell that all jobs before this one are done.
    Tell(Sender<()>),
}

/// A process that was started, with what belongs to it.
#[derive(Debug)]
pub(crate) struct Born {
    pub(super) group: Option<Group>,
    pub(super) process: Process,
    /// Where what it prints is read, if it is kept.
    pub(super) sink: Option<Sink>,
}

impl Born {
    /// Ends what was started.
    fn undo(self) {
        let Self { process, group, .. } = self;
        if let Some(group) = &group {
            let _ = group.kill();
        }
        // Waits until it has ended.
        drop(process);
        if let Some(group) = group {
            let _ = group.remove();
        }
    }
}

/// The thread.
#[derive(Debug)]
pub(super) struct Helper {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    /// Starts the thread of a core.
    pub(super) fn start(
        core: CoreId,
        cpu: Option<usize>,
        host: Arc<Host>,
        events: Mailbox<HostEvent>,
    ) -> io::Result<Self> {
        let (sender, jobs) = channel();
        let thread = Builder::new().name(format!("host.{core}")).spawn(move || {
            // Its parent's set if it can't be pinned: where a process runs changes nothing else.
            let _ = cpu.map_or(Ok(()), flounder::thread::pin_to);
            work(&jobs, &host, &events);
        })?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    /// Waits until all that was asked for is done.
    pub(super) fn finish(&self) {
        let (sender, done) = channel();
        if self.send(Job::Tell(sender)) {
            // Closed without a word: the thread is gone, and its jobs with it.
            let _ = done.recv();
        }
    }

    /// Has a job done; false if the thread is gone.
    pub(super) fn send(&self, job: Job) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

impl Drop for Helper {
    /// Lets the thread finish its jobs. No process of it is left by then.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread starts processes with.
struct Midwife<'a> {
    nursery: Nursery,
    host: &'a Host,
}

impl Midwife<'_> {
    fn start(&mut self, domain: DomainId, exec: &Exec, spare: Option<Group>) -> io::Result<Born> {
        // One that was kept may be gone: whoever has the right may have removed it.
        if let Some(mut spare) = spare
            && spare.procs().is_ok()
        {
            match self.start_or_remove(domain, exec, Some(spare)) {
                Err(error) if is_refusal(&error) => {}
                started => return started,
            }
        }
        let group = self.host.groups().map(|groups| groups.group(domain)).transpose()?;
        self.start_or_remove(domain, exec, group)
    }

    /// Starts a process in the group, which doesn't stay if there is none.
    fn start_or_remove(
        &mut self,
        domain: DomainId,
        exec: &Exec,
        mut group: Option<Group>,
    ) -> io::Result<Born> {
        match self.start_in(domain, exec, group.as_mut()) {
            Ok((process, sink)) => Ok(Born { group, process, sink }),
            Err(error) => {
                if let Some(group) = group {
                    let _ = group.remove();
                }
                Err(error)
            }
        }
    }

    fn start_in(
        &mut self,
        domain: DomainId,
        exec: &Exec,
        group: Option<&mut Group>,
    ) -> io::Result<(Process, Option<Sink>)> {
        let procs = group.map(Group::procs).transpose()?;
        let (stdio, sink) = self.host.output().open(domain)?;
        let argv = Strings::new(exec.argv.iter().map(|arg| &**arg));
        let env = Strings::new(exec.env.iter().map(|variable| &**variable));
        let started = self.nursery.start(&Inheritance {
            path: &exec.path,
            argv: &argv,
            env: &env,
            stdio: stdio.descriptors(),
            group: procs,
        })?;
        Ok((Process::new(started, procs.is_some()), sink))
    }
}

fn work(jobs: &Receiver<Job>, host: &Arc<Host>, events: &Mailbox<HostEvent>) {
    let mut midwife = Midwife { nursery: Nursery::new(), host };
    while let Ok(job) = jobs.recv() {
        let event = match job {
            Job::Start { domain, exec, spare } => match midwife.start(domain, &exec, spare) {
                Ok(born) => HostEvent::Started { domain, born: Box::new(born) },
                Err(_) => HostEvent::NotStarted { domain, why: failure(&exec) },
            },
            Job::EndTree { domain, leader } => {
                // What is left if it grows too fast is documented, and the guard's.
                let _ = tree::end_led_by(leader);
                HostEvent::TreeEnded { domain }
            }
            Job::Widen { domain, pid, cpu, core } => {
                let is_ok = affinity::widen(pid, cpu).is_ok();
                HostEvent::Widened { domain, core, is_ok }
            }
            Job::Undo(born) => {
                born.undo();
                continue;
            }
            Job::Remove(group) => {
                // What can't be removed now is with the system's group.
                let _ = group.remove();
                continue;
            }
            Job::Tell(sender) => {
                let _ = sender.send(());
                continue;
            }
        };
        // The loop has ended: a process in the event is killed when that drops.
        let _ = events.send(event);
    }
}

/// True if the group is why nothing was started: it is gone, or was made one for groups or for threads.
fn is_refusal(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NODEV | Errno::BUSY | Errno::OPNOTSUPP))
}

/// Why a program wasn't executed: it may have gone since it was looked for.
fn failure(exec: &Exec) -> StartFailure {
    let path = Path::new(OsStr::from_bytes(exec.path.as_bytes()));
    if is_executable(path) { StartFailure::Run } else { StartFailure::Load }
}
