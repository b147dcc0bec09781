//! Who the process manager is, and what becomes of what it is owed.

use crate::world::{Call, Heard, World};
use flounder::platform::ProgramEnd;
use flounder::{AnyBinding, BindOptions, Cap, ErrCode, Waitset};
use flounder_idl::spawn::{ExitCause, KillRequest, RequestKind};
use flounder_spawnd::machine::Config;

const OK: ErrCode = ErrCode::OK;
const NOTFOUND: ErrCode = ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND;

#[test]
fn the_newest_binding_with_the_cap_is_the_managers() {
    let world = World::new();
    let (former, newest) = (world.peer(), world.peer());
    former.told(&world, world.spawn(1, 10));
    assert_eq!(newest.told(&world, world.kill(2, 10)), []);
    assert_eq!(former.heard(&world), [Heard::Closed]);
    world.ended(10, ProgramEnd::Exited(0));
    assert_eq!(newest.heard(&world), [Heard::Reply(2, RequestKind::Kill, OK)]);
}

#[test]
fn without_a_manager_programs_run_on_and_nobody_is_told() {
    let world = World::new();
    let manager = world.peer();
    manager.told(&world, world.spawn(1, 10));
    manager.told(&world, world.spawn(2, 11));
    manager.binding.close();
    world.turn();
    world.ended(10, ProgramEnd::Exited(0));
    assert_eq!(world.platform.calls(), [Call::Start(10), Call::Start(11)]);

    let manager = world.peer();
    let told = manager.told(&world, world.cleanup(3, 10));
    assert_eq!(told, [Heard::Reply(3, RequestKind::Cleanup, OK)], "the state was kept");
    world.ended(11, ProgramEnd::Exited(1));
    assert_eq!(manager.heard(&world), [Heard::Exited(11, ExitCause::Exited, 1)]);
}

#[test]
fn a_full_channel_delays_replies_and_loses_none() {
    const ROUNDS: u64 = 10;
    const PER_ROUND: u64 = 8;
    let (world, elsewhere) = (World::new(), Waitset::new());
    let manager = world.peer_on(&elsewhere);
    for round in 0..ROUNDS {
        for nth in 0..PER_ROUND {
            manager.ask(world.kill(round * PER_ROUND + nth, 10));
        }
        world.turn(); // reads the requests; the manager reads no reply
    }
    for _ in 0..ROUNDS * PER_ROUND {
        elsewhere.poll(1000);
        world.turn();
    }
    let replies: Vec<_> =
        (0..ROUNDS * PER_ROUND).map(|id| Heard::Reply(id, RequestKind::Kill, NOTFOUND)).collect();
    assert_eq!(manager.heard(&world), replies);
}

#[test]
fn a_stranger_that_reads_nothing_is_cut_off() {
    let (world, elsewhere) = (World::new(), Waitset::new());
    let stranger = world.peer_on(&elsewhere);
    let answers_max = u32::from(BindOptions::CAPACITY.get()) + BindOptions::OUTBOX_MAX;
    for nth in 0..=answers_max {
        assert!(!stranger.binding.is_closed(), "after {nth} requests");
        let request = KillRequest { procmng_cap: Cap::NULL, ..world.kill(1, 10) };
        assert!(stranger.binding.kill_request(request).is_ok(), "spawnd keeps reading");
        world.turn();
    }
    assert!(stranger.binding.is_closed());
    let manager = world.peer();
    let told = manager.told(&world, world.spawn(1, 10));
    assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, OK)]);
}

#[test]
fn more_open_requests_than_the_limit_close_the_binding() {
    let mut config = Config::default();
    config.requests_max = 1;
    let world = World::with(config);
    let manager = world.peer();
    world.platform.hold();
    assert_eq!(manager.told(&world, world.spawn(1, 10)), []);
    assert_eq!(manager.told(&world, world.kill(2, 10)), [Heard::Closed]);
}

#[test]
fn the_end_of_a_spawnd_closes_its_bindings() {
    let mut world = World::new();
    let manager = world.peer();
    manager.told(&world, world.spawn(1, 10));
    drop(world.service.take());
    assert_eq!(manager.heard(&world), [Heard::Closed]);
}
