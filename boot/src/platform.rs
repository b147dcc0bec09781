//! The platform under the services of one core: Linux threads, and the registry of what was started,
//! which outlives every service.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use flounder::platform::{
    Completion, Entry, Image, Platform, ProcessSpan, ProcessStart, ProgramStart, Service,
    ServiceEnv, ServiceEvent, ServiceKind, ServiceStart, StartFailure,
};
use flounder::{
    Cap, CoreId, Dispatcher, DomainId, Holder, Home, Kernel, KillSwitch, Mailbox, MonotonicClock,
    Waitset,
};

use crate::config::Config;
use crate::host::{self, Desk, Host, end_unguarded};
use crate::jobs::{Completions, ProgramJob};
use crate::modules::{EntryPoint, Modules};
use crate::newborn::{Newborn, hand_over};
use crate::program_thread::{self, ThreadSetup};
use crate::report::Report;

/// So many ended threads are joined at once: whoever joins one that was just ending would sleep and be
/// woken for it, and each keeps no more than its stack.
const THREADS_TOGETHER: usize = 8;

/// What all cores share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) kernel: Kernel,
    pub(crate) modules: Arc<Modules>,
    pub(crate) clock: MonotonicClock,
    pub(crate) reports: Sender<Report>,
    pub(crate) host: Arc<Host>,
    /// What can be chosen about the system.
    pub(crate) config: Config,
}

/// The platform under the services of one core.
pub(crate) struct CorePlatform {
    pub(crate) core: CoreId,
    pub(crate) shared: Shared,
    pub(crate) waitset: Waitset,
    pub(crate) program_loop: Mailbox<ProgramJob>,
    pub(crate) completions: Completions,
    /// The root `ProcessManager` cap, until the process manager is started.
    pub(crate) process_manager: RefCell<Cap>,
    pub(crate) services: RefCell<BTreeMap<ServiceKind, RunningService>>,
    pub(crate) programs: RefCell<BTreeMap<DomainId, RunningProgram>>,
    /// Threads of programs that have ended, to be joined together.
    pub(crate) ended_threads: RefCell<Vec<JoinHandle<()>>>,
    pub(crate) desk: RefCell<Desk>,
    /// Whether the process ends with the system: its guard is dead.
    pub(crate) ends_process: Cell<bool>,
    /// What services that are to crash crash with; it goes with the next service.
    pub(crate) victims: RefCell<Vec<Dispatcher<()>>>,
    pub(crate) me: Weak<Self>,
}

/// A service that was started.
pub(crate) struct RunningService {
    generation: u64,
    home: Home,
    events: Mailbox<ServiceEvent>,
    /// Its end was told.
    ended: bool,
    /// `None` while it starts.
    handle: Option<Service>,
}

/// A program that was started and not yet released.
pub(crate) struct RunningProgram {
    holder: Holder,
    how: How,
    completions: Mailbox<Completion>,
    ended: bool,
    /// The life of the spawnd that started it.
    spawnd: u64,
}

/// How a program runs, and so how it is ended.
enum How {
    Thread {
        kill: KillSwitch,
        /// Boxed: the many programs on a loop have none.
        thread: Box<JoinHandle<()>>,
    },
    Loop,
    /// A process can't hold its domain's cap: that stays here until it has ended.
    Process {
        _domain_cap: Cap,
    },
}

impl CorePlatform {
    /// Passes a completion on to whoever asked for the program.
    pub(crate) fn complete(&self, completion: Completion) {
        let (Completion::Started { domain }
        | Completion::StartFailed { domain, .. }
        | Completion::Ended { domain, .. }) = completion;
        let mut programs = self.programs.borrow_mut();
        let Some(program) = programs.get_mut(&domain) else { return };
        let is_over = !matches!(completion, Completion::Started { .. });
        program.ended |= is_over;
        if is_over && matches!(program.how, How::Process { .. }) {
            // A program of ours has ended its holder itself.
            program.holder.end();
        }
        let heard = program.completions.send(completion).is_ok();
        let never_ran = matches!(completion, Completion::StartFailed { .. });
        let released =
            if never_ran || (is_over && !heard) { programs.remove(&domain) } else { None };
        drop(programs);
        if let Some(program) = released {
            self.join(program);
        }
        if is_over && !heard {
            self.survivor_ended(domain);
        }
    }

    /// Tells the monitor of the end of a program whose spawnd is gone.
    fn survivor_ended(&self, domain: DomainId) {
        let services = self.services.borrow();
        if let Some(spawnd) = services.get(&ServiceKind::Spawnd) {
            let _ = spawnd.events.send(ServiceEvent::SurvivorEnded { domain });
        }
    }

    /// Has a service panic, as though it had come upon an error of its own.
    pub(crate) fn crash(&self, service: ServiceKind) {
        let home = self.services.borrow().get(&service).map(|running| running.home.clone());
        if let Some(home) = home {
            let victim = home.dispatcher(());
            // Without the panic hook: nobody needs to read of a panic that was asked for.
            victim.spawn_local(async { resume_unwind(Box::new("this service was crashed")) });
            self.victims.borrow_mut().push(victim);
        }
    }

    /// A service panicked: its holder ends, and what a spawnd started is ended with it.
    fn service_panicked(&self, service: ServiceKind) {
        let what = format!("{service:?} on core {} panicked", self.core);
        let services = self.services.borrow();
        let Some(running) = services.get(&service) else { return };
        let generation = running.generation;
        drop(services);
        self.end_service(service, generation);
        if service == ServiceKind::ProcMgmt {
            let _ = self.shared.reports.send(Report::Failed { what });
        }
    }

    /// Ends that life of a service, once: first what can be done in its name, then what it started.
    fn end_service(&self, service: ServiceKind, generation: u64) {
        let ending = {
            let mut services = self.services.borrow_mut();
            let running = services.get_mut(&service);
            running.filter(|running| running.generation == generation && !running.ended).map(
                |running| {
                    running.ended = true;
                    (running.home.clone(), running.events.clone())
                },
            )
        };
        let Some((home, events)) = ending else { return };
        home.end();
        home.holder().end();
        let survivors = match service {
            ServiceKind::Spawnd => {
                self.forget_ended(generation);
                self.end_programs(|program| program.spawnd == generation)
            }
            ServiceKind::ProcMgmt => Vec::new(),
        };
        // The mailbox has room for the end of every service.
        let _ = events.send(ServiceEvent::Ended { service, generation, survivors });
    }

    /// Forgets the programs of a spawnd that have ended: it can't release them any more.
    fn forget_ended(&self, generation: u64) {
        let mut programs = self.programs.borrow_mut();
        let gone = |program: &RunningProgram| program.ended && program.spawnd == generation;
        let gone = programs.iter().filter(|(_, program)| gone(program));
        let domains: Vec<_> = gone.map(|(&domain, _)| domain).collect();
        let ended: Vec<_> = domains.iter().filter_map(|domain| programs.remove(domain)).collect();
        drop(programs);
        for program in ended {
            self.join(program);
        }
    }

    /// Ends the programs that are chosen; returns those that are not gone yet.
    fn end_programs(&self, chosen: impl Fn(&RunningProgram) -> bool) -> Vec<DomainId> {
        let programs = self.programs.borrow();
        let running = programs.iter().filter(|(_, program)| !program.ended && chosen(program));
        let domains: Vec<_> = running.map(|(domain, _)| *domain).collect();
        drop(programs);
        for &domain in &domains {
            self.kill_program(domain);
        }
        domains
    }

    /// Drops the services, joins the threads of ended programs and tells those to end that still
    /// run: wedged ones, and all of a system that has failed.
    pub(crate) fn stop(&self) {
        // In this order: the process manager is served by the spawnd.
        let services = std::mem::take(&mut *self.services.borrow_mut());
        for (_, running) in services.into_iter().rev() {
            drop(running.handle);
            running.home.holder().end();
        }
        self.end_programs(|_| true);
        self.desk.borrow_mut().stop();
        let programs = std::mem::take(&mut *self.programs.borrow_mut());
        for program in programs.into_values().filter(|program| program.ended) {
            self.join(program);
        }
        self.join_all();
    }

    /// Has an ended program's thread joined. It has sent its end and has only its return left, but
    /// what it kept for its thread drops then, which may take any time: so the loop waits for it
    /// that programs may hold up. Soon is enough: a thread ends without being waited for.
    fn join(&self, program: RunningProgram) {
        if let How::Thread { thread, .. } = program.how {
            self.ended_threads.borrow_mut().push(*thread);
            if self.ended_threads.borrow().len() == THREADS_TOGETHER {
                self.join_all();
            }
        }
    }

    fn join_all(&self) {
        let threads = self.ended_threads.take();
        if !threads.is_empty() {
            // The mailbox has room for every thread; closed, there is nobody left to wait.
            let _ = self.program_loop.send(ProgramJob::Join(threads));
        }
    }

    /// What a service is called in traces.
    fn service_name(&self, service: ServiceKind) -> String {
        match service {
            ServiceKind::ProcMgmt => "proc_mgmt".to_owned(),
            ServiceKind::Spawnd => format!("spawnd.{}", self.core),
        }
    }

    fn spawnd_config(&self) -> flounder_spawnd::machine::Config {
        let mut config = flounder_spawnd::machine::Config::default();
        config.grace = self.shared.config.grace;
        config
    }

    /// Notes a process that was ordered, or says why it won't come.
    fn adopt_process(
        &self,
        domain: DomainId,
        domain_cap: Cap,
        completions: Mailbox<Completion>,
        ordered: Result<(), StartFailure>,
    ) {
        if let Err(why) = ordered {
            let _ = completions.send(Completion::StartFailed { domain, why });
            return;
        }
        let holder = self.shared.kernel.holder();
        let how = How::Process { _domain_cap: hand_over(domain_cap, &holder) };
        let spawnd = self.spawnd_generation();
        let program = RunningProgram { holder, how, completions, ended: false, spawnd };
        self.programs.borrow_mut().insert(domain, program);
    }

    /// Which life of the spawnd starts programs now.
    fn spawnd_generation(&self) -> u64 {
        let services = self.services.borrow();
        services.get(&ServiceKind::Spawnd).map_or(0, |spawnd| spawnd.generation)
    }

    fn entry_point(&self, start: &ProgramStart) -> Result<EntryPoint, StartFailure> {
        let Image::Module(name) = &start.image else { return Err(StartFailure::Load) };
        let modules = &self.shared.modules;
        match start.entry {
            Entry::Main { .. } => modules.main(name).cloned().ok_or(StartFailure::Load),
            Entry::Span { .. } => modules.span(name).cloned().ok_or(StartFailure::Span),
        }
    }

    fn start_as(
        &self,
        start: ProgramStart,
        entry: EntryPoint,
    ) -> Result<RunningProgram, StartFailure> {
        let holder = self.shared.kernel.holder();
        let asker = start.completions.clone();
        let completions = self.completions.clone();
        let newborn = Newborn::new(start, self.core, &holder);
        let how = match entry {
            EntryPoint::Blocking(main) => {
                let kill = KillSwitch::new();
                let setup = ThreadSetup {
                    clock: self.shared.clock,
                    kill: kill.clone(),
                    completions,
                    alive: self.shared.reports.clone(),
                    observers: self.shared.config.observers.clone(),
                };
                let thread = program_thread::start(newborn, main, setup);
                How::Thread { kill, thread: Box::new(thread.map_err(|_| StartFailure::Run)?) }
            }
            EntryPoint::Asynchronous(main) => {
                let job = ProgramJob::Start { newborn: Box::new(newborn), main, completions };
                self.program_loop.send(job).map_err(|_| StartFailure::Run)?;
                How::Loop
            }
        };
        let spawnd = self.spawnd_generation();
        Ok(RunningProgram { holder, how, completions: asker, ended: false, spawnd })
    }
}

impl Platform for CorePlatform {
    fn has_module(&self, name: &str) -> bool {
        self.shared.modules.contains(name)
    }

    fn is_executable(&self, path: &Path) -> bool {
        host::is_executable(path)
    }

    fn start_program(&self, start: ProgramStart) {
        let (domain, completions) = (start.domain, start.completions.clone());
        let started = self.entry_point(&start).and_then(|entry| self.start_as(start, entry));
        match started {
            Ok(program) => {
                if matches!(program.how, How::Thread { .. }) {
                    // Ahead of its end, which comes through the registry. The thread need not wake
                    // this loop to say so.
                    let _ = completions.send(Completion::Started { domain });
                }
                self.programs.borrow_mut().insert(domain, program);
            }
            Err(why) => {
                let _ = completions.send(Completion::StartFailed { domain, why });
            }
        }
    }

    fn start_process(&self, mut start: ProcessStart) {
        let (domain, completions) = (start.domain, start.completions.clone());
        let cap = std::mem::replace(&mut start.domain_cap, Cap::NULL);
        let started = self.desk.borrow_mut().start(start);
        self.adopt_process(domain, cap, completions, started);
    }

    fn span_process(&self, mut span: ProcessSpan) {
        let cap = std::mem::replace(&mut span.domain_cap, Cap::NULL);
        let invited = self.desk.borrow_mut().span(&span);
        self.adopt_process(span.domain, cap, span.completions, invited);
    }

    fn kill_program(&self, domain: DomainId) {
        let programs = self.programs.borrow();
        let Some(program) = programs.get(&domain).filter(|program| !program.ended) else { return };
        program.holder.end();
        let ended = match &program.how {
            How::Thread { kill, .. } => {
                kill.throw();
                None
            }
            How::Loop => {
                let _ = self.program_loop.send(ProgramJob::Kill(domain));
                None
            }
            How::Process { .. } => self.desk.borrow_mut().kill(domain),
        };
        drop(programs);
        if let Some(completion) = ended {
            self.complete(completion);
        }
    }

    fn release_program(&self, domain: DomainId) {
        let program = self.programs.borrow_mut().remove(&domain);
        if let Some(program) = program {
            self.join(program);
        }
    }

    fn start_service(&self, start: ServiceStart) {
        let Some(me) = self.me.upgrade() else { return };
        let ServiceStart { service, generation, monitor, events } = start;
        let holder = self.shared.kernel.holder();
        let weak = Weak::clone(&self.me);
        let home = Home::contained(self.waitset.clone(), holder.clone(), move |_| {
            if let Some(platform) = weak.upgrade() {
                platform.service_panicked(service);
            }
        });
        let label = self.service_name(service);
        let home = self.shared.config.observers.settle(home, self.core, label);
        let running =
            RunningService { generation, home: home.clone(), events, ended: false, handle: None };
        self.victims.borrow_mut().clear();
        let former = self.services.borrow_mut().insert(service, running);
        drop(former);
        let process_manager = match service {
            ServiceKind::ProcMgmt => hand_over(self.process_manager.take(), &holder),
            ServiceKind::Spawnd => Cap::NULL,
        };
        let core = self.core;
        let platform: Rc<dyn Platform> = me;
        let env = ServiceEnv { core, generation, home, monitor, process_manager, platform };
        let handle = match service {
            ServiceKind::ProcMgmt => {
                flounder_procmgmt::start_with(env, self.shared.config.process_manager())
            }
            ServiceKind::Spawnd => flounder_spawnd::start_with(env, self.spawnd_config()),
        };
        if let Some(running) = self.services.borrow_mut().get_mut(&service) {
            running.handle = Some(handle);
        }
    }

    fn fence_service(&self, service: ServiceKind, generation: u64) {
        self.end_service(service, generation);
    }

    fn service_given_up(&self, service: ServiceKind) {
        let what = format!("{service:?} on core {} failed again and again", self.core);
        let _ = self.shared.reports.send(Report::Failed { what });
    }

    fn core_up(&self, core: CoreId) {
        let _ = self.shared.reports.send(Report::CoreUp { core });
    }

    fn shutdown_done(&self, wedged: u32) {
        if self.ends_process.get() {
            end_unguarded();
        }
        let _ = self.shared.reports.send(Report::Stopped { wedged });
    }
}
