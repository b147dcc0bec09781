//! A machine with simulated handlers around it, which writes down what it does as short text: the
//! form in which the cells' expected results are written.

use std::fmt::Write;

use flounder::{CoreId, DomainId, ErrCode, ErrVal, Iref};
use flounder_procmgmt::machine::{
    Answer, BindingKey, Cause, Client, Config, CoreState, Effect, Effects, Ended, Event,
    Generation, Image, Machine, Order, OrderKind, Presented, Reply, Stats, Status, Table,
};

/// The generation of every spawnd of a fresh world; an older one and a newer one exist.
pub(crate) const GENERATION: Generation = Generation(2);

/// More than any cell's domain needs to end; a wrong table may ask for ever.
const ANSWERS_MAX: usize = 32;

pub(crate) struct World {
    pub(crate) machine: Machine<&'static str>,
    /// Orders taken and not answered yet.
    pub(crate) asked: Vec<(CoreId, Order<&'static str>)>,
    effects: Effects,
    replies: u64,
}

impl World {
    /// Spawnds listen on cores 0 to 2.
    pub(crate) fn new(table: &Table) -> Self {
        let mut world = Self::bare(table, Config::default());
        for core in 0..3 {
            world.bring_up(CoreId(core), GENERATION);
        }
        world
    }

    pub(crate) fn bare(table: &Table, config: Config) -> Self {
        let machine = Machine::with_table(config, table.clone());
        Self { machine, asked: Vec::new(), effects: Effects::default(), replies: 0 }
    }

    pub(crate) fn bring_up(&mut self, core: CoreId, generation: Generation) {
        self.event(add(core, generation));
        self.event(Event::SpawndBound { core, generation });
    }

    /// Feeds one event, takes every order, and tells what happened.
    pub(crate) fn event(&mut self, event: Event<&'static str>) -> Vec<String> {
        let before = self.machine.stats();
        self.machine.handle(event, &mut self.effects);
        let effects: Vec<_> = self.effects.drain().collect();
        let mut told: Vec<_> = effects.into_iter().filter_map(|e| self.carry_out(e)).collect();
        told.extend(counted(before, self.machine.stats()));
        told
    }

    fn carry_out(&mut self, effect: Effect) -> Option<String> {
        Some(match effect {
            Effect::Answer(reply, answer) => format!("r{} {}", reply.0, answered(answer)),
            Effect::BindSpawnd { core, generation, .. } => format!("bind {core}.{}", generation.0),
            Effect::CloseSpawnd { core, generation } => {
                self.asked.retain(|(at, o)| *at != core || o.generation != generation);
                format!("close {core}.{}", generation.0)
            }
            Effect::FenceSpawnd { core, generation } => format!("fence {core}.{}", generation.0),
            Effect::Owes(core) => {
                let order = self.machine.take_order(core)?;
                let told = format!("{:?}@{core}", order.what.kind()).to_lowercase();
                self.asked.push((core, order));
                told
            }
            Effect::CloseClient(key) => format!("close client {}", key.0),
            Effect::Freed(domain) => format!("freed {domain}"),
            Effect::ShutdownDone { wedged } => format!("done, {wedged} wedged"),
        })
    }

    pub(crate) fn reply(&mut self) -> Reply {
        self.replies += 1;
        Reply(self.replies)
    }

    pub(crate) fn spawn(&mut self, key: u64, core: u8) -> DomainId {
        let told = self.event_spawn(client(key), core, 0);
        assert_eq!(told.last(), Some(&format!("spawn@{core}")), "{told:?}");
        self.asked.last().expect("it was asked for").1.domain
    }

    pub(crate) fn event_spawn(&mut self, client: Client, core: u8, flags: u8) -> Vec<String> {
        let image = Image { program: "/modules/p".into(), argv: b"p\0"[..].into() };
        let reply = self.reply();
        let core = CoreId(core);
        self.event(Event::Spawn { client, reply, core, flags, image, payload: "env" })
    }

    pub(crate) fn span(&mut self, key: u64, id: DomainId, core: u8) -> Vec<String> {
        let (reply, cap) = (self.reply(), Presented::Domain(id));
        let core = CoreId(core);
        self.event(Event::Span { client: client(key), reply, cap, core, payload: "vroot" })
    }

    pub(crate) fn kill(&mut self, key: u64, id: DomainId) -> Vec<String> {
        let (reply, cap) = (self.reply(), Presented::Domain(id));
        self.event(Event::Kill { client: client(key), reply, cap })
    }

    pub(crate) fn wait(&mut self, key: u64, id: DomainId) -> Vec<String> {
        let (reply, cap) = (self.reply(), Presented::Domain(id));
        self.event(Event::Wait { client: client(key), reply, cap, nohang: false })
    }

    pub(crate) fn exit(&mut self, id: DomainId, status: u8) -> Vec<String> {
        let cap = Presented::Domain(id);
        self.event(Event::Exit { client: program(90, id), cap, status })
    }

    pub(crate) fn died(&mut self, id: DomainId, core: u8) -> Vec<String> {
        let (core, generation) = (CoreId(core), GENERATION);
        self.event(Event::DomainExited { core, generation, domain: id, ended: Ended::crashed(139) })
    }

    pub(crate) fn down(&mut self, core: u8, survivors: Vec<DomainId>) -> Vec<String> {
        let (core, generation) = (CoreId(core), GENERATION);
        self.event(Event::RemoveSpawnd { core, generation, survivors, more: false })
    }

    /// The spawnd of `core` answers the oldest order of that kind.
    pub(crate) fn answer(
        &mut self,
        core: u8,
        kind: OrderKind,
        err: impl Into<ErrVal>,
    ) -> Vec<String> {
        let is = |(at, o): &(CoreId, Order<_>)| at.0 == core && o.what.kind() == kind;
        let index = self.asked.iter().position(is).expect("no such order is out");
        self.answer_index(index, err.into())
    }

    pub(crate) fn answer_index(&mut self, index: usize, err: ErrVal) -> Vec<String> {
        let (core, order) = self.asked.remove(index);
        let Order { generation, request, what, .. } = order;
        self.event(Event::SpawndReply { core, generation, request, kind: what.kind(), err })
    }

    /// Lets everything end well, and tells what clients heard meanwhile.
    pub(crate) fn finish(&mut self, id: DomainId) -> Vec<String> {
        let mut told = Vec::new();
        self.answer_all(&mut told);
        for core in (0..3).map(CoreId) {
            if self.machine.core_state(id, core) == CoreState::Wedged {
                told.extend(self.event(Event::SurvivorEnded { core, domain: id }));
            }
        }
        self.answer_all(&mut told);
        told.retain(|line| !line.contains('@'));
        told
    }

    /// Answers what is asked, oldest first, until nothing more is.
    fn answer_all(&mut self, told: &mut Vec<String>) {
        for _ in 0..ANSWERS_MAX {
            if self.asked.is_empty() {
                return;
            }
            told.extend(self.answer_index(0, ErrVal::OK));
        }
        panic!("a spawnd that always says OK is asked again and again");
    }

    /// How a domain stands, in one line.
    pub(crate) fn stands(&self, id: DomainId) -> String {
        let Ok(status) = self.machine.status(operator(1), id, Presented::Nothing) else {
            return "gone".into();
        };
        let mut line = format!("{:?}", status.state);
        if let Some(Ended { cause, status }) = status.ended {
            write!(line, " {}/{status}", cause_name(cause)).expect("text grows");
        }
        for core in (0..4).map(CoreId) {
            let state = self.machine.core_state(id, core);
            if state != CoreState::None {
                write!(line, " {core}:{state:?}").expect("text grows");
            }
        }
        line
    }
}

pub(crate) fn add(core: CoreId, generation: Generation) -> Event<&'static str> {
    let iref = Iref::new(core, 1);
    Event::AddSpawnd { core, generation, iref, from_monitor: true }
}

/// A service or a shell: no domain of its own.
pub(crate) fn client(key: u64) -> Client {
    Client { key: BindingKey(key), domain: DomainId::NONE, operator: false }
}

pub(crate) fn operator(key: u64) -> Client {
    Client { operator: true, ..client(key) }
}

/// A binding of a program in `domain`.
pub(crate) fn program(key: u64, domain: DomainId) -> Client {
    Client { domain, ..client(key) }
}

fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Exited => "exited",
        Cause::Killed => "killed",
        Cause::Crashed => "crashed",
        Cause::CoreLost => "lost",
    }
}

pub(crate) fn short(err: ErrVal) -> &'static str {
    let name = err.top().map_or("?", ErrCode::name);
    let name = name.strip_prefix("PROC_MGMT_").unwrap_or(name);
    name.strip_prefix("ERR_").unwrap_or(name)
}

fn answered(answer: Answer) -> String {
    match answer {
        Answer::Spawned(id) => format!("spawned {id}"),
        Answer::NotSpawned(err) => format!("not spawned: {}", short(err)),
        Answer::Span(err) => format!("span {}", short(err)),
        Answer::Kill(err) => format!("kill {}", short(err)),
        Answer::Wait(err, status) => format!("wait {} {status}", short(err)),
    }
}

pub(crate) fn stood(status: Result<Status<'_>, ErrVal>) -> String {
    match status {
        Ok(status) => format!("{:?} {} {:?}", status.state, status.program, status.argv),
        Err(err) => short(err).into(),
    }
}

/// What was counted in between, by name.
fn counted(before: Stats, after: Stats) -> Vec<String> {
    [
        ("not_monitor", before.not_monitor, after.not_monitor),
        ("spawnd_exists", before.spawnd_exists, after.spawnd_exists),
        ("exits_dropped", before.exits_dropped, after.exits_dropped),
        ("clients_closed", before.clients_closed, after.clients_closed),
        ("late_replies", before.late_replies, after.late_replies),
        ("stale_replies", before.stale_replies, after.stale_replies),
        ("stray_deaths", before.stray_deaths, after.stray_deaths),
        ("stray_survivors", before.stray_survivors, after.stray_survivors),
        ("leaked_cleanups", before.leaked_cleanups, after.leaked_cleanups),
        ("violations", before.violations, after.violations),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(name, before, after)| format!("+{} {name}", after - before))
    .collect()
}
