//! Making things go wrong, and making them well again.

use flounder::DomainId;
use flounder::platform::{ProgramEnd, ServiceKind, StartFailure};

use super::{Role, World};
use crate::fault::{Fault, Mark};
use crate::net::Breakage;
use crate::oracle::truth::Life;

/// For how many steps somebody is held up, at most.
const HOLD_STEPS_MAX: usize = 400;

impl World {
    /// Makes something go wrong. False if there is nothing it could happen to.
    pub fn inject(&mut self, fault: Fault) -> bool {
        let mark = mark(fault);
        let happened = self.outside(|world| world.go_wrong(fault));
        if happened {
            let mut state = self.shared.net.state.borrow_mut();
            if let Some(mark) = mark {
                state.coverage.mark(mark);
            }
            state.trace.say(|| format!("fault: {fault:?}"));
        }
        happened
    }

    fn go_wrong(&mut self, fault: Fault) -> bool {
        let net = std::rc::Rc::clone(&self.shared.net);
        let steps = 1 + self.random.below(HOLD_STEPS_MAX) as u64;
        match fault {
            Fault::Delay => net.hold(&mut self.random, steps, true),
            Fault::FullChannel => net.hold(&mut self.random, steps, false),
            Fault::SlowMonitor(core) => self.stall(Role::Monitor(core), steps),
            Fault::SpawndHang(core) => self.stall(Role::Spawnd(core), steps * 4),
            Fault::SpawndCrash(core) => self.platform(core).is_some() && self.crash_spawnd(core),
            Fault::StartFailure => {
                let ways = [StartFailure::Load, StartFailure::Run, StartFailure::Span];
                let way = self.random.pick(&ways);
                self.shared.start_failure.set(way);
                true
            }
            Fault::EndpointRefused => {
                net.refuse_an_endpoint();
                true
            }
            Fault::CapTransferFails => {
                let ways = [Breakage::Revoked, Breakage::Foreign];
                net.break_a_cap(ways[self.random.below(ways.len())]);
                true
            }
            Fault::SpuriousWake => net.wake_for_nothing(&mut self.random),
            Fault::ProgramWedge => self.wedge_a_program(),
            Fault::ProgramExit => {
                let status = self.random.byte();
                self.end_a_program(ProgramEnd::Exited(status))
            }
            Fault::ProgramCrash => self.end_a_program(ProgramEnd::Panicked),
            Fault::ClientDeath => self.kill_a_host(),
        }
    }

    fn stall(&mut self, role: Role, steps: u64) -> bool {
        let until = self.steps + steps;
        let found = self.loops.iter_mut().find(|it| it.role == role);
        found.map(|it| it.stalled_until = until).is_some()
    }

    fn wedge_a_program(&mut self) -> bool {
        let alive = self.shared.truth.all_alive();
        let Some((domain, core)) = self.random.pick(&alive) else { return false };
        self.platforms[usize::from(core)].wedge(DomainId(domain));
        true
    }

    fn end_a_program(&mut self, end: ProgramEnd) -> bool {
        let alive = self.shared.truth.all_alive();
        let Some((domain, core)) = self.random.pick(&alive) else { return false };
        self.end_program((domain, core), end)
    }

    /// Has a program return or panic.
    pub(crate) fn end_program(&mut self, (domain, core): (u64, u8), end: ProgramEnd) -> bool {
        let is_alive = self.shared.truth.life((domain, core)) == Some(Life::Alive);
        if is_alive {
            self.platforms[usize::from(core)].ends(DomainId(domain), end);
        }
        is_alive
    }

    fn kill_a_host(&mut self) -> bool {
        self.homes.retain(|home| home.waitset().sources() > 0);
        if self.homes.is_empty() {
            return false;
        }
        let place = self.random.below(self.homes.len());
        let home = self.homes.swap_remove(place);
        home.end();
        home.holder().end();
        true
    }

    /// Lets go of whoever is held up, and forgets faults that are still to come.
    pub(super) fn heal(&mut self) {
        let _tap = self.tap();
        self.shared.net.release_all();
        self.shared.start_failure.set(None);
        for it in &mut self.loops {
            it.stalled_until = 0;
        }
    }

    /// Ends programs that were wedged and killed. False if there were none.
    pub(crate) fn unwedge(&mut self) -> bool {
        let mut any = false;
        for platform in &self.platforms {
            any |= platform.unwedge();
        }
        any
    }

    /// Ends the spawnds that are played, which never end by themselves: their monitors say that they
    /// are gone, for which the process manager waits where it closed their bindings.
    pub(super) fn end_played_spawnds(&mut self) {
        for core in 0..self.cores() {
            let is_played = self.shared.truth.is_played(core);
            if is_played {
                self.outside(|world| world.platforms[usize::from(core)].crash(ServiceKind::Spawnd));
            }
        }
    }
}

/// The mark of a fault that happens at once; the others are marked when they do.
fn mark(fault: Fault) -> Option<Mark> {
    Some(match fault {
        Fault::Delay => Mark::Delay,
        Fault::FullChannel => Mark::FullChannel,
        Fault::SlowMonitor(_) => Mark::SlowMonitor,
        Fault::SpawndHang(_) => Mark::SpawndHang,
        Fault::SpawndCrash(_) => Mark::SpawndCrash,
        Fault::ProgramWedge => Mark::ProgramWedge,
        Fault::SpuriousWake => Mark::SpuriousWake,
        Fault::ProgramExit => Mark::ProgramExit,
        Fault::ProgramCrash => Mark::ProgramCrash,
        Fault::ClientDeath => Mark::ClientDeath,
        _ => return None,
    })
}
