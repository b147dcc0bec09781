//! The loop that runs a core's monitor and spawnd, and on core 0 the process manager.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::platform::{Service, ServiceKind};
use flounder::{Cap, CoreId, Ctx, Dispatcher, Half, Home, Mailbox, Waitset};
use flounder_monitor::MonitorEnv;

use crate::jobs::{Completions, JOBS_MAX, ProgramJob, SystemJob};
use crate::platform::{CorePlatform, Shared};
use crate::report::Report;

/// The state of a system loop.
#[derive(Default)]
pub(crate) struct SystemLoop {
    monitor: Option<Service>,
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

impl SystemLoop {
    /// Makes the loop's dispatcher and the mailbox for its jobs.
    pub(crate) fn start(
        waitset: &Waitset,
        setup: CoreSetup,
    ) -> (Dispatcher<Self>, Mailbox<SystemJob>) {
        let CoreSetup { core, cpu, shared, program_loop, process_manager } = setup;
        let dispatcher = Dispatcher::on(waitset, shared.kernel.holder(), Self::default());
        let jobs = dispatcher.mailbox(SYSTEM_JOBS_MAX, Self::handle);
        let completions = dispatcher.mailbox(JOBS_MAX, |state: &mut Self, completion| {
            if let Some((_, platform)) = &state.own {
                platform.complete(completion);
            }
        });
        let platform = Rc::new_cyclic(|me| CorePlatform {
            core,
            cpu,
            shared,
            waitset: waitset.clone(),
            program_loop,
            completions: Completions(completions),
            process_manager: RefCell::new(process_manager),
            services: RefCell::default(),
            programs: RefCell::default(),
            victims: RefCell::default(),
            me: me.clone(),
        });
        let own = (dispatcher.ctx(), platform);
        dispatcher.with(|state| state.own = Some(own));
        (dispatcher, jobs)
    }

    fn handle(&mut self, job: SystemJob) {
        match job {
            SystemJob::StartMonitor { uplink } => self.start_monitor(uplink),
            SystemJob::CrashSpawnd => {
                if let Some((_, platform)) = &self.own {
                    platform.crash(ServiceKind::Spawnd);
                }
            }
            SystemJob::Stop => {
                self.monitor = None;
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
        let home = Home::new(platform.waitset.clone(), platform.shared.kernel.holder())
            .named(format!("monitor.{core}"));
        let env = MonitorEnv { core, home, platform: platform.clone(), uplink };
        let watch = platform.shared.config.watch();
        let (service, commands) = flounder_monitor::start_with(env, watch);
        self.monitor = Some(service);
        let _ = platform.shared.reports.send(Report::Monitor { core, commands });
    }
}
