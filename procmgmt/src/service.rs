//! The process manager as a service: a dispatcher whose handlers turn messages into events of the
//! [`machine`](crate::machine) and carry out the effects. Nothing is decided here.
//!
//! Handlers never wait. What they start answers later, in the mailbox: a bind to a spawnd, and the
//! drop of a domain's last cap, which may happen on any thread and inside any handler.

mod caps;
mod clients;
mod convert;
mod handlers;
mod orders;
mod public;
mod spawnds;

use std::collections::VecDeque;
use std::rc::Rc;

use flounder::platform::{Platform, Service, ServiceEnv};
use flounder::{
    AnyBinding, BindOptions, Cap, CoreId, Dispatcher, DomainId, ErrVal, Half, Mailbox, Transfer,
};
use flounder_domain::Monitor;
use flounder_idl::proc_mgmt::{Binding, FenceSpawnd, Interface, ShutdownDone};

use self::caps::Mint;
use self::clients::Clients;
pub use self::clients::{BINDINGS_PER_DOMAIN_MAX, CALLS_PER_BINDING_MAX};
use self::orders::Luggage;
use self::spawnds::{SpawndId, Spawnds};
use crate::log;
use crate::machine::{Config, Effect, Effects, Event, Generation, Machine};

/// How many letters the mailbox holds: it refuses none, since a refused one would be lost. They are
/// bounded by what causes them: one for each domain, which quotas limit, and one for each bind under
/// way.
const LETTERS_MAX: usize = usize::MAX;

/// Starts the process manager; see [`start_with`].
///
/// # Panics
///
/// As [`start_with`].
#[must_use = "dropping the service ends it"]
pub fn start(env: ServiceEnv) -> Service {
    start_with(env, Config::default())
}

/// Starts the process manager with limits of one's own. It gives its monitor the binding that may
/// add spawnds, exports itself and registers as `proc_mgmt`.
///
/// # Panics
///
/// If `env` is not what a process manager is born with: the end of a monitor binding, and the root
/// `ProcessManager` cap of the same system.
#[must_use = "dropping the service ends it"]
pub fn start_with(env: ServiceEnv, config: Config) -> Service {
    let ServiceEnv { home, monitor, process_manager, platform, .. } = env;
    let root = process_manager.transfer(Transfer::Move, home.holder());
    let root = root.unwrap_or_else(|_| panic!("the root cap belongs to the service's system"));
    let monitor = Monitor::claim(monitor, &home)
        .unwrap_or_else(|error| panic!("a service is born with a monitor binding: {error}"));

    let dispatcher = home.dispatcher(ProcMgmt::new(root, monitor.clone(), platform, config));
    let mailbox = dispatcher.mailbox(LETTERS_MAX, ProcMgmt::read);
    let (own, monitors) = flounder::pair::<Interface>(BindOptions::new());
    let binding = dispatcher
        .accept::<Interface>(own, &handlers::MONITOR)
        .unwrap_or_else(|error| unreachable!("both halves were made for it: {error}"));
    dispatcher.with(|state| state.open(mailbox, binding));
    monitor.set_proc_mgmt_ep(monitors);

    let names = home.dispatcher(());
    public::announce(&monitor, &dispatcher.ctx(), names.ctx());
    Box::new(Running { _dispatcher: dispatcher, _names: names, _monitor: monitor })
}

/// A running process manager.
struct Running {
    _dispatcher: Dispatcher<ProcMgmt>,
    /// Where the name is held.
    _names: Dispatcher<()>,
    _monitor: Monitor,
}

/// What reaches the service from outside its bindings.
enum Letter {
    /// Nobody has a cap to the domain any more.
    LastDrop(DomainId),
    /// A bind to a spawnd ended.
    Bound { spawnd: SpawndId, half: Result<Half, ErrVal> },
}

/// The state of the service's dispatcher.
struct ProcMgmt {
    machine: Machine<Luggage>,
    /// Empty between events; kept for its room.
    effects: Effects,
    /// What carrying out effects brought about.
    events: VecDeque<Event<Luggage>>,
    clients: Clients,
    spawnds: Spawnds,
    mint: Mint,
    monitor: Monitor,
    platform: Rc<dyn Platform>,
    /// Both are there as soon as the dispatcher is.
    mailbox: Option<Mailbox<Letter>>,
    monitors: Option<Binding<ProcMgmt>>,
}

impl ProcMgmt {
    fn new(root: Cap, monitor: Monitor, platform: Rc<dyn Platform>, config: Config) -> Self {
        Self {
            machine: Machine::new(config),
            effects: Effects::default(),
            events: VecDeque::new(),
            clients: Clients::default(),
            spawnds: Spawnds::default(),
            mint: Mint::new(root),
            monitor,
            platform,
            mailbox: None,
            monitors: None,
        }
    }

    /// Connects the state with its dispatcher.
    fn open(&mut self, mailbox: Mailbox<Letter>, monitors: Binding<Self>) {
        self.mint.report_to(mailbox.clone());
        self.mailbox = Some(mailbox);
        self.clients.admit_monitor(&monitors);
        self.monitors = Some(monitors);
    }

    fn read(&mut self, letter: Letter) {
        match letter {
            Letter::LastDrop(domain) => self.handle(Event::LastCapDropped(domain)),
            Letter::Bound { spawnd, half } => self.bind_ended(spawnd, half),
        }
    }

    /// Feeds the machine an event and carries out what it says, and what comes of that.
    fn handle(&mut self, event: Event<Luggage>) {
        self.events.push_back(event);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(event) = self.events.pop_front() {
            let mut effects = std::mem::take(&mut self.effects);
            self.machine.handle(event, &mut effects);
            for effect in effects.drain() {
                self.carry_out(effect);
            }
            self.effects = effects;
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Answer(reply, answer) => self.clients.answer(reply, answer),
            Effect::BindSpawnd { core, generation, iref } => {
                self.spawnds.want((core, generation), iref);
                self.bind_spawnds();
            }
            Effect::CloseSpawnd { core, generation } => self.spawnds.close((core, generation)),
            Effect::FenceSpawnd { core, generation } => self.fence(core, generation),
            Effect::Owes(core) => self.feed(core),
            Effect::CloseClient(key) => {
                self.clients.close(key);
                self.events.push_back(Event::ClientGone(key));
            }
            // Nothing is kept by domain: the caps are with the answers and orders that carry them.
            Effect::Freed(_) => {}
            Effect::ShutdownDone { wedged } => self.shutdown_done(wedged),
        }
    }

    fn fence(&mut self, core: CoreId, generation: Generation) {
        let Some(monitors) = &self.monitors else { return };
        let fence = FenceSpawnd { core: core.0, generation: generation.0 };
        if let Err(error) = monitors.send_or_queue(fence) {
            log::error!("the monitor can't be told to fence the spawnd of core {core}: {error}");
        }
    }

    fn shutdown_done(&mut self, wedged: u32) {
        let Some(monitors) = &self.monitors else { return };
        if let Err(error) = monitors.send_or_queue(ShutdownDone { wedged }) {
            log::error!("the monitor can't be told that everything is stopped: {error}");
        }
    }
}
