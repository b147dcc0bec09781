//! What happens to a monitor, and what it does about it.
//!
//! `E` is an endpoint on its way to its owner. The machine only moves it from an event into an
//! effect, or drops it together with the refusal that it answers.

use std::time::Duration;

use flounder::{Badge, CoreId, DomainId, ErrVal, Iref};

use crate::peers::{ChildKey, ChildKind, Generation, Interface, RequestId};

/// Names a timer when it is due. Never given out twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimerId(pub u64);

/// Something the monitor is told.
#[derive(Clone, Hash, Debug)]
pub enum Event<E> {
    /// A dispatcher was started on this core and given a binding to its monitor.
    ChildAdded {
        /// That binding. Keys are never reused.
        child: ChildKey,
        /// What was started.
        kind: ChildKind,
    },
    /// A child's binding is closed: it ended, or it was cut off.
    ChildGone {
        /// Which one.
        child: ChildKey,
    },
    /// A child says something.
    Child {
        /// Which one.
        from: ChildKey,
        /// What.
        message: FromChild<E>,
    },
    /// A monitor was started and monitor 0, which hears this, has a link to it.
    LinkAdded {
        /// That monitor's core.
        core: CoreId,
    },
    /// Every link to the monitor of `core` is closed. If there are two and one closes, the handler
    /// closes the other and tells it once.
    LinkGone {
        /// That monitor's core.
        core: CoreId,
    },
    /// Another monitor says something.
    Peer {
        /// The core at the other end of the link, as this side knows it.
        from: CoreId,
        /// What.
        message: PeerMessage<E>,
    },
    /// The monitor's own service claimed the endpoint of an [`Effect::BindOwnService`], or refused.
    OwnServiceReply {
        /// The id in that effect.
        request: RequestId,
        /// Success, or why not.
        err: ErrVal,
    },
    /// The core's spawnd has ended, and with it whatever could be ended at once.
    SpawndEnded {
        /// Which life of it.
        generation: Generation,
        /// The domains it had started that are told to end and have not yet.
        left: Vec<DomainId>,
    },
    /// One of those has ended.
    SurvivorEnded {
        /// Which one.
        domain: DomainId,
    },
    /// The time of an [`Effect::ArmTimer`] is over.
    Timer {
        /// Which one.
        timer: TimerId,
    },
    /// The process manager wants a spawnd ended; only monitor 0 is told.
    FenceSpawnd {
        /// The spawnd's core.
        core: CoreId,
        /// Which life of it.
        generation: Generation,
    },
    /// The system shall stop; only monitor 0 is told.
    Shutdown,
    /// The process manager has stopped every domain that can be stopped.
    ShutdownDone {
        /// How many can't.
        wedged: u32,
    },
    /// The binding to the process manager is closed.
    ProcMgmtGone,
}

/// What a child says: the messages of the interface `monitor` in that direction.
#[derive(Clone, Hash, Debug)]
pub enum FromChild<E> {
    /// Asks for an iref.
    ExportRequest {
        /// Repeated in the reply.
        request: RequestId,
        /// What the service speaks.
        interface: Interface,
    },
    /// Takes an iref back.
    Unexport {
        /// Which one.
        iref: Iref,
    },
    /// Asks for a binding to a service.
    BindClientRequest {
        /// Repeated in the reply.
        request: RequestId,
        /// The service.
        iref: Iref,
        /// What the client speaks.
        interface: Interface,
        /// The service's end.
        endpoint: E,
    },
    /// A service accepted a binding, or refused it.
    BindServiceReply {
        /// The id of the monitor's request.
        request: RequestId,
        /// Success, or why not.
        err: ErrVal,
    },
    /// Asks for the name service's iref.
    GetNameIrefRequest {
        /// Repeated in the reply.
        request: RequestId,
    },
    /// Spawnd asks for the monitor end of a program about to start.
    AllocMonitorEpRequest {
        /// Repeated in the reply.
        request: RequestId,
        /// The program's domain.
        domain: DomainId,
    },
    /// Spawnd tells where it listens.
    SetSpawnIrefRequest {
        /// What it exported.
        iref: Iref,
    },
    /// The process manager hands over the one binding that may add a spawnd.
    SetProcMgmtEpRequest {
        /// The monitor's end.
        endpoint: E,
    },
    /// Answers a heartbeat.
    HeartbeatReply {
        /// The id of the monitor's request.
        request: RequestId,
    },
}

/// What monitors say to each other: the messages of the interface `intermon`.
#[derive(Clone, Hash, Debug)]
pub enum PeerMessage<E> {
    /// Asks monitor 0 to hand `endpoint` to the monitor of `target`.
    ConnectRequest {
        /// Who asks.
        from: CoreId,
        /// Who shall get it.
        target: CoreId,
        /// The target's end of a link.
        endpoint: E,
    },
    /// Monitor 0 hands over one end of a link.
    Connect {
        /// Who is at the other end.
        from: CoreId,
        /// This side's end.
        endpoint: E,
    },
    /// Monitor 0 knows no monitor there.
    ConnectFailed {
        /// Where.
        target: CoreId,
    },
    /// Forwards a bind request.
    BindRequest {
        /// Repeated in the reply.
        request: RequestId,
        /// The service.
        iref: Iref,
        /// What the client speaks.
        interface: Interface,
        /// Who the client is.
        peer: Badge,
        /// The service's end.
        endpoint: E,
    },
    /// Answers a bind request.
    BindReply {
        /// The id of that request.
        request: RequestId,
        /// Success, or why not.
        err: ErrVal,
    },
    /// Tells monitor 0 of a spawnd, or that one is gone.
    Spawnd(SpawndNews),
    /// Monitor 0 tells a monitor that the process manager wants its spawnd ended.
    FenceSpawnd {
        /// Which life of it.
        generation: Generation,
    },
}

/// What the process manager must know of the cores' spawnds: it says the same on its way to monitor 0
/// and from there on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SpawndNews {
    /// A spawnd listens.
    Add {
        /// Its core.
        core: CoreId,
        /// Which life of it.
        generation: Generation,
        /// Where it listens.
        iref: Iref,
    },
    /// A spawnd is gone.
    Remove {
        /// Its core.
        core: CoreId,
        /// Which life of it.
        generation: Generation,
        /// Domains that could not be ended, at most [`SURVIVORS_PER_MESSAGE_MAX`].
        ///
        /// [`SURVIVORS_PER_MESSAGE_MAX`]: crate::SURVIVORS_PER_MESSAGE_MAX
        survivors: Vec<DomainId>,
        /// True if another message brings more of them.
        more: bool,
    },
    /// A survivor has ended after all.
    SurvivorEnded {
        /// The core it was on.
        core: CoreId,
        /// Which one.
        domain: DomainId,
    },
}

impl SpawndNews {
    /// The core this is about.
    #[must_use]
    pub fn core(&self) -> CoreId {
        match *self {
            Self::Add { core, .. }
            | Self::Remove { core, .. }
            | Self::SurvivorEnded { core, .. } => core,
        }
    }
}

/// What a monitor wants done, in this order.
pub type Effects<E> = Vec<Effect<E>>;

/// Something the monitor wants done.
#[derive(Debug)]
pub enum Effect<E> {
    /// Send to a child.
    ToChild {
        /// Which one.
        to: ChildKey,
        /// What.
        message: ToChild<E>,
    },
    /// Send to the monitor of another core; there is a link, made before at the latest by
    /// [`Effect::Connect`].
    ToPeer {
        /// That monitor's core.
        to: CoreId,
        /// What.
        message: PeerMessage<E>,
    },
    /// Make the two ends of a link, keep one as the link to `target` and send the other to monitor 0
    /// in a connect request. The kept end works at once: what is sent waits there for the target.
    Connect {
        /// The core to link to.
        target: CoreId,
    },
    /// Claim this end of a link that the monitor of `core` made. If there is a link of one's own
    /// already, both stay: each side sends on the one it had first, and hears both.
    ClaimLink {
        /// The core at the other end.
        core: CoreId,
        /// The end to claim.
        endpoint: E,
    },
    /// Close every link to `core`: there is no monitor. Nothing is reported back.
    CloseLink {
        /// That core.
        core: CoreId,
    },
    /// Claim an end for the monitor's own name service and tell with [`Event::OwnServiceReply`].
    BindOwnService {
        /// The id for that event.
        request: RequestId,
        /// Who the client is.
        peer: Badge,
        /// The end to claim.
        endpoint: E,
    },
    /// Make an end for a new child [`ChildKind::Program`] of that domain, which is told with
    /// [`Event::ChildAdded`], and answer the request of `child` with it.
    AllocEndpoint {
        /// Who asked.
        child: ChildKey,
        /// The request to answer.
        request: RequestId,
        /// The new child's domain.
        domain: DomainId,
    },
    /// Send [`Event::Timer`] after a time. There is one timer; arming it anew disarms it first.
    ArmTimer {
        /// What the event has to name.
        timer: TimerId,
        /// When.
        after: Duration,
    },
    /// End this generation of the core's spawnd: its bindings and caps first, then what it started.
    /// [`Event::SpawndEnded`] follows.
    FenceSpawnd {
        /// Which life of it.
        generation: Generation,
    },
    /// Start a spawnd on this core.
    StartSpawnd {
        /// Which life it is.
        generation: Generation,
    },
    /// Say that this core stays without a spawnd: too many failed.
    GiveSpawndUp,
    /// Claim the end of the binding to the process manager.
    ClaimProcMgmt {
        /// The end to claim.
        endpoint: E,
    },
    /// Send to the process manager over that binding.
    ToProcMgmt(ToProcMgmt),
    /// Tell whoever asked for [`Event::Shutdown`] how it ended.
    Report(ShutdownOutcome),
    /// Log that a bind failed because the two sides speak different interfaces.
    LogMismatch {
        /// Who asked.
        client: Badge,
        /// The service it asked for.
        iref: Iref,
        /// What the client speaks.
        asked: Interface,
        /// What the service speaks.
        exported: Interface,
    },
}

/// What a child is told: the messages of the interface `monitor` in that direction.
#[derive(Clone, Hash, Debug)]
pub enum ToChild<E> {
    /// Answers an export request.
    ExportReply {
        /// The id of that request.
        request: RequestId,
        /// The iref, or why there is none.
        result: Result<Iref, ErrVal>,
    },
    /// Answers a bind request.
    BindClientReply {
        /// The id of that request.
        request: RequestId,
        /// Success, or why not.
        err: ErrVal,
    },
    /// Tells a service that somebody wants to bind to it.
    BindServiceRequest {
        /// To be repeated in the service's reply.
        request: RequestId,
        /// What the service exported.
        iref: Iref,
        /// Who the client is.
        peer: Badge,
        /// The service's end.
        endpoint: E,
    },
    /// Answers a request for the name service's iref.
    GetNameIrefReply {
        /// The id of that request.
        request: RequestId,
        /// The name service's iref.
        iref: Iref,
    },
    /// Asks a service whether it turns.
    Heartbeat {
        /// To be repeated in the answer.
        request: RequestId,
    },
    /// Refuses a monitor end; a granted one is [`Effect::AllocEndpoint`].
    AllocMonitorEpRefused {
        /// The id of that request.
        request: RequestId,
        /// Why.
        err: ErrVal,
    },
}

/// What monitor 0 tells the process manager.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToProcMgmt {
    /// A spawnd came or went.
    Spawnd(SpawndNews),
    /// Stop every domain and take no more.
    Shutdown,
}

/// How stopping the system went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShutdownOutcome {
    /// Every domain is stopped but for those that can't be.
    Done {
        /// How many can't.
        wedged: u32,
    },
    /// There is no process manager to stop the domains.
    NoProcMgmt,
}
