//! The state of the model, and what changes it.

use std::collections::VecDeque;
use std::rc::Rc;

use flounder::{CoreId, DomainId};
use flounder_monitor::SpawndNews;
use flounder_procmgmt::machine::{
    BindingKey, Cause, Client, Config, Effect, Effects, Ended, Event, Generation, Image, Machine,
    OrderKind, Presented, Reply, RequestId, SPAWN_ENDS_WITH_SPAWNER, Table,
};
use flounder_spawnd::machine::{self as spawnd, Owed, RequestKind};

use super::action::{Action, cores};
use super::answers::{Asked, Truth};
use super::bounds::Bounds;
use super::core::{Core, Link};
use super::monitors::Monitors;
use super::{CLIENTS, CORES};
use crate::seen::Fingerprint;
use crate::tell::Tell;

/// What travels with a spawn or a span: nothing that matters here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Load;

/// A client of the process manager.
#[derive(Clone, Default, Hash, Debug)]
pub(super) struct Asker {
    pub(super) open: Vec<(Reply, Asked)>,
    pub(super) is_dead: bool,
}

/// The state of the model.
#[derive(Clone, Hash, Debug)]
pub struct World {
    pub(super) manager: Rc<Machine<Load>>,
    pub(super) cores: [Core; CORES],
    pub(super) monitors: Rc<Monitors>,
    /// From monitor 0 to the process manager.
    pub(super) news: VecDeque<SpawndNews>,
    pub(super) clients: [Asker; CLIENTS],
    /// What is true of each domain, whatever anybody believes.
    pub(super) truths: Vec<Truth>,
    /// What may still happen.
    pub(super) left: Bounds,
    pub(super) used_cores: [bool; CORES],
    pub(super) used_clients: [bool; CLIENTS],
    pub(super) has_lost_a_spawnd: bool,
    /// Everything is being stopped.
    pub(super) shut_down_began: bool,
    /// How many domains could not be stopped, once a shutdown is done.
    pub(super) shut_down: Option<u32>,
}

/// What a program that says so exits with.
pub(super) const EXIT_STATUS: u8 = 7;

impl World {
    /// Two cores whose spawnds obey, and nothing else.
    pub(super) fn booted(bounds: Bounds, table: Table) -> Self {
        let mut world = Self {
            manager: Rc::new(Machine::with_table(Config::default(), table)),
            cores: [Core::default(), Core::default()],
            monitors: Rc::new(Monitors::new()),
            news: VecDeque::new(),
            clients: [Asker::default(), Asker::default()],
            truths: Vec::new(),
            left: bounds,
            used_cores: [false; CORES],
            used_clients: [false; CLIENTS],
            has_lost_a_spawnd: false,
            shut_down_began: false,
            shut_down: None,
        };
        let mut tell = Tell::silent();
        let up = world.begin_monitors(&mut tell).and_then(|()| world.come_to_rest(&mut tell));
        assert_eq!(up, Ok(()), "two spawnds come up");
        world
    }

    pub(super) fn core(&self, at: CoreId) -> &Core {
        &self.cores[usize::from(at.0)]
    }

    pub(super) fn core_mut(&mut self, at: CoreId) -> &mut Core {
        &mut self.cores[usize::from(at.0)]
    }

    /// Domains that a client may name: those that were accepted and have a record.
    pub(super) fn known_domains(&self) -> impl Iterator<Item = DomainId> {
        let known = (1..).zip(&self.truths).filter(|(_, truth)| !truth.is_gone);
        known.map(|(number, _)| DomainId(number))
    }

    pub(super) fn act(&mut self, action: Action, tell: &mut Tell) -> Result<(), String> {
        match action {
            Action::Spawn { client, core, tied } => self.ask_spawn(client, core, tied, tell),
            Action::Span { client, domain, core } => {
                self.ask(client, Asked::Span(domain, core), tell)
            }
            Action::Kill { client, domain } => self.ask(client, Asked::Kill(domain), tell),
            Action::Wait { client, domain } => self.ask(client, Asked::Wait(domain), tell),
            Action::Die { client } => self.die(client, tell),
            Action::SayExit { domain } => self.say_exit(domain, tell),
            Action::Panic { core, domain } => self.panic((core, domain), tell),
            Action::OrderFails { core, how } => self.order(core, Some(how), tell),
            Action::Outlive { core } => {
                self.left.hangs -= 1;
                self.grace_over(core, tell)
            }
            Action::Wake { core, domain } | Action::EndLeft { core, domain } => {
                self.end(core, domain, tell)
            }
            Action::Crash { core } => self.crash(core, tell),
            Action::Lie { core } => self.lie(core, tell),
            Action::Order { core } => self.order(core, None, tell),
            Action::Reply { core } => self.reply(core, tell),
            Action::Room { core } => {
                tell.say(|| format!("the process manager finds room to spawnd {core}"));
                self.feed(core, tell);
                Ok(())
            }
            Action::Closed { core } => self.closed(core, tell),
            Action::Bound { core } => self.bound(core, tell),
            Action::News => self.hear_news(tell),
            Action::Grace { core } => self.grace_over(core, tell),
        }
    }

    /// Lets all progress happen, in one order of many, and what is stuck end.
    pub(super) fn come_to_rest(&mut self, tell: &mut Tell) -> Result<(), String> {
        let mut actions = Vec::new();
        loop {
            actions.clear();
            self.actions(&mut actions);
            let is_next = |action: &&Action| {
                action.is_progress()
                    || (self.shut_down.is_some() && matches!(action, Action::Wake { .. }))
            };
            let Some(&action) = actions.iter().find(is_next) else { return Ok(()) };
            self.act(action, tell)?;
        }
    }

    /// The process manager handles an event.
    pub(super) fn manage(&mut self, event: Event<Load>, tell: &mut Tell) -> Result<(), String> {
        let mut effects = Effects::default();
        Rc::make_mut(&mut self.manager).handle(event, &mut effects);
        for effect in effects.drain() {
            self.carry_out(effect, tell)?;
        }
        self.look_at_domains()
    }

    fn carry_out(&mut self, effect: Effect, tell: &mut Tell) -> Result<(), String> {
        match effect {
            Effect::Answer(reply, answer) => return self.answered(reply, answer, tell),
            Effect::BindSpawnd { core, generation, .. } => {
                self.core_mut(core).binds.push_back(generation.0);
            }
            Effect::CloseSpawnd { core, generation } => {
                let here = self.core_mut(core);
                if here.link.is_some_and(|link| link.generation == generation.0) {
                    here.close_link();
                    (here.link, here.replies) = (None, VecDeque::new());
                }
            }
            Effect::FenceSpawnd { core, generation } => {
                return self.fence_wanted(core, generation, tell);
            }
            Effect::Owes(core) => self.feed(core, tell),
            Effect::Freed(domain) => self.truth_mut(domain).is_gone = true,
            Effect::ShutdownDone { wedged } => {
                if self.shut_down.replace(wedged).is_some() {
                    return Err("a shutdown is done twice".to_owned());
                }
            }
            Effect::CloseClient(key) => return Err(format!("{key:?} did nothing wrong")),
        }
        Ok(())
    }

    fn client(client: usize) -> Client {
        let number = client as u64 + 1;
        // Programs that nobody here spawned: each has a quota of its own.
        Client { key: BindingKey(number), domain: DomainId(1_000 + number), operator: false }
    }

    fn open(&mut self, client: usize, asked: Asked, tell: &mut Tell) -> (Client, Reply) {
        let reply = asked.reply(client, &self.clients[client].open);
        tell.say(|| format!("client {client} asks {asked} (request {})", reply.0));
        self.left.requests -= 1;
        self.used_clients[client] = true;
        self.clients[client].open.push((reply, asked));
        (Self::client(client), reply)
    }

    fn ask_spawn(
        &mut self,
        client: usize,
        core: CoreId,
        tied: bool,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let (number, domain) = (client, DomainId(self.truths.len() as u64 + 1));
        let (client, reply) = self.open(client, Asked::Spawn(domain, core), tell);
        self.used_cores[usize::from(core.0)] = true;
        // If it is refused the next one gets that number.
        self.truths.push(Truth { tied_to: tied.then_some(number), ..Truth::default() });
        let image = Image { program: Box::default(), argv: Box::default() };
        let flags = if tied { SPAWN_ENDS_WITH_SPAWNER } else { 0 };
        let event = Event::Spawn { client, reply, core, flags, image, payload: Load };
        self.manage(event, tell)?;
        if self.truths.last().is_some_and(|truth| truth.seen.is_none()) {
            self.truths.pop();
        }
        Ok(())
    }

    fn ask(&mut self, client: usize, asked: Asked, tell: &mut Tell) -> Result<(), String> {
        let manager = Rc::clone(&self.manager);
        let before = (self.left.requests, self.used_clients, self.truths.clone());
        let number = client;
        let (client, reply) = self.open(client, asked, tell);
        let event = match asked {
            Asked::Spawn(..) => unreachable!("a spawn has a domain to be made"),
            Asked::Span(domain, core) => {
                let cap = Presented::Domain(domain);
                Event::Span { client, reply, cap, core, payload: Load }
            }
            Asked::Kill(domain) => {
                let truth = self.truth_mut(domain);
                // Once the cause is known it no longer matters.
                truth.causes.killed |= truth.seen.is_none_or(|(_, ended)| ended.is_none());
                Event::Kill { client, reply, cap: Presented::Domain(domain) }
            }
            Asked::Wait(domain) => {
                Event::Wait { client, reply, cap: Presented::Domain(domain), nohang: false }
            }
        };
        self.manage(event, tell)?;
        let is_open = self.clients[number].open.iter().any(|(open, _)| *open == reply);
        // What was refused and changed nothing doesn't count: it may be asked any number of times.
        if !is_open && Fingerprint::of(&*manager) == Fingerprint::of(&*self.manager) {
            (self.left.requests, self.used_clients, self.truths) = before;
            self.manager = manager;
        }
        Ok(())
    }

    fn die(&mut self, client: usize, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("client {client} dies"));
        self.left.deaths -= 1;
        self.used_clients[client] = true;
        let dead = &mut self.clients[client];
        dead.is_dead = true;
        dead.open.clear();
        for truth in self.truths.iter_mut().filter(|truth| truth.tied_to == Some(client)) {
            truth.causes.killed = true;
        }
        self.manage(Event::ClientGone(Self::client(client).key), tell)
    }

    fn say_exit(&mut self, domain: DomainId, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("domain {domain} says that it exits with {EXIT_STATUS}"));
        self.left.exits -= 1;
        self.truth_mut(domain).causes.exited = true;
        let client = Client { key: BindingKey(100 + domain.0), domain, operator: false };
        let cap = Presented::Domain(domain);
        self.manage(Event::Exit { client, cap, status: EXIT_STATUS }, tell)
    }

    /// The process manager hears the next that a spawnd says.
    fn reply(&mut self, core: CoreId, tell: &mut Tell) -> Result<(), String> {
        let here = self.core_mut(core);
        let (Some(link), Some(owed)) = (here.link, here.replies.pop_front()) else {
            return Err("a spawnd says something over no binding".to_owned());
        };
        let generation = Generation(link.generation);
        tell.say(|| format!("the process manager hears spawnd {core}: {owed:?}"));
        let event = match owed {
            Owed::Reply { request, kind, err } => {
                let (request, kind) = (RequestId(request.0), order_kind(kind));
                Event::SpawndReply { core, generation, request, kind, err }
            }
            Owed::Exited { domain, death } => {
                let cause = match death.cause {
                    spawnd::Cause::Exited => Cause::Exited,
                    spawnd::Cause::Crashed => Cause::Crashed,
                };
                let ended = Ended { cause, status: death.status };
                Event::DomainExited { core, generation, domain, ended }
            }
        };
        self.manage(event, tell)?;
        self.no_violation()
    }

    /// A spawnd answers what nobody asked, which ends it.
    fn lie(&mut self, core: CoreId, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("spawnd {core} answers a request that there never was"));
        self.left.crashes -= 1;
        self.used_cores[usize::from(core.0)] = true;
        self.has_lost_a_spawnd = true;
        let Some(Link { generation, .. }) = self.core(core).link else { return Ok(()) };
        let (generation, request) = (Generation(generation), RequestId(u64::MAX));
        let (kind, err) = (OrderKind::Kill, flounder::ErrVal::OK);
        self.manage(Event::SpawndReply { core, generation, request, kind, err }, tell)
    }

    fn closed(&mut self, core: CoreId, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("the process manager finds the binding to spawnd {core} closed"));
        let here = self.core_mut(core);
        let Some(Link { generation, .. }) = here.link.take() else { return Ok(()) };
        here.replies.clear();
        self.manage(Event::SpawndClosed { core, generation: Generation(generation) }, tell)
    }

    fn bound(&mut self, core: CoreId, tell: &mut Tell) -> Result<(), String> {
        let here = self.core_mut(core);
        let Some(generation) = here.binds.pop_front() else { return Ok(()) };
        let is_there = here.spawnd.as_ref().is_some_and(|it| it.generation == generation);
        tell.say(|| format!("the bind to spawnd {core} ends, there: {is_there}"));
        let event = if is_there {
            here.link = Some(Link { generation, closed: false });
            Event::SpawndBound { core, generation: Generation(generation) }
        } else {
            Event::SpawndClosed { core, generation: Generation(generation) }
        };
        self.manage(event, tell)
    }

    /// Every program of a domain that is or may soon be executing, on any core.
    pub(super) fn is_alive(&self, domain: DomainId) -> bool {
        cores().any(|at| self.core(at).programs.contains_key(&domain))
    }
}

fn order_kind(kind: RequestKind) -> OrderKind {
    match kind {
        RequestKind::Spawn => OrderKind::Spawn,
        RequestKind::Span => OrderKind::Span,
        RequestKind::Kill => OrderKind::Kill,
        RequestKind::Cleanup => OrderKind::Cleanup,
    }
}
