//! The platform under the services of one simulated core.
//!
//! What it is asked becomes a job, and the world chooses when a job is done; order is kept for each
//! program only. What is really alive it tells the oracle's [`Truth`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::{Rc, Weak};

use flounder::platform::{
    Completion, Entry, Image, Platform, ProgramEnd, ProgramStart, Service, ServiceEnv,
    ServiceEvent, ServiceKind, ServiceStart, StartFailure,
};
use flounder::{
    Cap, CoreId, Dispatcher, DomainId, Holder, Home, Kernel, Mailbox, Transfer, Waitset,
};
use flounder_domain::{Birth, Env};

use crate::fault::Mark;
use crate::net::Net;
use crate::oracle::truth::{Life, Truth};
use crate::played::Played;
use crate::programs::{Main, Programs};
use crate::world::Config;

/// The status of a program that was killed.
const KILLED: u8 = 9;

/// What all cores of a world share.
pub(crate) struct Shared {
    pub(crate) kernel: Kernel,
    pub(crate) net: Rc<Net>,
    pub(crate) truth: Rc<Truth>,
    pub(crate) config: Config,
    pub(crate) programs: Programs,
    pub(crate) jobs: RefCell<Vec<(CoreId, Job)>>,
    /// How the next program fails to start.
    pub(crate) start_failure: Cell<Option<StartFailure>>,
    /// What the process manager told of a shutdown.
    pub(crate) stopped: Cell<Option<u32>>,
    /// Cores that came up.
    pub(crate) ups: Cell<usize>,
}

/// Something that a platform does when the world says so.
pub(crate) enum Job {
    Start(Box<ProgramStart>),
    Kill(DomainId),
    Ended(DomainId, ProgramEnd),
}

impl Job {
    fn domain(&self) -> DomainId {
        match self {
            Self::Start(start) => start.domain,
            Self::Kill(domain) | Self::Ended(domain, _) => *domain,
        }
    }
}

/// A service that runs.
struct RunningService {
    generation: u64,
    home: Home,
    events: Mailbox<ServiceEvent>,
    handle: Option<Service>,
    played: Option<Rc<RefCell<Played>>>,
}

/// A program that was started and not yet released.
struct Resident {
    home: Home,
    dispatcher: Option<Dispatcher<()>>,
    completions: Mailbox<Completion>,
    ended: bool,
    /// It won't end when it is killed.
    wedged: bool,
    killed: bool,
    /// The life of the spawnd that started it.
    spawnd: u64,
}

/// The loops of a core.
#[derive(Clone)]
pub(crate) struct Loops {
    pub(crate) monitor: Waitset,
    pub(crate) spawnd: Waitset,
    pub(crate) proc_mgmt: Waitset,
    pub(crate) programs: Waitset,
}

/// The platform of one core.
pub(crate) struct CorePlatform {
    pub(crate) core: CoreId,
    pub(crate) shared: Rc<Shared>,
    pub(crate) loops: Loops,
    root: RefCell<Cap>,
    services: RefCell<BTreeMap<ServiceKind, RunningService>>,
    programs: RefCell<BTreeMap<DomainId, Resident>>,
    me: Weak<Self>,
}

impl CorePlatform {
    pub(crate) fn new(core: CoreId, shared: Rc<Shared>, loops: Loops, root: Cap) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            core,
            shared,
            loops,
            root: RefCell::new(root),
            services: RefCell::default(),
            programs: RefCell::default(),
            me: me.clone(),
        })
    }

    fn part(&self, domain: DomainId) -> (u64, u8) {
        (domain.0, self.core.0)
    }

    fn push(&self, job: Job) {
        self.shared.jobs.borrow_mut().push((self.core, job));
    }

    /// Does a job.
    pub(crate) fn work(&self, job: Job) {
        match job {
            Job::Start(start) => self.start(*start),
            Job::Kill(domain) => self.finish_kill(domain),
            Job::Ended(domain, end) => self.end(domain, end),
        }
    }

    fn start(&self, start: ProgramStart) {
        let (domain, completions) = (start.domain, start.completions.clone());
        let entry = match self.shared.start_failure.take() {
            Some(why) => {
                self.shared.net.state.borrow_mut().coverage.mark(Mark::StartFailure);
                Err(why)
            }
            None => self.entry(&start),
        };
        match entry {
            Err(why) => {
                self.shared.truth.forget(self.part(domain));
                self.programs.borrow_mut().remove(&domain);
                if completions.send(Completion::StartFailed { domain, why }).is_err() {
                    self.survivor_ended(domain);
                }
            }
            Ok(main) => self.start_as(start, &main),
        }
    }

    fn entry(&self, start: &ProgramStart) -> Result<Main, StartFailure> {
        let Image::Module(name) = &start.image else { return Err(StartFailure::Load) };
        let programs = &self.shared.programs;
        match start.entry {
            Entry::Main { .. } => programs.main(name).ok_or(StartFailure::Load),
            Entry::Span { .. } => programs.span(name).ok_or(StartFailure::Span),
        }
    }

    /// Starts a program as one that was not killed meanwhile.
    fn start_as(&self, start: ProgramStart, main: &Main) {
        let ProgramStart { domain, entry, argv, env, domain_cap, monitor, completions, .. } = start;
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain) else { return };
        let (home, holder) = (resident.home.clone(), resident.home.holder().clone());
        let is_span = matches!(entry, Entry::Span { .. });
        let birth = Birth {
            core: self.core,
            domain,
            argv,
            env,
            entry: in_hands_of(entry, &holder),
            domain_cap: hand_over(domain_cap, &holder),
            monitor,
            home: home.clone(),
        };
        let running = main(Env::new(birth));
        let dispatcher = home.dispatcher(());
        let me = Weak::clone(&self.me);
        dispatcher.spawn_local(async move {
            let status = running.await;
            if is_span {
                std::future::pending::<()>().await;
            }
            if let Some(platform) = me.upgrade() {
                platform.push(Job::Ended(domain, ProgramEnd::Exited(status.0)));
            }
        });
        resident.dispatcher = Some(dispatcher);
        self.shared.truth.set(self.part(domain), Life::Alive);
        let _ = completions.send(Completion::Started { domain });
    }

    fn finish_kill(&self, domain: DomainId) {
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain) else { return };
        resident.killed = true;
        let is_wedged = resident.wedged;
        drop(programs);
        if !is_wedged {
            self.end(domain, ProgramEnd::Exited(KILLED));
        }
    }

    /// A program is over: all it had is dropped before anybody hears of it.
    fn end(&self, domain: DomainId, end: ProgramEnd) {
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain).filter(|resident| !resident.ended) else {
            return;
        };
        resident.ended = true;
        let (home, dispatcher) = (resident.home.clone(), resident.dispatcher.take());
        let completions = resident.completions.clone();
        drop(programs);
        home.end();
        drop(dispatcher);
        home.holder().end();
        self.shared.truth.set(self.part(domain), Life::Ended);
        self.shared.net.mix_in(domain.0);
        if completions.send(Completion::Ended { domain, end }).is_err() {
            self.programs.borrow_mut().remove(&domain);
            self.shared.truth.forget(self.part(domain));
            self.survivor_ended(domain);
        }
    }

    /// The spawnd of an ended program is gone: its monitor hears of it.
    fn survivor_ended(&self, domain: DomainId) {
        if let Some(spawnd) = self.services.borrow().get(&ServiceKind::Spawnd) {
            let _ = spawnd.events.send(ServiceEvent::SurvivorEnded { domain });
        }
    }

    /// A service panics: its holder ends, what a spawnd started is killed, the monitor hears of it.
    pub(crate) fn crash(&self, service: ServiceKind) -> bool {
        let services = self.services.borrow();
        let generation = services.get(&service).map_or(0, |running| running.generation);
        drop(services);
        self.end_service(service, generation)
    }

    /// Ends that life of a service, if it hasn't ended.
    fn end_service(&self, service: ServiceKind, generation: u64) -> bool {
        let mut services = self.services.borrow_mut();
        let running = services.get_mut(&service);
        let Some(running) = running.filter(|it| it.generation == generation) else { return false };
        let Some(handle) = running.handle.take() else { return false };
        let (home, events) = (running.home.clone(), running.events.clone());
        let played = running.played.take();
        drop(services);
        drop(played.map(|played| played.take()));
        home.end();
        drop(handle);
        home.holder().end();
        let survivors = match service {
            ServiceKind::Spawnd => self.kill_all(generation),
            ServiceKind::ProcMgmt => Vec::new(),
        };
        let _ = events.send(ServiceEvent::Ended { service, generation, survivors });
        true
    }

    /// Kills what a spawnd started, and forgets what of it has ended.
    fn kill_all(&self, generation: u64) -> Vec<DomainId> {
        let mut programs = self.programs.borrow_mut();
        let of_it = programs.iter().filter(|(_, resident)| resident.spawnd == generation);
        let ended: Vec<_> =
            of_it.filter(|(_, resident)| resident.ended).map(|(&domain, _)| domain).collect();
        let forgotten: Vec<_> = ended.iter().map(|domain| programs.remove(domain)).collect();
        drop(programs);
        drop(forgotten);
        for domain in ended {
            self.shared.truth.forget(self.part(domain));
        }
        let programs = self.programs.borrow();
        let live = programs.iter().filter(|(_, it)| !it.ended && it.spawnd == generation);
        let domains: Vec<_> = live.map(|(&domain, _)| domain).collect();
        drop(programs);
        for &domain in &domains {
            self.kill_program(domain);
        }
        domains
    }

    /// Lets go of everything, the process manager first: the spawnd serves it.
    pub(crate) fn stop(&self) {
        let services = std::mem::take(&mut *self.services.borrow_mut());
        for running in services.into_values().rev() {
            drop(running.played.map(|played| played.take()));
            drop(running.handle);
            running.home.holder().end();
        }
        let programs = std::mem::take(&mut *self.programs.borrow_mut());
        for resident in programs.into_values() {
            resident.home.end();
            resident.home.holder().end();
        }
        self.root.take();
    }

    /// Has a program return or panic.
    pub(crate) fn ends(&self, domain: DomainId, end: ProgramEnd) {
        self.push(Job::Ended(domain, end));
    }

    /// Has a program not end when it is killed.
    pub(crate) fn wedge(&self, domain: DomainId) {
        if let Some(resident) = self.programs.borrow_mut().get_mut(&domain) {
            resident.wedged = true;
        }
    }

    /// Ends what was wedged and killed.
    pub(crate) fn unwedge(&self) -> bool {
        let mut programs = self.programs.borrow_mut();
        let mut killed = Vec::new();
        for (&domain, resident) in programs.iter_mut().filter(|(_, resident)| resident.wedged) {
            resident.wedged = false;
            if resident.killed && !resident.ended {
                killed.push(domain);
            }
        }
        drop(programs);
        for &domain in &killed {
            self.push(Job::Kill(domain));
        }
        !killed.is_empty()
    }

    /// Which life of the spawnd starts programs now.
    fn generation(&self) -> u64 {
        self.services.borrow().get(&ServiceKind::Spawnd).map_or(0, |spawnd| spawnd.generation)
    }

    /// The played spawnd of the core, if that is what it has.
    pub(crate) fn played(&self) -> Option<Rc<RefCell<Played>>> {
        self.services.borrow().get(&ServiceKind::Spawnd)?.played.clone()
    }

    /// Has a played spawnd answer its oldest order. False if it has none.
    pub(crate) fn obey(&self) -> bool {
        let Some(played) = self.played() else { return false };
        let mut played = played.borrow_mut();
        let err = played.mood(0).unwrap_or(flounder::ErrVal::OK);
        played.answer(0, err)
    }

    fn panicked(&self, service: ServiceKind) {
        let mut state = self.shared.net.state.borrow_mut();
        state.oracle.complain(format!("I16: {service:?} on core {} panicked", self.core));
    }

    fn label(&self, service: ServiceKind, generation: u64) -> String {
        match service {
            ServiceKind::ProcMgmt => "proc_mgmt".to_owned(),
            ServiceKind::Spawnd => format!("spawnd.{}/{generation}", self.core),
        }
    }

    fn waitset(&self, service: ServiceKind) -> &Waitset {
        match service {
            ServiceKind::ProcMgmt => &self.loops.proc_mgmt,
            ServiceKind::Spawnd => &self.loops.spawnd,
        }
    }

    fn run(&self, service: ServiceKind, env: ServiceEnv) -> (Service, Option<Rc<RefCell<Played>>>) {
        let config = self.shared.config;
        match service {
            ServiceKind::ProcMgmt => {
                let mut limits = flounder_procmgmt::Config::default();
                limits.domains_per_client_max = config.domains_per_client_max;
                (flounder_procmgmt::start_with(env, limits), None)
            }
            ServiceKind::Spawnd if config.plays(self.core) => {
                self.shared.truth.play(self.core.0);
                let (service, played) = Played::start(env);
                (service, Some(played))
            }
            ServiceKind::Spawnd => {
                let mut limits = flounder_spawnd::machine::Config::default();
                limits.grace = config.grace;
                (flounder_spawnd::start_with(env, limits), None)
            }
        }
    }
}

impl Platform for CorePlatform {
    fn has_module(&self, name: &str) -> bool {
        self.shared.programs.contains(name)
    }

    fn is_executable(&self, _: &Path) -> bool {
        false
    }

    fn start_program(&self, start: ProgramStart) {
        let domain = start.domain;
        let holder = self.shared.kernel.holder();
        let me = Weak::clone(&self.me);
        let home = Home::contained(self.loops.programs.clone(), holder, move |_| {
            if let Some(platform) = me.upgrade() {
                platform.push(Job::Ended(domain, ProgramEnd::Panicked));
            }
        })
        .named(format!("domain {domain}@{}", self.core));
        let resident = Resident {
            home,
            dispatcher: None,
            completions: start.completions.clone(),
            ended: false,
            wedged: false,
            killed: false,
            spawnd: self.generation(),
        };
        self.programs.borrow_mut().insert(domain, resident);
        self.shared.truth.set(self.part(domain), Life::Ordered);
        self.push(Job::Start(Box::new(start)));
    }

    fn kill_program(&self, domain: DomainId) {
        let programs = self.programs.borrow();
        let Some(resident) = programs.get(&domain).filter(|resident| !resident.ended) else {
            return;
        };
        let holder = resident.home.holder().clone();
        drop(programs);
        holder.end();
        self.push(Job::Kill(domain));
    }

    fn release_program(&self, domain: DomainId) {
        let released = self.programs.borrow_mut().remove(&domain);
        if released.is_some() {
            self.shared.truth.forget(self.part(domain));
        }
        drop(released);
    }

    fn start_service(&self, start: ServiceStart) {
        let Some(me) = self.me.upgrade() else { return };
        let ServiceStart { service, generation, monitor, events } = start;
        let holder = self.shared.kernel.holder();
        let weak = Weak::clone(&self.me);
        let home = Home::contained(self.waitset(service).clone(), holder.clone(), move |_| {
            if let Some(platform) = weak.upgrade() {
                platform.panicked(service);
            }
        })
        .named(self.label(service, generation));
        let process_manager = match service {
            ServiceKind::ProcMgmt => hand_over(self.root.take(), &holder),
            ServiceKind::Spawnd => Cap::NULL,
        };
        let platform: Rc<dyn Platform> = me;
        let (core, own) = (self.core, home.clone());
        let env = ServiceEnv { core, generation, home, monitor, process_manager, platform };
        let (handle, played) = self.run(service, env);
        let running =
            RunningService { generation, home: own, events, handle: Some(handle), played };
        self.services.borrow_mut().insert(service, running);
    }

    fn fence_service(&self, service: ServiceKind, generation: u64) {
        self.end_service(service, generation);
    }

    fn core_up(&self, core: CoreId) {
        self.shared.ups.set(self.shared.ups.get() + 1);
        let mut state = self.shared.net.state.borrow_mut();
        let crate::net::State { oracle, coverage, .. } = &mut *state;
        oracle.core_up(core, coverage);
    }

    fn shutdown_done(&self, wedged: u32) {
        self.shared.stopped.set(Some(wedged));
    }
}

impl Shared {
    /// Takes the job at `place`, or an earlier one of the same program.
    pub(crate) fn take_job(&self, place: usize) -> Option<(CoreId, Job)> {
        let mut jobs = self.jobs.borrow_mut();
        let (core, domain) = jobs.get(place).map(|(core, job)| (*core, job.domain()))?;
        let first = jobs.iter().position(|(at, job)| *at == core && job.domain() == domain)?;
        Some(jobs.remove(first))
    }
}

fn in_hands_of(entry: Entry, holder: &Holder) -> Entry {
    match entry {
        Entry::Main { inheritcn, argcn } => {
            Entry::Main { inheritcn: hand_over(inheritcn, holder), argcn: hand_over(argcn, holder) }
        }
        Entry::Span { vroot, dispframe } => {
            Entry::Span { vroot: hand_over(vroot, holder), dispframe: hand_over(dispframe, holder) }
        }
    }
}

/// A cap in the hands of another holder. An unusable one stays so.
fn hand_over(cap: Cap, holder: &Holder) -> Cap {
    match cap.transfer(Transfer::Move, holder) {
        Ok(cap) | Err((cap, _)) => cap,
    }
}
