//! The processes of one core, from the order to start one until nothing of it is left.
//!
//! ```text
//! ordered   started: Runs; not started: gone
//! Runs      its process has ended: Ends
//! Ends      nothing that it started is left: Empty
//! Empty     all that it printed is in its file: Kept
//! Kept      no job of the helper has its number: gone
//! ```
//!
//! A process that has ended stays unwaited for until the last step, so that its number is nobody
//! else's. Other cores have guests: processes that run there as well and belong here.

mod guests;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;

use flounder::platform::{Completion, ProcessStart, ProgramEnd, StartFailure};
use flounder::{CoreId, Ctx, DescriptorWatch, DomainId, Interest, Kernel, Mailbox};

use super::Host;
use super::cgroup::{Group, is_populated};
use super::exec::Exec;
use super::helper::{Born, Helper, Job};
use super::output::Sink;
use super::process::{Process, UNKNOWN};
use super::pump::Pump;
use super::spares::Spares;
use crate::system_loop::SystemLoop;

/// Where the desks of all cores are reached.
pub(crate) type Desks = Arc<BTreeMap<CoreId, Mailbox<HostEvent>>>;

/// What a desk hears, from its helper and from the desks of other cores.
#[derive(Debug)]
pub(crate) enum HostEvent {
    /// A process runs.
    Started { domain: DomainId, born: Box<Born> },
    /// A process doesn't.
    NotStarted { domain: DomainId, why: StartFailure },
    /// What a process started was ended.
    TreeEnded { domain: DomainId },
    /// What a process printed is in its file.
    Kept { domain: DomainId },
    /// The threads of a process have a CPU of another core, or can't.
    Widened { domain: DomainId, core: CoreId, is_ok: bool },
    /// Another core wants a process as its guest.
    Invite { domain: DomainId, core: CoreId, cpu: Option<usize> },
    /// A guest has come, or can't.
    Invited { domain: DomainId, is_ok: bool },
    /// Another core wants its guest to end.
    KillGuest { domain: DomainId },
    /// A guest has ended.
    GuestEnded { domain: DomainId, end: ProgramEnd },
}

/// The processes of one core.
pub(crate) struct Desk {
    core: CoreId,
    cpu: Option<usize>,
    host: Arc<Host>,
    kernel: Kernel,
    events: Mailbox<HostEvent>,
    desks: Desks,
    /// The processes that the helper is to start, and whether they are to end at once.
    ordered: BTreeMap<DomainId, bool>,
    residents: BTreeMap<DomainId, Resident>,
    /// The processes of other cores that run here too, with the cores that they belong to.
    guests: BTreeMap<DomainId, CoreId>,
    /// Groups for the processes to come.
    spares: Spares,
    pump: Option<Pump>,
    /// Last, since its processes end with it.
    helper: Option<Helper>,
}

/// A process that belongs here.
struct Resident {
    process: Rc<Process>,
    group: Option<Group>,
    phase: Phase,
    /// Whether its output is kept.
    has_sink: bool,
    /// Jobs of the helper that have its number.
    jobs: u32,
    /// One of them ends what it leads, and is done when nothing is left: whoever asks for that again
    /// has nothing to add.
    is_swept: bool,
    /// The cores where it is a guest.
    hosts: Vec<CoreId>,
}

/// How far a process has come.
enum Phase {
    /// Watched until it has ended.
    Runs { _watch: DescriptorWatch },
    /// Watched until what it started has ended, unless the helper sees to that.
    Ends { _watch: Option<DescriptorWatch> },
    /// Nothing is left but what it printed.
    Empty,
    /// That is kept too.
    Kept,
}

impl Desk {
    pub(crate) fn new(
        (core, cpu): (CoreId, Option<usize>),
        host: Arc<Host>,
        kernel: Kernel,
        events: Mailbox<HostEvent>,
    ) -> Self {
        Self {
            core,
            cpu,
            host,
            kernel,
            events,
            desks: Desks::default(),
            ordered: BTreeMap::new(),
            residents: BTreeMap::new(),
            guests: BTreeMap::new(),
            spares: Spares::default(),
            pump: None,
            helper: None,
        }
    }

    /// Says where the other desks are.
    pub(crate) fn meet(&mut self, desks: Desks) {
        self.desks = desks;
    }

    /// Starts a process.
    ///
    /// # Errors
    ///
    /// Why it isn't started; otherwise an event tells.
    pub(crate) fn start(&mut self, start: ProcessStart) -> Result<(), StartFailure> {
        let ProcessStart { domain, path, argv, env, .. } = start;
        let exec = Exec::new(path, argv, env).map_err(|_| StartFailure::Load)?;
        if self.helper.is_none() {
            let (host, events) = (Arc::clone(&self.host), self.events.clone());
            let helper = Helper::start(self.core, self.cpu, host, events);
            self.helper = Some(helper.map_err(|_| StartFailure::Run)?);
        }
        let spare = self.spares.take();
        if !self.send(Job::Start { domain, exec, spare }) {
            return Err(StartFailure::Run);
        }
        self.ordered.insert(domain, false);
        Ok(())
    }

    /// Ends a process and all it started, wherever it belongs.
    pub(crate) fn kill(&mut self, domain: DomainId) -> Option<Completion> {
        if let Some(&home) = self.guests.get(&domain) {
            let told = self.tell(home, HostEvent::KillGuest { domain });
            // Its core has stopped, and ended it.
            return if told { None } else { self.guest_ended(domain, UNKNOWN) };
        }
        if let Some(is_doomed) = self.ordered.get_mut(&domain) {
            *is_doomed = true;
        }
        self.kill_resident(domain);
        None
    }

    fn kill_resident(&mut self, domain: DomainId) {
        let Some(resident) = self.residents.get_mut(&domain) else { return };
        if matches!(resident.group.as_ref().map(Group::kill), Some(Ok(()))) {
            // One with the rights for it can have left its group.
            resident.process.kill();
        } else {
            // Not the process first: what it started would lose its parent.
            self.end_tree(domain);
        }
    }

    /// Takes in what was heard.
    pub(crate) fn hear(&mut self, ctx: &Ctx<SystemLoop>, event: HostEvent) -> Option<Completion> {
        match event {
            HostEvent::Started { domain, born } => Some(self.started(ctx, domain, *born)),
            HostEvent::NotStarted { domain, why } => {
                self.ordered.remove(&domain);
                Some(Completion::StartFailed { domain, why })
            }
            HostEvent::TreeEnded { domain } => self.tree_ended(domain),
            HostEvent::Kept { domain } => self.kept(domain),
            HostEvent::Widened { domain, core, is_ok } => {
                self.job_done(domain);
                self.tell(core, HostEvent::Invited { domain, is_ok });
                self.finish(domain)
            }
            HostEvent::Invite { domain, core, cpu } => {
                self.invite(domain, core, cpu);
                None
            }
            HostEvent::Invited { domain, is_ok } => Some(self.invited(domain, is_ok)),
            HostEvent::KillGuest { domain } => {
                self.kill_resident(domain);
                None
            }
            HostEvent::GuestEnded { domain, end } => self.guest_ended(domain, end),
        }
    }

    fn started(&mut self, ctx: &Ctx<SystemLoop>, domain: DomainId, born: Born) -> Completion {
        let is_doomed = self.ordered.remove(&domain).unwrap_or(true);
        let Born { process, mut group, sink } = born;
        if !self.residents.is_empty()
            && let Some(group) = &mut group
        {
            // Descriptors are dearer than time where there are several processes.
            group.close();
        }
        let process = Rc::new(process);
        let ended = move |state: &mut SystemLoop, _: &Rc<Process>| state.process_ended(domain);
        let watch = ctx.watch_descriptor(Rc::clone(&process), Interest::Readable, ended);
        let has_sink = sink.is_some();
        let is_read = sink.is_none_or(|sink| self.read_output(domain, sink));
        match watch {
            Ok(watch) if is_read => {
                let (phase, hosts) = (Phase::Runs { _watch: watch }, Vec::new());
                let (jobs, is_swept) = (0, false);
                let resident = Resident { process, group, phase, has_sink, jobs, is_swept, hosts };
                self.residents.insert(domain, resident);
                if is_doomed {
                    self.kill_resident(domain);
                }
                Completion::Started { domain }
            }
            watch => {
                drop(watch);
                if has_sink && let Some(pump) = &self.pump {
                    pump.finish(domain);
                }
                if let Some(process) = Rc::into_inner(process) {
                    self.send(Job::Undo(Born { process, group, sink: None }));
                }
                Completion::StartFailed { domain, why: StartFailure::Run }
            }
        }
    }

    /// Has what a process prints kept; false if that can't be.
    fn read_output(&mut self, domain: DomainId, sink: Sink) -> bool {
        if self.pump.is_none() {
            self.pump = Pump::start(self.core, &self.kernel, self.events.clone()).ok();
        }
        self.pump.as_ref().is_some_and(|pump| pump.keep(domain, sink))
    }

    /// A process has ended; what it started may be left.
    pub(crate) fn process_ended(
        &mut self,
        ctx: &Ctx<SystemLoop>,
        domain: DomainId,
    ) -> Option<Completion> {
        let resident = self.residents.get_mut(&domain)?;
        if !matches!(resident.phase, Phase::Runs { .. }) {
            return None;
        }
        let rest = resident.group.as_mut().map(|group| end_group(ctx, domain, group));
        match rest {
            Some(Ok(None)) => self.nothing_left(domain),
            Some(Ok(watch)) => {
                resident.phase = Phase::Ends { _watch: watch };
                // It may have ended before it was watched.
                self.look_at_group(domain)
            }
            // Without a group, or one that doesn't tell.
            None | Some(Err(_)) => {
                resident.phase = Phase::Ends { _watch: None };
                self.end_tree(domain);
                None
            }
        }
    }

    /// Looks whether anything is left in the group of a process that has ended.
    pub(crate) fn look_at_group(&mut self, domain: DomainId) -> Option<Completion> {
        let resident = self.residents.get_mut(&domain)?;
        let ends = matches!(resident.phase, Phase::Ends { .. });
        let left = resident.group.as_mut().filter(|_| ends)?.is_populated();
        if left.unwrap_or(false) { None } else { self.nothing_left(domain) }
    }

    fn tree_ended(&mut self, domain: DomainId) -> Option<Completion> {
        self.job_done(domain);
        self.residents.get_mut(&domain)?.is_swept = false;
        match self.residents.get(&domain)?.phase {
            Phase::Ends { _watch: None } => self.nothing_left(domain),
            _ => self.finish(domain),
        }
    }

    /// Nothing of a domain executes any more.
    fn nothing_left(&mut self, domain: DomainId) -> Option<Completion> {
        let resident = self.residents.get_mut(&domain)?;
        resident.phase = Phase::Empty;
        let waits = resident.has_sink && self.pump.as_ref().is_some_and(|pump| pump.finish(domain));
        if waits { None } else { self.kept(domain) }
    }

    fn kept(&mut self, domain: DomainId) -> Option<Completion> {
        let resident = self.residents.get_mut(&domain)?;
        resident.phase = Phase::Kept;
        self.finish(domain)
    }

    /// Forgets a process of which nothing is left, once no job has its number.
    fn finish(&mut self, domain: DomainId) -> Option<Completion> {
        let resident = self.residents.get(&domain)?;
        if resident.jobs > 0 || !matches!(resident.phase, Phase::Kept) {
            return None;
        }
        let Resident { process, group, hosts, .. } = self.residents.remove(&domain)?;
        // Its descriptor has told that it has ended.
        let end = process.reap().unwrap_or(UNKNOWN);
        for core in hosts {
            self.tell(core, HostEvent::GuestEnded { domain, end });
        }
        if let Some(group) = group.and_then(|group| self.spares.keep(group)) {
            self.send(Job::Remove(group));
        }
        Some(Completion::Ended { domain, end })
    }

    /// Has the helper end what a process leads, unless it does so already.
    fn end_tree(&mut self, domain: DomainId) {
        let unswept = self.residents.get(&domain).filter(|resident| !resident.is_swept);
        let Some(leader) = unswept.map(|resident| resident.process.pid()) else { return };
        let is_swept = self.send_about(domain, Job::EndTree { domain, leader });
        if let Some(resident) = self.residents.get_mut(&domain) {
            resident.is_swept = is_swept;
        }
    }

    /// Has a job done that has the process's number.
    fn send_about(&mut self, domain: DomainId, job: Job) -> bool {
        let sent = self.send(job);
        if let Some(resident) = self.residents.get_mut(&domain) {
            resident.jobs += u32::from(sent);
        }
        sent
    }

    fn job_done(&mut self, domain: DomainId) {
        if let Some(resident) = self.residents.get_mut(&domain) {
            debug_assert!(resident.jobs > 0, "a job that is done was asked for");
            resident.jobs -= 1;
        }
    }

    fn send(&self, job: Job) -> bool {
        self.helper.as_ref().is_some_and(|helper| helper.send(job))
    }

    /// Tells the desk of another core; false if it is gone.
    fn tell(&self, core: CoreId, event: HostEvent) -> bool {
        self.desks.get(&core).is_some_and(|desk| desk.send(event).is_ok())
    }

    /// Ends all processes, and waits until they have ended.
    pub(crate) fn stop(&mut self) {
        for group in self.residents.values().filter_map(|resident| resident.group.as_ref()) {
            // What can't be killed now is when the system's group drops.
            let _ = group.kill();
        }
        // While a job has a process's number, the process must not be waited for.
        if let Some(helper) = &self.helper {
            helper.finish();
        }
        // Each process is ended and waited for when it drops.
        self.residents.clear();
        // They are removed with the system's.
        self.spares = Spares::default();
        self.pump = None;
        self.helper = None;
    }
}

/// Ends what is left in the group of a process that has ended. `None` if there is nothing.
fn end_group(
    ctx: &Ctx<SystemLoop>,
    domain: DomainId,
    group: &mut Group,
) -> std::io::Result<Option<DescriptorWatch>> {
    if !group.is_populated()? {
        return Ok(None);
    }
    let events = group.events()?;
    // What is watched must have been read, or it would be exceptional at once.
    if !is_populated(&events)? {
        return Ok(None);
    }
    group.kill()?;
    let changed = move |state: &mut SystemLoop, events: &OwnedFd| {
        // Read, or it would be exceptional for ever.
        let _ = is_populated(events);
        state.group_changed(domain);
    };
    ctx.watch_descriptor(events, Interest::Exceptional, changed).map(Some)
}
