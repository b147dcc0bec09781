//! The monitor of one core as a state machine: an event in, effects out.
//!
//! The files below hold one table each. This one knows the tables and decides which of them an event
//! concerns; what a peer isn't allowed is counted and otherwise has no effect.

mod binds;
mod children;
mod exports;
mod proc_mgmt;
mod routes;
mod spawnd;
mod watch;

use std::hash::{Hash, Hasher};

use flounder::{Badge, CoreId, DomainId, ErrCode, ErrVal, Iref};

use crate::event::{Effect, Effects, Event, FromChild, PeerMessage, SpawndNews, ToChild};
use crate::peers::{ChildKey, ChildKind, Interface, RequestId};
use binds::{Asked, Asker, Binds, Closed, Server};
use children::Children;
use exports::{Exports, Owner};
use proc_mgmt::ProcMgmt;
use routes::{HUB, Loss, Routes, Way};
use watch::Watch;

pub use binds::{PENDING_PER_CHILD_MAX, PENDING_PER_LINK_MAX, PENDING_PER_SERVICE_MAX};
pub use children::CHILDREN_MAX;
pub use exports::{EXPORTS_PER_CHILD_MAX, NAME_SERVICE_IREF};
pub use proc_mgmt::SURVIVORS_PER_MESSAGE_MAX;
pub use watch::WatchConfig;

/// What peers did that they may not do, or that came too late to matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Answers to a bind that nobody owed.
    pub stray_replies: u64,
    /// Requests of children that weren't started for that.
    pub not_permitted: u64,
    /// Messages of monitors that may not send them or that speak for another core.
    pub bad_peers: u64,
}

/// The monitor of one core. It holds no endpoint: each goes on at once or is dropped with a refusal.
///
/// ```
/// use flounder::{CoreId, Fingerprint};
/// use flounder_monitor::{
///     ChildKey, ChildKind, Effect, Effects, Event, FromChild, Interface, Machine, NAME_SERVICE_IREF,
///     RequestId, ToChild,
/// };
///
/// let nameservice = Interface { name: "nameservice".into(), fingerprint: Fingerprint::new(0, 1) };
/// let mut monitor = Machine::new(CoreId(1), nameservice);
/// let (child, request) = (ChildKey(1), RequestId(1));
///
/// let mut effects: Effects<()> = Vec::new();
/// monitor.handle(Event::ChildAdded { child, kind: ChildKind::Operator }, &mut effects);
/// let message = FromChild::GetNameIrefRequest { request };
/// monitor.handle(Event::Child { from: child, message }, &mut effects);
///
/// let [Effect::ToChild { to, message: ToChild::GetNameIrefReply { iref, .. } }] = &effects[..]
/// else {
///     panic!("{effects:?}");
/// };
/// assert_eq!((*to, *iref), (child, NAME_SERVICE_IREF));
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    core: CoreId,
    children: Children,
    exports: Exports,
    binds: Binds,
    routes: Routes,
    /// Monitor 0's alone.
    proc_mgmt: Option<ProcMgmt>,
    watch: Watch,
    counts: Counts,
}

/// What is decided from: not what is only counted.
impl Hash for Machine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { counts: _, core, children, exports, binds, routes, proc_mgmt, watch } = self;
        (core, children, exports, binds, routes, proc_mgmt, watch).hash(state);
    }
}

/// A bind request, whoever brought it.
struct Bind<E> {
    asked: Asked,
    iref: Iref,
    interface: Interface,
    peer: Badge,
    endpoint: E,
}

impl Machine {
    /// The monitor of `core` before it has children. Monitor 0 exports its `name_service` as
    /// [`NAME_SERVICE_IREF`]; every other has a link to monitor 0.
    #[must_use]
    pub fn new(core: CoreId, name_service: Interface) -> Self {
        Self::watching(core, name_service, WatchConfig::default())
    }

    /// One that watches over its spawnd in a way of one's own.
    #[must_use]
    pub fn watching(core: CoreId, name_service: Interface, watch: WatchConfig) -> Self {
        let mut exports = Exports::new(core);
        if core == HUB {
            let iref = exports.add_own(name_service);
            debug_assert_eq!(iref, Ok(NAME_SERVICE_IREF), "the first iref is the name service's");
        }
        Self {
            core,
            children: Children::new(core),
            exports,
            binds: Binds::default(),
            routes: Routes::new(core),
            proc_mgmt: (core == HUB).then(ProcMgmt::new),
            watch: Watch::new(watch),
            counts: Counts::default(),
        }
    }

    /// What was refused so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many bind requests wait for an answer.
    #[must_use]
    pub fn pending_binds(&self) -> usize {
        self.binds.len()
    }

    /// How many services are exported on this core.
    #[must_use]
    pub fn exports(&self) -> usize {
        self.exports.len()
    }

    /// Takes one event and appends what to do to `out`.
    pub fn handle<E>(&mut self, event: Event<E>, out: &mut Effects<E>) {
        match event {
            Event::ChildAdded { child, kind } => self.child_added(child, kind, out),
            Event::ChildGone { child } => self.child_gone(child, out),
            Event::Child { from, message } => self.child_says(from, message, out),
            Event::LinkAdded { core } => self.routes.added(core),
            Event::LinkGone { core } => self.link_gone(core, out),
            Event::Peer { from, message } => self.peer_says(from, message, out),
            Event::OwnServiceReply { request, err } => {
                self.bind_answered(Server::Own, request, err, out);
            }
            Event::SpawndEnded { generation, left } => {
                self.watch(out, |watch, orders| watch.ended(generation, &left, orders));
            }
            Event::SurvivorEnded { domain } => {
                self.watch(out, |watch, orders| watch.survivor_ended(domain, orders));
            }
            Event::Timer { timer } => self.watch(out, |watch, orders| watch.timer(timer, orders)),
            Event::FenceSpawnd { core, generation } => self.fence(core, generation, out),
            Event::Shutdown => self.with_proc_mgmt(|proc_mgmt| proc_mgmt.shutdown(out)),
            Event::ShutdownDone { wedged } => {
                self.with_proc_mgmt(|proc_mgmt| proc_mgmt.shutdown_done(wedged, out));
            }
            Event::ProcMgmtGone => self.with_proc_mgmt(|proc_mgmt| proc_mgmt.gone(out)),
        }
    }

    fn child_gone<E>(&mut self, child: ChildKey, out: &mut Effects<E>) {
        let Some(kind) = self.children.remove(child) else { return };
        self.exports.child_gone(child);
        // First its own requests, so that one it made to itself isn't answered to the dead.
        self.binds.asker_gone(Asker::Child(child));
        self.fail_binds(Server::Child(child), peer_closed(), out);
        match kind {
            ChildKind::ProcMgmt => self.with_proc_mgmt(|proc_mgmt| proc_mgmt.gone(out)),
            ChildKind::Spawnd { .. } => {
                self.watch(out, |watch, orders| watch.child_gone(child, orders));
            }
            ChildKind::Program { .. } | ChildKind::Operator | ChildKind::Service => {}
        }
    }

    fn child_says<E>(&mut self, from: ChildKey, message: FromChild<E>, out: &mut Effects<E>) {
        let Some(peer) = self.children.badge(from) else { return };
        match message {
            FromChild::ExportRequest { request, interface } => {
                let result = self.exports.add(from, interface).map_err(ErrVal::from);
                to_child(from, ToChild::ExportReply { request, result }, out);
            }
            FromChild::Unexport { iref } => self.exports.remove(from, iref),
            FromChild::BindClientRequest { request, iref, interface, endpoint } => {
                let asked = Asked { by: Asker::Child(from), request };
                self.bind(Bind { asked, iref, interface, peer, endpoint }, out);
            }
            FromChild::BindServiceReply { request, err } => {
                self.bind_answered(Server::Child(from), request, err, out);
            }
            FromChild::GetNameIrefRequest { request } => {
                let iref = NAME_SERVICE_IREF;
                to_child(from, ToChild::GetNameIrefReply { request, iref }, out);
            }
            FromChild::AllocMonitorEpRequest { request, domain } => {
                self.alloc_endpoint(from, request, domain, out);
            }
            FromChild::SetSpawnIrefRequest { iref } => self.set_spawn_iref(from, iref, out),
            FromChild::SetProcMgmtEpRequest { endpoint } => {
                self.set_proc_mgmt(from, endpoint, out);
            }
            FromChild::HeartbeatReply { request } => self.watch.answered(from, request),
        }
    }

    fn alloc_endpoint<E>(
        &mut self,
        child: ChildKey,
        request: RequestId,
        domain: DomainId,
        out: &mut Effects<E>,
    ) {
        let refused = if !self.children.is_spawnd(child) {
            self.counts.not_permitted += 1;
            ErrCode::MON_ERR_NOT_PERMITTED
        } else if self.children.is_full() {
            ErrCode::MON_ERR_LIMIT
        } else {
            out.push(Effect::AllocEndpoint { child, request, domain });
            return;
        };
        to_child(child, ToChild::AllocMonitorEpRefused { request, err: refused.into() }, out);
    }

    fn set_proc_mgmt<E>(&mut self, from: ChildKey, endpoint: E, out: &mut Effects<E>) {
        let permitted = self.children.kind(from) == Some(ChildKind::ProcMgmt);
        let taken = match &mut self.proc_mgmt {
            Some(proc_mgmt) if permitted => proc_mgmt.take(endpoint, out).is_ok(),
            _ => false,
        };
        if !taken {
            self.counts.not_permitted += 1;
        }
    }

    fn with_proc_mgmt(&mut self, act: impl FnOnce(&mut ProcMgmt)) {
        if let Some(proc_mgmt) = &mut self.proc_mgmt {
            act(proc_mgmt);
        }
    }

    fn peer_says<E>(&mut self, from: CoreId, message: PeerMessage<E>, out: &mut Effects<E>) {
        let permitted = self.routes.heard(from)
            && match &message {
                PeerMessage::ConnectRequest { from: asker, .. } => {
                    self.core == HUB && *asker == from
                }
                PeerMessage::Connect { .. }
                | PeerMessage::ConnectFailed { .. }
                | PeerMessage::FenceSpawnd { .. } => from == HUB,
                PeerMessage::BindRequest { .. } | PeerMessage::BindReply { .. } => true,
                PeerMessage::Spawnd(news) => self.core == HUB && speaks_for(from, news),
            };
        if !permitted {
            self.counts.bad_peers += 1;
            return;
        }
        match message {
            PeerMessage::ConnectRequest { target, endpoint, .. } => {
                self.pass_endpoint(from, target, endpoint, out);
            }
            PeerMessage::Connect { from: core, endpoint } => self.claim_link(core, endpoint, out),
            PeerMessage::ConnectFailed { target } => self.connect_failed(target, out),
            PeerMessage::BindRequest { request, iref, interface, peer, endpoint } => {
                let asked = Asked { by: Asker::Peer(from), request };
                self.bind_from_peer(from, Bind { asked, iref, interface, peer, endpoint }, out);
            }
            PeerMessage::BindReply { request, err } => {
                self.bind_answered(Server::Peer(from), request, err, out);
            }
            PeerMessage::Spawnd(news) => self.tell_proc_mgmt(news, out),
            PeerMessage::FenceSpawnd { generation } => self.fence(self.core, generation, out),
        }
    }

    /// Monitor 0's part in making a link: passes the end on, or says that it can't.
    fn pass_endpoint<E>(
        &mut self,
        from: CoreId,
        target: CoreId,
        endpoint: E,
        out: &mut Effects<E>,
    ) {
        if target != from && self.routes.is_up(target) {
            to_peer(target, PeerMessage::Connect { from, endpoint }, out);
        } else {
            to_peer(from, PeerMessage::ConnectFailed { target }, out);
        }
    }

    fn claim_link<E>(&mut self, core: CoreId, endpoint: E, out: &mut Effects<E>) {
        if self.routes.claim(core) {
            out.push(Effect::ClaimLink { core, endpoint });
        } else {
            self.counts.bad_peers += 1;
        }
    }

    fn connect_failed<E>(&mut self, target: CoreId, out: &mut Effects<E>) {
        if self.routes.connect_failed(target) {
            self.fail_binds(Server::Peer(target), ErrCode::MON_ERR_INVALID_CORE.into(), out);
            out.push(Effect::CloseLink { core: target });
        }
    }

    fn link_gone<E>(&mut self, core: CoreId, out: &mut Effects<E>) {
        let err = match self.routes.lost(core) {
            Some(Loss::PeerClosed) => peer_closed(),
            Some(Loss::NoMonitor) => ErrCode::MON_ERR_INVALID_CORE.into(),
            None => return,
        };
        self.binds.asker_gone(Asker::Peer(core));
        self.fail_binds(Server::Peer(core), err, out);
    }

    /// A peer answers for its own core's badges and sends what this monitor exported, nothing else.
    fn bind_from_peer<E>(&mut self, from: CoreId, bind: Bind<E>, out: &mut Effects<E>) {
        let refused = if bind.peer.core != from {
            self.counts.bad_peers += 1;
            ErrCode::MON_ERR_NOT_PERMITTED
        } else if bind.iref.core() != self.core {
            self.counts.bad_peers += 1;
            ErrCode::MON_ERR_INVALID_IREF
        } else {
            return self.bind(bind, out);
        };
        answer(bind.asked, refused.into(), out);
    }

    fn bind<E>(&mut self, bind: Bind<E>, out: &mut Effects<E>) {
        let asked = bind.asked;
        let result = if bind.iref.core() == self.core {
            self.bind_here(bind, out)
        } else {
            self.bind_there(bind, out)
        };
        if let Err(code) = result {
            answer(asked, code.into(), out);
        }
    }

    fn bind_here<E>(&mut self, bind: Bind<E>, out: &mut Effects<E>) -> Result<(), ErrCode> {
        let Bind { asked, iref, interface, peer, endpoint } = bind;
        let export = self.exports.find(iref).ok_or(ErrCode::MON_ERR_INVALID_IREF)?;
        if export.interface.fingerprint != interface.fingerprint {
            let exported = export.interface.clone();
            out.push(Effect::LogMismatch { client: peer, iref, asked: interface, exported });
            return Err(ErrCode::FLOUNDER_ERR_BIND_MISMATCH);
        }
        let owner = export.owner;
        let request = self.binds.open(asked, owner.into()).ok_or(ErrCode::MON_ERR_LIMIT)?;
        match owner {
            Owner::Child(to) => {
                to_child(to, ToChild::BindServiceRequest { request, iref, peer, endpoint }, out);
            }
            Owner::Own => out.push(Effect::BindOwnService { request, peer, endpoint }),
        }
        Ok(())
    }

    fn bind_there<E>(&mut self, bind: Bind<E>, out: &mut Effects<E>) -> Result<(), ErrCode> {
        let Bind { asked, iref, interface, peer, endpoint } = bind;
        let target = iref.core();
        match self.routes.way(target) {
            Way::Linked => (),
            Way::Connect => out.push(Effect::Connect { target }),
            Way::None => return Err(ErrCode::MON_ERR_INVALID_CORE),
        }
        let server = Server::Peer(target);
        let request = self.binds.open(asked, server).ok_or(ErrCode::MON_ERR_LIMIT)?;
        let message = PeerMessage::BindRequest { request, iref, interface, peer, endpoint };
        to_peer(target, message, out);
        Ok(())
    }

    fn bind_answered<E>(
        &mut self,
        server: Server,
        request: RequestId,
        err: ErrVal,
        out: &mut Effects<E>,
    ) {
        match self.binds.close(request, server) {
            Closed::For(asked) => answer(asked, err, out),
            Closed::ForNobody => (),
            Closed::Unknown => self.counts.stray_replies += 1,
        }
    }

    fn fail_binds<E>(&mut self, server: Server, err: ErrVal, out: &mut Effects<E>) {
        for asked in self.binds.server_gone(server) {
            answer(asked, err, out);
        }
    }
}

/// True if the monitor of `from` may say this: it is about its own core.
fn speaks_for(from: CoreId, news: &SpawndNews) -> bool {
    match news {
        SpawndNews::Add { core, iref, .. } => *core == from && iref.core() == from,
        SpawndNews::Remove { core, .. } | SpawndNews::SurvivorEnded { core, .. } => *core == from,
    }
}

fn peer_closed() -> ErrVal {
    ErrVal::from(ErrCode::FLOUNDER_ERR_PEER_CLOSED).push(ErrCode::FLOUNDER_ERR_BIND)
}

fn answer<E>(asked: Asked, err: ErrVal, out: &mut Effects<E>) {
    let Asked { by, request } = asked;
    match by {
        Asker::Child(to) => to_child(to, ToChild::BindClientReply { request, err }, out),
        Asker::Peer(to) => to_peer(to, PeerMessage::BindReply { request, err }, out),
    }
}

fn to_child<E>(to: ChildKey, message: ToChild<E>, out: &mut Effects<E>) {
    out.push(Effect::ToChild { to, message });
}

fn to_peer<E>(to: CoreId, message: PeerMessage<E>, out: &mut Effects<E>) {
    out.push(Effect::ToPeer { to, message });
}
