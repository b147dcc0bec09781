//! One core: its spawnd, the programs on its platform, and the channels to the process manager.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use flounder::{CoreId, DomainId};
use flounder_monitor::{ChildKey, TimerId};
use flounder_procmgmt::machine::{Order, What};
use flounder_spawnd::machine::{
    Cause, Config, Death, Effect, Effects, Event, Machine, Order as Job, Owed, Payload, RequestId,
    RequestKind, StartError,
};

use super::action::Trouble;
use super::world::{EXIT_STATUS, Load, World};
use crate::tell::Tell;

impl Payload for Load {
    type Endpoint = ();

    /// An executable of the host: what a monitor adds to a start is the business of another model.
    fn is_dispatcher(&self) -> bool {
        false
    }
}

/// A spawnd, as the platform started it.
#[derive(Clone, Hash, Debug)]
pub(super) struct Spawnd {
    pub(super) generation: u64,
    pub(super) machine: Rc<Machine<Load>>,
}

/// The process manager's binding to a spawnd.
#[derive(Clone, Copy, Hash, Debug)]
pub(super) struct Link {
    pub(super) generation: u64,
    /// The spawnd's end is gone, and the process manager has not noticed.
    pub(super) closed: bool,
}

/// How far a program has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// It runs.
    Running,
    /// Its spawnd is gone, and it was told to end.
    Ending,
    /// It was told to end and didn't in time.
    Stuck,
}

/// A program on the platform.
#[derive(Clone, Copy, Hash, Debug)]
pub(super) struct Program {
    pub(super) stage: Stage,
    /// The spawnd that started it.
    pub(super) generation: u64,
    /// That spawnd is gone, and its monitor knows of this program.
    pub(super) is_left: bool,
}

/// One core.
#[derive(Clone, Default, Hash, Debug)]
pub(super) struct Core {
    pub(super) spawnd: Option<Spawnd>,
    pub(super) link: Option<Link>,
    /// What the process manager sent and the spawnd hasn't heard.
    pub(super) orders: VecDeque<(RequestId, What<Load>, DomainId)>,
    /// What the spawnd sent and the process manager hasn't heard.
    pub(super) replies: VecDeque<Owed>,
    /// The process manager has something to send and waits for room.
    pub(super) is_full: bool,
    /// There is room again, and the process manager has not noticed.
    pub(super) has_room: bool,
    /// Generations that the process manager is binding to.
    pub(super) binds: VecDeque<u64>,
    pub(super) programs: BTreeMap<DomainId, Program>,
    /// The spawnd, as its monitor knows it.
    pub(super) child: Option<ChildKey>,
    /// The monitor's timer, while what a dead spawnd started has time to end.
    pub(super) grace: Option<TimerId>,
}

impl Core {
    /// True if the spawnd that started the program is there.
    pub(super) fn is_of_spawnd(&self, program: &Program) -> bool {
        self.spawnd.as_ref().is_some_and(|spawnd| spawnd.generation == program.generation)
    }

    /// True if the grace time is next to be over: all that is left hangs.
    pub(super) fn grace_is_over(&self) -> bool {
        let mut left = self.programs.values().filter(|program| program.is_left);
        self.grace.is_some() && left.all(|program| program.stage == Stage::Stuck)
    }

    /// The spawnd's end of the binding is gone: what it didn't hear is lost.
    pub(super) fn close_link(&mut self) {
        self.orders.clear();
        (self.is_full, self.has_room) = (false, false);
        if let Some(link) = &mut self.link {
            link.closed = true;
        }
    }
}

/// What the death of a killed program is to its spawnd.
const KILLED: Death = Death { cause: Cause::Crashed, status: 137 };

impl World {
    /// A spawnd hears its next order, and the platform does what that takes, as far as it can.
    pub(super) fn order(
        &mut self,
        at: CoreId,
        trouble: Option<Trouble>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let owes = self.manager.footprint().owed > 0;
        let here = self.core_mut(at);
        let Some((request, what, domain)) = here.orders.pop_front() else {
            return Err("there is no order".to_owned());
        };
        here.has_room = here.is_full && owes;
        tell.say(|| format!("spawnd {at} hears order {request}: {what:?}, domain {domain}"));
        let runs = here.programs.contains_key(&domain);
        let order = match what {
            What::Spawn { payload: program, .. } => Job::Spawn { domain, program },
            What::Span { payload: program } => Job::Span { domain, program },
            What::Kill => Job::Kill { domain },
            What::Cleanup => Job::Cleanup { domain },
        };
        let kind = order.kind();
        self.command(at, Event::Request { request, order })?;
        match kind {
            RequestKind::Spawn | RequestKind::Span => self.begin((at, domain), trouble, tell),
            RequestKind::Kill if runs => self.end_killed((at, domain), trouble, tell),
            RequestKind::Kill | RequestKind::Cleanup => Ok(()),
        }
    }

    /// The platform has started a program, or couldn't.
    fn begin(
        &mut self,
        (at, domain): (CoreId, DomainId),
        trouble: Option<Trouble>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        if trouble == Some(Trouble::NoStart) {
            tell.say(|| format!("  domain {domain} can't be started"));
            self.left.failures -= 1;
            self.core_mut(at).programs.remove(&domain);
            return self.command(at, Event::StartFailed { domain, why: StartError::Run });
        }
        self.truth_mut(domain).ran[usize::from(at.0)] = true;
        match trouble {
            Some(Trouble::ReturnsAtOnce) => {
                tell.say(|| format!("  domain {domain} starts and returns 7"));
                self.left.exits -= 1;
                self.truth_mut(domain).causes.exited = true;
                let death = Death { cause: Cause::Exited, status: EXIT_STATUS };
                self.ended((at, domain), death, tell)
            }
            Some(Trouble::EndIsToldFirst) => {
                self.panic((at, domain), tell)?;
                let replies = &mut self.core_mut(at).replies;
                if let [.., reply, end] = replies.make_contiguous() {
                    std::mem::swap(reply, end);
                }
                Ok(())
            }
            _ => self.command(at, Event::Started { domain }),
        }
    }

    /// A killed program ends, or outlives its grace time.
    fn end_killed(
        &mut self,
        (at, domain): (CoreId, DomainId),
        trouble: Option<Trouble>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        if trouble != Some(Trouble::Hangs) {
            return self.ended((at, domain), KILLED, tell);
        }
        tell.say(|| format!("  domain {domain} hangs"));
        self.left.hangs -= 1;
        if let Some(program) = self.core_mut(at).programs.get_mut(&domain) {
            program.stage = Stage::Stuck;
        }
        self.command(at, Event::Timer { domain })
    }

    /// Something happens to the spawnd of a core.
    fn command(&mut self, at: CoreId, event: Event<Load>) -> Result<(), String> {
        let here = self.core_mut(at);
        let Some(spawnd) = &mut here.spawnd else { return Ok(()) };
        let (machine, generation) = (Rc::make_mut(&mut spawnd.machine), spawnd.generation);
        let mut effects = Effects::new();
        machine.handle(event, &mut effects);
        while let Some(owed) = machine.next_owed().copied() {
            machine.sent();
            // Over a binding that was closed nothing can be said.
            here.replies.extend(here.link.map(|_| owed));
        }
        for effect in effects {
            self.on_platform((at, generation), effect)?;
        }
        Ok(())
    }

    /// The platform does what a spawnd wants.
    fn on_platform(
        &mut self,
        (at, generation): (CoreId, u64),
        effect: Effect<Load>,
    ) -> Result<(), String> {
        let programs = &mut self.core_mut(at).programs;
        match effect {
            Effect::Start { domain, .. } => {
                let program = Program { stage: Stage::Running, generation, is_left: false };
                if programs.insert(domain, program).is_some() {
                    return Err(format!("domain {domain} is started twice on core {at}"));
                }
            }
            Effect::Release { domain } if programs.contains_key(&domain) => {
                return Err(format!("domain {domain} is cleaned up while it runs on core {at}"));
            }
            Effect::Kill { .. }
            | Effect::ArmGrace { .. }
            | Effect::DisarmGrace { .. }
            | Effect::Release { .. } => {}
            other => return Err(format!("spawnd {at} wants {other:?}")),
        }
        Ok(())
    }

    pub(super) fn panic(
        &mut self,
        (at, domain): (CoreId, DomainId),
        tell: &mut Tell,
    ) -> Result<(), String> {
        tell.say(|| format!("domain {domain} panics on core {at}"));
        self.left.exits -= 1;
        self.truth_mut(domain).causes.panicked = true;
        self.ended((at, domain), Death { cause: Cause::Crashed, status: 134 }, tell)
    }

    /// What a dead spawnd started ends, or what hung.
    pub(super) fn end(
        &mut self,
        at: CoreId,
        domain: DomainId,
        tell: &mut Tell,
    ) -> Result<(), String> {
        tell.say(|| format!("domain {domain} has ended on core {at}"));
        self.ended((at, domain), KILLED, tell)
    }

    /// Nothing of a program executes on a core any more: its spawnd hears of it, or else the monitor.
    fn ended(
        &mut self,
        (at, domain): (CoreId, DomainId),
        death: Death,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let here = self.core_mut(at);
        let Some(program) = here.programs.remove(&domain) else {
            return Err(format!("domain {domain} ends twice on core {at}"));
        };
        if here.is_of_spawnd(&program) {
            return self.command(at, Event::Ended { domain, death });
        }
        self.monitor(at, flounder_monitor::Event::SurvivorEnded { domain }, tell)
    }

    /// The spawnd of a core crashes, and its monitor hears of that. What it sent may still arrive.
    pub(super) fn crash(&mut self, at: CoreId, tell: &mut Tell) -> Result<(), String> {
        tell.say(|| format!("spawnd {at} crashes"));
        self.left.crashes -= 1;
        self.used_cores[usize::from(at.0)] = true;
        self.lose_spawnd(at, tell)
    }

    /// The spawnd of a core is gone.
    pub(super) fn lose_spawnd(&mut self, at: CoreId, tell: &mut Tell) -> Result<(), String> {
        self.has_lost_a_spawnd = true;
        let here = self.core_mut(at);
        here.spawnd = None;
        here.close_link();
        match here.child.take() {
            Some(child) => self.monitor(at, flounder_monitor::Event::ChildGone { child }, tell),
            None => Ok(()),
        }
    }

    /// The platform starts a spawnd.
    pub(super) fn begin_spawnd(&mut self, at: CoreId, generation: u64) {
        let machine = Rc::new(Machine::new(Config::default()));
        self.core_mut(at).spawnd = Some(Spawnd { generation, machine });
    }

    /// The process manager sends a spawnd what it is owed, as far as there is room.
    pub(super) fn feed(&mut self, at: CoreId, tell: &mut Tell) {
        let room = usize::from(self.left.room);
        let here = &mut self.cores[usize::from(at.0)];
        here.has_room = false;
        if here.link.is_none_or(|link| link.closed) {
            return;
        }
        let manager = Rc::make_mut(&mut self.manager);
        here.is_full = here.orders.len() >= room;
        while here.orders.len() < room {
            let Some(Order { request, domain, what, .. }) = manager.take_order(at) else { return };
            tell.say(|| format!("  to spawnd {at}, order {}: {what:?}, {domain}", request.0));
            here.orders.push_back((RequestId(request.0), what, domain));
            here.is_full = here.orders.len() >= room;
        }
    }
}
