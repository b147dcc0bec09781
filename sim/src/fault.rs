//! What can go wrong in a world.

use flounder::CoreId;

/// Something that goes wrong. [`World::inject`](crate::World::inject) makes it happen; what a fault
/// doesn't name is drawn from the seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// What was sent to somebody arrives later, after what others sent: order between channels
    /// changes, order within one never.
    Delay,
    /// Somebody finds a channel full for a while.
    FullChannel,
    /// A monitor has no turn for a while.
    SlowMonitor(CoreId),
    /// A spawnd has no turn for a while.
    SpawndHang(CoreId),
    /// A spawnd has no turn any more, until its monitor ends it or the world is healed.
    SpawndStuck(CoreId),
    /// A spawnd panics: its generation is over, its programs are killed.
    SpawndCrash(CoreId),
    /// A spawnd panics, and some of its successors do as soon as they are started.
    SpawndCrashLoop(CoreId),
    /// Time passes in which nobody had a turn: a heartbeat is due, and grace times are over.
    TimePasses,
    /// A program that runs returns.
    ProgramExit,
    /// A program that runs panics.
    ProgramCrash,
    /// A program that runs won't end when it is killed, until the world is healed.
    ProgramWedge,
    /// The next program can't be started: its image is gone, it can't run, it can't span.
    StartFailure,
    /// The next program is refused an endpoint by its monitor.
    EndpointRefused,
    /// The next cap on its way to the process manager can't be transferred.
    CapTransferFails,
    /// The next message with a domain's cap to the process manager comes as bytes that are none.
    MalformedBytes,
    /// A loop is woken although there is nothing to do.
    SpuriousWake,
    /// Whoever has a host dies: its bindings close, its caps are gone.
    ClientDeath,
}

/// What a run may have reached besides the cells of the tables: every kind of fault, however it came
/// about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mark {
    Delay,
    FullChannel,
    SlowMonitor,
    SpawndHang,
    SpawndStuck,
    SpawndCrash,
    SpawndCrashLoop,
    SpawndFenced,
    SpawndGivenUp,
    TimePasses,
    ProgramExit,
    ProgramCrash,
    ProgramWedge,
    ExitBeforeReply,
    StartFailure,
    EndpointRefused,
    CapTransferFails,
    MalformedBytes,
    SpuriousWake,
    ClientDeath,
    QuotaExhausted,
    StrangerAddsSpawnd,
    StrangerCommandsSpawnd,
    StrangerPosesAsSpawnd,
    UnsolicitedReply,
    DuplicatedReply,
    WrongKindReply,
    FalseDeath,
    TooManyCalls,
    Shutdown,
}

impl Mark {
    pub(crate) const ALL: [Self; 30] = [
        Self::Delay,
        Self::FullChannel,
        Self::SlowMonitor,
        Self::SpawndHang,
        Self::SpawndStuck,
        Self::SpawndCrash,
        Self::SpawndCrashLoop,
        Self::SpawndFenced,
        Self::SpawndGivenUp,
        Self::TimePasses,
        Self::ProgramExit,
        Self::ProgramCrash,
        Self::ProgramWedge,
        Self::ExitBeforeReply,
        Self::StartFailure,
        Self::EndpointRefused,
        Self::CapTransferFails,
        Self::MalformedBytes,
        Self::SpuriousWake,
        Self::ClientDeath,
        Self::QuotaExhausted,
        Self::StrangerAddsSpawnd,
        Self::StrangerCommandsSpawnd,
        Self::StrangerPosesAsSpawnd,
        Self::UnsolicitedReply,
        Self::DuplicatedReply,
        Self::WrongKindReply,
        Self::FalseDeath,
        Self::TooManyCalls,
        Self::Shutdown,
    ];
}
