//! The limits of a client: a domain, however many bindings it has.

use flounder::{DomainId, ErrVal};
use flounder_procmgmt::machine::{
    BindingKey, Client, Config, Event, Generation, OrderKind, Presented, Table,
};

use crate::world::World;

/// The client's domain: not one of those that the test spawns.
const OWNER: DomainId = DomainId(50);

fn client(key: u64) -> Client {
    Client { key: BindingKey(key), domain: OWNER, operator: false }
}

fn wait(world: &mut World, key: u64, id: DomainId) -> Vec<String> {
    let (reply, cap) = (world.reply(), Presented::Domain(id));
    world.event(Event::Wait { client: client(key), reply, cap, nohang: false })
}

fn world(waits_max: u32, domains: u64) -> (World, Vec<DomainId>) {
    let mut config = Config::default();
    config.waits_per_client_max = waits_max;
    let mut world = World::bare(&Table::LIFECYCLE, config);
    world.bring_up(flounder::CoreId(0), Generation(2));
    let ids = (0..domains).map(|_| {
        let id = world.spawn(1, 0);
        world.answer(0, OrderKind::Spawn, ErrVal::OK);
        id
    });
    let ids = ids.collect();
    (world, ids)
}

#[test]
fn waits_are_counted_over_all_bindings_of_a_client() {
    let (mut world, ids) = world(2, 3);
    assert!(wait(&mut world, 7, ids[0]).is_empty());
    assert!(wait(&mut world, 8, ids[1]).is_empty());
    for key in [7, 8, 9] {
        let told = wait(&mut world, key, ids[2]);
        assert!(told[0].ends_with("TOO_MANY_CALLS 0"), "{told:?}");
    }
    world.wait(60, ids[2]);
    world.kill(60, ids[0]);
    let others = world.finish(ids[0]);
    assert!(others.iter().any(|line| line.ends_with("wait OK 9")), "{others:?}");
    assert!(wait(&mut world, 9, ids[2]).is_empty(), "an answered wait counts no more");
}

#[test]
fn the_waits_of_a_dead_binding_count_no_more() {
    let (mut world, ids) = world(1, 2);
    assert!(wait(&mut world, 7, ids[0]).is_empty());
    let told = wait(&mut world, 8, ids[1]);
    assert!(told[0].ends_with("TOO_MANY_CALLS 0"), "{told:?}");
    world.event(Event::ClientGone(BindingKey(7)));
    assert!(wait(&mut world, 8, ids[1]).is_empty());
    world.event(Event::ClientGone(BindingKey(8)));
    assert_eq!(world.machine.footprint().clients, 1, "only who spawned is remembered");
}
