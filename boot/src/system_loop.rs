//! The loop that runs a core's monitor and spawnd, and on core 0 the process manager.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use flounder::platform::{Completion, Service, ServiceKind};
use flounder::{
    Cap, CoreId, Ctx, DescriptorWatch, Dispatcher, DomainId, Half, Home, Interest, Mailbox, Timer,
    Waitset,
};
use flounder_monitor::{Command, MonitorEnv};

use crate::host::{Desk, HostEvent, end_unguarded};
use crate::jobs::{Completions, JOBS_MAX, ProgramJob, SystemJob};
use crate::platform::{CorePlatform, Shared};
use crate::report::Report;

/// The state of a system loop.
#[derive(Default)]
pub(crate) struct SystemLoop {
    monitor: Option<(Service, Mailbox<Command>)>,
    /// Watches the guard, on core 0.
    guard: Option<DescriptorWatch>,
    /// Ends the process of a system whose guard is dead, should it not stop.
    last_resort: Option<Timer>,
    /// The loop as its own handlers see it, once it runs.
    own: Option<(Ctx<Self>, Rc<CorePlatform>)>,
}

/// What a system loop needs to know of its core.
pub(crate) struct CoreSetup {
    pub(crate) core: CoreId,
    pub(crate) cpu: Option<usize>,
    pub(crate) shared: Shared,
    pub(crate) program_loop: Mailbox<ProgramJob>,
    /// The root `ProcessManager` cap on core 0, null on the others.
    pub(crate) process_manager: Cap,
}

/// How many jobs may wait: the start, the stop, and mishaps that somebody asks for.
const SYSTEM_JOBS_MAX: usize = 1 << 16;

/// How long a system whose guard is dead may take to stop, beyond the grace time of programs.
const ORDERLY_STOP_MAX: Duration = Duration::from_secs(3);

impl SystemLoop {
    /// Makes the loop's dispatcher and the mailbox for its jobs.
    pub(crate) fn start(
        waitset: &Waitset,
        setup: CoreSetup,
    ) -> (Dispatcher<Self>, Mailbox<SystemJob>, Mailbox<HostEvent>) {
        let CoreSetup { core, cpu, shared, program_loop, process_manager } = setup;
        let dispatcher = Dispatcher::on(waitset, shared.kernel.holder(), Self::default());
        let jobs = dispatcher.mailbox(SYSTEM_JOBS_MAX, Self::handle);
        let completions = dispatcher.mailbox(JOBS_MAX, |state: &mut Self, completion| {
            if let Some((_, platform)) = &state.own {
                platform.complete(completion);
            }
        });
        let events = dispatcher.mailbox(JOBS_MAX, Self::hear);
        let desk =
            Desk::new((core, cpu), Arc::clone(&shared.host), shared.kernel.clone(), events.clone());
        let platform = Rc::new_cyclic(|me| CorePlatform {
            core,
            shared,
            waitset: waitset.clone(),
            program_loop,
            completions: Completions(completions),
            process_manager: RefCell::new(process_manager),
            services: RefCell::default(),
            programs: RefCell::default(),
            ended_threads: RefCell::default(),
            desk: RefCell::new(desk),
            ends_process: Cell::new(false),
            victims: RefCell::default(),
            me: me.clone(),
        });
        let own = (dispatcher.ctx(), platform);
        let guard = own.1.shared.host.guard().filter(|_| core == CoreId(0)).cloned();
        let ctx = dispatcher.ctx();
        let guard = guard.and_then(|guard| {
            ctx.watch_descriptor(guard, Interest::Readable, |state: &mut Self, _| {
                state.guard_died();
            })
            .ok()
        });
        dispatcher.with(|state| {
            state.own = Some(own);
            state.guard = guard;
        });
        (dispatcher, jobs, events)
    }

    /// The guard is dead: nobody would end what this system leaves. So it stops in order, and its
    /// process ends when it has.
    fn guard_died(&mut self) {
        self.guard = None;
        let (Some((_, commands)), Some((ctx, platform))) = (&self.monitor, &self.own) else {
            end_unguarded()
        };
        platform.ends_process.set(true);
        // Refused: it is stopping already.
        let _ = commands.send(Command::Shutdown);
        let at = ctx.waitset().now() + platform.shared.config.grace + ORDERLY_STOP_MAX;
        self.last_resort = Some(ctx.timer(at, |_| end_unguarded()));
    }

    /// Takes in what the desk of the core hears of processes.
    fn hear(&mut self, event: HostEvent) {
        self.at_desk(|desk, ctx| desk.hear(ctx, event));
    }

    /// A process has ended.
    pub(crate) fn process_ended(&mut self, domain: DomainId) {
        self.at_desk(|desk, ctx| desk.process_ended(ctx, domain));
    }

    /// Something has changed in the group of a process that has ended.
    pub(crate) fn group_changed(&mut self, domain: DomainId) {
        self.at_desk(|desk, _| desk.look_at_group(domain));
    }

    fn at_desk(&self, act: impl FnOnce(&mut Desk, &Ctx<Self>) -> Option<Completion>) {
        let Some((ctx, platform)) = &self.own else { return };
        let completion = act(&mut platform.desk.borrow_mut(), ctx);
        if let Some(completion) = completion {
            platform.complete(completion);
        }
    }

    fn handle(&mut self, job: SystemJob) {
        match job {
            SystemJob::StartMonitor { uplink } => self.start_monitor(uplink),
            SystemJob::Meet(desks) => {
                if let Some((_, platform)) = &self.own {
                    platform.desk.borrow_mut().meet(desks);
                }
            }
            SystemJob::CrashSpawnd => {
                if let Some((_, platform)) = &self.own {
                    platform.crash(ServiceKind::Spawnd);
                }
            }
            SystemJob::Stop => {
                self.monitor = None;
                (self.guard, self.last_resort) = (None, None);
                if let Some((ctx, platform)) = self.own.take() {
                    platform.stop();
                    ctx.stop();
                }
            }
        }
    }

    fn start_monitor(&mut self, uplink: Option<Half>) {
        let Some((_, platform)) = &self.own else { return };
        let core = platform.core;
        let home = Home::new(platform.waitset.clone(), platform.shared.kernel.holder());
        let observers = &platform.shared.config.observers;
        let home = observers.settle(home, core, format!("monitor.{core}"));
        let env = MonitorEnv { core, home, platform: platform.clone(), uplink };
        let watch = platform.shared.config.watch();
        let (service, commands) = flounder_monitor::start_with(env, watch);
        self.monitor = Some((service, commands.clone()));
        let _ = platform.shared.reports.send(Report::Monitor { core, commands });
    }
}
