//! What a monitor does about one event after the other.
//!
//! Endpoints are numbers here: an endpoint that appears in no effect was dropped.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes its strings so")]

mod script;

use expect_test::expect;
use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_monitor::{
    CHILDREN_MAX, ChildKey, ChildKind, EXPORTS_PER_CHILD_MAX, Effect, Event, FromChild, Generation,
    NAME_SERVICE_IREF, PENDING_PER_CHILD_MAX, PeerMessage, RequestId, TimerId, ToChild,
};
use script::{
    CLIENT, SERVICE, add, bind, bind_as, check, connect, connect_request, export, gone, handle,
    iref, machine, peer, peer_bind, peer_reply, program, refused, reply, says, spawnd, spawnd_news,
};

#[test]
fn bind_on_one_core() {
    check(
        3,
        vec![
            program(SERVICE),
            program(CLIENT),
            export(SERVICE, 1),
            bind(CLIENT, 7, iref(3, 1)),
            bind(CLIENT, 8, iref(3, 1)),
            reply(SERVICE, 2, refused()),
            reply(SERVICE, 1, ErrVal::OK),
        ],
        &expect![[r#"
            2: child 1: exported #1 as 0x03000001
            3: child 1: bind #1 to 0x03000001 for Program 20 on 3, end 7
            4: child 1: bind #2 to 0x03000001 for Program 20 on 3, end 8
            5: child 2: bound #8 FLOUNDER_ERR_BIND_REFUSED
            6: child 2: bound #7 OK
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn bind_fails_at_once() {
    check(
        3,
        vec![
            program(SERVICE),
            program(CLIENT),
            export(SERVICE, 1),
            bind_as(CLIENT, 1, iref(3, 1), "other"),
            bind(CLIENT, 2, iref(3, 2)),
            says(CLIENT, FromChild::Unexport { iref: iref(3, 1) }),
            says(SERVICE, FromChild::Unexport { iref: iref(3, 1) }),
            bind(CLIENT, 3, iref(3, 1)),
        ],
        &expect![[r#"
            2: child 1: exported #1 as 0x03000001
            3: log that Program 20 on 3 speaks other, the service echo
            3: child 2: bound #1 FLOUNDER_ERR_BIND_MISMATCH
            4: child 2: bound #2 MON_ERR_INVALID_IREF
            7: child 2: bound #3 MON_ERR_INVALID_IREF
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn only_the_service_answers_and_only_once() {
    check(
        3,
        vec![
            program(SERVICE),
            program(CLIENT),
            export(SERVICE, 1),
            bind(CLIENT, 7, iref(3, 1)),
            reply(CLIENT, 1, ErrVal::OK),
            reply(SERVICE, 9, ErrVal::OK),
            reply(SERVICE, 1, ErrVal::OK),
            reply(SERVICE, 1, ErrVal::OK),
            peer_reply(0, 1, ErrVal::OK),
        ],
        &expect![[r#"
            2: child 1: exported #1 as 0x03000001
            3: child 1: bind #1 to 0x03000001 for Program 20 on 3, end 7
            6: child 2: bound #7 OK
            Counts { stray_replies: 4, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn either_side_dies() {
    check(
        3,
        vec![
            program(SERVICE),
            program(CLIENT),
            program(ChildKey(3)),
            export(SERVICE, 1),
            bind(CLIENT, 1, iref(3, 1)),
            bind(ChildKey(3), 2, iref(3, 1)),
            bind(SERVICE, 3, iref(3, 1)),
            gone(CLIENT),
            reply(SERVICE, 1, ErrVal::OK),
            gone(SERVICE),
            bind(ChildKey(3), 4, iref(3, 1)),
            bind(CLIENT, 5, iref(3, 1)),
        ],
        &expect![[r#"
            3: child 1: exported #1 as 0x03000001
            4: child 1: bind #1 to 0x03000001 for Program 20 on 3, end 1
            5: child 1: bind #2 to 0x03000001 for Program 30 on 3, end 2
            6: child 1: bind #3 to 0x03000001 for Program 10 on 3, end 3
            9: child 3: bound #2 FLOUNDER_ERR_BIND: FLOUNDER_ERR_PEER_CLOSED
            10: child 3: bound #4 MON_ERR_INVALID_IREF
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn bind_to_another_core() {
    check(
        3,
        vec![
            program(CLIENT),
            bind(CLIENT, 1, iref(0, 2)),
            bind(CLIENT, 2, iref(4, 1)),
            bind(CLIENT, 3, iref(4, 1)),
            peer_reply(4, 3, refused()),
            peer_reply(0, 2, ErrVal::OK),
            peer_reply(0, 1, ErrVal::OK),
            Event::LinkGone { core: CoreId(4) },
            bind(CLIENT, 4, iref(4, 1)),
        ],
        &expect![[r#"
            1: monitor 0: bind #1 to 0x00000002 for Program 20 on 3, end 1
            2: connect to 4
            2: monitor 4: bind #2 to 0x04000001 for Program 20 on 3, end 2
            3: monitor 4: bind #3 to 0x04000001 for Program 20 on 3, end 3
            4: child 2: bound #3 FLOUNDER_ERR_BIND_REFUSED
            6: child 2: bound #1 OK
            7: child 2: bound #2 FLOUNDER_ERR_BIND: FLOUNDER_ERR_PEER_CLOSED
            8: child 2: bound #4 MON_ERR_INVALID_CORE
            Counts { stray_replies: 1, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn bind_to_no_core() {
    let failed = || peer(0, PeerMessage::ConnectFailed { target: CoreId(9) });
    check(
        3,
        vec![
            program(CLIENT),
            bind(CLIENT, 1, iref(9, 1)),
            failed(),
            bind(CLIENT, 2, iref(9, 1)),
            Event::LinkGone { core: CoreId(9) },
            failed(),
            failed(),
        ],
        &expect![[r#"
            1: connect to 9
            1: monitor 9: bind #1 to 0x09000001 for Program 20 on 3, end 1
            2: child 2: bound #1 MON_ERR_INVALID_CORE
            2: close link to 9
            3: connect to 9
            3: monitor 9: bind #2 to 0x09000001 for Program 20 on 3, end 2
            4: child 2: bound #2 MON_ERR_INVALID_CORE
            5: close link to 9
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn bind_from_another_core() {
    check(
        0,
        vec![
            Event::LinkAdded { core: CoreId(4) },
            program(SERVICE),
            export(SERVICE, 1),
            peer_bind(4, 1, 4, iref(0, 2)),
            peer_bind(4, 2, 5, iref(0, 2)),
            peer_bind(4, 3, 4, iref(4, 2)),
            peer_bind(4, 4, 4, iref(0, 99)),
            peer_bind(5, 5, 5, iref(0, 2)),
            reply(SERVICE, 1, ErrVal::OK),
            peer_bind(4, 6, 4, iref(0, 2)),
            Event::LinkGone { core: CoreId(4) },
            reply(SERVICE, 2, ErrVal::OK),
        ],
        &expect![[r#"
            2: child 1: exported #1 as 0x00000002
            3: child 1: bind #1 to 0x00000002 for Program 5 on 4, end 77
            4: monitor 4: bound #2 MON_ERR_NOT_PERMITTED
            5: monitor 4: bound #3 MON_ERR_INVALID_IREF
            6: monitor 4: bound #4 MON_ERR_INVALID_IREF
            8: monitor 4: bound #1 OK
            9: child 1: bind #2 to 0x00000002 for Program 5 on 4, end 77
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 3 }, 0 pending"#]],
    );
}

#[test]
fn monitor_0_connects_the_others() {
    check(
        0,
        vec![
            Event::LinkAdded { core: CoreId(1) },
            Event::LinkAdded { core: CoreId(2) },
            connect_request(1, 1, 2),
            connect_request(1, 1, 3),
            connect_request(1, 1, 1),
            connect_request(1, 2, 1),
            connect(1, 2),
            peer(1, PeerMessage::ConnectFailed { target: CoreId(2) }),
            program(CLIENT),
            bind(CLIENT, 1, iref(3, 1)),
            bind(CLIENT, 2, iref(2, 1)),
        ],
        &expect![[r#"
            2: monitor 2: Connect { from: CoreId(1), endpoint: 88 }
            3: monitor 1: ConnectFailed { target: CoreId(3) }
            4: monitor 1: ConnectFailed { target: CoreId(1) }
            9: child 2: bound #1 MON_ERR_INVALID_CORE
            10: monitor 2: bind #1 to 0x02000001 for Program 20 on 0, end 2
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 3 }, 1 pending"#]],
    );
}

#[test]
fn both_connect_at_once() {
    check(
        3,
        vec![
            program(CLIENT),
            bind(CLIENT, 1, iref(4, 1)),
            connect(0, 4),
            connect(0, 4),
            connect(4, 5),
            connect(0, 3),
            connect_request(4, 4, 3),
            peer_bind(4, 1, 4, iref(3, 1)),
            peer_reply(4, 1, ErrVal::OK),
        ],
        &expect![[r#"
            1: connect to 4
            1: monitor 4: bind #1 to 0x04000001 for Program 20 on 3, end 1
            2: claim link to 4, end 99
            7: monitor 4: bound #1 MON_ERR_INVALID_IREF
            8: child 2: bound #1 OK
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 4 }, 0 pending"#]],
    );
}

#[test]
fn the_name_service_is_monitor_0s_own() {
    check(
        0,
        vec![
            program(CLIENT),
            says(CLIENT, FromChild::GetNameIrefRequest { request: RequestId(1) }),
            bind_as(CLIENT, 2, NAME_SERVICE_IREF, "nameservice"),
            bind_as(CLIENT, 3, NAME_SERVICE_IREF, "echo"),
            reply(CLIENT, 1, ErrVal::OK),
            Event::OwnServiceReply { request: RequestId(1), err: ErrVal::OK },
            says(CLIENT, FromChild::Unexport { iref: NAME_SERVICE_IREF }),
            bind_as(CLIENT, 4, NAME_SERVICE_IREF, "nameservice"),
        ],
        &expect![[r#"
            1: child 2: #1 0x00000001
            2: bind own service, #1 for Program 20 on 0, end 2
            3: log that Program 20 on 0 speaks echo, the service nameservice
            3: child 2: bound #3 FLOUNDER_ERR_BIND_MISMATCH
            5: child 2: bound #2 OK
            7: bind own service, #2 for Program 20 on 0, end 4
            Counts { stray_replies: 1, not_permitted: 0, bad_peers: 0 }, 1 pending"#]],
    );
}

#[test]
fn a_spawnd_tells_once_where_it_listens() {
    let tells = |from, iref| says(from, FromChild::SetSpawnIrefRequest { iref });
    check(
        3,
        vec![
            add(SERVICE, spawnd(1)),
            program(CLIENT),
            export(SERVICE, 1),
            export(CLIENT, 2),
            tells(CLIENT, iref(3, 2)),
            tells(SERVICE, iref(3, 2)),
            tells(SERVICE, iref(3, 1)),
            tells(SERVICE, iref(3, 1)),
            gone(SERVICE),
            add(ChildKey(3), spawnd(2)),
            export(ChildKey(3), 1),
            tells(ChildKey(3), iref(3, 3)),
            Event::SpawndEnded { generation: Generation(2), left: vec![DomainId(20)] },
            Event::Timer { timer: TimerId(3) },
            Event::SurvivorEnded { domain: DomainId(20) },
            Event::Timer { timer: TimerId(4) },
        ],
        &expect![[r#"
            0: ArmTimer { timer: TimerId(1), after: 2.5s }
            2: child 1: exported #1 as 0x03000001
            3: child 2: exported #2 as 0x03000002
            6: monitor 0: Spawnd(Add { core: CoreId(3), generation: Generation(1), iref: Iref(50331649) })
            8: FenceSpawnd { generation: Generation(1) }
            9: ArmTimer { timer: TimerId(2), after: 2.5s }
            10: child 3: exported #1 as 0x03000003
            11: monitor 0: Spawnd(Add { core: CoreId(3), generation: Generation(2), iref: Iref(50331651) })
            12: ArmTimer { timer: TimerId(3), after: 2s }
            13: monitor 0: Spawnd(Remove { core: CoreId(3), generation: Generation(2), survivors: [DomainId(20)], more: false })
            13: ArmTimer { timer: TimerId(4), after: 10ms }
            14: monitor 0: Spawnd(SurvivorEnded { core: CoreId(3), domain: DomainId(20) })
            15: StartSpawnd { generation: Generation(3) }
            Counts { stray_replies: 0, not_permitted: 3, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn the_process_manager_hears_of_spawnds() {
    let hands_over = |from| says(from, FromChild::SetProcMgmtEpRequest { endpoint: 66 });
    check(
        0,
        vec![
            Event::LinkAdded { core: CoreId(1) },
            Event::LinkAdded { core: CoreId(2) },
            add(SERVICE, ChildKind::ProcMgmt),
            program(CLIENT),
            peer(1, spawnd_news(1, 1, iref(1, 1))),
            hands_over(CLIENT),
            hands_over(SERVICE),
            hands_over(SERVICE),
            peer(2, spawnd_news(2, 1, iref(2, 1))),
            peer(2, spawnd_news(1, 2, iref(1, 1))),
            peer(2, spawnd_news(2, 2, iref(1, 1))),
            Event::Shutdown,
            Event::Shutdown,
            Event::ShutdownDone { wedged: 1 },
            Event::ShutdownDone { wedged: 1 },
            gone(SERVICE),
        ],
        &expect![[r#"
            6: ClaimProcMgmt { endpoint: 66 }
            6: ToProcMgmt(Spawnd(Add { core: CoreId(1), generation: Generation(1), iref: Iref(16777217) }))
            8: ToProcMgmt(Spawnd(Add { core: CoreId(2), generation: Generation(1), iref: Iref(33554433) }))
            11: ToProcMgmt(Shutdown)
            13: Report(Done { wedged: 1 })
            Counts { stray_replies: 0, not_permitted: 2, bad_peers: 2 }, 0 pending"#]],
    );
}

#[test]
fn shutdown_is_reported_without_a_process_manager() {
    check(
        0,
        vec![Event::Shutdown],
        &expect![[r#"
        0: Report(NoProcMgmt)
        Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
    check(
        0,
        vec![
            add(SERVICE, ChildKind::ProcMgmt),
            says(SERVICE, FromChild::SetProcMgmtEpRequest { endpoint: 66 }),
            Event::ShutdownDone { wedged: 0 },
            Event::Shutdown,
            Event::ProcMgmtGone,
            gone(SERVICE),
        ],
        &expect![[r#"
            1: ClaimProcMgmt { endpoint: 66 }
            3: ToProcMgmt(Shutdown)
            4: Report(NoProcMgmt)
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn only_monitor_0_has_a_process_manager() {
    check(
        3,
        vec![
            add(SERVICE, ChildKind::ProcMgmt),
            says(SERVICE, FromChild::SetProcMgmtEpRequest { endpoint: 66 }),
            peer(0, spawnd_news(0, 1, iref(0, 2))),
            Event::Shutdown,
        ],
        &expect!["Counts { stray_replies: 0, not_permitted: 1, bad_peers: 1 }, 0 pending"],
    );
}

#[test]
fn only_spawnd_gets_endpoints_for_programs() {
    let (request, domain) = (RequestId(1), DomainId(9));
    let asks = |from| says(from, FromChild::AllocMonitorEpRequest { request, domain });
    check(
        3,
        vec![
            add(SERVICE, spawnd(1)),
            program(CLIENT),
            asks(SERVICE),
            asks(CLIENT),
            gone(SERVICE),
            asks(SERVICE),
        ],
        &expect![[r#"
            0: ArmTimer { timer: TimerId(1), after: 2.5s }
            2: AllocEndpoint { child: ChildKey(1), request: RequestId(1), domain: DomainId(9) }
            3: child 2: refused #1 MON_ERR_NOT_PERMITTED
            4: FenceSpawnd { generation: Generation(1) }
            Counts { stray_replies: 0, not_permitted: 1, bad_peers: 0 }, 0 pending"#]],
    );
}

#[test]
fn a_full_core_gets_no_endpoint() {
    let mut machine = machine(3);
    handle(&mut machine, add(SERVICE, spawnd(1)));
    for key in 2..=CHILDREN_MAX as u64 {
        handle(&mut machine, program(ChildKey(key)));
    }
    let (request, domain) = (RequestId(1), DomainId(9));
    let asks = says(SERVICE, FromChild::AllocMonitorEpRequest { request, domain });
    let effects = handle(&mut machine, asks);
    let [Effect::ToChild { message: ToChild::AllocMonitorEpRefused { err, .. }, .. }] =
        &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert!(err.is(ErrCode::MON_ERR_LIMIT));
}

#[test]
fn a_child_over_a_limit_is_told() {
    let mut machine = machine(3);
    handle(&mut machine, program(SERVICE));
    for request in 1..=EXPORTS_PER_CHILD_MAX as u64 {
        handle(&mut machine, export(SERVICE, request));
    }
    let effects = handle(&mut machine, export(SERVICE, 99));
    let limit = ErrVal::from(ErrCode::MON_ERR_LIMIT);
    let [Effect::ToChild { message: ToChild::ExportReply { result, .. }, .. }] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(*result, Err(limit));

    // Own services and remote ones count alike.
    for request in 1..=PENDING_PER_CHILD_MAX as u64 {
        let core = if request % 2 == 0 { 3 } else { 4 };
        handle(&mut machine, bind(SERVICE, request, iref(core, 1)));
    }
    let effects = handle(&mut machine, bind(SERVICE, 99, iref(3, 1)));
    let [Effect::ToChild { message: ToChild::BindClientReply { err, .. }, .. }] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((*err, machine.pending_binds()), (limit, PENDING_PER_CHILD_MAX));
}

#[test]
fn a_spawnd_is_ended_for_the_process_manager_by_its_own_monitor() {
    let generation = Generation(1);
    let wants = |core| Event::FenceSpawnd { core: CoreId(core), generation };
    check(
        0,
        vec![
            add(SERVICE, spawnd(1)),
            Event::LinkAdded { core: CoreId(1) },
            wants(1),
            wants(2),
            wants(0),
            wants(0),
        ],
        &expect![[r#"
            0: ArmTimer { timer: TimerId(1), after: 2.5s }
            2: monitor 1: FenceSpawnd { generation: Generation(1) }
            4: FenceSpawnd { generation: Generation(1) }
            Counts { stray_replies: 0, not_permitted: 0, bad_peers: 0 }, 0 pending"#]],
    );
    let tells =
        |core| Event::Peer { from: CoreId(core), message: PeerMessage::FenceSpawnd { generation } };
    check(
        2,
        vec![add(SERVICE, spawnd(1)), tells(1), tells(0)],
        &expect![[r#"
        0: ArmTimer { timer: TimerId(1), after: 2.5s }
        2: FenceSpawnd { generation: Generation(1) }
        Counts { stray_replies: 0, not_permitted: 0, bad_peers: 1 }, 0 pending"#]],
    );
}
