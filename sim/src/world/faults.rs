//! Making things go wrong, and making them well again.

use flounder::platform::{ProgramEnd, ServiceKind, StartFailure};
use flounder::{CoreId, DomainId};

use super::boot::HEARTBEAT_PERIOD;
use super::{Role, World};
use crate::fault::{Fault, Mark};
use crate::net::Breakage;
use crate::oracle::truth::Life;

/// For how many steps somebody is held up, at most.
const HOLD_STEPS_MAX: usize = 400;
/// Time passes at once in so many parts of a heartbeat's period at most.
const TIME_PARTS: usize = 6;
const PARTS_PER_PERIOD: u32 = 4;

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
            Fault::SpawndStuck(core) => self.stick(core),
            Fault::SpawndCrashLoop(core) => self.crash_in_a_row(core),
            Fault::TimePasses => {
                let part = 1 + self.random.below(TIME_PARTS);
                self.pass(HEARTBEAT_PERIOD * u32::try_from(part).unwrap_or(1) / PARTS_PER_PERIOD);
                true
            }
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
                net.break_a_message(ways[self.random.below(ways.len())]);
                true
            }
            Fault::MalformedBytes => {
                net.break_a_message(Breakage::Malformed);
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

    fn stick(&mut self, core: CoreId) -> bool {
        let Some(platform) = self.platform(core) else { return false };
        let life = platform.generation();
        let found = self.loops.iter_mut().find(|it| it.role == Role::Spawnd(core));
        found.map(|it| it.stuck_in = Some(life)).is_some()
    }

    fn crash_in_a_row(&mut self, core: CoreId) -> bool {
        let times = 1 + self.random.below(self.shared.config.restarts_max as usize + 2);
        let times = u32::try_from(times).unwrap_or(1);
        self.platform(core).is_some_and(|platform| platform.crash_in_a_row(times))
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
            (it.stalled_until, it.stuck_in) = (0, None);
        }
        for platform in &self.platforms {
            platform.crash_in_a_row(0);
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
        Fault::SpawndStuck(_) => Mark::SpawndStuck,
        Fault::SpawndCrashLoop(_) => Mark::SpawndCrashLoop,
        Fault::TimePasses => Mark::TimePasses,
        Fault::ProgramWedge => Mark::ProgramWedge,
        Fault::SpuriousWake => Mark::SpuriousWake,
        Fault::ProgramExit => Mark::ProgramExit,
        Fault::ProgramCrash => Mark::ProgramCrash,
        Fault::ClientDeath => Mark::ClientDeath,
        _ => return None,
    })
}
