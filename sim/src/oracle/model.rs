//! The process manager as the lifecycle page describes it: what there is of domains, cores, slots.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flounder::{ErrCode, Iref};
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::ExitCause;

use super::Limits;
use super::answers::{Due, Waiting};
use crate::coverage::Coverage;

/// How a domain stands (§2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum State {
    Nil,
    Running,
    StopPend,
    Stopped,
    Cleaned,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nil => "NIL",
            Self::Running => "RUNNING",
            Self::StopPend => "STOP_PEND",
            Self::Stopped => "STOPPED",
            Self::Cleaned => "CLEANED",
        }
    }
}

/// How a domain stands on one core (§2). NONE is the absence of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Core {
    SpawnPend,
    SpanPend,
    Run,
    KillPend,
    Wedged,
    Dead,
    CleanPend,
    Clean,
}

impl Core {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SpawnPend => "SPAWN_PEND",
            Self::SpanPend => "SPAN_PEND",
            Self::Run => "RUN",
            Self::KillPend => "KILL_PEND",
            Self::Wedged => "WEDGED",
            Self::Dead => "DEAD",
            Self::CleanPend => "CLEAN_PEND",
            Self::Clean => "CLEAN",
        }
    }
}

/// What ended a domain.
pub(super) type End = (ExitCause, u8);

pub(super) const KILLED: End = (ExitCause::Killed, 9);
pub(super) const CORE_LOST: End = (ExitCause::CoreLost, 254);

/// The request that a core's state stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// None, or it is answered.
    Nothing,
    /// The spawnd has still to be asked.
    Owed(RequestKind),
    /// The spawnd was asked, under this id.
    Asked(u64),
}

/// A domain on one core.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) state: Core,
    pub(super) generation: u64,
    pub(super) order: Order,
    pub(super) retries: u8,
    /// A death seen before the reply.
    pub(super) died: Option<End>,
    pub(super) asker: Option<Waiting>,
}

/// A domain.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) owner: u64,
    pub(super) state: State,
    pub(super) end: Option<End>,
    pub(super) parts: BTreeMap<u8, Part>,
    pub(super) killers: Vec<Waiting>,
    pub(super) waiters: Vec<Waiting>,
    pub(super) program: String,
    pub(super) argv: Vec<u8>,
    /// The channel of the binding it ends with.
    pub(super) tied: Option<u64>,
    /// Its spawner may span it.
    pub(super) spans: bool,
    /// Its spawn failed, and it runs on without its spawnd: nobody was given a cap.
    pub(super) stranded: bool,
    /// A status said that the record is gone.
    pub(super) freed: bool,
}

impl Domain {
    pub(super) fn has(&self, state: Core) -> bool {
        self.parts.values().any(|part| part.state == state)
    }

    pub(super) fn is_still(&self) -> bool {
        self.parts.values().all(|part| matches!(part.state, Core::Dead | Core::Clean))
    }

    /// True if its record is gone, as far as is known.
    pub(super) fn is_freed(&self) -> bool {
        self.freed || (self.stranded && self.state == State::Cleaned)
    }

    pub(super) fn is_clean(&self) -> bool {
        self.parts.values().all(|part| part.state == Core::Clean)
    }
}

/// How a slot stands (§3), and LOST: the binding is gone, the monitor's word is awaited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stand {
    Absent,
    Binding,
    Up,
    Lost,
    Down,
}

impl Stand {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Absent => "ABSENT",
            Self::Binding => "BINDING",
            Self::Up => "UP",
            Self::Lost => "LOST",
            Self::Down => "DOWN",
        }
    }
}

/// The spawnd of a core.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) stand: Stand,
    pub(super) generation: u64,
    /// What it was asked: domain and kind.
    pub(super) asked: BTreeMap<u64, (u64, RequestKind)>,
    pub(super) survivors: BTreeSet<u64>,
    /// The channel over which it obeys.
    pub(super) channel: Option<u64>,
    /// Where it listens, for strangers to try.
    pub(super) iref: Iref,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            stand: Stand::Absent,
            generation: 0,
            asked: BTreeMap::new(),
            survivors: BTreeSet::new(),
            channel: None,
            iref: Iref::NULL,
        }
    }
}

/// A client's binding.
#[derive(Default, Debug)]
pub(super) struct Client {
    pub(super) strikes: u8,
    /// Calls other than waits that are not answered.
    pub(super) calls: u32,
    /// Answers it is owed, in their order.
    pub(super) due: VecDeque<Due>,
    pub(super) gone: bool,
    /// The process manager may close it now.
    pub(super) may_close: bool,
}

/// A process manager after the page.
pub(crate) struct Model {
    pub(super) limits: Limits,
    pub(super) domains: BTreeMap<u64, Domain>,
    pub(super) slots: BTreeMap<u8, Slot>,
    pub(super) clients: BTreeMap<u64, Client>,
    /// Channels to spawnds that the process manager may close.
    pub(super) may_close: BTreeSet<u64>,
    pub(super) last_domain: u64,
    pub(super) last_request: u64,
    /// Answers of one batch may come in any order.
    pub(super) batch: u64,
    pub(super) shutdown: bool,
    pub(super) requests: u64,
    /// The world is being torn down: everything closes.
    pub(crate) ended: bool,
}

impl Model {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            domains: BTreeMap::new(),
            slots: BTreeMap::new(),
            clients: BTreeMap::new(),
            may_close: BTreeSet::new(),
            last_domain: 0,
            last_request: 0,
            batch: 0,
            shutdown: false,
            requests: 0,
            ended: false,
        }
    }

    /// How many requests were received.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// The process manager takes a client.
    pub(super) fn admit(&mut self, channel: u64) {
        self.clients.insert(channel, Client::default());
    }

    pub(super) fn stand(&self, core: u8) -> Stand {
        self.slots.get(&core).map_or(Stand::Absent, |slot| slot.stand)
    }

    /// The domains in a state, for those who strike where it hurts.
    pub(crate) fn in_state(&self, state: State) -> Vec<u64> {
        let found = self.domains.iter().filter(|(_, domain)| domain.state == state);
        found.map(|(&id, _)| id).collect()
    }

    /// Where the spawnd of a core listens.
    pub(crate) fn spawnd_iref(&self, core: u8) -> Option<Iref> {
        self.slots.get(&core).map(|slot| slot.iref)
    }

    /// The last domain that was accepted.
    pub(crate) fn last_domain(&self) -> u64 {
        self.last_domain
    }

    /// The domains that a life of a core's spawnd has something of, and that aren't over.
    pub(crate) fn parts_of(&self, core: u8, generation: u64) -> Vec<u64> {
        let there = |domain: &Domain| {
            let part = domain.parts.get(&core);
            domain.state != State::Cleaned && part.is_some_and(|it| it.generation == generation)
        };
        self.domains.iter().filter(|(_, domain)| there(domain)).map(|(&id, _)| id).collect()
    }

    /// The domains that stand so on some core, and the core.
    pub(crate) fn on_cores(&self, state: Core) -> Vec<(u64, u8)> {
        let all = self.domains.iter().flat_map(|(&id, domain)| {
            domain.parts.iter().map(move |(&core, part)| ((id, core), part.state))
        });
        all.filter(|&(_, found)| found == state).map(|(part, _)| part).collect()
    }

    /// RUNNING → `STOP_PEND`: the first cause stays; every core but one stops.
    pub(super) fn stop(&mut self, id: u64, end: End, but: Option<u8>, coverage: &mut Coverage) {
        let Some(domain) = self.domains.get_mut(&id) else { return };
        domain.end.get_or_insert(end);
        domain.state = State::StopPend;
        for (&core, part) in &mut domain.parts {
            if Some(core) == but {
                continue;
            }
            match part.state {
                Core::Run => {
                    coverage.cell("RUN", "stop");
                    part.state = Core::KillPend;
                    part.order = Order::Owed(RequestKind::Kill);
                    part.retries = 0;
                }
                Core::SpanPend => coverage.cell("SPAN_PEND", "stop"),
                _ => {}
            }
        }
    }

    /// Lets a domain go as far as its cores allow.
    pub(super) fn settle(&mut self, id: u64) {
        let Some(domain) = self.domains.get_mut(&id) else { return };
        if domain.state == State::StopPend && domain.is_still() {
            domain.state = State::Stopped;
            domain.tied = None;
            let status = domain.end.map_or(0, |(_, status)| status);
            let killers = std::mem::take(&mut domain.killers);
            let waiters = std::mem::take(&mut domain.waiters);
            self.next_batch();
            for killer in killers {
                self.owe_kill(killer, id, ErrCode::OK);
            }
            self.next_batch();
            for waiter in waiters {
                self.owe_wait(waiter, id, (ErrCode::OK, status));
            }
        }
        self.clean_up(id);
    }

    fn clean_up(&mut self, id: u64) {
        let Some(domain) = self.domains.get_mut(&id) else { return };
        if domain.state != State::Stopped {
            return;
        }
        for (core, part) in &mut domain.parts {
            if part.state != Core::Dead {
                continue;
            }
            let slot = self.slots.get(core).filter(|slot| slot.generation == part.generation);
            if slot.is_some_and(|slot| matches!(slot.stand, Stand::Up | Stand::Lost)) {
                part.state = Core::CleanPend;
                part.order = Order::Owed(RequestKind::Cleanup);
                part.retries = 0;
            } else {
                part.state = Core::Clean;
                part.order = Order::Nothing;
            }
        }
        if domain.is_clean() {
            domain.state = State::Cleaned;
        }
    }

    pub(super) fn next_batch(&mut self) {
        self.batch += 1;
    }
}
