//! The lifecycle tables: which event does what in which state. Everything the machine decides by
//! state it looks up here, so that the tables can be read beside the document and checked cell by
//! cell; what an entry means in detail is the business of the code that carries it out.

use flounder::ErrCode;

use super::domain::{CoreState, State};

/// What clients ask and what happens to them: the rows of [`Table::requests`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// `span`.
    Span,
    /// `kill`.
    Kill,
    /// `exit` of the sender's own domain.
    ExitOwn,
    /// `exit` with another domain's cap.
    ExitOther,
    /// `wait`.
    Wait,
    /// `wait` with `nohang`.
    WaitNohang,
    /// `get_status`.
    GetStatus,
    /// `get_domainlist`, for each domain.
    GetDomainlist,
    /// The client of a queued request dies.
    ClientDies,
    /// The last cap to a domain is dropped.
    LastCap,
}

/// The columns of [`Table::requests`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The null cap, a wrong type, or a right is missing.
    NoRight,
    /// There is no such domain.
    NoEntry,
    /// The domain is in that state.
    In(State),
}

impl Column {
    fn index(self) -> usize {
        match self {
            Self::NoRight => 0,
            Self::NoEntry => 1,
            Self::In(state) => 2 + state as usize,
        }
    }
}

/// An entry of [`Table::requests`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Can't happen.
    Never,
    /// Answer this error.
    Refuse(ErrCode),
    /// Check core, earlier spans and spawnd, in this order, then ask the spawnd.
    Extend,
    /// Remember the cause until the spawnd's reply; queue the killer, if there is one.
    Remember,
    /// Fix the cause, stop every core; queue the killer, if there is one.
    Stop,
    /// Queue the killer, unless a core is wedged.
    Join,
    /// Do nothing.
    Ignore,
    /// Drop the message, count it.
    Drop,
    /// Drop the message, count it; the third time close the binding.
    Strike,
    /// Queue the waiter.
    Queue,
    /// Answer that the domain is alive.
    Alive,
    /// Answer the exit status.
    Final,
    /// Tell the domain's state.
    Tell,
    /// Is in the list.
    Listed,
    /// Is not in the list.
    Unlisted,
    /// Drop the client's queue entries.
    Forget,
    /// Free the record as soon as the domain is cleaned up.
    Detach,
    /// Free the record.
    Free,
}

/// What happens to a domain on one core: the columns of [`Table::cores`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CoreColumn {
    /// The reply says OK.
    Ok,
    /// The reply says `SPAWN_ERR_DOMAIN_NOTFOUND`.
    NotFound,
    /// The reply says `SPAWN_ERR_DOMAIN_RUNNING`.
    StillRuns,
    /// The reply says another error.
    Failed,
    /// It failed and was retried often enough.
    GaveUp,
    /// It died by itself.
    Died,
    /// A stop begins.
    Stop,
    /// The spawnd is down, the domain with it.
    Down,
    /// The spawnd is down, the domain survived it.
    Survived,
    /// The domain enters STOPPED.
    Stopped,
}

/// An entry of [`Table::cores`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CoreCell {
    /// Can't happen.
    Never,
    /// Do nothing.
    Ignore,
    /// Do nothing but count a reply to what is decided already.
    Late,
    /// Do nothing but count a death of something that isn't there.
    Stray,
    /// The spawn failed: the entry goes, everybody who asked is answered.
    Fail,
    /// The core enters that state, and then something else happens.
    Go(CoreState, Then),
}

/// What a change of a core's state brings with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// NIL → RUNNING, the spawn is answered, and what was remembered is applied.
    Begin,
    /// The span is answered, and what was remembered is applied.
    EndSpan,
    /// What was asked for failed, but runs: its client hears of the failure, the domain lost a core.
    Strand,
    /// Owe the spawnd a kill.
    SendKill,
    /// Owe the spawnd a cleanup.
    SendCleanup,
    /// Owe the spawnd the same once more.
    Retry,
    /// Remember the event until the reply comes.
    Remember,
    /// The death fixes the cause and stops the other cores.
    Death,
    /// The loss of the core fixes the cause and stops the other cores.
    Lost,
    /// Count resources that were not given back.
    Leak,
}

/// How a core's spawnd stands: the rows of [`Table::slots`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SlotState {
    /// There never was one, or the bind to it failed.
    Absent,
    /// The bind to it is under way.
    Binding,
    /// It obeys.
    Up,
    /// Its binding is gone, and the monitor hasn't told yet what survived it. Until then nothing
    /// can be said of the domains there: an OK to `kill` or `wait` could be a lie.
    Lost,
    /// Its generation is gone.
    Down,
}

/// What happens to a slot: the columns of [`Table::slots`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotColumn {
    /// A client asks to spawn there.
    Spawn,
    /// The monitor adds the generation that is or was there already, or an older one.
    AddSame,
    /// The monitor adds a newer generation.
    AddNewer,
    /// Somebody else adds a generation.
    AddForeign,
    /// The monitor removes this generation.
    Remove,
    /// The bind or the binding of this generation ended.
    Closed,
    /// The bind of this generation succeeded.
    Bound,
    /// A reply of this generation came.
    Reply,
}

/// An entry of [`Table::slots`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotAct {
    /// Do nothing.
    Ignore,
    /// Answer `PROC_MGMT_ERR_INVALID_SPAWND`.
    Refuse,
    /// Check the quota, then make an entry and ask the spawnd.
    Accept,
    /// Bind to the new generation.
    Bind,
    /// Down for the old generation, then bind to the new one.
    Replace,
    /// Count `PROC_MGMT_ERR_SPAWND_EXISTS`.
    Exists,
    /// Count `PROC_MGMT_ERR_NOT_MONITOR`.
    NotMonitor,
    /// Stop binding: ABSENT.
    Unbind,
    /// Down for this generation.
    Down,
    /// Send nothing more to this generation: LOST.
    Lose,
    /// It obeys now: UP.
    Raise,
    /// Close a binding that came too late.
    Close,
    /// Match the reply by id and kind.
    Match,
    /// Drop and count a reply of a generation that is gone.
    Stale,
    /// Close the generation of a spawnd that broke the rules.
    Violation,
}

/// The tables. [`Table::LIFECYCLE`] is the one the process manager runs on; tests run it on tables
/// with single entries changed, to show that every entry matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// By [`Request`] and [`Column`].
    pub requests: [[Act; 7]; 10],
    /// By [`CoreState`] and [`CoreColumn`].
    pub cores: [[CoreCell; 10]; 9],
    /// By [`SlotState`] and [`SlotColumn`].
    pub slots: [[SlotAct; 8]; 5],
}

impl Table {
    /// What a request does to a domain.
    #[must_use]
    pub fn request(&self, request: Request, column: Column) -> Act {
        self.requests[request as usize][column.index()]
    }

    /// What an event does to a domain on a core in `state`.
    #[must_use]
    pub fn core(&self, state: CoreState, column: CoreColumn) -> CoreCell {
        self.cores[state as usize][column as usize]
    }

    /// What an event does to a slot.
    #[must_use]
    pub fn slot(&self, state: SlotState, column: SlotColumn) -> SlotAct {
        self.slots[state as usize][column as usize]
    }

    /// The lifecycle of domains and spawnds.
    pub const LIFECYCLE: Self = Self { requests: REQUESTS, cores: CORES, slots: SLOTS };
}

const HASH: Act = Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH);
const FIND: Act = Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND);
const NOTRUN: Act = Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING);

#[rustfmt::skip]
const REQUESTS: [[Act; 7]; 10] = {
    use Act::{
        Alive, Detach, Drop, Extend, Final, Forget, Free, Ignore, Join, Listed, Never, Queue,
        Remember, Stop, Strike, Tell, Unlisted,
    };
    [   // no right  no entry  NIL       RUNNING   STOP_PEND STOPPED   CLEANED
        [HASH,       FIND,     NOTRUN,   Extend,   NOTRUN,   NOTRUN,   NOTRUN],   // Span
        [HASH,       FIND,     Remember, Stop,     Join,     NOTRUN,   NOTRUN],   // Kill
        [Strike,     Drop,     Remember, Stop,     Ignore,   Ignore,   Ignore],   // ExitOwn
        [Drop,       Drop,     Drop,     Drop,     Drop,     Drop,     Drop],     // ExitOther
        [HASH,       FIND,     Queue,    Queue,    Queue,    Final,    Final],    // Wait
        [HASH,       FIND,     Alive,    Alive,    Alive,    Final,    Final],    // WaitNohang
        [Never,      FIND,     Tell,     Tell,     Tell,     Tell,     Tell],     // GetStatus
        [Never,      Never,    Listed,   Listed,   Listed,   Listed,   Unlisted], // GetDomainlist
        [Never,      Never,    Forget,   Forget,   Forget,   Never,    Never],    // ClientDies
        [Never,      Ignore,   Detach,   Detach,   Detach,   Detach,   Free],     // LastCap
    ]
};

#[rustfmt::skip]
const CORES: [[CoreCell; 10]; 9] = {
    use CoreCell::{Fail, Go, Ignore, Late, Never, Stray};
    use CoreState::{Clean, CleanPend, Dead, KillPend, None, Run, SpanPend, SpawnPend, Wedged};
    use Then::{
        Begin, Death, EndSpan, Leak, Lost, Nothing, Remember, Retry, SendCleanup, SendKill, Strand,
    };
    const fn go(to: CoreState) -> CoreCell { Go(to, Nothing) }
    const NO_SPAN: CoreCell = Go(None, EndSpan);
    const RETRY_KILL: CoreCell = Go(KillPend, Retry);
    const RETRY_CLEANUP: CoreCell = Go(CleanPend, Retry);
    const WEDGED: CoreCell = go(Wedged);
    [
        [   // None
            Never, Never, Never, Never, Never,
            Stray, Never, Never, Never, Never,
        ], [ // SpawnPend
            /* Ok       */ Go(Run, Begin),
            /* NotFound */ Fail,
            /* StillRuns*/ Fail,
            /* Failed   */ Fail,
            /* GaveUp   */ Never,
            /* Died     */ Go(SpawnPend, Remember),
            /* Stop     */ Go(SpawnPend, Remember),
            /* Down     */ Fail,
            /* Survived */ Go(Wedged, Strand),
            /* Stopped  */ Never,
        ], [ // SpanPend
            /* Ok       */ Go(Run, EndSpan),
            /* NotFound */ NO_SPAN,
            /* StillRuns*/ NO_SPAN,
            /* Failed   */ NO_SPAN,
            /* GaveUp   */ Never,
            /* Died     */ Go(SpanPend, Remember),
            /* Stop     */ Ignore,
            /* Down     */ NO_SPAN,
            /* Survived */ Go(Wedged, Strand),
            /* Stopped  */ Never,
        ], [ // Run
            Never, Never, Never, Never, Never,
            /* Died     */ Go(Dead, Death),
            /* Stop     */ Go(KillPend, SendKill),
            /* Down     */ Go(Clean, Lost),
            /* Survived */ Go(Wedged, Lost),
            /* Stopped  */ Never,
        ], [ // KillPend
            /* Ok       */ go(Dead),
            /* NotFound */ go(Dead),
            /* StillRuns*/ WEDGED,
            /* Failed   */ RETRY_KILL,
            /* GaveUp   */ WEDGED,
            /* Died     */ go(Dead),
            /* Stop     */ Never,
            /* Down     */ go(Clean),
            /* Survived */ WEDGED,
            /* Stopped  */ Never,
        ], [ // Wedged
            Never, Never, Never, Never, Never,
            /* Died     */ go(Dead),
            /* Stop     */ Never,
            /* Down     */ go(Clean),
            /* Survived */ Ignore,
            /* Stopped  */ Never,
        ], [ // Dead
            /* Ok       */ Late,
            /* NotFound */ Late,
            /* StillRuns*/ Late,
            /* Failed   */ Late,
            /* GaveUp   */ Never,
            /* Died     */ Ignore,
            /* Stop     */ Never,
            /* Down     */ go(Clean),
            /* Survived */ WEDGED,
            /* Stopped  */ Go(CleanPend, SendCleanup),
        ], [ // CleanPend
            /* Ok       */ go(Clean),
            /* NotFound */ go(Clean),
            /* StillRuns*/ RETRY_CLEANUP,
            /* Failed   */ RETRY_CLEANUP,
            /* GaveUp   */ Go(Clean, Leak),
            /* Died     */ Ignore,
            /* Stop     */ Never,
            /* Down     */ go(Clean),
            /* Survived */ WEDGED,
            /* Stopped  */ Never,
        ], [ // Clean
            Never, Never, Never, Never, Never,
            /* Died     */ Stray,
            /* Stop     */ Never,
            /* Down     */ Never,
            /* Survived */ WEDGED,
            /* Stopped  */ Never,
        ],
    ]
};

#[rustfmt::skip]
const SLOTS: [[SlotAct; 8]; 5] = {
    use SlotAct::{
        Accept, Bind, Close, Down, Exists, Ignore, Lose, Match, NotMonitor, Raise, Refuse, Replace,
        Stale, Unbind, Violation,
    };
    [   // Spawn  AddSame AddNewer AddForeign  Remove  Closed  Bound   Reply
        [Refuse,  Ignore, Bind,    NotMonitor, Ignore, Ignore, Close,  Stale],     // Absent
        [Refuse,  Exists, Bind,    NotMonitor, Unbind, Unbind, Raise,  Violation], // Binding
        [Accept,  Exists, Replace, NotMonitor, Down,   Lose,   Ignore, Match],     // Up
        [Refuse,  Exists, Replace, NotMonitor, Down,   Ignore, Close,  Stale],     // Lost
        [Refuse,  Ignore, Bind,    NotMonitor, Ignore, Ignore, Close,  Stale],     // Down
    ]
};
