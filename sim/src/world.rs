//! A world: the whole system on one thread, step by step, from one seed.

mod boot;
mod config;
mod end;
mod faults;
mod turns;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use flounder::platform::ServiceKind;
use flounder::{Cap, CoreId, DomainId, Home, Kernel, Mailbox, Rights, Waitset, tap};
use flounder_domain::Domain;
use flounder_monitor::{Command, child_pair};

pub use self::config::{Config, WorldError};
use crate::clock::VirtualClock;
use crate::host::Host;
use crate::net::Net;
use crate::oracle::truth::Truth;
use crate::oracle::{Limits, Oracle};
use crate::platform::{CorePlatform, Shared};
use crate::programs::Programs;
use crate::random::Random;
use crate::trace::Trace;

/// What is due later doesn't keep a world from being at rest.
const REST_HORIZON: Duration = Duration::from_secs(3_600);
/// How many heartbeats each spawnd is asked for in a world at rest.
const HEARTBEATS_AT_REST: usize = 2;
/// A world that takes more steps to come to rest never does.
const REST_STEPS_MAX: u64 = 300_000;
/// The calls other than waits that a binding to the process manager may have open (I7).
const CALLS_MAX: u32 = 64;

/// Something that must not happen, and did.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("step {step}: {what}")]
pub struct Violation {
    /// The step after which it was noticed.
    pub step: u64,
    /// What it was.
    pub what: String,
    /// The last things that happened before, each with its step.
    pub trace: Vec<String>,
}

/// What a step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Somebody had a turn, or time passed.
    Turn,
    /// There is nothing to do, but for heartbeats, until somebody outside does something.
    Rest,
}

/// What a world has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Steps taken.
    pub steps: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// Calls made, of any interface.
    pub calls: u64,
    /// Requests that the process manager received.
    pub requests: u64,
    /// Faults that happened.
    pub faults: u64,
}

/// One event loop.
pub(crate) struct Loop {
    waitset: Waitset,
    role: Role,
    /// It has no turn before that step.
    stalled_until: u64,
    /// It has no turn in that life of its spawnd.
    stuck_in: Option<u64>,
}

/// Whose loop it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Monitor(CoreId),
    Spawnd(CoreId),
    ProcMgmt,
    Programs,
    Host,
}

/// The whole system, with every choice drawn from one seed.
///
/// Each [`World::step`] gives one loop one turn; which one, the seed says. Monitors, spawnds, the
/// process manager and what programs link are those of the real system. An oracle listens: what it
/// hears that must not happen is a [`Violation`].
///
/// ```
/// use flounder::CoreId;
/// use flounder_domain::{ExitStatus, Program};
/// use flounder_sim::{Config, Programs, World};
///
/// let programs = Programs::new().asynchronous("seven", async |_| ExitStatus(7));
/// let mut world = World::with_programs(1, Config::new(), programs)?;
/// let host = world.host(CoreId(0));
/// let system = host.system();
/// host.spawn(async move {
///     let processes = system.processes().await.expect("it is registered");
///     let domain = processes.spawn(Program::new("seven")).await.expect("it starts");
///     assert_eq!(processes.wait(&domain).await, Ok(7));
/// });
/// world.quiesce()?;
/// drop(host);
/// world.end()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct World {
    pub(crate) shared: Rc<Shared>,
    pub(crate) random: Random,
    loops: Vec<Loop>,
    platforms: Vec<Rc<CorePlatform>>,
    monitors: Vec<Mailbox<Command>>,
    services: Vec<flounder::platform::Service>,
    clock: VirtualClock,
    steps: u64,
    hosts: u64,
    homes: Vec<Home>,
    /// Mints caps that no client would get; null once the world ends.
    root: Cap,
    /// Told once.
    complained: bool,
}

impl World {
    /// A world with programs of nobody's, booted: every core is up.
    ///
    /// # Errors
    ///
    /// [`WorldError`] if the configuration makes no sense or the system doesn't boot.
    pub fn new(seed: u64, config: Config) -> Result<Self, WorldError> {
        Self::with_programs(seed, config, Programs::new())
    }

    /// A world in which these programs can be spawned.
    ///
    /// # Errors
    ///
    /// [`WorldError`] if the configuration makes no sense, a program blocks, or the system doesn't
    /// boot.
    pub fn with_programs(
        seed: u64,
        config: Config,
        programs: Programs,
    ) -> Result<Self, WorldError> {
        programs.check()?;
        config.check()?;
        let truth = Rc::new(Truth::default());
        let limits = Limits {
            domains_per_client_max: config.domains_per_client_max,
            calls_per_binding_max: CALLS_MAX,
            watch: boot::watch(&config),
        };
        let clock = VirtualClock::default();
        let oracle = Oracle::new(limits, clock.clone(), Rc::clone(&truth));
        let net = Net::new(oracle, Trace::new(config.trace_lines), config.room_max, seed);
        let shared = Rc::new(Shared {
            kernel: Kernel::new(),
            net,
            truth,
            config,
            programs,
            jobs: RefCell::default(),
            start_failure: Cell::default(),
            stopped: Cell::default(),
            ups: Cell::default(),
        });
        let mut world = Self {
            shared,
            random: Random::new(seed),
            loops: Vec::new(),
            platforms: Vec::new(),
            monitors: Vec::new(),
            services: Vec::new(),
            clock,
            steps: 0,
            hosts: 0,
            homes: Vec::new(),
            root: Cap::NULL,
            complained: false,
        };
        world.boot()?;
        Ok(world)
    }

    fn add_loop(&mut self, role: Role) -> Waitset {
        let waitset = Waitset::with_clock(Rc::new(self.clock.clone()), None);
        self.loops.push(Loop { waitset: waitset.clone(), role, stalled_until: 0, stuck_in: None });
        waitset
    }

    /// A home whose panics are violations.
    fn home(&self, waitset: Waitset, label: String) -> Home {
        let net: Weak<Net> = Rc::downgrade(&self.shared.net);
        let name = label.clone();
        let told = move |_: &(dyn std::any::Any + Send)| {
            if let Some(net) = net.upgrade() {
                net.state.borrow_mut().oracle.complain(format!("I16: {name} panicked"));
            }
        };
        Home::contained(waitset, self.shared.kernel.holder(), told).named(label)
    }

    pub(crate) fn tap(&self) -> tap::Installed {
        tap::install(Rc::clone(&self.shared.net) as _)
    }

    /// Somebody outside the system, on a loop of its own, with a client of the system at the monitor
    /// of `core`: where a test has its own services and clients.
    ///
    /// # Panics
    ///
    /// If there is no such core, or the system has no descriptor left.
    #[must_use]
    pub fn host(&mut self, core: CoreId) -> Host {
        let _tap = self.tap();
        self.hosts += 1;
        self.sweep_loops();
        let waitset = self.add_loop(Role::Host);
        let home = self.home(waitset, format!("host {}@{core}", self.hosts));
        let (half, own) = child_pair(core);
        let monitor = self.monitors.get(core.index()).expect("a host is on a core that exists");
        let _ = monitor.send(Command::AddOperator { half });
        self.homes.push(home.clone());
        let system = Domain::claim(own, &home).expect("it is the end of a monitor's binding");
        Host::new(core, system, home)
    }

    /// Forgets the loops of hosts that are gone.
    fn sweep_loops(&mut self) {
        self.loops.retain(|it| it.role != Role::Host || it.waitset.sources() > 0);
    }

    /// Takes one step.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that was noticed in it.
    pub fn step(&mut self) -> Result<Progress, Violation> {
        self.steps += 1;
        let _tap = self.tap();
        self.shared.net.begin(self.steps);
        let progress = self.turn();
        self.look()?;
        Ok(progress)
    }

    /// Does something outside of any loop, with every message that it sends seen.
    pub fn outside<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> R {
        let _tap = self.tap();
        act(self)
    }

    /// The first complaint of the oracle, once.
    pub(crate) fn look(&mut self) -> Result<(), Violation> {
        let state = self.shared.net.state.borrow();
        let Some(what) = state.oracle.complaints().first().filter(|_| !self.complained) else {
            return Ok(());
        };
        self.complained = true;
        Err(Violation { step: self.steps, what: what.clone(), trace: state.trace.lines() })
    }

    /// Heals everything but wedged programs and dead spawnds, then steps until nothing is left to do
    /// but heartbeats, of which each spawnd answers some, and checks what must hold then: every request
    /// answered, the table what the platforms know.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that was noticed.
    pub fn quiesce(&mut self) -> Result<(), Violation> {
        self.heal();
        self.rest()?;
        for _ in 0..HEARTBEATS_AT_REST {
            self.pass(boot::HEARTBEAT_PERIOD);
            self.rest()?;
        }
        let unanswered = self.shared.net.unanswered();
        let mut state = self.shared.net.state.borrow_mut();
        state.oracle.check_rest();
        for open in unanswered {
            state.oracle.complain(format!("I1: never answered: {open}"));
        }
        drop(state);
        self.look()
    }

    fn rest(&mut self) -> Result<(), Violation> {
        let until = self.steps + REST_STEPS_MAX;
        while self.step()? == Progress::Turn {
            if self.steps > until {
                let state = self.shared.net.state.borrow();
                let (step, trace) = (self.steps, state.trace.lines());
                let what = "liveness: the world doesn't come to rest".to_owned();
                return Err(Violation { step, what, trace });
            }
        }
        Ok(())
    }

    /// A digest of everything that happened: the same seed gives the same.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.shared.net.hash()
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.shared.net.state.borrow();
        Stats {
            steps: self.steps,
            sent: state.traffic.sent,
            received: state.traffic.received,
            calls: state.traffic.calls,
            requests: state.oracle.model.requests(),
            faults: state.coverage.faults(),
        }
    }

    /// The last things that happened, each with its step.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.shared.net.state.borrow().trace.lines()
    }

    pub(crate) fn platform(&self, core: CoreId) -> Option<&Rc<CorePlatform>> {
        self.platforms.get(core.index())
    }

    pub(crate) fn cores(&self) -> u8 {
        self.shared.config.cores
    }

    /// Lets virtual time pass.
    pub(crate) fn pass(&mut self, by: Duration) {
        self.clock.advance(by);
    }

    /// A cap of a domain, whether there is one or not.
    pub(crate) fn mint(&self, domain: u64, rights: Rights) -> Cap {
        let all = self.root.retype_domain(DomainId(domain), None);
        all.and_then(|all| all.copy_with(rights)).unwrap_or(Cap::NULL)
    }

    pub(crate) fn crash_spawnd(&mut self, core: CoreId) -> bool {
        self.platforms[core.index()].crash(ServiceKind::Spawnd)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
