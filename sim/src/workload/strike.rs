//! Striking where it hurts: a domain that is just between two states, a row that was not seen there.

use flounder::{Cap, CoreId, Rights};

use super::ambush::crash_and_haunt;
use super::puppet::Line;
use super::{Workload, end_of};
use crate::fault::Fault;
use crate::oracle::{CoreState, State};
use crate::random::Random;
use crate::world::World;

/// What can be done to a domain in a given state, by the row of the table of requests.
const ROWS: [&str; 7] =
    ["kill", "wait", "wait nohang", "get_status", "span", "exit", "exit of another"];

impl Workload {
    /// Does to a domain in a short-lived state what was done least in it.
    pub(super) fn strike(&mut self, world: &mut World, random: &mut Random) -> String {
        if random.one_in(4)
            && let Some(what) = self.ambush(world, random)
        {
            return what;
        }
        let spanned = world.shared.net.state.borrow().oracle.model.on_cores(CoreState::SpanPend);
        if let Some((domain, core)) = random.pick(&spanned).filter(|_| random.one_in(2)) {
            return self.strike_a_span(world, random, domain, CoreId(core));
        }
        let states = [State::Nil, State::StopPend, State::Stopped, State::Cleaned, State::Running];
        let from = random.below(3);
        for state in states.into_iter().skip(from) {
            let found = world.shared.net.state.borrow().oracle.model.in_state(state);
            if let Some(domain) = random.pick(&found) {
                return self.strike_at(world, random, (domain, state));
            }
        }
        self.spawn(world, random)
    }

    fn strike_at(
        &mut self,
        world: &mut World,
        random: &mut Random,
        (domain, state): (u64, State),
    ) -> String {
        if random.one_in(3) {
            return self.strike_from_below(world, random, domain);
        }
        let row = {
            let net = world.shared.net.state.borrow();
            let rarest = ROWS.into_iter().min_by_key(|&row| net.coverage.times(row, state.name()));
            rarest.filter(|_| random.one_in(2)).unwrap_or(ROWS[random.below(ROWS.len())])
        };
        let core = random.byte() % world.cores();
        let cap = self.cap_for(world, random, domain, row);
        let client = &self.clients[random.below(self.clients.len())];
        match row {
            "kill" => client.kill(cap),
            "wait" => client.wait(cap, false),
            "wait nohang" => client.wait(cap, true),
            "get_status" => client.status(domain, cap),
            "exit of another" => client.exit(cap, random.byte()),
            "span" if !cap.is_null() => client.span(cap, core, !random.one_in(4)),
            "span" => self.tell_parts(world, domain, Line::Span(core, true)),
            _ => self.tell_parts(world, domain, Line::Exit(random.byte())),
        }
        format!("{row} of domain {domain} in {}", state.name())
    }

    /// Ends a domain while its span is under way.
    fn strike_a_span(
        &mut self,
        world: &mut World,
        random: &mut Random,
        domain: u64,
        core: CoreId,
    ) -> String {
        if world.shared.truth.is_played(core.0) && random.one_in(3) {
            crash_and_haunt(world, (domain, core.0));
            return format!("the spawnd of core {core} dies, domain {domain} spanning there");
        }
        world.inject(Fault::SpawndHang(core));
        let cap = self.cap_for(world, random, domain, "kill");
        self.clients[random.below(self.clients.len())].kill(cap);
        format!("kill of domain {domain} while it spans to core {core}")
    }

    /// A cap of the domain that a client has, or, where nobody loses caps, one that nobody was given.
    pub(super) fn cap_for(
        &self,
        world: &World,
        random: &mut Random,
        domain: u64,
        row: &str,
    ) -> Cap {
        let held = self.clients.iter().find_map(|client| client.cap_of(Some(domain), 0));
        match held {
            Some(cap) if !matches!(row, "span" | "exit of another") => cap,
            Some(cap) if row == "span" && may_span(&cap) => cap,
            Some(cap) if row != "span" && !self.kind.is_patient => cap,
            _ if self.kind.is_patient && (row != "span" || random.one_in(2)) => {
                world.mint(domain, Rights::DOMAIN)
            }
            _ => Cap::NULL,
        }
    }

    fn tell_parts(&self, world: &World, domain: u64, line: Line) {
        for core in world.shared.truth.alive(domain) {
            self.puppets.tell((domain, core), line);
        }
    }

    /// What the platform or a spawnd does to the domain at this moment.
    fn strike_from_below(&mut self, world: &mut World, random: &mut Random, domain: u64) -> String {
        let parts: Vec<(u64, u8)> = {
            let net = world.shared.net.state.borrow();
            let pending = [CoreState::SpawnPend, CoreState::SpanPend, CoreState::KillPend]
                .into_iter()
                .chain([CoreState::CleanPend, CoreState::Wedged, CoreState::Run]);
            pending.flat_map(|state| net.oracle.model.on_cores(state)).collect()
        };
        let of_domain: Vec<_> = parts.iter().copied().filter(|part| part.0 == domain).collect();
        let Some(part) = random.pick(&of_domain) else { return self.request(world, random) };
        let core = CoreId(part.1);
        match random.below(24) {
            0 if !self.kind.is_patient => {
                world.inject(Fault::SpawndCrash(core));
                format!("the spawnd of core {core} crashes under domain {domain}")
            }
            1..=4 => {
                if let Some(platform) = world.platform(core) {
                    platform.wedge(flounder::DomainId(domain));
                }
                super::mark(world, crate::fault::Mark::ProgramWedge);
                format!("domain {domain} is wedged on core {core}")
            }
            5..=8 => {
                world.inject(Fault::SpawndHang(core));
                format!("the spawnd of core {core} hangs under domain {domain}")
            }
            9..=12 => {
                world.unwedge();
                "wedged programs end".to_owned()
            }
            _ => {
                let end = end_of(random);
                let happened = world.end_program(part, end);
                format!("domain {domain} on core {core} ends by itself, {end:?}: {happened}")
            }
        }
    }
}

fn may_span(cap: &Cap) -> bool {
    cap.identify().is_ok_and(|info| info.rights.contains(Rights::SPAN))
}
