//! Whatever peers and children say, in any order: a monitor goes on and answers nobody twice.

use std::collections::BTreeMap;

use flounder::{Badge, CoreId, DomainId, ErrCode, ErrVal, Fingerprint, Iref, Role};
use flounder_monitor::{
    ChildKey, ChildKind, Effect, Effects, Event, FromChild, Generation, Interface, Machine,
    PeerMessage, RequestId, SpawndNews, TimerId, ToChild,
};
use proptest::prelude::*;

/// Which kind of event, who says it, and a number to take the rest from.
type Noise = (u8, u8, u8);

/// How many kinds of events [`event`] makes.
const KINDS: u8 = 27;

fn event((kind, who, number): Noise) -> Event<()> {
    let (child, core) = (ChildKey(u64::from(who)), CoreId(who));
    let (request, domain) = (RequestId(u64::from(number)), DomainId(u64::from(number)));
    let generation = Generation(u64::from(number));
    let iref = Iref(u32::from(number % 8) | u32::from(number % 4) << 24);
    let interface =
        Interface { name: "any".into(), fingerprint: Fingerprint::new(0, u64::from(who % 2)) };
    let (target, endpoint) = (CoreId(number % 5), ());
    let err = if number % 2 == 0 { ErrVal::OK } else { ErrCode::FLOUNDER_ERR_BIND.into() };
    let peer = Badge { core: target, domain, role: Role::Monitor };
    let says = |message| Event::Child { from: child, message };
    let tells = |message| Event::Peer { from: core, message };
    match kind {
        0 => Event::ChildGone { child },
        1 => Event::LinkAdded { core },
        2 => Event::LinkGone { core },
        3 => Event::OwnServiceReply { request, err },
        4 => Event::SpawndEnded { generation, left: vec![domain] },
        5 => Event::SurvivorEnded { domain },
        6 => Event::Shutdown,
        7 => Event::ShutdownDone { wedged: 1 },
        8 => Event::ProcMgmtGone,
        9 => says(FromChild::ExportRequest { request, interface }),
        10 => says(FromChild::Unexport { iref }),
        11 => says(FromChild::BindServiceReply { request, err }),
        12 => says(FromChild::GetNameIrefRequest { request }),
        13 => says(FromChild::AllocMonitorEpRequest { request, domain }),
        14 => says(FromChild::SetSpawnIrefRequest { iref }),
        15 => says(FromChild::SetProcMgmtEpRequest { endpoint }),
        16 => tells(PeerMessage::ConnectRequest { from: target, target: core, endpoint }),
        17 => tells(PeerMessage::Connect { from: target, endpoint }),
        18 => tells(PeerMessage::ConnectFailed { target }),
        19 => tells(PeerMessage::BindRequest { request, iref, interface, peer, endpoint }),
        20 => tells(PeerMessage::BindReply { request, err }),
        21 => tells(PeerMessage::Spawnd(SpawndNews::Add { core, generation, iref })),
        22 => tells(PeerMessage::FenceSpawnd { generation }),
        23 => Event::FenceSpawnd { core, generation },
        24 => Event::Timer { timer: TimerId(u64::from(number)) },
        25 => says(FromChild::HeartbeatReply { request }),
        _ => says(FromChild::BindClientRequest { request, iref, interface, endpoint }),
    }
}

fn kind_of(child: u64) -> ChildKind {
    match child {
        0 => ChildKind::Spawnd { generation: Generation(1) },
        1 => ChildKind::ProcMgmt,
        _ => ChildKind::Program { domain: DomainId(child) },
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_is_answered_twice(
        core in 0u8..2,
        noise in prop::collection::vec((0..KINDS, 0u8..5, any::<u8>()), 0..400),
    ) {
        let nameservice = Interface { name: "any".into(), fingerprint: Fingerprint::new(0, 0) };
        let mut machine = Machine::new(CoreId(core), nameservice);
        let mut effects = Effects::new();
        for child in 0..5 {
            let (child, kind) = (ChildKey(child), kind_of(child));
            machine.handle(Event::ChildAdded { child, kind }, &mut effects);
        }
        let mut open = BTreeMap::new();
        for noise in noise {
            let event = event(noise);
            if let Event::Child { from, message: FromChild::BindClientRequest { request, .. } } =
                &event
            {
                *open.entry((*from, *request)).or_insert(0) += 1;
            }
            machine.handle(event, &mut effects);
            for effect in effects.drain(..) {
                if let Effect::ToChild { to, message: ToChild::BindClientReply { request, .. } } =
                    effect
                {
                    let asked: u32 = open.get(&(to, request)).copied().unwrap_or_default();
                    prop_assert!(asked > 0, "{to:?} isn't owed an answer to {request:?}");
                    open.insert((to, request), asked - 1);
                }
            }
        }
    }
}
