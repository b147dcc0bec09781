//! The state of the model, what changes it, and what must hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flounder::{Badge, CoreId, DomainId, ErrCode, ErrVal, Fingerprint, Iref, Role};
use flounder_monitor::{
    ChildKey, ChildKind, Effect, Effects, Event, FromChild, Generation, Interface, Machine,
    NAME_SERVICE_IREF, PeerMessage, RequestId, ToChild,
};

use super::Bounds;
use super::action::{Action, Target};
use super::links::Links;
use crate::tell::Tell;

/// Programs, each on a core of its own, after that of monitor 0.
const PROGRAMS: usize = 2;
const HUB: CoreId = CoreId(0);
/// How a monitor knows its program and its spawnd.
const PROGRAM: ChildKey = ChildKey(1);
const SPAWND: ChildKey = ChildKey(2);

/// An endpoint on its way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum End {
    /// Of a binding: who asked for it, and with which request.
    Service(usize, RequestId),
    /// Of a link between monitors.
    Link(usize),
}

/// What a program sends to its monitor.
#[derive(Clone, Hash, Debug)]
enum Said {
    Message(FromChild<End>),
    /// It is dead.
    Gone,
}

#[derive(Clone, Default, Hash, Debug)]
struct Program {
    iref: Iref,
    is_exported: bool,
    is_dead: bool,
    asked: u64,
    asks: BTreeMap<RequestId, Target>,
    offers: VecDeque<(RequestId, End)>,
    up: VecDeque<Said>,
    down: VecDeque<ToChild<End>>,
}

/// The state of the model.
#[derive(Clone, Hash, Debug)]
pub struct World {
    /// By core; a lost one has none.
    monitors: [Option<Machine>; 1 + PROGRAMS],
    programs: [Program; PROGRAMS],
    pub(super) links: Links,
    /// What the name service claims.
    own: VecDeque<RequestId>,
    /// What became of each end that reached a service.
    accepted: BTreeSet<End>,
    refused: BTreeSet<End>,
    /// Who was told that its binding is there.
    told: BTreeSet<End>,
    left: Bounds,
    used: [bool; PROGRAMS],
}

fn interface(name: &str) -> Interface {
    Interface { name: name.to_owned(), fingerprint: Fingerprint::new(0, name.len() as u64) }
}

fn core_of(program: usize) -> CoreId {
    [CoreId(1), CoreId(2)][program]
}

fn domain_of(program: usize) -> DomainId {
    DomainId(program as u64 + 1)
}

/// Who brings an end is who asked for it, whatever a message says.
fn check_badge(end: End, peer: Badge) -> Result<(), String> {
    let End::Service(program, _) = end else { return Err(format!("{end:?} is no binding's")) };
    let (core, domain) = (core_of(program), domain_of(program));
    if peer == (Badge { core, domain, role: Role::Program }) {
        return Ok(());
    }
    Err(format!("{end:?} comes as that of {peer:?}"))
}

fn program_of(core: CoreId) -> usize {
    usize::from(core.0) - 1
}

impl World {
    /// Monitors that have their children, and programs that have exported a service each.
    pub(super) fn started(bounds: Bounds) -> Self {
        let monitor = |core| Some(Machine::new(CoreId(core), interface("nameservice")));
        let mut world = Self {
            monitors: [monitor(0), monitor(1), monitor(2)],
            programs: [Program::default(), Program::default()],
            links: Links::default(),
            own: VecDeque::new(),
            accepted: BTreeSet::new(),
            refused: BTreeSet::new(),
            told: BTreeSet::new(),
            left: bounds,
            used: [false; PROGRAMS],
        };
        let begun = (0..PROGRAMS).try_for_each(|program| world.begin(program));
        assert_eq!(begun, Ok(()), "the programs begin");
        world
    }

    fn begin(&mut self, program: usize) -> Result<(), String> {
        let (core, tell) = (core_of(program), &mut Tell::silent());
        self.links.add(HUB, core);
        self.handle(HUB, Event::LinkAdded { core }, tell)?;
        let kind = ChildKind::Spawnd { generation: Generation(1) };
        self.handle(core, Event::ChildAdded { child: SPAWND, kind }, tell)?;
        let kind = ChildKind::Program { domain: domain_of(program) };
        self.handle(core, Event::ChildAdded { child: PROGRAM, kind }, tell)?;
        let message =
            FromChild::ExportRequest { request: RequestId(0), interface: interface("echo") };
        self.handle(core, Event::Child { from: PROGRAM, message }, tell)?;
        let reply = self.programs[program].down.pop_front();
        let Some(ToChild::ExportReply { result: Ok(iref), .. }) = reply else {
            return Err(format!("an export is answered {reply:?}"));
        };
        (self.programs[program].iref, self.programs[program].is_exported) = (iref, true);
        Ok(())
    }

    fn is_lost(&self, program: usize) -> bool {
        self.monitors[usize::from(core_of(program).0)].is_none()
    }

    pub(super) fn actions(&self, out: &mut Vec<Action>) {
        out.extend((!self.own.is_empty()).then_some(Action::Claim));
        for (link, it) in self.links.all.iter().enumerate() {
            let both = [false, true].into_iter().filter(|&to_maker| it.has_news(to_maker));
            out.extend(both.map(|to_maker| Action::Link { link, to_maker }));
        }
        for (program, it) in self.programs.iter().enumerate() {
            out.extend((!it.up.is_empty()).then_some(Action::Up { program }));
            out.extend((!it.down.is_empty()).then_some(Action::Down { program }));
            let decides = [true, false].map(|accepts| Action::Decide { program, accepts });
            out.extend(decides.into_iter().filter(|_| !it.offers.is_empty()));
        }
        let unused = self.used.iter().position(|used| !used);
        for program in 0..unused.map_or(PROGRAMS, |unused| unused + 1) {
            self.initiatives(program, out);
        }
    }

    fn initiatives(&self, program: usize, out: &mut Vec<Action>) {
        use Target::{Mismatched, Names, Nowhere, Other, Own};
        let may_be_lost = self.left.losses > 0 && !self.is_lost(program);
        out.extend(may_be_lost.then_some(Action::Lose { program }));
        let it = &self.programs[program];
        if it.is_dead {
            return;
        }
        out.extend((self.left.deaths > 0).then_some(Action::Die { program }));
        if self.left.requests > 0 {
            let targets = [Other, Mismatched, Own, Names, Nowhere];
            out.extend(targets.map(|target| Action::Bind { program, target }));
            out.extend(it.is_exported.then_some(Action::Unexport { program }));
            out.push(Action::Pose { program });
        }
    }

    pub(super) fn act(&mut self, action: Action, tell: &mut Tell) -> Result<(), String> {
        match action {
            Action::Bind { program, target } => self.bind(program, target, tell),
            Action::Unexport { program } => {
                self.programs[program].is_exported = false;
                let iref = self.programs[program].iref;
                self.ask(program, FromChild::Unexport { iref }, tell);
            }
            Action::Pose { program } => {
                let iref = self.programs[program].iref;
                self.ask(program, FromChild::SetSpawnIrefRequest { iref }, tell);
            }
            Action::Die { program } => self.die(program, tell),
            Action::Lose { program } => self.lose(program, tell),
            Action::Up { program } => return self.up(program, tell),
            Action::Down { program } => return self.down(program, tell),
            Action::Decide { program, accepts } => self.decide(program, accepts, tell),
            Action::Claim => return self.claim(tell),
            Action::Link { link, to_maker } => return self.hear(link, to_maker, tell),
        }
        Ok(())
    }

    fn ask(&mut self, program: usize, message: FromChild<End>, tell: &mut Tell) {
        tell.say(|| format!("program {program} says {message:?}"));
        self.left.requests -= 1;
        self.used[program] = true;
        self.programs[program].up.push_back(Said::Message(message));
    }

    fn bind(&mut self, program: usize, target: Target, tell: &mut Tell) {
        let other = self.programs[1 - program].iref;
        let it = &mut self.programs[program];
        it.asked += 1;
        let request = RequestId(it.asked);
        it.asks.insert(request, target);
        let (iref, name) = match target {
            Target::Other => (other, "echo"),
            Target::Mismatched => (other, "clock"),
            Target::Own => (it.iref, "echo"),
            Target::Names => (NAME_SERVICE_IREF, "nameservice"),
            Target::Nowhere => (Iref::new(CoreId(9), 1), "echo"),
        };
        let (interface, endpoint) = (interface(name), End::Service(program, request));
        self.ask(
            program,
            FromChild::BindClientRequest { request, iref, interface, endpoint },
            tell,
        );
    }

    fn die(&mut self, program: usize, tell: &mut Tell) {
        tell.say(|| format!("program {program} dies"));
        self.left.deaths -= 1;
        self.used[program] = true;
        self.end(program);
        if !self.is_lost(program) {
            self.programs[program].up.push_back(Said::Gone);
        }
    }

    /// What a program sent still arrives; what was sent to it doesn't matter any more.
    fn end(&mut self, program: usize) {
        let it = &mut self.programs[program];
        it.is_dead = true;
        (it.asks, it.offers, it.down) = Default::default();
    }

    fn lose(&mut self, program: usize, tell: &mut Tell) {
        let core = core_of(program);
        tell.say(|| format!("core {core} is lost"));
        self.left.losses -= 1;
        self.used[program] = true;
        self.end(program);
        self.programs[program].up.clear();
        self.monitors[usize::from(core.0)] = None;
        self.links.lose(core);
    }

    fn up(&mut self, program: usize, tell: &mut Tell) -> Result<(), String> {
        let Some(said) = self.programs[program].up.pop_front() else { return Ok(()) };
        tell.say(|| format!("monitor {} hears program {program}", core_of(program)));
        let event = match said {
            Said::Message(message) => Event::Child { from: PROGRAM, message },
            Said::Gone => Event::ChildGone { child: PROGRAM },
        };
        self.handle(core_of(program), event, tell)
    }

    /// A monitor handles an event.
    pub(super) fn handle(
        &mut self,
        core: CoreId,
        event: Event<End>,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let mut effects = Effects::new();
        if let Some(monitor) = &mut self.monitors[usize::from(core.0)] {
            monitor.handle(event, &mut effects);
        }
        for effect in effects {
            tell.say(|| format!("  monitor {core} wants {effect:?}"));
            self.carry_out(core, effect)?;
        }
        self.links.close_dropped();
        Ok(())
    }

    fn carry_out(&mut self, core: CoreId, effect: Effect<End>) -> Result<(), String> {
        match effect {
            Effect::ToPeer { message: PeerMessage::Spawnd(news), .. } => {
                return Err(format!("a program is taken for a spawnd: {news:?}"));
            }
            Effect::ToChild { to: PROGRAM, message } => {
                let program = &mut self.programs[program_of(core)];
                program.down.extend((!program.is_dead).then_some(message));
            }
            Effect::ToPeer { to, message } => self.links.send(core, to, message),
            Effect::Connect { target } => {
                let endpoint = self.links.make(core, target)?;
                let message = PeerMessage::ConnectRequest { from: core, target, endpoint };
                self.links.send(core, HUB, message);
            }
            Effect::ClaimLink { core: peer, endpoint } => {
                return self.links.claim(core, peer, endpoint);
            }
            Effect::CloseLink { core: peer } => self.links.forget_way(core, peer),
            Effect::BindOwnService { request, peer, endpoint } => {
                check_badge(endpoint, peer)?;
                self.accepted.insert(endpoint);
                self.own.push_back(request);
            }
            // Spawnds neither hang nor crash here.
            Effect::ArmTimer { .. } | Effect::LogMismatch { .. } => {}
            other => return Err(format!("nobody asked monitor {core} for {other:?}")),
        }
        Ok(())
    }

    fn claim(&mut self, tell: &mut Tell) -> Result<(), String> {
        let Some(request) = self.own.pop_front() else { return Ok(()) };
        tell.say(|| "the name service has claimed an end".to_owned());
        self.handle(HUB, Event::OwnServiceReply { request, err: ErrVal::OK }, tell)
    }

    fn decide(&mut self, program: usize, accepts: bool, tell: &mut Tell) {
        let Some((request, end)) = self.programs[program].offers.pop_front() else { return };
        let word = if accepts { "accepts" } else { "refuses" };
        tell.say(|| format!("program {program} {word} {end:?}"));
        let err = if accepts {
            self.accepted.insert(end);
            ErrVal::OK
        } else {
            self.refused.insert(end);
            ErrCode::FLOUNDER_ERR_BIND_REFUSED.into()
        };
        let message = FromChild::BindServiceReply { request, err };
        self.programs[program].up.push_back(Said::Message(message));
    }

    fn down(&mut self, program: usize, tell: &mut Tell) -> Result<(), String> {
        let Some(message) = self.programs[program].down.pop_front() else { return Ok(()) };
        tell.say(|| format!("program {program} hears {message:?}"));
        match message {
            ToChild::BindClientReply { request, err } => {
                let Some(target) = self.programs[program].asks.remove(&request) else {
                    return Err(format!("program {program} is answered {err}, unasked"));
                };
                let end = End::Service(program, request);
                self.told.extend(err.is_ok().then_some(end));
                if self.is_true((program, target), end, err) {
                    return Ok(());
                }
                Err(format!("program {program} asked for {target:?} and is told {err}"))
            }
            ToChild::BindServiceRequest { request, iref, peer, endpoint } => {
                check_badge(endpoint, peer)?;
                let it = &mut self.programs[program];
                it.offers.push_back((request, endpoint));
                if iref == it.iref { Ok(()) } else { Err(format!("{iref} isn't of {program}")) }
            }
            other => Err(format!("program {program} never asked for {other:?}")),
        }
    }

    /// Whether `err` is a true answer to whoever asked for `target`.
    fn is_true(&self, (program, target): (usize, Target), end: End, err: ErrVal) -> bool {
        let service = match target {
            Target::Other | Target::Mismatched => Some(1 - program),
            Target::Own => Some(program),
            Target::Names | Target::Nowhere => None,
        };
        let is_over = service.is_some_and(|it| self.programs[it].is_dead || self.is_lost(it));
        let is_unexported = service.is_some_and(|it| !self.programs[it].is_exported);
        // Nobody is asked who speaks another interface, or isn't there.
        let may_decide = !matches!(target, Target::Mismatched | Target::Nowhere);
        match err.top() {
            Some(ErrCode::OK) => may_decide && self.accepted.contains(&end),
            Some(ErrCode::FLOUNDER_ERR_BIND_REFUSED) => may_decide && self.refused.contains(&end),
            Some(ErrCode::FLOUNDER_ERR_BIND_MISMATCH) => target == Target::Mismatched,
            Some(ErrCode::FLOUNDER_ERR_BIND) => is_over,
            Some(ErrCode::MON_ERR_INVALID_IREF) => is_over || is_unexported,
            Some(ErrCode::MON_ERR_INVALID_CORE) => {
                target == Target::Nowhere || service.is_some_and(|it| self.is_lost(it))
            }
            _ => false,
        }
    }

    /// Everything that was asked is answered, nothing is left over, both sides agree.
    pub(super) fn check_at_rest(&self) -> Result<(), String> {
        for (number, program) in self.programs.iter().enumerate() {
            if let Some((request, target)) = program.asks.first_key_value() {
                return Err(format!("{request:?} of program {number} for {target:?} is open"));
            }
        }
        let pending: usize = self.monitors.iter().flatten().map(Machine::pending_binds).sum();
        if pending > 0 {
            return Err(format!("{pending} binds are pending in monitors"));
        }
        let is_well = self.programs.iter().all(|program| !program.is_dead);
        if is_well && self.told != self.accepted {
            return Err(format!("{:?} are accepted, {:?} told", self.accepted, self.told));
        }
        Ok(())
    }
}
