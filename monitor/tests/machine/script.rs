//! Short words for events, and short lines for effects.

use expect_test::Expect;
use flounder::{Badge, CoreId, DomainId, ErrCode, ErrVal, Fingerprint, Iref, Role};
use flounder_monitor::{
    ChildKey, ChildKind, Effect, Effects, Event, FromChild, Generation, Interface, Machine,
    PeerMessage, RequestId, SpawndNews, ToChild,
};

pub(crate) const SERVICE: ChildKey = ChildKey(1);
pub(crate) const CLIENT: ChildKey = ChildKey(2);

pub(crate) fn interface(name: &str) -> Interface {
    let fingerprint = Fingerprint::new(0, name.bytes().map(u64::from).sum());
    Interface { name: name.into(), fingerprint }
}

pub(crate) fn iref(core: u8, count: u32) -> Iref {
    Iref::new(CoreId(core), count)
}

pub(crate) fn program(child: ChildKey) -> Event<u32> {
    Event::ChildAdded { child, kind: ChildKind::Program { domain: DomainId(child.0 * 10) } }
}

pub(crate) fn add(child: ChildKey, kind: ChildKind) -> Event<u32> {
    Event::ChildAdded { child, kind }
}

pub(crate) fn spawnd(generation: u64) -> ChildKind {
    ChildKind::Spawnd { generation: Generation(generation) }
}

pub(crate) fn says(from: ChildKey, message: FromChild<u32>) -> Event<u32> {
    Event::Child { from, message }
}

pub(crate) fn export(from: ChildKey, request: u64) -> Event<u32> {
    let (request, interface) = (RequestId(request), interface("echo"));
    says(from, FromChild::ExportRequest { request, interface })
}

pub(crate) fn bind(from: ChildKey, request: u64, iref: Iref) -> Event<u32> {
    bind_as(from, request, iref, "echo")
}

/// The endpoint has the number of the request.
pub(crate) fn bind_as(from: ChildKey, request: u64, iref: Iref, name: &str) -> Event<u32> {
    let endpoint = u32::try_from(request).expect("a small number");
    let (request, interface) = (RequestId(request), interface(name));
    says(from, FromChild::BindClientRequest { request, iref, interface, endpoint })
}

pub(crate) fn reply(from: ChildKey, request: u64, err: ErrVal) -> Event<u32> {
    says(from, FromChild::BindServiceReply { request: RequestId(request), err })
}

pub(crate) fn gone(child: ChildKey) -> Event<u32> {
    Event::ChildGone { child }
}

pub(crate) fn peer(from: u8, message: PeerMessage<u32>) -> Event<u32> {
    Event::Peer { from: CoreId(from), message }
}

pub(crate) fn peer_bind(from: u8, request: u64, badge_core: u8, iref: Iref) -> Event<u32> {
    let badge = Badge { core: CoreId(badge_core), domain: DomainId(5), role: Role::Program };
    let (request, interface) = (RequestId(request), interface("echo"));
    peer(from, PeerMessage::BindRequest { request, iref, interface, peer: badge, endpoint: 77 })
}

pub(crate) fn peer_reply(from: u8, request: u64, err: ErrVal) -> Event<u32> {
    peer(from, PeerMessage::BindReply { request: RequestId(request), err })
}

pub(crate) fn connect_request(from: u8, claimed: u8, target: u8) -> Event<u32> {
    let (asker, target) = (CoreId(claimed), CoreId(target));
    peer(from, PeerMessage::ConnectRequest { from: asker, target, endpoint: 88 })
}

pub(crate) fn connect(from: u8, core: u8) -> Event<u32> {
    peer(from, PeerMessage::Connect { from: CoreId(core), endpoint: 99 })
}

pub(crate) fn spawnd_news(core: u8, generation: u64, iref: Iref) -> PeerMessage<u32> {
    let (core, generation) = (CoreId(core), Generation(generation));
    PeerMessage::Spawnd(SpawndNews::Add { core, generation, iref })
}

pub(crate) fn machine(core: u8) -> Machine {
    Machine::new(CoreId(core), interface("nameservice"))
}

pub(crate) fn handle(machine: &mut Machine, event: Event<u32>) -> Effects<u32> {
    let mut out = Effects::new();
    machine.handle(event, &mut out);
    out
}

pub(crate) fn refused() -> ErrVal {
    ErrCode::FLOUNDER_ERR_BIND_REFUSED.into()
}

/// Feeds `events` to the monitor of `core` and compares what it does, each line after the number of the
/// event that made it do so, and its counts at the end.
pub(crate) fn check(core: u8, events: Vec<Event<u32>>, expected: &Expect) {
    let mut machine = machine(core);
    let mut lines = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        let effects = handle(&mut machine, event);
        lines.extend(effects.iter().map(|effect| format!("{index}: {}", show(effect))));
    }
    lines.push(format!("{:?}, {} pending", machine.counts(), machine.pending_binds()));
    expected.assert_eq(&lines.join("\n"));
}

fn show(effect: &Effect<u32>) -> String {
    match effect {
        Effect::ToChild { to, message } => format!("child {}: {}", to.0, show_to_child(message)),
        Effect::ToPeer { to, message } => format!("monitor {to}: {}", show_to_peer(message)),
        Effect::Connect { target } => format!("connect to {target}"),
        Effect::ClaimLink { core, endpoint } => format!("claim link to {core}, end {endpoint}"),
        Effect::CloseLink { core } => format!("close link to {core}"),
        Effect::BindOwnService { request, peer, endpoint } => {
            format!("bind own service, #{} for {}, end {endpoint}", request.0, show_badge(*peer))
        }
        Effect::LogMismatch { client, asked, exported, .. } => {
            let (client, asked, exported) = (show_badge(*client), &asked.name, &exported.name);
            format!("log that {client} speaks {asked}, the service {exported}")
        }
        other => format!("{other:?}"),
    }
}

fn show_to_child(message: &ToChild<u32>) -> String {
    match message {
        ToChild::ExportReply { request, result: Ok(iref) } => {
            format!("exported #{} as {iref}", request.0)
        }
        ToChild::BindClientReply { request, err } => format!("bound #{} {err}", request.0),
        ToChild::BindServiceRequest { request, iref, peer, endpoint } => {
            format!("bind #{} to {iref} for {}, end {endpoint}", request.0, show_badge(*peer))
        }
        ToChild::Heartbeat { request } => format!("heartbeat #{}", request.0),
        ToChild::GetNameIrefReply { request, iref } => format!("#{} {iref}", request.0),
        ToChild::ExportReply { request, result: Err(err) }
        | ToChild::AllocMonitorEpRefused { request, err } => {
            format!("refused #{} {err}", request.0)
        }
    }
}

fn show_to_peer(message: &PeerMessage<u32>) -> String {
    match message {
        PeerMessage::BindRequest { request, iref, peer, endpoint, .. } => {
            format!("bind #{} to {iref} for {}, end {endpoint}", request.0, show_badge(*peer))
        }
        PeerMessage::BindReply { request, err } => format!("bound #{} {err}", request.0),
        other => format!("{other:?}"),
    }
}

fn show_badge(badge: Badge) -> String {
    let Badge { core, domain, role } = badge;
    format!("{role:?} {domain} on {core}")
}
