//! Ambushes: cells of the tables that need two or three things to happen one after the other. Each
//! looks at how far one has come, and does what comes next.

use flounder::platform::ProgramEnd;
use flounder::{CoreId, Rights};

use super::Workload;
use super::client::Client;
use super::puppet::Line;
use crate::fault::Fault;
use crate::oracle::truth::{Life, Part};
use crate::oracle::{CoreState, State};
use crate::random::Random;
use crate::who::Who;
use crate::world::World;

/// For how many steps the process manager doesn't hear an exit, at most.
const LATE_STEPS_MAX: usize = 600;
/// How many tries there are to find somebody to lie in wait for.
const WAYS: usize = 5;

impl Workload {
    /// Goes on with an ambush, if there is one to go on with.
    pub(super) fn ambush(&mut self, world: &mut World, random: &mut Random) -> Option<String> {
        match random.below(WAYS) {
            0 if self.kind.is_patient => self.visit(world, random),
            1 if self.kind.is_patient => self.exit_at_birth(world, random),
            2 if self.kind.is_patient => self.exit_late(world, random),
            3 if !self.kind.is_patient || self.kind.plays => self.survive(world, random),
            4 => Self::die_while_it_spans(world, random),
            _ => None,
        }
    }

    /// Somebody who has spawned nothing waits for what is not known to run yet, and goes.
    fn visit(&mut self, world: &mut World, random: &mut Random) -> Option<String> {
        let Some((visitor, waits)) = &mut self.visitor else {
            self.visitor = Some((Client::new(world, CoreId(random.byte() % world.cores())), false));
            return Some("a visitor".to_owned());
        };
        if *waits {
            self.visitor = None;
            return Some("the visitor goes".to_owned());
        }
        let (domain, core) = pick(world, random, CoreState::SpawnPend)?;
        world.inject(Fault::SpawndHang(CoreId(core)));
        visitor.wait(world.mint(domain, Rights::DOMAIN), false);
        *waits = true;
        Some(format!("the visitor waits for domain {domain}"))
    }

    /// A program says `exit` before its spawnd says that it runs, and its spawnd dies: when the process
    /// manager hears it, there is no such domain.
    fn exit_at_birth(&self, world: &mut World, random: &mut Random) -> Option<String> {
        let part = pick(world, random, CoreState::SpawnPend)?;
        let core = CoreId(part.1);
        if world.shared.truth.life(part) != Some(Life::Alive) {
            return None;
        }
        let who = Who::Program { domain: part.0, core: part.1 };
        let net = std::rc::Rc::clone(&world.shared.net);
        if net.has_said(who) {
            world.inject(Fault::SpawndCrash(core));
            return Some(format!("domain {} has exited, its spawnd crashes", part.0));
        }
        world.inject(Fault::SpawndHang(core));
        if net.hold_from(who, LATE_STEPS_MAX as u64) {
            self.exit_with_a_cap(world, part, random.byte());
        } else {
            self.puppets.tell(part, Line::WaitForSelf);
        }
        Some(format!("domain {} is to exit at its birth", part.0))
    }

    /// A program says `exit`, which is heard when it has stopped.
    fn exit_late(&self, world: &mut World, random: &mut Random) -> Option<String> {
        let part = pick(world, random, CoreState::Run)?;
        let who = Who::Program { domain: part.0, core: part.1 };
        let net = std::rc::Rc::clone(&world.shared.net);
        if net.has_said(who) {
            let all = world.mint(part.0, Rights::DOMAIN);
            self.client(random).kill(all);
            return Some(format!("domain {} has exited and is killed", part.0));
        }
        let steps = 1 + random.below(LATE_STEPS_MAX) as u64;
        if net.hold_from(who, steps) {
            self.exit_with_a_cap(world, part, random.byte());
        } else {
            self.puppets.tell(part, Line::WaitForSelf);
        }
        Some(format!("domain {} is to exit late", part.0))
    }

    /// Has a program exit with a cap of itself that outlives it.
    fn exit_with_a_cap(&self, world: &World, part: Part, status: u8) {
        self.puppets.lend(part, world.mint(part.0, Rights::DOMAIN));
        self.puppets.tell(part, Line::ExitLent(status));
    }

    /// A spawnd dies where what survives it is seen least.
    fn survive(&self, world: &mut World, random: &mut Random) -> Option<String> {
        const STATES: [CoreState; 7] = [
            CoreState::SpawnPend,
            CoreState::SpanPend,
            CoreState::KillPend,
            CoreState::Wedged,
            CoreState::Dead,
            CoreState::CleanPend,
            CoreState::Clean,
        ];
        if !random.one_in(6) {
            return None;
        }
        let (state, parts) = {
            let net = world.shared.net.state.borrow();
            let seen = |state: &CoreState| net.coverage.times(state.name(), "survived");
            let played = |part: &Part| world.shared.truth.is_played(part.1);
            let there = |state: CoreState| {
                let parts = net.oracle.model.on_cores(state).into_iter().filter(played);
                (state, parts.collect::<Vec<_>>())
            };
            let found = STATES.into_iter().map(there).filter(|(_, parts)| !parts.is_empty());
            found.min_by_key(|(state, _)| seen(state))?
        };
        let (domain, core) = random.pick(&parts)?;
        world.inject(Fault::SpawndCrash(CoreId(core)));
        Some(format!("the spawnd of core {core} crashes, domain {domain} being {}", state.name()))
    }

    /// A program ends where it was spanned to, before that is known; at best while the domain stops.
    fn die_while_it_spans(world: &mut World, random: &mut Random) -> Option<String> {
        let stops = world.shared.net.state.borrow().oracle.model.in_state(State::StopPend);
        let spans = world.shared.net.state.borrow().oracle.model.on_cores(CoreState::SpanPend);
        let both: Vec<Part> = spans.iter().copied().filter(|it| stops.contains(&it.0)).collect();
        let part = random.pick(&both).or_else(|| random.pick(&spans))?;
        if random.one_in(4) {
            world.inject(Fault::SpawndCrash(CoreId(part.1)));
            return Some(format!("the spawnd dies that domain {} spans to", part.0));
        }
        world.inject(Fault::SpawndHang(CoreId(part.1)));
        let happened = world.end_program(part, ProgramEnd::Panicked);
        Some(format!("domain {} ends where it spans to, {}: {happened}", part.0, part.1))
    }
}

/// A part of a domain that stands so.
fn pick(world: &World, random: &mut Random, state: CoreState) -> Option<Part> {
    let found = world.shared.net.state.borrow().oracle.model.on_cores(state);
    random.pick(&found)
}
