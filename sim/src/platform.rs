//! The platform under the services of one simulated core.
//!
//! What it is asked becomes a job, and the world chooses when a job is done; order is kept for each
//! program only. What is really alive it tells the oracle's [`Truth`].

mod residents;
mod services;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::{Rc, Weak};

use flounder::platform::{
    Platform, ProgramEnd, ProgramStart, ServiceEnv, ServiceKind, ServiceStart, StartFailure,
};
use flounder::{Cap, CoreId, DomainId, Holder, Home, Kernel, Transfer, Waitset};

use self::residents::Resident;
use self::services::RunningService;
use crate::net::Net;
use crate::oracle::truth::{Life, Truth};
use crate::programs::Programs;
use crate::world::Config;

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
    /// What a played spawnd left behind, as it said, ends.
    PhantomEnds(DomainId),
    /// That life of the spawnd panics.
    Crash(u64),
}

impl Job {
    fn domain(&self) -> DomainId {
        match self {
            Self::Start(start) => start.domain,
            Self::Kill(domain) | Self::Ended(domain, _) | Self::PhantomEnds(domain) => *domain,
            Self::Crash(_) => DomainId::NONE,
        }
    }
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
    /// What a played spawnd left behind, as it said, and which hasn't ended.
    phantoms: RefCell<BTreeSet<DomainId>>,
    /// What a played spawnd is sure to leave behind.
    haunting: Cell<Option<DomainId>>,
    /// So many spawnds to come crash as soon as they are started.
    crashes: Cell<u32>,
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
            phantoms: RefCell::default(),
            haunting: Cell::default(),
            crashes: Cell::default(),
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
            Job::PhantomEnds(domain) => self.survivor_ended(domain),
            Job::Crash(generation) => drop(self.end_service(ServiceKind::Spawnd, generation)),
        }
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
        if service == ServiceKind::Spawnd {
            self.spawnd_starts(generation);
        }
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
        if service == ServiceKind::Spawnd {
            let mut state = self.shared.net.state.borrow_mut();
            let crate::net::State { oracle, coverage, .. } = &mut *state;
            oracle.spawnd_fenced(self.core, generation, coverage);
        }
        self.end_service(service, generation);
    }

    fn service_given_up(&self, _: ServiceKind) {
        let mut state = self.shared.net.state.borrow_mut();
        let crate::net::State { oracle, coverage, .. } = &mut *state;
        oracle.spawnd_given_up(self.core, coverage);
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

/// A cap in the hands of another holder. An unusable one stays so.
fn hand_over(cap: Cap, holder: &Holder) -> Cap {
    match cap.transfer(Transfer::Move, holder) {
        Ok(cap) | Err((cap, _)) => cap,
    }
}
