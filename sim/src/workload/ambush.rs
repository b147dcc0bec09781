//! Ambushes: cells of the tables that need two or three things to happen one after the other. Each
//! looks at how far one has come, and does what comes next.

use flounder::platform::ProgramEnd;
use flounder::{CoreId, DomainId, ErrVal, Rights};
use flounder_idl::types::ExitCause;

use super::Workload;
use super::client::Client;
use super::puppet::Line;
use crate::fault::{Fault, Mark};
use crate::oracle::truth::Part;
use crate::oracle::{CoreState, State};
use crate::random::Random;
use crate::who::Who;
use crate::world::World;

/// For how many steps the process manager doesn't hear an exit, at most.
const LATE_STEPS_MAX: usize = 600;
/// The same, where it shall be heard before what has stopped is cleaned up.
const BRIEFLY: usize = 60;
/// How many kinds of ambushes there are.
const WAYS: usize = 6;

/// One birth in so many is an ambush.
const BIRTHS: usize = 3;
/// In how many actions an ambush at a birth comes to its end, or to nothing.
const BIRTH_TRIES: u32 = 12;

/// A program says `exit` before its spawnd, which is stuck, says that it runs, and its spawnd dies:
/// when the process manager hears it, there is no such domain.
pub(super) struct Birth {
    part: Part,
    has_exited: bool,
    tries: u32,
}

impl Workload {
    /// Goes on with an ambush, if there is one to go on with.
    pub(super) fn ambush(&mut self, world: &mut World, random: &mut Random) -> Option<String> {
        match random.below(WAYS) {
            0 if self.kind.is_patient => self.visit(world, random),
            1 => self.exit_late(world, random),
            2 => self.begin_a_birth(world, random),
            3 if self.kind.plays => Self::survive(world, random),
            4 if self.kind.plays && random.one_in(2) => Self::die_again(world, random),
            _ => Self::die_while_it_spans(world, random),
        }
    }

    /// Begins an ambush that is gone on with at once, see [`Birth`].
    fn begin_a_birth(&mut self, world: &mut World, random: &mut Random) -> Option<String> {
        let part = pick(world, random, CoreState::SpawnPend)?;
        let is_real = world.shared.truth.life(part).is_some();
        if !is_real || !random.one_in(BIRTHS) {
            return None;
        }
        world.inject(Fault::SpawndStuck(CoreId(part.1)));
        self.puppets.tell(part, Line::WaitForSelf);
        self.birth = Some(Birth { part, has_exited: false, tries: BIRTH_TRIES });
        Some(format!("domain {} is to exit at its birth", part.0))
    }

    /// Goes on with a birth, if there is one.
    pub(super) fn go_on(&mut self, world: &mut World) -> Option<String> {
        let mut birth = self.birth.take()?;
        let part = birth.part;
        let spawns = world.shared.net.state.borrow().oracle.model.on_cores(CoreState::SpawnPend);
        birth.tries = birth.tries.checked_sub(1).filter(|_| spawns.contains(&part))?;
        if birth.has_exited {
            world.inject(Fault::SpawndCrash(CoreId(part.1)));
            return Some(format!("domain {} has exited, its spawnd crashes", part.0));
        }
        self.puppets.tell(part, Line::WaitForSelf);
        birth.has_exited = world.shared.net.hold_from(who(part), LATE_STEPS_MAX as u64);
        if birth.has_exited {
            self.exit_with_a_cap(world, part, 1);
        }
        self.birth = Some(birth);
        Some(format!("domain {} exits at its birth", part.0))
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

    /// A program says `exit`, which is heard when it has stopped.
    fn exit_late(&self, world: &mut World, random: &mut Random) -> Option<String> {
        let running = world.shared.net.state.borrow().oracle.model.on_cores(CoreState::Run);
        let steps_max = if random.one_in(2) { LATE_STEPS_MAX } else { BRIEFLY };
        let steps = 1 + random.below(steps_max) as u64;
        let held = |part: &Part| world.shared.net.hold_from(who(*part), steps);
        let Some(part) = running.iter().copied().find(held) else {
            let part = random.pick(&running)?;
            self.puppets.tell(part, Line::WaitForSelf);
            return Some(format!("domain {} is to exit late", part.0));
        };
        self.exit_with_a_cap(world, part, random.byte());
        let cap = self.cap_for(world, random, part.0, "kill");
        self.client(random).kill(cap);
        Some(format!("domain {} exits and is killed, which is heard first", part.0))
    }

    /// Has a program exit with a cap of itself that outlives it.
    fn exit_with_a_cap(&self, world: &World, part: Part, status: u8) {
        self.puppets.lend(part, world.mint(part.0, Rights::DOMAIN));
        self.puppets.tell(part, Line::ExitLent(status));
    }

    /// A spawnd dies where what survives it is seen least.
    fn survive(world: &mut World, random: &mut Random) -> Option<String> {
        const STATES: [CoreState; 7] = [
            CoreState::SpawnPend,
            CoreState::SpanPend,
            CoreState::KillPend,
            CoreState::Wedged,
            CoreState::Dead,
            CoreState::CleanPend,
            CoreState::Clean,
        ];
        if !random.one_in(3) {
            return None;
        }
        let (state, parts) = {
            let net = world.shared.net.state.borrow();
            let seen = |state: &CoreState| net.coverage.times(state.name(), "survived");
            let there = STATES.into_iter().map(|state| (state, played_parts(world, state)));
            let found = there.filter(|(_, parts)| !parts.is_empty());
            found.min_by_key(|(state, _)| seen(state))?
        };
        let (domain, core) = random.pick(&parts)?;
        crash_and_haunt(world, (domain, core));
        Some(format!("the spawnd of core {core} crashes, domain {domain} being {}", state.name()))
    }

    /// What is dead or clean on a played spawnd's core, while its domain stops elsewhere, dies again or
    /// survives.
    fn die_again(world: &mut World, random: &mut Random) -> Option<String> {
        for state in [CoreState::Clean, CoreState::Dead] {
            let Some(part) = random.pick(&played_parts(world, state)) else { continue };
            if random.one_in(2) && tells_of_death(world, part) {
                return Some(format!("domain {} dies, being {}", part.0, state.name()));
            }
            crash_and_haunt(world, part);
            return Some(format!("its spawnd dies, domain {} being {}", part.0, state.name()));
        }
        let (domain, core) = ends_in_two_places(world, random)?;
        for other in (0..world.cores()).filter(|&other| other != core) {
            world.inject(Fault::SpawndHang(CoreId(other)));
        }
        let played = world.platform(CoreId(core)).and_then(|platform| platform.played())?;
        // Told before its kill is answered, that answer comes late.
        let told = random.one_in(2) && tells_of_death(world, (domain, core));
        let mut played = played.borrow_mut();
        let place = played.orders.iter().position(|order| order.domain == domain)?;
        let said = played.answer(place, ErrVal::OK) || told;
        Some(format!("domain {domain} ends on core {core} first: {said}"))
    }

    /// A program ends where it was spanned to, before that is known; at best while the domain stops.
    fn die_while_it_spans(world: &mut World, random: &mut Random) -> Option<String> {
        let born = random.pick(&played_parts(world, CoreState::SpawnPend));
        if let Some(part) = born.filter(|&part| random.one_in(2) && tells_of_death(world, part)) {
            return Some(format!("domain {} dies at its birth, as is told", part.0));
        }
        let stops = world.shared.net.state.borrow().oracle.model.in_state(State::StopPend);
        let spans = world.shared.net.state.borrow().oracle.model.on_cores(CoreState::SpanPend);
        let both: Vec<Part> = spans.iter().copied().filter(|it| stops.contains(&it.0)).collect();
        let part = random.pick(&both).or_else(|| random.pick(&spans))?;
        if tells_of_death(world, part) {
            return Some(format!("domain {} dies where it spans to, as is told", part.0));
        }
        if random.one_in(4) {
            world.inject(Fault::SpawndCrash(CoreId(part.1)));
            return Some(format!("the spawnd dies that domain {} spans to", part.0));
        }
        world.inject(Fault::SpawndHang(CoreId(part.1)));
        let happened = world.end_program(part, ProgramEnd::Panicked);
        Some(format!("domain {} ends where it spans to, {}: {happened}", part.0, part.1))
    }
}

/// The parts on played spawnds' cores that stand so, of domains that aren't over.
fn played_parts(world: &World, state: CoreState) -> Vec<Part> {
    let net = world.shared.net.state.borrow();
    let over = net.oracle.model.in_state(State::Cleaned);
    let mut parts = net.oracle.model.on_cores(state);
    parts.retain(|part| world.shared.truth.is_played(part.1) && !over.contains(&part.0));
    parts
}

/// A part on a played spawnd's core, which is to end there and elsewhere.
fn ends_in_two_places(world: &World, random: &mut Random) -> Option<Part> {
    let net = world.shared.net.state.borrow();
    let ending =
        [CoreState::KillPend, CoreState::CleanPend].map(|it| net.oracle.model.on_cores(it));
    let found = ending.iter().flat_map(|parts| {
        let others = move |it: &Part| parts.iter().any(|part| part.0 == it.0 && part.1 != it.1);
        parts.iter().copied().filter(others)
    });
    let played: Vec<_> = found.filter(|part| world.shared.truth.is_played(part.1)).collect();
    random.pick(&played)
}

/// A played spawnd crashes, and that domain survives it, as its monitor hears.
pub(super) fn crash_and_haunt(world: &mut World, (domain, core): Part) {
    if let Some(platform) = world.platform(CoreId(core)) {
        platform.haunt(DomainId(domain));
    }
    world.inject(Fault::SpawndCrash(CoreId(core)));
}

/// A played spawnd tells of a death. False if there is none, or it can't.
fn tells_of_death(world: &World, (domain, core): Part) -> bool {
    let played = world.platform(CoreId(core)).and_then(|platform| platform.played());
    let told = played.is_some_and(|it| it.borrow().tell(domain, ExitCause::Crashed, 1));
    if told {
        super::mark(world, Mark::FalseDeath);
    }
    told
}

fn who((domain, core): Part) -> Who {
    Who::Program { domain, core }
}

/// A part of a domain that stands so.
fn pick(world: &World, random: &mut Random, state: CoreState) -> Option<Part> {
    let found = world.shared.net.state.borrow().oracle.model.on_cores(state);
    random.pick(&found)
}
