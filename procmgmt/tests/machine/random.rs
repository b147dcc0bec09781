//! The machine under random events, against the lifecycle's invariants: every request answered once
//! (I1), waiters once (I2), a status that never changes (I3), states that never go back (I4), no
//! domain left running after its end (I8), numbers never used twice (I13), nothing left over (I12).
//! Spawnds answer late, in any order, with any error, crash and come back.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_procmgmt::machine::{
    Answer, BindingKey, Config, Effect, Effects, Ended, Event, Footprint, Generation, Image,
    Machine, Order, OrderKind, Presented, Reply, RequestId, SlotState, State, Table, What,
};
use proptest::prelude::*;

use crate::world::{add, operator, program};

const CORES: u8 = 3;
const CLIENTS: u64 = 4;

/// What one step does; the numbers pick among what there is.
type Step = (u8, u8, u8, u8);

struct Sim {
    machine: Machine<&'static str>,
    effects: Effects,
    asked: Vec<(CoreId, Order<&'static str>)>,
    open: BTreeMap<Reply, (BindingKey, bool)>,
    answered: BTreeSet<Reply>,
    requests: BTreeSet<RequestId>,
    domains: BTreeMap<DomainId, (State, Option<Ended>)>,
    freed: BTreeSet<DomainId>,
    replies: u64,
    generations: [u64; CORES as usize],
}

impl Sim {
    fn new() -> Self {
        let mut sim = Self {
            machine: Machine::with_table(Config::default(), Table::LIFECYCLE),
            effects: Effects::default(),
            asked: Vec::new(),
            open: BTreeMap::new(),
            answered: BTreeSet::new(),
            requests: BTreeSet::new(),
            domains: BTreeMap::new(),
            freed: BTreeSet::new(),
            replies: 0,
            generations: [0; CORES as usize],
        };
        (0..CORES).for_each(|core| sim.restart(core));
        sim
    }

    fn restart(&mut self, core: u8) {
        let generation = &mut self.generations[usize::from(core)];
        *generation += 1;
        let (core, generation) = (CoreId(core), Generation(*generation));
        self.event(add(core, generation));
        self.event(Event::SpawndBound { core, generation });
    }

    fn event(&mut self, event: Event<&'static str>) {
        self.machine.handle(event, &mut self.effects);
        let effects: Vec<_> = self.effects.drain().collect();
        for effect in effects {
            match effect {
                Effect::Answer(reply, answer) => self.answer(reply, answer),
                Effect::CloseSpawnd { core, generation } => {
                    self.asked.retain(|(at, o)| *at != core || o.generation != generation);
                }
                Effect::Freed(domain) => assert!(self.freed.insert(domain), "freed once"),
                _ => {}
            }
        }
        self.observe();
    }

    fn answer(&mut self, reply: Reply, answer: Answer) {
        assert!(self.answered.insert(reply), "{reply:?} answered twice");
        assert!(self.open.remove(&reply).is_some(), "{reply:?} belongs to nobody alive");
        if let Answer::Spawned(domain) = answer {
            let state = self.machine.status(operator(1), domain, Presented::Nothing);
            assert!(state.is_ok_and(|s| s.state > State::Nil), "a cap before the program runs");
        }
    }

    /// States, causes and numbers only ever move on.
    fn observe(&mut self) {
        for id in (1..=self.domains.len() as u64 + 1).map(DomainId) {
            let Ok(now) = self.machine.status(operator(1), id, Presented::Nothing) else {
                continue;
            };
            assert!(!self.freed.contains(&id), "{id} came back");
            let (state, ended) = self.domains.entry(id).or_insert((now.state, now.ended));
            assert!(*state <= now.state, "{id} went back to {:?}", now.state);
            assert!(ended.is_none() || *ended == now.ended, "the end of {id} was rewritten");
            assert!(now.state < State::StopPend || now.ended.is_some(), "{id} ended of nothing");
            (*state, *ended) = (now.state, now.ended);
        }
    }

    fn reply(&mut self, key: u64, waits: bool) -> Reply {
        self.replies += 1;
        let reply = Reply(self.replies);
        self.open.insert(reply, (BindingKey(key), waits));
        reply
    }

    fn step(&mut self, (what, a, b, c): Step) {
        let key = 1 + u64::from(a) % CLIENTS;
        let (client, at) = (operator(key), CoreId(b % CORES));
        let id = DomainId(1 + u64::from(c) % (self.domains.len() as u64 + 1));
        let cap = match a % 16 {
            0 => Presented::Nothing,
            1 => Presented::Weak(id),
            _ => Presented::Domain(id),
        };
        let generation = Generation(self.generations[at.index()]);
        match what % 16 {
            0..=2 => {
                let image = Image { program: "p".into(), argv: Box::default() };
                let (reply, flags) = (self.reply(key, false), c & 1);
                let payload = "";
                self.event(Event::Spawn { client, reply, core: at, flags, image, payload });
            }
            3 => {
                let reply = self.reply(key, false);
                self.event(Event::Span { client, reply, cap, core: at, payload: "" });
            }
            4 => {
                let reply = self.reply(key, false);
                self.event(Event::Kill { client, reply, cap });
            }
            5 => {
                let reply = self.reply(key, true);
                self.event(Event::Wait { client, reply, cap, nohang: b & 1 == 1 });
            }
            6 => self.event(Event::Exit { client: program(50, id), cap, status: c }),
            7 => self.event(Event::DomainExited {
                core: at,
                generation,
                domain: id,
                ended: Ended::crashed(134),
            }),
            8 if a > 200 => {
                self.open.retain(|_, (owner, _)| *owner != BindingKey(key));
                self.event(Event::ClientGone(BindingKey(key)));
            }
            9 if a > 200 => {
                let survivors = vec![id];
                self.event(Event::RemoveSpawnd { core: at, generation, survivors, more: false });
                self.restart(at.0);
            }
            10 if a > 200 => self.event(Event::SpawndClosed { core: at, generation }),
            11 if c > 250 => self.event(Event::SpawndReply {
                core: at,
                generation,
                request: RequestId(u64::from(a)),
                kind: OrderKind::Kill,
                err: ErrVal::OK,
            }),
            12 => self.event(Event::LastCapDropped(id)),
            13 => self.take(at),
            _ => self.spawnd_answers(a, c),
        }
    }

    /// The binding to a spawnd has room for one order; some bounce.
    fn take(&mut self, core: CoreId) {
        let Some(order) = self.machine.take_order(core) else { return };
        if order.request.0 % 5 == 0 && !self.requests.contains(&order.request) {
            self.requests.insert(order.request);
            self.machine.put_back(core, order);
            return;
        }
        self.requests.insert(order.request);
        self.asked.push((core, order));
    }

    fn spawnd_answers(&mut self, pick: u8, how: u8) {
        (0..CORES).for_each(|core| self.take(CoreId(core)));
        if self.asked.is_empty() {
            return;
        }
        let err = match how % 8 {
            0 => ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND,
            1 => ErrCode::SPAWN_ERR_DOMAIN_RUNNING,
            2 => ErrCode::SPAWN_ERR_RUN,
            _ => ErrCode::OK,
        };
        let (core, order) = self.asked.remove(usize::from(pick) % self.asked.len());
        self.spawnd_reply(core, &order, err.into());
    }

    fn spawnd_reply(&mut self, core: CoreId, order: &Order<&'static str>, err: ErrVal) {
        let &Order { generation, request, ref what, .. } = order;
        let kind = What::kind(what);
        self.event(Event::SpawndReply { core, generation, request, kind, err });
    }

    /// Everything in flight arrives: spawnds answer well, lost ones are reported gone.
    fn come_to_rest(&mut self) {
        for core in 0..CORES {
            if self.machine.slot(CoreId(core)).0 != SlotState::Up {
                let generation = Generation(self.generations[usize::from(core)]);
                let (core, survivors) = (CoreId(core), vec![]);
                self.event(Event::RemoveSpawnd { core, generation, survivors, more: false });
                self.restart(core.0);
            }
        }
        loop {
            for core in 0..CORES {
                while let Some(order) = self.machine.take_order(CoreId(core)) {
                    self.asked.push((CoreId(core), order));
                }
            }
            let Some((core, order)) = self.asked.pop() else { break };
            self.spawnd_reply(core, &order, ErrVal::OK);
        }
    }

    /// What has to hold when nothing is in flight, and after everything is over.
    fn finish(mut self) {
        self.come_to_rest();
        assert!(self.open.values().all(|&(_, waits)| waits), "only waits may be open");
        for (id, (state, ended)) in &self.domains {
            assert!(*state != State::Running || ended.is_none(), "{id} ended and still runs");
        }
        self.event(Event::Shutdown);
        self.come_to_rest();
        for (core, id) in (0..CORES).flat_map(|c| (1..=60).map(move |id| (CoreId(c), DomainId(id))))
        {
            self.event(Event::SurvivorEnded { core, domain: id });
        }
        self.come_to_rest();
        assert!(self.open.is_empty(), "waits on domains that ended: {:?}", self.open);
        let known: Vec<_> = self.domains.keys().copied().collect();
        for id in known {
            self.event(Event::LastCapDropped(id));
        }
        (1..=CLIENTS).for_each(|key| self.event(Event::ClientGone(BindingKey(key))));
        self.event(Event::ClientGone(BindingKey(50)));
        assert_eq!(self.machine.footprint(), Footprint::default(), "something is left over");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn invariants_hold(steps in prop::collection::vec(any::<Step>(), 0..200)) {
        let mut sim = Sim::new();
        for step in steps {
            sim.step(step);
        }
        sim.finish();
    }
}
