//! What process managers have got wrong before, each named.

use flounder::{
    AnyBinding, Badge, BindOptions, Cap, CapKind, DomainId, ErrCode, ErrVal, Rights, Role,
};
use flounder_idl::proc_mgmt::{Shutdown, Spawn, SpawnWithCaps};
use flounder_idl::spawn::RequestKind;

use crate::fakes::MANAGER;
use crate::world::{World, ready, spawn_call};

#[test]
fn it_registers_itself() {
    let world = World::new();
    let names = world.fakes.with(|fakes| fakes.names.clone());
    assert_eq!(names, [("proc_mgmt".to_owned(), MANAGER)]);
}

#[test]
fn caps_have_the_rights_of_their_holder_and_no_more() {
    let world = World::new();
    let (id, cap, own) = world.running(&world.operator());
    for (cap, rights) in [(&cap, Rights::WAIT | Rights::KILL), (&own, Rights::SPAN | Rights::EXIT)]
    {
        let info = cap.identify().unwrap();
        assert_eq!((info.kind, info.domain, info.rights), (CapKind::Domain, Some(id), rights));
    }
}

#[test]
fn a_failed_spawn_is_answered_and_hands_out_no_cap() {
    let world = World::new();
    let before = world.kernel.counts();
    let mut spawning = world.spawn(&world.operator(), 0);
    drop(world.answer(0, RequestKind::Spawn, ErrCode::SPAWN_ERR_LOAD));
    let (err, cap) = ready(&mut spawning).unwrap().unwrap();
    assert!(err.is(ErrCode::SPAWN_ERR_LOAD) && cap.is_null(), "{err}");
    world.run();
    assert_eq!(world.kernel.counts().domains, before.domains);
}

#[test]
fn of_several_killers_each_is_answered_and_twice_is_no_crime() {
    let world = World::new();
    let (_id, cap, _own) = world.running(&world.operator());
    let clients = [world.operator(), world.operator(), world.operator()];
    let mut kills: Vec<_> =
        clients.iter().chain(&clients).map(|client| world.kill(client, &cap)).collect();
    world.obey();
    assert!(kills.iter_mut().all(|kill| world.told(kill) == "OK"));
}

#[test]
fn a_kill_over_an_exit_loses_neither() {
    let world = World::new();
    let client = world.operator();
    let (id, cap, own) = world.running(&client);
    world.exit(&world.program(id), &own, 7);
    let (mut kill, mut wait) = (world.kill(&client, &cap), world.wait(&client, &cap, false));
    world.obey();
    assert_eq!((world.told(&mut kill), world.told(&mut wait)), ("OK".into(), "OK 7".into()));
}

#[test]
fn a_busy_spawnd_gets_every_order_with_its_own_arguments() {
    let world = World::new();
    let client = world.operator();
    let calls: Vec<_> = (0..40)
        .map(|nth| {
            let argvbuf = format!("{nth}\0").into_bytes();
            let call = client.call(Spawn { argvbuf, ..spawn_call(0) });
            let mut call = Box::pin(call);
            assert!(ready(&mut call).is_none());
            world.run();
            call
        })
        .collect();
    let mut caps = Vec::new();
    for (nth, mut call) in calls.into_iter().enumerate() {
        let order = world.answer(0, RequestKind::Spawn, ErrVal::OK);
        let words = (order.path.as_str(), order.argv, order.env);
        let argv = format!("{nth}\0").into_bytes();
        assert_eq!(words, ("/modules/hello", argv, b"LANG=C\0".to_vec()));
        caps.push((ready(&mut call).unwrap().unwrap().domain_cap, order.own));
    }
    // One event owes this spawnd 40 orders, more than the channel holds.
    world.monitor().shutdown(Shutdown {}).unwrap();
    assert_eq!(world.orders(), ["kill@0"; 40].join(" "));
    world.obey();
    assert_eq!(world.fakes.with(|fakes| fakes.shutdown_done.clone()), [0]);
}

#[test]
fn a_queued_spawn_keeps_its_arguments_when_others_come() {
    let world = World::new();
    let clients: Vec<_> = (0..5).map(|_| world.operator()).collect();
    // Faster than one spawnd reads: its channel fills, and orders wait for room.
    let calls: Vec<_> = (0..40)
        .map(|nth| {
            let (path, argvbuf) = (format!("/modules/{nth}"), format!("{nth}\0").into_bytes());
            let mut call =
                Box::pin(clients[nth % 5].call(Spawn { path, argvbuf, ..spawn_call(0) }));
            assert!(ready(&mut call).is_none());
            call
        })
        .collect();
    world.run();
    for mut call in calls {
        let order = world.answer(0, RequestKind::Spawn, ErrVal::OK);
        let argv = String::from_utf8(order.argv).unwrap();
        assert_eq!(format!("{}\0", order.path), format!("/modules/{argv}"));
        let _ = ready(&mut call);
    }
}

#[test]
fn no_answer_is_lost_in_a_full_channel() {
    let world = World::new();
    let spawner = world.operator();
    let domains: Vec<_> = (0..20).map(|_| world.running(&spawner)).collect();
    let narrow = BindOptions::new().capacity(1.try_into().unwrap());
    let client = world.client_with(Badge::default(), narrow);
    let mut waits: Vec<_> =
        domains.iter().map(|(_, cap, _)| world.wait(&client, cap, false)).collect();
    // One event answers all of them.
    world.remove_spawnd(0, 1, &[]);
    assert!(waits.iter_mut().all(|wait| world.told(wait) == "OK 254"));
}

#[test]
fn a_reply_nobody_asked_for_costs_the_spawnd_its_binding_and_nobody_else() {
    let world = World::new();
    let client = world.operator();
    let (id, cap, _own) = world.running(&client);
    world.reply(0, 4711, RequestKind::Spawn, ErrVal::OK);
    assert_eq!(world.fakes.with(|fakes| fakes.closed.len()), 1);
    assert_eq!(world.fakes.with(|fakes| fakes.fenced.clone()), [(flounder::CoreId(0), 1)]);
    assert_eq!(world.stands(id), "Running", "until the monitor says what became of it");
    let mut elsewhere = world.spawn(&client, 1);
    world.answer(1, RequestKind::Spawn, ErrVal::OK);
    assert!(ready(&mut elsewhere).unwrap().unwrap().0.is_ok());
    let mut kill = world.kill(&client, &cap);
    assert_eq!(world.told(&mut kill), "-");
    world.remove_spawnd(0, 1, &[]);
    assert_eq!(world.told(&mut kill), "OK");
}

#[test]
fn a_reply_of_the_wrong_kind_or_twice_costs_the_binding() {
    for wrong_kind in [true, false] {
        let world = World::new();
        let mut spawning = world.spawn(&world.operator(), 0);
        let order = world.take_order(0, RequestKind::Spawn);
        if wrong_kind {
            world.reply(0, order.request, RequestKind::Kill, ErrVal::OK);
            assert!(ready(&mut spawning).is_none());
        } else {
            world.reply(0, order.request, RequestKind::Spawn, ErrVal::OK);
            world.reply(0, order.request, RequestKind::Spawn, ErrVal::OK);
            assert!(ready(&mut spawning).unwrap().unwrap().0.is_ok());
        }
        assert_eq!(world.fakes.with(|fakes| fakes.closed.len()), 1);
    }
}

#[test]
fn a_dead_client_takes_its_requests_along_and_nothing_else() {
    let world = World::new();
    let (client, other) = (world.operator(), world.operator());
    let (id, cap, own) = world.running(&client);
    let _gone = [world.kill(&client, &cap), world.wait(&client, &cap, false)];
    let mut wait = world.wait(&other, &cap, false);
    let _spawning = world.spawn(&client, 0);
    world.run();
    AnyBinding::close(&client);
    world.run();
    let detached = world.answer(0, RequestKind::Spawn, ErrVal::OK);
    assert_eq!(world.stands(detached.domain), "Running", "it runs on");
    world.answer(0, RequestKind::Kill, ErrVal::OK);
    assert_eq!(world.told(&mut wait), "OK 9");
    drop((cap, own));
    world.obey();
    assert_eq!(world.stands(id), "DOMAIN_TABLE_FIND", "nobody can ask for it any more");
    world.exit(&world.program(detached.domain), &detached.own, 0);
    world.obey();
    assert_eq!(world.stands(detached.domain), "Cleaned Exited 0");
    drop(detached.own);
    world.run();
    assert_eq!(world.stands(DomainId(2)), "DOMAIN_TABLE_FIND");
}

#[test]
fn what_is_done_leaves_nothing_behind() {
    let mut world = World::new();
    let client = world.operator();
    let spawn = || {
        let (_id, cap, own) = world.running(&client);
        let mut kill = world.kill(&client, &cap);
        world.obey();
        assert_eq!(world.told(&mut kill), "OK");
        drop((cap, own));
        world.run();
        world.kernel.counts()
    };
    let before = spawn();
    for _ in 0..10 {
        assert_eq!(spawn(), before);
    }
    drop(client);
    world.end();
    assert_eq!(world.kernel.counts().domains, 0);
}

#[test]
fn a_domain_may_be_asked_to_end_with_its_spawner() {
    let world = World::new();
    let client = world.program(DomainId(70));
    let call = client.spawn(Spawn { flags: 1, ..spawn_call(0) }).unwrap();
    let order = world.answer(0, RequestKind::Spawn, ErrVal::OK);
    drop(call);
    AnyBinding::close(&client);
    assert_eq!(world.orders(), "kill@0");
    assert_eq!(world.stands(order.domain), "StopPend Killed 9");
}

#[test]
fn the_last_cap_may_drop_on_any_thread() {
    let world = World::new();
    let (id, cap, own) = world.running(&world.operator());
    world.exit(&world.program(id), &own, 0);
    world.obey();
    assert_eq!(world.stands(id), "Cleaned Exited 0");
    std::thread::spawn(move || drop((cap, own))).join().unwrap();
    world.run();
    assert_eq!(world.stands(id), "DOMAIN_TABLE_FIND");
}

#[test]
fn a_parent_cannot_forge_its_childs_exit_status() {
    let world = World::new();
    let parent = world.program(DomainId(70));
    let (id, cap, _own) = world.running(&parent);
    world.exit(&parent, &cap, 0);
    let stolen = world.mint(id, Rights::EXIT);
    world.exit(&parent, &stolen, 0);
    assert_eq!(world.stands(id), "Running");
}

#[test]
fn arguments_are_for_operators_and_those_with_a_cap() {
    let world = World::new();
    let (id, cap, _own) = world.running(&world.operator());
    let (_other, others, _own) = world.running(&world.operator());
    let service = Badge { role: Role::Service, ..Badge::default() };
    let service = world.client_with(service, BindOptions::new());
    let cases = [
        (world.operator(), &Cap::NULL, true),
        (world.program(DomainId(70)), &cap, true),
        (world.program(DomainId(70)), &Cap::NULL, false),
        (world.program(DomainId(70)), &others, false),
        (service, &Cap::NULL, false),
    ];
    for (client, cap, sees) in cases {
        let answer = world.status(&client, id, cap);
        assert_eq!(answer.program, "/modules/hello");
        assert_eq!(!answer.argvbuf.is_empty(), sees, "{:?} with {cap:?}", client.peer());
    }
}

#[test]
fn an_unknown_id_has_no_status() {
    let world = World::new();
    let unknown = world.status(&world.operator(), DomainId(999), &Cap::NULL);
    assert!(unknown.err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND));
    assert_eq!((unknown.entry.domain, unknown.program.len(), unknown.argvbuf.len()), (0, 0, 0));
}

#[test]
fn inherited_caps_reach_the_spawnd() {
    let world = World::new();
    let cnode = world.kernel.holder().cnode();
    let client = world.operator();
    let plain = spawn_call(0);
    let call = client.spawn_with_caps(SpawnWithCaps {
        core: 0,
        path: plain.path,
        argvbuf: plain.argvbuf,
        envbuf: plain.envbuf,
        inheritcn_cap: cnode,
        argcn_cap: Cap::NULL,
        flags: 0,
    });
    let mut call = Box::pin(call.unwrap());
    let order = world.answer(0, RequestKind::Spawn, ErrVal::OK);
    assert_eq!(order.caps[0].identify().unwrap().kind, CapKind::CNode);
    assert!(order.caps[1].is_null());
    assert!(!ready(&mut call).unwrap().unwrap().domain_cap.is_null());
}

#[test]
fn a_spanned_dispatcher_gets_the_domains_own_rights() {
    let world = World::new();
    let client = world.operator();
    let (id, _cap, _own) = world.running(&client);
    let all = world.mint(id, Rights::DOMAIN);
    let mut span = world.span(&client, &all, 1);
    let order = world.answer(1, RequestKind::Span, ErrVal::OK);
    assert_eq!(world.told(&mut span), "OK");
    assert_eq!(order.own.identify().unwrap().rights, Rights::SPAN | Rights::EXIT);
    assert_eq!(order.path, "/modules/hello");
}
