//! The machines, and what stands in for their handlers: wires that deliver in order, one at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flounder::{CoreId, DomainId, ErrCode, ErrVal, Fingerprint, Iref};
use flounder_monitor::{
    ChildKey, ChildKind, Effect, Effects, Event, FromChild, Interface, Machine, NAME_SERVICE_IREF,
    PeerMessage, RequestId, ToChild,
};

use crate::child::{Ask, Child, ChildId, Truth};
use crate::token::{End, Registry, Token};

const CORES: u8 = 3;
const HUB: CoreId = CoreId(0);
const CHILDREN_MAX: usize = 9;
const INTERFACES: [&str; 2] = ["echo", "clock"];

/// What a run may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) lose_a_core: bool,
}

/// A direction of a channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Wire {
    ToMonitor(ChildId),
    ToChild(ChildId),
    ToTaker(usize),
    ToMaker(usize),
    /// The name service of monitor 0, which is as slow as everything else.
    Own,
}

#[derive(Debug)]
enum Parcel {
    Event(CoreId, Event<Token>),
    Child(ChildId, ToChild<Token>),
    /// The other end of the link is closed.
    Closed(CoreId, usize),
}

#[derive(Debug)]
struct Link {
    maker: CoreId,
    taker: CoreId,
    claimed: bool,
    /// One of the ends is gone: what is sent now is dropped.
    closed: bool,
}

/// Multiplies and shifts a counter (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let below = (bits ^ (bits >> 31)) % bound as u64;
        usize::try_from(below).expect("less than a usize")
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())])
    }
}

#[derive(Debug)]
pub(crate) struct World {
    random: Random,
    options: Options,
    machines: BTreeMap<CoreId, Machine>,
    children: BTreeMap<ChildId, Child>,
    wires: BTreeMap<Wire, VecDeque<Parcel>>,
    links: Vec<Link>,
    /// Which link a monitor sends over.
    routes: BTreeMap<(CoreId, CoreId), usize>,
    registry: Registry,
    truth: Truth,
    keys: u64,
    lies: u64,
    /// The answers that were given.
    pub(crate) answers: BTreeSet<ErrCode>,
}

fn interface(name: &str) -> Interface {
    Interface { name: name.into(), fingerprint: Fingerprint::new(0, name.len() as u64) }
}

impl World {
    pub(crate) fn new(seed: u64, options: Options) -> Self {
        let machine = |core| (CoreId(core), Machine::new(CoreId(core), interface("nameservice")));
        let mut world = Self {
            random: Random(seed),
            options,
            machines: (0..CORES).map(machine).collect(),
            children: BTreeMap::new(),
            wires: BTreeMap::new(),
            links: Vec::new(),
            routes: BTreeMap::new(),
            registry: Registry::default(),
            truth: Truth::default(),
            keys: 0,
            lies: 0,
            answers: BTreeSet::new(),
        };
        let owner = (HUB, 0);
        world.truth.services.insert(NAME_SERVICE_IREF, (owner, "nameservice"));
        for core in (1..CORES).map(CoreId) {
            let link = world.links.len();
            world.links.push(Link { maker: HUB, taker: core, claimed: true, closed: false });
            world.routes.insert((HUB, core), link);
            world.routes.insert((core, HUB), link);
            world.handle(HUB, Event::LinkAdded { core });
        }
        world
    }

    /// Delivers something, or lets a child do something.
    pub(crate) fn step(&mut self) {
        match self.random.below(20) {
            0 if self.children.len() < CHILDREN_MAX => self.start_child(),
            1 if self.random.one_in(4) => self.with_child(Self::kill),
            2 => self.with_child(Self::export),
            3 if self.random.one_in(4) => self.with_child(Self::unexport),
            4..=6 => self.with_child(Self::bind),
            7 if self.random.one_in(10) => self.with_child(|world, id| {
                (0..70).for_each(|_| world.bind(id));
            }),
            8 => self.with_child(Self::lie),
            9 | 10 => self.with_child(Self::decide),
            11 if self.options.lose_a_core && self.random.one_in(40) => self.lose_core(CoreId(2)),
            _ => {
                self.deliver_one();
            }
        }
    }

    /// Delivers everything; services decide on everything.
    pub(crate) fn drain(&mut self) {
        loop {
            while self.deliver_one() {}
            let open = self.children.iter().find(|(_, child)| !child.offers.is_empty());
            let Some((&id, _)) = open else { break };
            self.decide(id);
        }
    }

    pub(crate) fn check_at_rest(&self) {
        assert!(self.wires.is_empty(), "{:?}", self.wires);
        let mut held: Vec<End> = Vec::new();
        for (id, child) in &self.children {
            assert!(child.asks.is_empty(), "{id:?} was never answered: {:?}", child.asks);
            held.extend(child.accepted.iter().map(|token| token.end));
        }
        held.sort();
        assert!(self.registry.live().into_iter().eq(held), "an endpoint is lost");
        for (core, machine) in &self.machines {
            assert_eq!(machine.pending_binds(), 0, "on {core}");
        }
        if self.truth.lost_cores.is_empty() {
            let counts = || self.machines.values().map(Machine::counts);
            assert_eq!(counts().map(|counts| counts.stray_replies).sum::<u64>(), self.lies);
            assert_eq!(counts().map(|counts| counts.bad_peers).sum::<u64>(), 0);
        }
    }

    fn with_child(&mut self, act: impl FnOnce(&mut Self, ChildId)) {
        let ids: Vec<_> = self.children.keys().copied().collect();
        if let Some(id) = self.random.pick(&ids) {
            act(self, id);
        }
    }

    fn start_child(&mut self) {
        let cores: Vec<_> = self.machines.keys().copied().collect();
        let Some(core) = self.random.pick(&cores) else { return };
        self.keys += 1;
        let (id, domain) = ((core, self.keys), DomainId(self.keys));
        self.children.insert(id, Child::default());
        let (child, kind) = (ChildKey(id.1), ChildKind::Program { domain });
        self.post(Wire::ToMonitor(id), Parcel::Event(core, Event::ChildAdded { child, kind }));
    }

    /// What the child sent before still arrives.
    fn kill(&mut self, id: ChildId) {
        self.children.remove(&id);
        self.wires.remove(&Wire::ToChild(id));
        self.truth.dead.insert(id);
        let event = Event::ChildGone { child: ChildKey(id.1) };
        self.post(Wire::ToMonitor(id), Parcel::Event(id.0, event));
        self.close_dropped_links();
    }

    fn export(&mut self, id: ChildId) {
        let name = INTERFACES[self.random.below(INTERFACES.len())];
        let Some(child) = self.children.get_mut(&id) else { return };
        child.requests += 1;
        child.exporting.insert(child.requests, name);
        let request = RequestId(child.requests);
        self.say(id, FromChild::ExportRequest { request, interface: interface(name) });
    }

    fn unexport(&mut self, id: ChildId) {
        let Some(iref) = self.children.get_mut(&id).and_then(|child| child.exports.pop_first())
        else {
            return;
        };
        self.truth.unexported.insert(iref);
        self.say(id, FromChild::Unexport { iref });
    }

    fn bind(&mut self, id: ChildId) {
        let (iref, name) = self.choose_service();
        let endpoint = self.registry.service_end();
        let Some(child) = self.children.get_mut(&id) else { return };
        child.requests += 1;
        let request = RequestId(child.requests);
        let ask = Ask { iref, interface: name, end: endpoint.end, others: child.asks.len() };
        child.asks.insert(request.0, ask);
        let interface = interface(name);
        self.say(id, FromChild::BindClientRequest { request, iref, interface, endpoint });
    }

    fn choose_service(&mut self) -> (Iref, &'static str) {
        let known: Vec<_> =
            self.truth.services.iter().map(|(iref, (_, name))| (*iref, *name)).collect();
        let (iref, name) = self.random.pick(&known).unwrap_or((NAME_SERVICE_IREF, "nameservice"));
        match self.random.below(12) {
            0 => (iref, if name == "echo" { "clock" } else { "echo" }),
            1 => (Iref::new(iref.core(), 0xffff), name),
            2 => (Iref::new(CoreId(CORES + 1), 1), name),
            _ => (iref, name),
        }
    }

    /// A child that serves nothing answers what it wasn't asked.
    fn lie(&mut self, id: ChildId) {
        let serves = self.children.get(&id).is_none_or(|child| child.requests > 0);
        if !serves {
            self.lies += 1;
            let request = RequestId(self.random.below(100) as u64);
            self.say(id, FromChild::BindServiceReply { request, err: ErrVal::OK });
        }
    }

    fn decide(&mut self, id: ChildId) {
        let refuse = self.random.one_in(4);
        let Some(child) = self.children.get_mut(&id) else { return };
        if child.offers.is_empty() {
            return;
        }
        let (request, token) = child.offers.swap_remove(self.random.below(child.offers.len()));
        let err = if refuse {
            self.truth.refused.insert(token.end);
            ErrCode::FLOUNDER_ERR_BIND_REFUSED.into()
        } else {
            self.truth.accepted.insert(token.end);
            child.accepted.push(token);
            ErrVal::OK
        };
        self.say(id, FromChild::BindServiceReply { request, err });
    }

    fn say(&mut self, (core, key): ChildId, message: FromChild<Token>) {
        let event = Event::Child { from: ChildKey(key), message };
        self.post(Wire::ToMonitor((core, key)), Parcel::Event(core, event));
    }

    /// A monitor and all its children are gone at once.
    fn lose_core(&mut self, core: CoreId) {
        if self.machines.remove(&core).is_none() {
            return;
        }
        self.truth.lost_cores.insert(core);
        let ids: Vec<_> = self.children.keys().filter(|id| id.0 == core).copied().collect();
        for id in ids {
            self.children.remove(&id);
            self.truth.dead.insert(id);
            self.wires.remove(&Wire::ToChild(id));
        }
        self.wires.retain(|wire, _| !matches!(wire, Wire::ToMonitor(id) if id.0 == core));
        for link in 0..self.links.len() {
            self.close_end(link, core);
        }
        self.close_dropped_links();
    }

    /// Closes `core`'s end of a link, if it is one of the two: the other end learns it after all else.
    fn close_end(&mut self, link: usize, core: CoreId) {
        let Link { maker, taker, .. } = self.links[link];
        let (dead, alive) = if maker == core {
            (Wire::ToMaker(link), (taker, Wire::ToTaker(link)))
        } else if taker == core {
            (Wire::ToTaker(link), (maker, Wire::ToMaker(link)))
        } else {
            return;
        };
        self.wires.remove(&dead);
        if std::mem::replace(&mut self.links[link].closed, true) {
            return;
        }
        self.post(alive.1, Parcel::Closed(alive.0, link));
    }

    /// A link whose travelling end was dropped before it was claimed is closed.
    fn close_dropped_links(&mut self) {
        loop {
            let dropped = self.registry.take_dropped_links();
            if dropped.is_empty() {
                return;
            }
            for link in dropped {
                if !self.links[link].claimed {
                    self.close_end(link, self.links[link].taker);
                }
            }
        }
    }

    fn post(&mut self, wire: Wire, parcel: Parcel) {
        self.wires.entry(wire).or_default().push_back(parcel);
    }

    fn deliver_one(&mut self) -> bool {
        self.wires.retain(|_, parcels| !parcels.is_empty());
        let ready = |wire: &Wire| match *wire {
            Wire::ToTaker(link) => self.links[link].claimed,
            Wire::ToMaker(_) | Wire::ToMonitor(_) | Wire::ToChild(_) | Wire::Own => true,
        };
        let ready: Vec<_> = self.wires.keys().copied().filter(ready).collect();
        let Some(wire) = self.random.pick(&ready) else { return false };
        match self.wires.get_mut(&wire).and_then(VecDeque::pop_front) {
            Some(Parcel::Event(core, event)) => self.handle(core, event),
            Some(Parcel::Child(id, message)) => self.child_hears(id, message),
            Some(Parcel::Closed(core, link)) => self.link_closed(core, link),
            None => (),
        }
        self.close_dropped_links();
        true
    }

    /// The loss of the link a monitor sends over is the loss of its peer.
    fn link_closed(&mut self, core: CoreId, link: usize) {
        let Link { maker, taker, .. } = self.links[link];
        let peer = if maker == core { taker } else { maker };
        if self.routes.get(&(core, peer)) != Some(&link) {
            return;
        }
        self.routes.remove(&(core, peer));
        let links = self.links.iter().enumerate().filter(|(_, link)| link.claimed);
        let from_peer: Vec<_> = links
            .filter_map(|(index, link)| match (link.maker, link.taker) {
                (maker, taker) if (maker, taker) == (core, peer) => Some(Wire::ToMaker(index)),
                (maker, taker) if (maker, taker) == (peer, core) => Some(Wire::ToTaker(index)),
                _ => None,
            })
            .collect();
        self.wires.retain(|wire, _| !from_peer.contains(wire));
        self.handle(core, Event::LinkGone { core: peer });
    }

    fn handle(&mut self, core: CoreId, event: Event<Token>) {
        let Some(machine) = self.machines.get_mut(&core) else { return };
        let mut effects = Effects::new();
        machine.handle(event, &mut effects);
        for effect in effects {
            self.apply(core, effect);
        }
    }

    fn apply(&mut self, core: CoreId, effect: Effect<Token>) {
        match effect {
            Effect::ToChild { to, message } => {
                let id = (core, to.0);
                if self.children.contains_key(&id) {
                    self.post(Wire::ToChild(id), Parcel::Child(id, message));
                }
            }
            Effect::ToPeer { to, message } => self.send(core, to, message),
            Effect::Connect { target } => self.connect(core, target),
            Effect::ClaimLink { core: peer, endpoint } => self.claim(core, peer, &endpoint),
            Effect::CloseLink { core: peer } => {
                self.routes.remove(&(core, peer));
            }
            Effect::BindOwnService { request, endpoint, .. } => {
                self.truth.accepted.insert(endpoint.end);
                let event = Event::OwnServiceReply { request, err: ErrVal::OK };
                self.post(Wire::Own, Parcel::Event(core, event));
            }
            // No time passes here: what timers bring about is tested where the watch is.
            Effect::LogMismatch { .. } | Effect::ArmTimer { .. } => (),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    fn send(&mut self, core: CoreId, to: CoreId, message: PeerMessage<Token>) {
        let Some(&link) = self.routes.get(&(core, to)) else { return };
        if self.links[link].closed {
            return;
        }
        let maker = self.links[link].maker == core;
        let wire = if maker { Wire::ToTaker(link) } else { Wire::ToMaker(link) };
        self.post(wire, Parcel::Event(to, Event::Peer { from: core, message }));
    }

    fn connect(&mut self, core: CoreId, target: CoreId) {
        let link = self.links.len();
        self.links.push(Link { maker: core, taker: target, claimed: false, closed: false });
        let before = self.routes.insert((core, target), link);
        assert_eq!(before, None, "{core} has a link to {target}");
        let endpoint = self.registry.link_end(link);
        self.send(core, HUB, PeerMessage::ConnectRequest { from: core, target, endpoint });
    }

    fn claim(&mut self, core: CoreId, peer: CoreId, endpoint: &Token) {
        let End::Link(link) = endpoint.end else { panic!("{core} claims {:?}", endpoint.end) };
        assert_eq!((self.links[link].maker, self.links[link].taker), (peer, core));
        self.links[link].claimed = true;
        self.routes.entry((core, peer)).or_insert(link);
    }

    fn child_hears(&mut self, id: ChildId, message: ToChild<Token>) {
        let Some(child) = self.children.get_mut(&id) else { return };
        match message {
            ToChild::ExportReply { request, result } => {
                let name = child.exporting.remove(&request.0).expect("it asked for that export");
                if let Ok(iref) = result {
                    child.exports.insert(iref);
                    self.truth.services.insert(iref, (id, name));
                }
            }
            ToChild::BindClientReply { request, err } => {
                let ask = child.asks.remove(&request.0).expect("answered once, and only if asked");
                assert!(self.truth.explains(&ask, err, CORES), "{err} does not answer {ask:?}");
                self.answers.extend(err.top());
            }
            ToChild::BindServiceRequest { request, iref, peer, endpoint } => {
                let (owner, _) = self.truth.services[&iref];
                assert_eq!(owner, id, "{iref} is another's");
                assert!(peer.core.0 < CORES && peer.domain != DomainId::NONE);
                child.offers.push((request, endpoint));
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }
}
