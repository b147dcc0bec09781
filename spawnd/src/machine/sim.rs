//! A machine in a random world: a busy binding, stubborn programs, news that come late and twice.
//!
//! The world keeps its own account of what is true and compares it with everything the machine says.
//! A failure prints the seed and the number of steps, and those two alone replay it.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{DomainId, ErrCode};
use proptest::prelude::*;

use super::tests::Load;
use super::*;

const DOMAINS_MAX: usize = 5;
const REQUESTS_MAX: usize = 12;
const DEATH: Death = Death { cause: Cause::Crashed, status: 134 };

/// What is true of a program, whatever the machine believes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Program {
    /// The platform was told to start it.
    Ordered,
    Alive,
    Dead,
}

/// What was said of a domain so far.
#[derive(Default, Debug)]
struct Said {
    started: bool,
    exited: bool,
    kill_ok: bool,
}

struct World {
    seed: u64,
    machine: Machine<Load>,
    requests: u64,
    /// The highest domain asked for so far.
    newest: u64,
    unanswered: BTreeMap<RequestId, (RequestKind, DomainId)>,
    asked: BTreeSet<DomainId>,
    programs: BTreeMap<DomainId, Program>,
    armed: BTreeSet<DomainId>,
    said: BTreeMap<DomainId, Said>,
    survivors: Option<Vec<DomainId>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let config =
            Config { domains_max: DOMAINS_MAX, requests_max: REQUESTS_MAX, ..Config::default() };
        Self {
            seed,
            machine: Machine::new(config),
            requests: 0,
            newest: 0,
            unanswered: BTreeMap::new(),
            asked: BTreeSet::new(),
            programs: BTreeMap::new(),
            armed: BTreeSet::new(),
            said: BTreeMap::new(),
            survivors: None,
        }
    }

    /// A number below `bound`, by splitmix64 (Steele, Lea, Flood 2014).
    fn below(&mut self, bound: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).expect("fits 64 bits");
        usize::try_from((mixed ^ (mixed >> 31)) % bound).expect("below a usize")
    }

    fn pick(&mut self, domains: &[DomainId]) -> Option<DomainId> {
        if domains.is_empty() { None } else { Some(domains[self.below(domains.len())]) }
    }

    fn pick_program(&mut self, wanted: Program) -> Option<DomainId> {
        let is_wanted = |(&domain, &program)| (program == wanted).then_some(domain);
        let domains: Vec<_> = self.programs.iter().filter_map(is_wanted).collect();
        self.pick(&domains)
    }

    fn step(&mut self) {
        match self.below(12) {
            0 | 1 => self.request_start(),
            2 => self.request(|domain| Order::Kill { domain }),
            3 => self.request(|domain| Order::Cleanup { domain }),
            4 => self.answer_ask(),
            5 | 6 => self.finish_start(),
            7 => self.end(),
            8 => self.time_out(),
            9 => self.repeat_news(),
            _ => self.deliver(),
        }
    }

    fn request_start(&mut self) {
        // Mostly a new domain, sometimes one that is there; one that is gone never comes again.
        let newest = DomainId(self.newest);
        let is_there = self.asked.contains(&newest) || self.programs.contains_key(&newest);
        let repeat = is_there && self.below(6) == 0;
        self.newest += u64::from(!repeat);
        let domain = DomainId(self.newest);
        let program = Load { is_dispatcher: self.below(2) == 0 };
        let order = match self.below(2) {
            0 => Order::Spawn { domain, program },
            _ => Order::Span { domain, program },
        };
        self.order(domain, order);
    }

    fn request(&mut self, order: fn(DomainId) -> Order<Load>) {
        let back = u64::try_from(self.below(2 * DOMAINS_MAX)).expect("small");
        let domain = DomainId(self.newest.saturating_sub(back));
        self.order(domain, order(domain));
    }

    fn order(&mut self, domain: DomainId, order: Order<Load>) {
        if self.unanswered.len() == REQUESTS_MAX {
            return; // a process manager keeps to the limit
        }
        self.requests += 1;
        let request = RequestId(self.requests);
        self.unanswered.insert(request, (order.kind(), domain));
        self.handle(Event::Request { request, order });
    }

    fn answer_ask(&mut self) {
        let asked: Vec<_> = self.asked.iter().copied().collect();
        let Some(domain) = self.pick(&asked) else { return };
        self.asked.remove(&domain);
        let refused = self.below(5) == 0;
        let result = if refused { Err(ErrCode::MON_ERR_LIMIT.into()) } else { Ok(()) };
        self.handle(Event::MonitorEndpoint { domain, result });
    }

    fn finish_start(&mut self) {
        let Some(domain) = self.pick_program(Program::Ordered) else { return };
        let why = StartError::Run;
        let (program, event) = match self.below(6) {
            0 => (None, Event::StartFailed { domain, why }),
            1 => (Some(Program::Alive), Event::StartBroke { domain, why }),
            2 => (Some(Program::Dead), Event::Ended { domain, death: DEATH }),
            _ => (Some(Program::Alive), Event::Started { domain }),
        };
        match program {
            Some(program) => self.programs.insert(domain, program),
            None => self.programs.remove(&domain),
        };
        self.handle(event);
    }

    fn end(&mut self) {
        let Some(domain) = self.pick_program(Program::Alive) else { return };
        self.programs.insert(domain, Program::Dead);
        self.handle(Event::Ended { domain, death: DEATH });
    }

    fn time_out(&mut self) {
        let armed: Vec<_> = self.armed.iter().copied().collect();
        let Some(domain) = self.pick(&armed) else { return };
        self.armed.remove(&domain);
        self.handle(Event::Timer { domain });
    }

    /// News of a program that was told before, or of nobody.
    fn repeat_news(&mut self) {
        let kind = self.below(4);
        let dead = self.pick_program(Program::Dead).unwrap_or(DomainId(u64::MAX));
        let alive = self.pick_program(Program::Alive).unwrap_or(dead);
        self.handle(match kind {
            0 => Event::Started { domain: alive },
            1 => Event::Ended { domain: dead, death: DEATH },
            2 => Event::MonitorEndpoint { domain: alive, result: Ok(()) },
            _ => Event::StartFailed { domain: dead, why: StartError::Load },
        });
    }

    fn handle(&mut self, event: Event<Load>) {
        let mut effects = Effects::new();
        self.machine.handle(event, &mut effects);
        for effect in effects {
            self.carry_out(effect);
        }
        assert!(self.machine.owed() <= 2 * REQUESTS_MAX + DOMAINS_MAX, "the outbox is bounded");
        assert!(self.machine.domains() <= DOMAINS_MAX, "the table is bounded");
        let may_run = |domain| !matches!(self.programs.get(domain), None | Some(Program::Dead));
        assert!(self.armed.iter().all(may_run), "no timer runs for what has ended");
    }

    fn carry_out(&mut self, effect: Effect<Load>) {
        match effect {
            Effect::AskMonitorEndpoint { domain } => {
                assert!(self.asked.insert(domain), "{domain} asks once");
            }
            Effect::Start { domain, program, endpoint } => {
                assert_eq!(program.is_dispatcher, endpoint.is_some());
                let before = self.programs.insert(domain, Program::Ordered);
                assert_eq!(before, None, "{domain} is started once");
            }
            Effect::Kill { domain } => {
                let program = self.programs.get(&domain);
                assert_eq!(program, Some(&Program::Alive), "{domain} is there to be killed");
            }
            Effect::ArmGrace { domain, .. } => {
                assert!(self.armed.insert(domain), "{domain} arms once");
            }
            Effect::DisarmGrace { domain } => {
                assert!(self.armed.remove(&domain), "{domain} was armed");
            }
            Effect::Release { domain } => {
                let program = self.programs.remove(&domain);
                assert_eq!(program, Some(Program::Dead), "only the dead are released");
            }
            Effect::Overrun => panic!("the world keeps to the limit"),
            Effect::Stopped { survivors } => {
                assert_eq!(self.survivors.replace(survivors), None, "stopped once");
            }
        }
    }

    /// The binding takes one message.
    fn deliver(&mut self) {
        let Some(&owed) = self.machine.next_owed() else { return };
        self.machine.sent();
        match owed {
            Owed::Reply { request, kind, err } => {
                let (asked, domain) =
                    self.unanswered.remove(&request).expect("each request is answered once");
                assert_eq!(kind, asked, "a reply answers what was asked");
                self.hear_reply(kind, domain, err.is_ok());
            }
            Owed::Exited { domain, death } => {
                assert_eq!(death, DEATH);
                let said = self.said.entry(domain).or_default();
                assert!(said.started, "{domain}: the start is answered before its end is told");
                assert!(!said.exited && !said.kill_ok, "{domain}: an end is told once");
                said.exited = true;
            }
        }
    }

    fn hear_reply(&mut self, kind: RequestKind, domain: DomainId, ok: bool) {
        let said = self.said.entry(domain).or_default();
        match (kind, ok) {
            (RequestKind::Spawn | RequestKind::Span, true) => {
                assert!(!said.started, "{domain} starts once");
                said.started = true;
            }
            (RequestKind::Kill | RequestKind::Cleanup, true) => {
                assert!(said.started, "{domain}: the start is answered first");
                said.kill_ok |= kind == RequestKind::Kill;
                let alive = matches!(self.programs.get(&domain), Some(Program::Alive));
                assert!(!alive, "{domain}: OK means that nothing of it is alive");
            }
            (_, false) => (),
        }
    }

    /// Lets everything that is under way come to its end.
    fn settle(&mut self) {
        while !self.asked.is_empty() {
            self.answer_ask();
        }
        while self.programs.values().any(|&program| program == Program::Ordered) {
            self.finish_start();
        }
        while !self.armed.is_empty() {
            self.time_out();
        }
        while self.machine.next_owed().is_some() {
            self.deliver();
        }
        assert_eq!(self.unanswered, BTreeMap::new(), "every request was answered");
    }

    fn clean_up(&mut self) {
        while self.programs.values().any(|&program| program == Program::Alive) {
            self.end();
        }
        self.settle();
        let stopping = self.survivors.is_some();
        for domain in self.programs.keys() {
            let told = self.said.get(domain).is_some_and(|said| said.exited || said.kill_ok);
            assert!(told || stopping, "{domain}: the process manager knows of its end");
        }
        for number in 1..=self.newest {
            let domain = DomainId(number);
            self.order(domain, Order::Cleanup { domain });
            self.settle();
        }
        assert_eq!((self.machine.domains(), self.machine.owed()), (0, 0));
        assert_eq!(self.programs, BTreeMap::new(), "everything was returned");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_life_loses_nothing(seed: u64, steps in 0..600_usize) {
        let mut world = World::new(seed);
        (0..steps).for_each(|_| world.step());
        world.settle();
        world.clean_up();
    }

    #[test]
    fn a_stop_in_a_random_life_reports_who_survives(seed: u64, steps in 0..300_usize) {
        let mut world = World::new(seed);
        (0..steps).for_each(|_| world.step());
        world.handle(Event::Stop);
        (0..steps / 4).for_each(|_| world.step());
        world.settle();
        let survivors = world.survivors.clone().expect("the stop came to its end");
        let alive: BTreeSet<_> = world.programs.iter()
            .filter(|&(_, &program)| program == Program::Alive)
            .map(|(&domain, _)| domain)
            .collect();
        prop_assert!(alive.iter().all(|domain| survivors.contains(domain)));
        world.clean_up();
    }

    #[test]
    fn the_same_seed_gives_the_same_trace(seed: u64) {
        let life = || {
            let mut world = World::new(seed);
            (0..200).for_each(|_| world.step());
            format!("{:?}", world.machine)
        };
        prop_assert_eq!(life(), life());
    }
}
