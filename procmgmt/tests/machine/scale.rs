//! Limits, each reached: 100,000 domains, the quota, calls and waits of one binding; and orders
//! that wait for room instead of a queue.

use flounder::{CoreId, DomainId, ErrVal};
use flounder_procmgmt::machine::{
    BindingKey, Config, Event, Machine, OrderKind, Presented, State, Table,
};

use crate::world::{GENERATION, World, client, operator, program};

fn world_with(domains_per_client_max: u32) -> World {
    let mut config = Config::default();
    config.domains_per_client_max = domains_per_client_max;
    let mut world = World::bare(&Table::LIFECYCLE, config);
    world.bring_up(CoreId(0), GENERATION);
    world
}

/// All pages of the list.
fn listed(machine: &Machine<&'static str>, page_len: usize) -> Vec<DomainId> {
    let mut all = Vec::new();
    loop {
        let after = all.last().copied().unwrap_or(DomainId::NONE);
        let page = machine.list(after, page_len);
        assert!(page.domains.len() <= page_len);
        all.extend(page.domains);
        if !page.more {
            return all;
        }
    }
}

#[test]
fn a_hundred_thousand_domains_are_listed_in_pages() {
    let mut world = world_with(u32::MAX);
    for _ in 0..100_000 {
        let id = world.spawn(1, 0);
        world.answer(0, OrderKind::Spawn, ErrVal::OK);
        if id.0.is_multiple_of(1000) {
            world.kill(2, id);
            world.finish(id);
        }
    }
    let expected: Vec<_> = (1..=100_000).filter(|id| id % 1000 != 0).map(DomainId).collect();
    assert_eq!(listed(&world.machine, 256), expected);
    assert!(!world.machine.list(DomainId(99_744), 255).more, "the last page is full");
    assert!(world.machine.list(DomainId(u64::MAX), 256).domains.is_empty());
}

#[test]
fn the_quota_counts_until_the_record_is_freed() {
    let mut world = world_with(2);
    let (first, _) = (world.spawn(1, 0), world.spawn(2, 0));
    let refused = ["r3 not spawned: CREATE_DOMAIN_CAP"];
    assert_eq!(world.event_spawn(client(3), 0, 0), refused, "one client, three bindings");
    world.kill(4, first);
    world.finish(first);
    assert_eq!(world.event_spawn(client(3), 0, 0), ["r5 not spawned: CREATE_DOMAIN_CAP"]);
    world.event(Event::LastCapDropped(first));
    assert_eq!(world.event_spawn(client(3), 0, 0), ["spawn@0"]);
    assert_eq!(world.event_spawn(program(5, DomainId(2)), 0, 0), ["spawn@0"], "another client");
}

#[test]
fn calls_of_one_binding_are_limited() {
    let mut world = world_with(1024);
    for _ in 0..Config::default().calls_per_binding_max {
        world.spawn(1, 0);
    }
    assert_eq!(
        world.event_spawn(client(1), 0, 0),
        ["r65 not spawned: FLOUNDER_ERR_TOO_MANY_CALLS"]
    );
    assert_eq!(world.kill(1, DomainId(1)), ["r66 kill FLOUNDER_ERR_TOO_MANY_CALLS"]);
    assert!(world.wait(1, DomainId(1)).is_empty(), "waits don't count");
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    assert_eq!(world.event_spawn(client(1), 0, 0), ["spawn@0"]);
}

#[test]
fn a_binding_waits_once_for_a_domain() {
    let mut world = world_with(1024);
    let id = world.spawn(1, 0);
    assert!(world.wait(2, id).is_empty());
    assert!(world.wait(3, id).is_empty());
    assert_eq!(world.wait(2, id), ["r4 wait FLOUNDER_ERR_TOO_MANY_CALLS 0"]);
}

#[test]
fn a_core_owes_one_request_for_a_domain() {
    let mut machine = world_with(1024);
    let id = machine.spawn(1, 0);
    machine.answer(0, OrderKind::Spawn, ErrVal::OK);
    let mut effects = flounder_procmgmt::machine::Effects::default();
    let machine = &mut machine.machine;
    let (core, generation) = (CoreId(0), GENERATION);
    let (reply, cap) = (flounder_procmgmt::machine::Reply(50), Presented::Domain(id));
    machine.handle(Event::Kill { client: client(2), reply, cap }, &mut effects);
    assert_eq!(machine.footprint().owed, 1);
    let ended = flounder_procmgmt::machine::Ended::crashed(134);
    machine.handle(Event::DomainExited { core, generation, domain: id, ended }, &mut effects);
    assert_eq!(machine.footprint().owed, 1, "the cleanup took the place of the kill");

    let order = machine.take_order(core).expect("a cleanup is owed");
    assert_eq!(order.what.kind(), OrderKind::Cleanup);
    machine.put_back(core, order.clone());
    assert_eq!(machine.take_order(core), Some(order.clone()), "it is still the next");
    let survivors = vec![];
    machine.handle(Event::RemoveSpawnd { core, generation, survivors, more: false }, &mut effects);
    machine.put_back(core, order);
    assert_eq!(machine.take_order(core), None, "its generation is gone");
    assert_eq!(machine.footprint().owed, 0);
    let status = machine.status(operator(1), id, Presented::Nothing);
    assert_eq!(status.map(|status| status.state), Ok(State::Cleaned));
}

#[test]
fn the_orders_of_a_core_are_handed_out_in_the_order_of_their_causes() {
    let mut world = world_with(1024);
    let ids: Vec<_> = (0..5).map(|_| world.spawn(1, 0)).collect();
    while !world.asked.is_empty() {
        world.answer(0, OrderKind::Spawn, ErrVal::OK);
    }
    world.event(Event::ClientGone(BindingKey(1)));
    for &id in ids.iter().rev() {
        world.kill(2, id);
    }
    let killed: Vec<_> = world.asked.iter().map(|(_, order)| order.domain).collect();
    assert!(killed.iter().eq(ids.iter().rev()));
}
