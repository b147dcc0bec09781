//! Every limit of the service, reached.

use std::num::NonZeroU32;

use flounder::{Badge, BindOptions, DomainId, ErrCode, Rights};
use flounder_idl::proc_mgmt::Binding;
use flounder_procmgmt::{BINDINGS_PER_DOMAIN_MAX, CALLS_PER_BINDING_MAX, Config};

use crate::world::{World, code, ready, spawn_call};

fn options(calls_max: u32) -> BindOptions {
    BindOptions::new().calls_max(NonZeroU32::new(calls_max).unwrap())
}

#[test]
fn the_65th_call_fails_at_once() {
    let world = World::new();
    let spawner = world.operator();
    let (_id, cap, _own) = world.running(&spawner);
    let client = world.client_with(Badge::default(), options(CALLS_PER_BINDING_MAX));
    let mut kills: Vec<_> = (0..65).map(|_| world.kill(&client, &cap)).collect();
    let mut wait = world.wait(&client, &cap, false);
    for kill in &mut kills[..64] {
        assert_eq!(world.told(kill), "-");
    }
    assert_eq!(world.told(&mut kills[64]), "FLOUNDER_ERR_TOO_MANY_CALLS");
    assert_eq!(world.told(&mut wait), "-", "a wait is no such call");
    world.obey();
    assert!(kills[..64].iter_mut().all(|kill| world.told(kill) == "OK"));
    assert_eq!(world.told(&mut wait), "OK 9");
}

#[test]
fn a_binding_waits_once_for_a_domain() {
    let world = World::new();
    let client = world.operator();
    let (_id, cap, _own) = world.running(&client);
    let (mut first, mut second) =
        (world.wait(&client, &cap, false), world.wait(&client, &cap, false));
    assert_eq!(world.told(&mut first), "-");
    assert_eq!(world.told(&mut second), "FLOUNDER_ERR_TOO_MANY_CALLS 0");
}

#[test]
fn a_bind_with_too_many_calls_is_refused() {
    let world = World::new();
    for (calls_max, refused) in [(CALLS_PER_BINDING_MAX, false), (CALLS_PER_BINDING_MAX + 1, true)]
    {
        let (_half, err) = world.knock(Badge::default(), options(calls_max));
        assert_eq!(err.is(ErrCode::FLOUNDER_ERR_BIND_REFUSED), refused, "{calls_max}: {err}");
    }
}

#[test]
fn a_domain_has_a_binding_for_each_core() {
    let world = World::new();
    let badge = Badge { domain: DomainId(7), ..Badge::default() };
    let mut halves: Vec<_> = (0..BINDINGS_PER_DOMAIN_MAX)
        .map(|_| {
            let (half, err) = world.knock(badge, BindOptions::new());
            assert!(err.is_ok(), "{err}");
            half
        })
        .collect();
    let one_more = || world.knock(badge, BindOptions::new()).1;
    assert!(one_more().is(ErrCode::FLOUNDER_ERR_BIND_REFUSED));
    drop(halves.pop());
    world.run();
    assert!(one_more().is_ok(), "a closed one doesn't count");
}

#[test]
fn the_quota_is_a_clients_over_all_its_bindings() {
    let mut config = Config::default();
    config.domains_per_client_max = 2;
    let world = World::bare(config);
    world.add_spawnd(0, 1);
    let (one, other) = (world.program(DomainId(50)), world.program(DomainId(50)));
    let first = world.running(&one);
    let _second = world.running(&other);
    let refused = |client: &Binding<()>| {
        let mut spawning = world.spawn(client, 0);
        ready(&mut spawning).map(|answer| code(answer.unwrap().0))
    };
    assert_eq!(refused(&one).as_deref(), Some("CREATE_DOMAIN_CAP"));
    assert_eq!(refused(&world.program(DomainId(51))), None, "another client has its own quota");
    // A record counts until the last cap is gone.
    world.exit(&world.program(first.0), &first.2, 0);
    drop(first.2);
    world.obey();
    assert_eq!(refused(&one).as_deref(), Some("CREATE_DOMAIN_CAP"));
    drop(first.1);
    world.obey();
    assert_eq!(refused(&one), None);
}

#[test]
fn many_domains_are_listed_in_pages() {
    let world = World::new();
    let clients: Vec<_> = (0..10).map(|_| world.operator()).collect();
    let count = 600;
    for nth in 0..count {
        let call = clients[nth / 60].spawn(spawn_call(0)).unwrap();
        std::mem::forget(call);
        world.run();
    }
    let operator = world.operator();
    let mut listed = Vec::new();
    loop {
        let after = listed.last().copied().unwrap_or(0);
        let (page, more) = world.list(&operator, after);
        assert!(page.len() <= 256);
        listed.extend(page);
        if !more {
            break;
        }
    }
    assert_eq!(listed, (1..=count as u64).collect::<Vec<_>>());
}

#[test]
fn more_spawnds_at_once_than_binds() {
    let world = World::bare(Config::default());
    world.fakes.with(|fakes| fakes.hold = true);
    for core in 0..=255 {
        world.add_spawnd(core, 1);
    }
    let mut bound = 0;
    loop {
        let held = world.fakes.with(|fakes| std::mem::take(&mut fakes.held));
        if held.is_empty() {
            break;
        }
        assert!(held.len() < 64, "the monitor's client has room for other requests");
        for request in held {
            world.fakes.with(|fakes| crate::fakes::bind(fakes, request));
            bound += 1;
        }
        world.run();
    }
    assert_eq!(bound, 256);
    let operator = world.operator();
    for core in [0, 60, 61, 128, 254, 255] {
        let mut spawning = world.spawn(&operator, core);
        assert!(ready(&mut spawning).is_none(), "the spawnd of core {core} is asked");
    }
}

#[test]
fn three_wrong_exits_cost_the_binding() {
    let world = World::new();
    let spawner = world.operator();
    let (id, cap, _own) = world.running(&spawner);
    let client = world.program(id);
    let mut wait = world.wait(&client, &world.mint(id, Rights::WAIT), false);
    for strike in 1..=3 {
        assert_eq!(world.told(&mut wait), "-", "before strike {strike}");
        world.exit(&client, &cap, 0); // the spawner's cap has no EXIT
    }
    assert_eq!(world.told(&mut wait), "Closed");
    assert_eq!(world.stands(id), "Running");
}
