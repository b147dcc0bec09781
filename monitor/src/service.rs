//! The monitor at work: real bindings around the state machine.
//!
//! A handler here decides nothing. It turns a message into an [`Event`], hands it to the [`Machine`]
//! and carries out the [`Effects`] that come back. What that brings about, a child that is cut off
//! because it doesn't read, is the next event, in a loop and not in a recursion.
//!
//! An endpoint is taken out of its cap where it arrives and goes on in a cap of the monitor's own:
//! whoever sent it has no derivation left above it, and so no way to revoke it in a service's hands.

mod children;
mod links;
mod name_service;
mod proc_mgmt;

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use flounder::platform::{Platform, Service, ServiceEvent, ServiceKind, ServiceStart};
use flounder::{
    Badge, BindOptions, CoreId, Ctx, DomainId, ErrVal, Half, Home, Mailbox, Role, Timer, TxError,
};
use flounder_domain::convert::endpoint_of;
use flounder_idl::monitor::AllocMonitorEpReply;

use crate::event::{Effect, Effects, Event, PeerMessage, ShutdownOutcome};
use crate::log;
use crate::machine::{CHILDREN_MAX, Machine, WatchConfig};
use crate::peers::{ChildKey, ChildKind, Generation, RequestId};
use children::{Dispatchers, Tickets};
use links::Links;
use name_service::NameService;
use proc_mgmt::ProcMgmt;

pub use children::child_pair;
pub use links::link_pair;
pub use name_service::NAME_BINDINGS_PER_PEER_MAX;

/// How many commands may wait: a link to every core and as many operators. A turn takes one.
const COMMANDS_MAX: usize = 2 * CoreId::COUNT_MAX;

/// How many events of services may wait: every domain of a full core survives its spawnd and ends
/// at once, and each of the two services ends.
const SERVICE_EVENTS_MAX: usize = CHILDREN_MAX + 2;

/// The core whose monitor all others are linked to, and which starts the process manager.
const HUB: CoreId = CoreId(0);

/// The life of a service that is started with its monitor.
const GENERATION_FIRST: u64 = 1;

/// What a monitor is born with.
pub struct MonitorEnv {
    /// The core it runs on.
    pub core: CoreId,
    /// Where its dispatcher lives.
    pub home: Home,
    /// The way out.
    pub platform: Rc<dyn Platform>,
    /// One end of a [`link_pair`], whose other end monitor 0 gets with [`Command::AddLink`]. `None`
    /// on core 0.
    pub uplink: Option<Half>,
}

/// What whoever booted the system tells a monitor, from any thread.
#[derive(Debug)]
pub enum Command {
    /// Tells monitor 0 that another monitor was started.
    AddLink {
        /// That monitor's core.
        core: CoreId,
        /// Monitor 0's end of a [`link_pair`].
        half: Half,
    },
    /// Adds a dispatcher of whoever runs the system.
    AddOperator {
        /// The monitor's end of a [`child_pair`].
        half: Half,
    },
    /// Stops every domain; only monitor 0 can. [`Platform::shutdown_done`] follows, once.
    Shutdown,
    /// Hears no heartbeat of its spawnd any more, until another is started: for whoever wants to see
    /// what becomes of one that hangs.
    IgnoreHeartbeats,
}

/// Starts the monitor of a core and what it watches over: its spawnd and, on core 0 and before that,
/// the process manager. Commands go into the mailbox that is returned.
/// It runs as long as the service is held and its waitset is polled.
///
/// ```
/// use std::rc::Rc;
///
/// use flounder::platform::{Platform, ServiceStart};
/// use flounder::{CoreId, DomainId, Home, Kernel, Waitset};
/// use flounder_domain::Monitor;
/// use flounder_monitor::{Command, MonitorEnv, child_pair, start};
///
/// /// A platform on which nothing starts.
/// struct Bare;
///
/// impl Platform for Bare {
///     fn start_service(&self, _: ServiceStart) {}
///     // …
/// #   fn has_module(&self, _: &str) -> bool { false }
/// #   fn is_executable(&self, _: &std::path::Path) -> bool { false }
/// #   fn start_program(&self, _: flounder::platform::ProgramStart) {}
/// #   fn kill_program(&self, _: DomainId) {}
/// #   fn release_program(&self, _: DomainId) {}
/// #   fn core_up(&self, _: CoreId) {}
/// #   fn shutdown_done(&self, _: u32) {}
/// }
///
/// let (core, kernel, waitset) = (CoreId(0), Kernel::new(), Waitset::new());
/// let home = || Home::new(waitset.clone(), kernel.holder());
/// let env = MonitorEnv { core, home: home(), platform: Rc::new(Bare), uplink: None };
/// let (_service, commands) = start(env);
///
/// let (half, own) = child_pair(core);
/// commands.send(Command::AddOperator { half })?;
/// let operator = Monitor::claim(own, &home())?;
/// let iref = home().dispatcher(()).block_on(operator.name_iref())?;
/// assert_eq!(iref, flounder_monitor::NAME_SERVICE_IREF);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn start(env: MonitorEnv) -> (Service, Mailbox<Command>) {
    start_with(env, WatchConfig::default())
}

/// Starts the monitor of a core as [`start`] does, with a watch of one's own over its spawnd.
#[must_use]
pub fn start_with(env: MonitorEnv, watch: WatchConfig) -> (Service, Mailbox<Command>) {
    let MonitorEnv { core, home, platform, uplink } = env;
    let dispatcher = home.dispatcher(Monitor::new(core, platform, watch));
    let ctx = dispatcher.ctx();
    let commands = dispatcher.mailbox(COMMANDS_MAX, {
        let ctx = ctx.clone();
        move |monitor: &mut Monitor, command| monitor.command(&ctx, command)
    });
    let events = dispatcher.mailbox(SERVICE_EVENTS_MAX, {
        let ctx = ctx.clone();
        move |monitor: &mut Monitor, event| monitor.service_event(&ctx, event)
    });
    let settled =
        |ctx: Ctx<Monitor>| move |monitor: &mut Monitor, settled| monitor.settled(&ctx, settled);
    let tickets = Tickets {
        used: dispatcher.mailbox(CHILDREN_MAX, settled(ctx.clone())),
        unused: dispatcher.quiet_mailbox(CHILDREN_MAX, settled(ctx.clone())),
    };
    dispatcher.with(|monitor| {
        if let Some(uplink) = uplink {
            monitor.links.claim(&ctx, HUB, uplink);
        }
        monitor.events = Some(events);
        monitor.tickets = Some(tickets);
        for &service in services_of(core) {
            monitor.start_service(&ctx, service, GENERATION_FIRST);
        }
    });
    (Box::new(dispatcher), commands)
}

fn services_of(core: CoreId) -> &'static [ServiceKind] {
    match core {
        HUB => &[ServiceKind::ProcMgmt, ServiceKind::Spawnd],
        _ => &[ServiceKind::Spawnd],
    }
}

/// The state of a monitor's dispatcher: the machine, and the bindings of those it speaks of.
struct Monitor {
    core: CoreId,
    platform: Rc<dyn Platform>,
    machine: Machine,
    children: Dispatchers,
    links: Links,
    names: NameService,
    proc_mgmt: ProcMgmt,
    /// Where services' ends are told, once there is a mailbox.
    events: Option<Mailbox<ServiceEvent>>,
    /// Where programs that were started tell that they need their monitor, once there is a mailbox.
    tickets: Option<Tickets>,
    /// The one that the machine armed last.
    timer: Option<Timer>,
    /// Its spawnd's heartbeats aren't heard any more.
    is_deaf: bool,
}

/// What carrying out effects brought about.
type Raised = VecDeque<Event<Half>>;

impl Monitor {
    fn new(core: CoreId, platform: Rc<dyn Platform>, watch: WatchConfig) -> Self {
        Self {
            core,
            platform,
            machine: Machine::watching(core, name_service::interface(), watch),
            children: Dispatchers::default(),
            links: Links::default(),
            names: NameService::default(),
            proc_mgmt: ProcMgmt::default(),
            events: None,
            tickets: None,
            timer: None,
            is_deaf: false,
        }
    }

    fn command(&mut self, ctx: &Ctx<Self>, command: Command) {
        match command {
            Command::AddLink { core, half } => {
                if self.core == HUB && self.links.claim(ctx, core, half) {
                    self.handle(ctx, Event::LinkAdded { core });
                }
            }
            Command::AddOperator { half } => self.add_child(ctx, half, ChildKind::Operator),
            Command::Shutdown => self.handle(ctx, Event::Shutdown),
            Command::IgnoreHeartbeats => self.is_deaf = true,
        }
    }

    fn service_event(&mut self, ctx: &Ctx<Self>, event: ServiceEvent) {
        self.handle(
            ctx,
            match event {
                ServiceEvent::Ended { service: ServiceKind::Spawnd, generation, survivors } => {
                    Event::SpawndEnded { generation: Generation(generation), left: survivors }
                }
                ServiceEvent::Ended { service: ServiceKind::ProcMgmt, .. } => Event::ProcMgmtGone,
                ServiceEvent::SurvivorEnded { domain } => Event::SurvivorEnded { domain },
            },
        );
    }

    /// Starts a service, which may send to its monitor at once: the messages wait for their turn.
    fn start_service(&mut self, ctx: &Ctx<Self>, service: ServiceKind, generation: u64) {
        let Some(events) = self.events.clone() else { return };
        let kind = match service {
            ServiceKind::Spawnd => ChildKind::Spawnd { generation: Generation(generation) },
            ServiceKind::ProcMgmt => ChildKind::ProcMgmt,
        };
        let (own, monitor) = child_pair(self.core);
        self.add_child(ctx, own, kind);
        self.platform.start_service(ServiceStart { service, generation, monitor, events });
    }

    fn add_child(&mut self, ctx: &Ctx<Self>, half: Half, kind: ChildKind) {
        if let Some(child) = self.children.claim(ctx, half, kind.badge(self.core)) {
            self.handle(ctx, Event::ChildAdded { child, kind });
        }
    }

    fn handle(&mut self, ctx: &Ctx<Self>, event: Event<Half>) {
        let mut effects = Effects::new();
        self.machine.handle(event, &mut effects);
        self.carry_out(ctx, effects);
    }

    /// Carries out `effects`, and what follows from them. That ends: what is raised but answers an
    /// effect is that a binding was closed, and no effect opens one without an event from outside.
    fn carry_out(&mut self, ctx: &Ctx<Self>, mut effects: Effects<Half>) {
        let mut raised = Raised::new();
        loop {
            for effect in effects.drain(..) {
                self.act(ctx, effect, &mut raised);
            }
            let Some(event) = raised.pop_front() else { return };
            self.machine.handle(event, &mut effects);
        }
    }

    fn act(&mut self, ctx: &Ctx<Self>, effect: Effect<Half>, raised: &mut Raised) {
        match effect {
            Effect::ToChild { to, message } => {
                let reads = self.children.tell(&ctx.holder(), to, message);
                self.unless_child(to, reads, raised);
            }
            Effect::ToPeer { to, message } => self.tell_peer(ctx, to, message, raised),
            Effect::Connect { target } => self.connect(ctx, target, raised),
            Effect::ClaimLink { core, endpoint } => {
                self.links.claim(ctx, core, endpoint);
            }
            Effect::CloseLink { core } => self.links.close(core),
            Effect::BindOwnService { request, peer, endpoint } => {
                let err = self.names.claim(ctx, endpoint.stamped(peer)).err().unwrap_or(ErrVal::OK);
                raised.push_back(Event::OwnServiceReply { request, err });
            }
            Effect::AllocEndpoint { child, request, domain } => {
                self.alloc_endpoint(ctx, (child, request), domain, raised);
            }
            Effect::ArmTimer { timer, after } => {
                let at = ctx.waitset().now() + after;
                let own = ctx.clone();
                self.timer = Some(ctx.timer(at, move |monitor: &mut Self| {
                    monitor.handle(&own, Event::Timer { timer });
                }));
            }
            Effect::FenceSpawnd { generation: Generation(generation) } => {
                log::warn!("core {}: spawnd {generation} doesn't turn, it is ended", self.core);
                self.platform.fence_service(ServiceKind::Spawnd, generation);
            }
            Effect::StartSpawnd { generation: Generation(generation) } => {
                log::warn!("core {}: spawnd {generation} is started", self.core);
                self.is_deaf = false;
                self.start_service(ctx, ServiceKind::Spawnd, generation);
            }
            Effect::GiveSpawndUp => {
                log::warn!("core {}: too many spawnds failed, it stays without one", self.core);
                self.platform.service_given_up(ServiceKind::Spawnd);
            }
            Effect::ClaimProcMgmt { endpoint } => {
                if !self.proc_mgmt.claim(ctx, endpoint) {
                    raised.push_back(Event::ProcMgmtGone);
                }
            }
            Effect::ToProcMgmt(message) => {
                if !self.proc_mgmt.tell(message) {
                    raised.push_back(Event::ProcMgmtGone);
                }
            }
            Effect::Report(outcome) => self.report(outcome),
            Effect::LogMismatch { client, iref, asked, exported } => log::warn!(
                "bind to {iref} from domain {} on core {}: the client speaks `{}` ({}), the \
                 service `{}` ({}): generate both from the same file",
                client.domain,
                client.core,
                asked.name,
                asked.fingerprint,
                exported.name,
                exported.fingerprint
            ),
        }
    }

    /// Cuts a child off that doesn't read what it is sent.
    fn unless_child(&mut self, child: ChildKey, reads: bool, raised: &mut Raised) {
        if !reads {
            log::warn!("core {}: {child:?} doesn't read, its binding is closed", self.core);
            self.children.close(child);
            raised.push_back(Event::ChildGone { child });
        }
    }

    fn tell_peer(
        &mut self,
        ctx: &Ctx<Self>,
        to: CoreId,
        message: PeerMessage<Half>,
        raised: &mut Raised,
    ) {
        if !self.links.tell(&ctx.holder(), to, message) {
            log::warn!("core {}: the monitor of core {to} doesn't read, it is given up", self.core);
            self.links.close(to);
            raised.push_back(Event::LinkGone { core: to });
        }
    }

    fn connect(&mut self, ctx: &Ctx<Self>, target: CoreId, raised: &mut Raised) {
        let (own, endpoint) = link_pair();
        self.links.claim(ctx, target, own);
        let request = PeerMessage::ConnectRequest { from: self.core, target, endpoint };
        self.tell_peer(ctx, HUB, request, raised);
    }

    fn alloc_endpoint(
        &mut self,
        ctx: &Ctx<Self>,
        (asker, request): (ChildKey, RequestId),
        domain: DomainId,
        raised: &mut Raised,
    ) {
        let Some((child, endpoint)) = self.alloc_program(domain) else { return };
        raised.push_back(Event::ChildAdded { child, kind: ChildKind::Program { domain } });
        let endpoint = endpoint_of(endpoint, &ctx.holder());
        let reply = AllocMonitorEpReply { request: request.0, err: ErrVal::OK, endpoint };
        let reads = self.children.send(asker, reply);
        self.unless_child(asker, reads, raised);
    }

    fn report(&self, outcome: ShutdownOutcome) {
        let wedged = match outcome {
            ShutdownOutcome::Done { wedged } => wedged,
            ShutdownOutcome::NoProcMgmt => {
                log::warn!("there is no process manager to stop the domains");
                0
            }
        };
        self.platform.shutdown_done(wedged);
    }
}

/// The options of a channel behind which so many messages may wait.
fn options(outbox_max: usize) -> BindOptions {
    BindOptions::new().outbox_max(u32::try_from(outbox_max).unwrap_or(u32::MAX))
}

/// The badge of the monitor on `core`.
fn monitor_badge(core: CoreId) -> Badge {
    Badge { core, domain: DomainId::NONE, role: Role::Monitor }
}

/// False if a message was refused because the peer doesn't read. That it is gone is for the error
/// handler of its binding to say.
fn reads<T>(sent: &Result<(), TxError<T>>) -> bool {
    matches!(sent, Ok(()) | Err(TxError::Closed(_)))
}

impl fmt::Debug for MonitorEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitorEnv")
            .field("core", &self.core)
            .field("home", &self.home)
            .field("uplink", &self.uplink)
            .finish_non_exhaustive()
    }
}
