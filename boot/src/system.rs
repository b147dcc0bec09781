//! A running system: its cores, its operators, its end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flounder::{Cap, CoreId, Counts, Kernel, Mailbox, MonotonicClock, Rights};
use flounder_monitor::Command;

use crate::config::{BootError, Config};
use crate::core_threads::{start_program_loop, start_system_loop};
use crate::host::{Containment, Desks, Host, HostEvent};
use crate::jobs::{ProgramJob, SystemJob};
use crate::modules::Modules;
use crate::operator::{Operator, Operators};
use crate::platform::Shared;
use crate::report::{LoopKind, Report};

/// How long a loop may take to stop. Only a loop that runs a program which never waits takes long,
/// and that one never stops.
const STOP_MAX: Duration = Duration::from_secs(5);

/// A running system.
///
/// ```
/// use flounder::CoreId;
/// use flounder_boot::{Config, Modules, System};
/// use flounder_domain::{Env, ExitStatus, Program};
///
/// let modules = Modules::new().blocking("seven", |_env: Env| ExitStatus(7));
/// let system = System::boot(Config::new().cores(2.try_into()?).pinned(false), modules)?;
///
/// let operator = system.operator(CoreId(0))?;
/// let status = operator.block_on(async {
///     let processes = operator.system().processes().await?;
///     let domain = processes.spawn(Program::new("/modules/seven").core(CoreId(1))).await?;
///     let status = processes.wait(&domain).await?;
///     Ok::<_, Box<dyn std::error::Error>>(status)
/// })?;
/// assert_eq!(status, 7);
///
/// drop(operator);
/// assert!(system.shutdown()?.is_clean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct System {
    kernel: Kernel,
    clock: MonotonicClock,
    layout: Vec<CoreLayout>,
    config: Config,
    containment: Containment,
    /// The `ProcessManager` cap for whoever wants to show one; it can only be identified.
    authority: Cap,
    cores: BTreeMap<CoreId, Core>,
    reports: Receiver<Report>,
    /// What failed while the system ran.
    failures: Vec<String>,
}

/// Where a core is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CoreLayout {
    /// The logical core.
    pub core: CoreId,
    /// The CPU its threads are pinned to.
    pub cpu: Option<usize>,
}

/// How a system ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many domains could not be stopped.
    pub wedged: u32,
    /// How many loops could not be stopped.
    pub stuck: usize,
    /// What still exists in the kernel: caps, bindings, domains. All zero if nothing leaked.
    pub left: Counts,
}

impl ShutdownReport {
    /// True if everything stopped and nothing is left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// The system failed while it ran or while it stopped.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the system failed: {}", failures.join("; "))]
pub struct SystemFailed {
    /// What failed, in order.
    pub failures: Vec<String>,
}

#[derive(Default)]
struct Core {
    system: Option<Mailbox<SystemJob>>,
    programs: Option<Mailbox<ProgramJob>>,
    monitor: Option<Mailbox<Command>>,
    desk: Option<Mailbox<HostEvent>>,
    threads: BTreeMap<LoopKind, JoinHandle<()>>,
    is_up: bool,
}

impl System {
    /// Boots a system and returns when programs can be spawned on every core.
    ///
    /// # Errors
    ///
    /// [`BootError`]; whatever had been started is stopped again.
    pub fn boot(config: Config, modules: Modules) -> Result<Self, BootError> {
        if usize::from(config.cores.get()) > CoreId::COUNT_MAX {
            return Err(BootError::TooManyCores { cores: config.cores.get() });
        }
        let layout = layout(&config)?;
        let (sender, reports) = channel();
        let kernel = Kernel::new();
        let clock = MonotonicClock::new();
        let cores = BTreeMap::new();
        let failures = Vec::new();
        let authority = Cap::NULL;
        let (host, containment) = Host::new(&config);
        let mut system = Self {
            kernel,
            clock,
            layout,
            config,
            containment,
            authority,
            cores,
            reports,
            failures,
        };
        system.start_loops(modules, Arc::new(host), sender)?;
        system.start_monitors()?;
        system.hear_until(|system| system.cores.values().all(|core| core.is_up))?;
        Ok(system)
    }

    /// Where the cores are, in ascending order.
    #[must_use]
    pub fn layout(&self) -> &[CoreLayout] {
        &self.layout
    }

    /// How the system holds the host programs together that it starts.
    #[must_use]
    pub fn containment(&self) -> &Containment {
        &self.containment
    }

    /// The system's kernel objects.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// A client of the system for the calling thread, on the monitor of `core`.
    ///
    /// # Errors
    ///
    /// If there is no such core, or the system has no file descriptor left.
    pub fn operator(&self, core: CoreId) -> std::io::Result<Operator> {
        self.operators().operator(core)
    }

    /// What makes clients of the system on other threads.
    #[must_use]
    pub fn operators(&self) -> Operators {
        let cores = self.cores.iter();
        let monitors = cores.filter_map(|(&core, state)| Some((core, state.monitor.clone()?)));
        let observers = self.config.observers.clone();
        Operators::new(self.kernel.clone(), self.clock, monitors.collect(), observers)
    }

    /// A `ProcessManager` cap that can be identified and does nothing else, or the null cap if its
    /// derivation is at its end.
    #[must_use]
    pub fn authority(&self) -> Cap {
        self.authority.copy().unwrap_or(Cap::NULL)
    }

    /// Has the spawnd of `core` panic, as though it had come upon an error of its own: its domains
    /// are lost, and another comes up. Nothing happens if there is no such core.
    pub fn crash_spawnd(&self, core: CoreId) {
        if let Some(jobs) = self.cores.get(&core).and_then(|core| core.system.as_ref()) {
            // Refused once the loop has ended: then there is nobody for anything to happen to.
            let _ = jobs.send(SystemJob::CrashSpawnd);
        }
    }

    /// Has the monitor of `core` hear no heartbeat of its spawnd any more, as though that hung:
    /// after the heartbeat time its domains are lost, and another comes up.
    pub fn hang_spawnd(&self, core: CoreId) {
        if let Some(monitor) = self.cores.get(&core).and_then(|core| core.monitor.as_ref()) {
            let _ = monitor.send(Command::IgnoreHeartbeats);
        }
    }

    /// Stops every domain, then the services, then the threads.
    ///
    /// # Errors
    ///
    /// [`SystemFailed`] if a part of the system had failed.
    pub fn shutdown(mut self) -> Result<ShutdownReport, SystemFailed> {
        let report = self.stop();
        let failures = std::mem::take(&mut self.failures);
        if failures.is_empty() { Ok(report) } else { Err(SystemFailed { failures }) }
    }

    fn start_loops(
        &mut self,
        modules: Modules,
        host: Arc<Host>,
        reports: Sender<Report>,
    ) -> Result<(), BootError> {
        let mut root =
            self.kernel.process_manager().map_err(|e| BootError::Failed(e.to_string()))?;
        self.authority = root.copy_with(Rights::NONE).unwrap_or(Cap::NULL);
        let shared = Shared {
            kernel: self.kernel.clone(),
            modules: Arc::new(modules),
            clock: self.clock,
            reports,
            host,
            config: self.config.clone(),
        };
        for CoreLayout { core, cpu } in self.layout.clone() {
            self.cores.insert(core, Core::default());
            let thread = start_program_loop(core, cpu, shared.clone());
            self.adopt(core, LoopKind::Program, thread)?;
            self.hear_until(|system| system.cores[&core].programs.is_some())?;
            let Some(programs) = self.cores[&core].programs.clone() else { continue };
            let cap = std::mem::replace(&mut root, Cap::NULL);
            let thread = start_system_loop(core, cpu, shared.clone(), programs, cap);
            self.adopt(core, LoopKind::System, thread)?;
            self.hear_until(|system| system.cores[&core].system.is_some())?;
        }
        self.introduce_desks();
        Ok(())
    }

    /// Tells the desks of all cores of each other.
    fn introduce_desks(&self) {
        let desks = self.cores.iter().filter_map(|(&core, own)| Some((core, own.desk.clone()?)));
        let desks: Desks = Arc::new(desks.collect());
        for jobs in self.cores.values().filter_map(|core| core.system.as_ref()) {
            let _ = jobs.send(SystemJob::Meet(Arc::clone(&desks)));
        }
    }

    fn adopt(
        &mut self,
        core: CoreId,
        kind: LoopKind,
        thread: std::io::Result<JoinHandle<()>>,
    ) -> Result<(), BootError> {
        let thread = thread.map_err(|source| BootError::Core { core, source })?;
        self.cores.entry(core).or_default().threads.insert(kind, thread);
        Ok(())
    }

    /// Starts monitor 0, which starts the process manager and its spawnd, then the others.
    fn start_monitors(&mut self) -> Result<(), BootError> {
        for core in self.layout.iter().map(|layout| layout.core).collect::<Vec<_>>() {
            let first = self.cores.get(&CoreId(0)).and_then(|first| first.monitor.clone());
            let uplink = first.map(|first| {
                let (up, down) = flounder_monitor::link_pair();
                let _ = first.send(Command::AddLink { core, half: down });
                up
            });
            if let Some(jobs) = &self.cores[&core].system {
                let _ = jobs.send(SystemJob::StartMonitor { uplink });
            }
            self.hear_until(|system| system.cores[&core].monitor.is_some())?;
        }
        Ok(())
    }

    /// Takes in reports until `done`.
    fn hear_until(&mut self, done: impl Fn(&Self) -> bool) -> Result<(), BootError> {
        while !done(self) {
            let Ok(report) = self.reports.recv() else {
                return Err(BootError::Failed("every loop has ended".to_owned()));
            };
            if let Report::NotStarted { core, source } = report {
                return Err(BootError::Core { core, source });
            }
            self.take_in(report);
            if !self.failures.is_empty() {
                return Err(BootError::Failed(self.failures.join("; ")));
            }
        }
        Ok(())
    }

    fn take_in(&mut self, report: Report) -> Option<u32> {
        match report {
            Report::SystemLoop { core, jobs, desk } => {
                let core = self.core(core);
                (core.system, core.desk) = (Some(jobs), Some(desk));
            }
            Report::ProgramLoop { core, jobs } => self.core(core).programs = Some(jobs),
            Report::Monitor { core, commands } => self.core(core).monitor = Some(commands),
            Report::CoreUp { core } => self.core(core).is_up = true,
            Report::NotStarted { core, source } => {
                self.failures.push(format!("core {core}: {source}"));
            }
            Report::Failed { what } => self.failures.push(what),
            Report::Stopped { wedged } => return Some(wedged),
            Report::LoopEnded { core, kind } => self.join(core, kind),
        }
        None
    }

    fn core(&mut self, core: CoreId) -> &mut Core {
        self.cores.entry(core).or_default()
    }

    fn join(&mut self, core: CoreId, kind: LoopKind) {
        if let Some(thread) = self.core(core).threads.remove(&kind) {
            // The thread catches every panic, and has only its return left.
            let _ = thread.join();
        }
    }

    fn stop(&mut self) -> ShutdownReport {
        let wedged = self.stop_domains();
        for core in self.cores.values_mut() {
            core.monitor = None;
        }
        self.stop_loops(LoopKind::System, |core| {
            core.system.take().is_some_and(|jobs| jobs.send(SystemJob::Stop).is_ok())
        });
        self.stop_loops(LoopKind::Program, |core| {
            core.programs.take().is_some_and(|jobs| jobs.send(ProgramJob::Stop).is_ok())
        });
        if !self.failures.is_empty() {
            self.await_programs();
        }
        let stuck = self.cores.values().map(|core| core.threads.len()).sum();
        self.authority = Cap::NULL;
        self.cores.clear();
        ShutdownReport { wedged, stuck, left: self.kernel.counts() }
    }

    /// Has the process manager stop every domain; a system that has failed can't.
    fn stop_domains(&mut self) -> u32 {
        let first = self.cores.get(&CoreId(0)).and_then(|first| first.monitor.clone());
        let asked = first.is_some_and(|first| first.send(Command::Shutdown).is_ok());
        while asked && self.failures.is_empty() {
            let Ok(report) = self.reports.recv() else { break };
            if let Some(wedged) = self.take_in(report) {
                return wedged;
            }
        }
        0
    }

    /// Gives the programs of a system that has failed the time to end that a killed one has: nobody
    /// else did. Each has a sender of reports as long as it runs.
    fn await_programs(&mut self) {
        let deadline = Instant::now() + self.config.grace;
        let left = || deadline.saturating_duration_since(Instant::now());
        while self.reports.recv_timeout(left()).is_ok() {}
    }

    /// Tells the loops of one kind to stop and joins their threads, except those that don't stop in
    /// time.
    fn stop_loops(&mut self, kind: LoopKind, stop: impl Fn(&mut Core) -> bool) {
        for core in self.cores.values_mut() {
            stop(core);
        }
        let deadline = Instant::now() + STOP_MAX;
        while self.cores.values().any(|core| core.threads.contains_key(&kind)) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(report) = self.reports.recv_timeout(left) else { return };
            self.take_in(report);
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if !self.cores.is_empty() {
            self.stop();
        }
    }
}

/// Core i is on CPU i modulo the CPUs that may be used.
fn layout(config: &Config) -> Result<Vec<CoreLayout>, BootError> {
    let cpus = flounder::thread::allowed_cpus().map_err(BootError::Cpus)?;
    let cores = (0..=u8::MAX).take(config.cores.get().into());
    Ok(cores
        .zip(cpus.iter().cycle())
        .map(|(core, &cpu)| CoreLayout { core: CoreId(core), cpu: config.pinned.then_some(cpu) })
        .collect())
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("layout", &self.layout).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use flounder::Counts;
    use flounder_domain::{Env, Program};

    use super::*;

    #[test]
    fn a_system_that_failed_stops_its_programs_too() {
        let modules = Modules::new()
            .blocking("waits", |env: Env| env.block_on(pending()))
            .asynchronous("async waits", async |_: Env| pending().await);
        let config = Config::new().cores(2.try_into().unwrap());
        let mut system = System::boot(config, modules).expect("it boots");
        let kernel = system.kernel().clone();
        let operator = system.operator(CoreId(0)).expect("core 0 is there");
        operator.block_on(async {
            let processes = operator.system().processes().await.expect("it is registered");
            for name in ["waits", "async waits"] {
                let program = Program::new(name).core(CoreId(1));
                drop(processes.spawn(program).await.expect("it starts"));
            }
        });
        drop(operator);
        system.failures.push("a part of it".to_owned());
        let failed = system.shutdown().expect_err("it has failed");
        assert_eq!(failed.failures, ["a part of it"]);
        assert_eq!(kernel.counts(), Counts::default());
    }
}
