//! The defects that the lifecycle tables close and that no single cell shows.

use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_procmgmt::machine::{
    BindingKey, Effects, Event, Image, OrderKind, RequestId, SPAWN_ENDS_WITH_SPAWNER, SlotState,
    Table,
};

use crate::world::{GENERATION, World, client};

fn running(world: &mut World) -> DomainId {
    let id = world.spawn(1, 0);
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    id
}

fn world() -> World {
    World::new(&Table::LIFECYCLE)
}

#[test]
fn every_killer_is_answered_whoever_came_first() {
    let mut world = world();
    let id = running(&mut world);
    for key in 2..6 {
        world.kill(key, id);
    }
    let told = world.finish(id);
    assert_eq!(told, ["r2 kill OK", "r3 kill OK", "r4 kill OK", "r5 kill OK"]);
}

#[test]
fn a_kill_does_not_rewrite_an_exit_nor_lose_its_killer() {
    let mut world = world();
    let id = running(&mut world);
    world.exit(id, 7);
    world.kill(2, id);
    world.wait(3, id);
    assert_eq!(world.finish(id), ["r2 kill OK", "r3 wait OK 7"]);
}

#[test]
fn an_exit_before_the_reply_is_applied_after_it() {
    let mut world = world();
    let id = world.spawn(1, 0);
    world.exit(id, 3);
    world.wait(2, id);
    assert_eq!(world.answer(0, OrderKind::Spawn, ErrVal::OK), ["r1 spawned 1", "kill@0"]);
    assert_eq!(world.stands(id), "StopPend exited/3 0:KillPend");
    assert_eq!(world.finish(id), ["r2 wait OK 3"]);
}

#[test]
fn killers_and_waiters_of_a_failed_spawn_are_answered() {
    let mut world = world();
    let id = world.spawn(1, 0);
    world.kill(2, id);
    world.wait(3, id);
    let told = world.answer(0, OrderKind::Spawn, ErrCode::SPAWN_ERR_LOAD);
    let expected = [
        "r1 not spawned: SPAWN_ERR_LOAD",
        "r2 kill DOMAIN_NOT_RUNNING",
        "r3 wait DOMAIN_TABLE_FIND 0",
        "freed 1",
    ];
    assert_eq!(told, expected);
    assert_eq!(world.spawn(1, 0), DomainId(2), "ids are not used again");
}

#[test]
fn killers_after_a_wedge_are_told_at_once() {
    let mut world = world();
    let id = running(&mut world);
    world.kill(2, id);
    let told = world.answer(0, OrderKind::Kill, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    assert_eq!(told, ["r2 kill KILL"]);
    assert_eq!(world.kill(3, id), ["r3 kill KILL"]);
    world.wait(4, id);
    assert_eq!(world.died(id, 0), ["r4 wait OK 9", "cleanup@0"]);
}

#[test]
fn span_is_refused_in_the_order_of_the_checks() {
    let mut world = world();
    let id = running(&mut world);
    assert_eq!(world.span(1, id, 255), ["r2 span INVALID_SPAWND"]);
    assert_eq!(world.span(1, id, 0), ["r3 span ALREADY_SPANNED"]);
    world.event(Event::SpawndClosed { core: CoreId(0), generation: GENERATION });
    assert_eq!(world.span(1, id, 0), ["r4 span ALREADY_SPANNED"], "checked before the spawnd");
    assert_eq!(world.event_spawn(client(1), 254, 0), ["r5 not spawned: INVALID_SPAWND"]);
}

#[test]
fn violations_close_the_generation_and_nothing_else() {
    let mut world = world();
    let id = running(&mut world);
    let reply = |request, kind| Event::SpawndReply {
        core: CoreId(0),
        generation: GENERATION,
        request: RequestId(request),
        kind,
        err: ErrVal::OK,
    };
    assert_eq!(
        world.event(reply(1, OrderKind::Spawn)),
        ["close 0.2", "fence 0.2", "+1 violations"],
        "twice"
    );
    assert_eq!(world.machine.slot(CoreId(0)).0, SlotState::Lost);
    assert_eq!(world.stands(id), "Running 0:Run", "what survived is for the monitor to say");
    assert_eq!(world.event(reply(1, OrderKind::Spawn)), ["+1 stale_replies"]);

    world.spawn(1, 1);
    let event = Event::SpawndReply {
        core: CoreId(1),
        generation: GENERATION,
        request: RequestId(2),
        kind: OrderKind::Kill,
        err: ErrVal::OK,
    };
    assert_eq!(world.event(event), ["close 1.2", "fence 1.2", "+1 violations"], "the wrong kind");
    assert_eq!(world.down(1, vec![]), ["r2 not spawned: SPAWND_REQUEST", "freed 2"]);
}

#[test]
fn survivors_come_in_parts() {
    let mut world = world();
    let ids: Vec<_> = (0..3).map(|_| running(&mut world)).collect();
    world.kill(2, ids[2]);
    let part = |survivors, more| Event::RemoveSpawnd {
        core: CoreId(0),
        generation: GENERATION,
        survivors,
        more,
    };
    let strangers = vec![ids[0], DomainId(99)];
    assert_eq!(world.event(part(strangers, true)), ["+1 stray_survivors"]);
    assert_eq!(world.stands(ids[1]), "Running 0:Run", "nothing is decided before the last part");
    assert_eq!(world.event(part(vec![ids[2]], false)), ["close 0.2", "r4 kill KILL"]);
    let stand: Vec<_> = ids.iter().map(|&id| world.stands(id)).collect();
    let expected =
        ["StopPend lost/254 0:Wedged", "Cleaned lost/254 0:Clean", "StopPend killed/9 0:Wedged"];
    assert_eq!(stand, expected);
}

#[test]
fn a_survivor_without_a_spawnd_needs_no_cleanup() {
    let mut world = world();
    let id = running(&mut world);
    world.wait(2, id);
    world.down(0, vec![id]);
    world.bring_up(CoreId(0), flounder_procmgmt::machine::Generation(3));
    let ended = Event::SurvivorEnded { core: CoreId(0), domain: id };
    assert_eq!(world.event(ended.clone()), ["r2 wait OK 254"]);
    assert_eq!(world.stands(id), "Cleaned lost/254 0:Clean");
    assert_eq!(world.event(ended), ["+1 stray_deaths"]);
}

#[test]
fn a_survivor_that_nobody_was_asked_to_start_leaves_nothing_behind() {
    let mut world = world();
    let image = Image { program: "/modules/p".into(), argv: b"p\0"[..].into() };
    let (core, reply, id) = (CoreId(0), world.reply(), DomainId(1));
    let spawn = Event::Spawn { client: client(1), reply, core, flags: 0, image, payload: "env" };
    // The spawnd is busy: its order isn't taken, and no cap is made of which the last could go.
    world.machine.handle(spawn, &mut Effects::default());
    assert_eq!(world.down(0, vec![id]), ["close 0.2", "r1 not spawned: SPAWND_REQUEST"]);
    assert_eq!(world.event(Event::SurvivorEnded { core, domain: id }), ["freed 1"]);
}

#[test]
fn what_was_wedged_and_ended_while_its_spawnd_died_leaves_nobody_waiting() {
    let mut world = world();
    let id = running(&mut world);
    world.wait(2, id);
    world.kill(3, id);
    let told = world.answer(0, OrderKind::Kill, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    assert_eq!(told, ["r3 kill KILL"]);
    // It ended within the grace time: no survivor, and nobody who would tell of its end.
    assert_eq!(world.down(0, vec![]), ["close 0.2", "r2 wait OK 9"]);
    assert_eq!(world.stands(id), "Cleaned killed/9 0:Clean");
}

#[test]
fn a_domain_ends_with_its_spawner_only_if_asked_to() {
    let mut world = world();
    world.event_spawn(client(1), 0, SPAWN_ENDS_WITH_SPAWNER);
    world.event_spawn(client(1), 1, 0);
    world.event_spawn(client(1), 2, SPAWN_ENDS_WITH_SPAWNER);
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    assert_eq!(world.event(Event::ClientGone(BindingKey(1))), ["kill@0"]);
    assert_eq!(world.answer(1, OrderKind::Spawn, ErrVal::OK), [""; 0]);
    assert_eq!(world.answer(2, OrderKind::Spawn, ErrVal::OK), ["kill@2"]);
    assert_eq!(world.stands(DomainId(2)), "Running 1:Run", "detached");
}

#[test]
fn shutdown_ends_everything_and_takes_no_more() {
    let mut world = world();
    let (first, second) = (running(&mut world), running(&mut world));
    world.spawn(1, 1);
    assert_eq!(world.event(Event::Shutdown), ["kill@0", "kill@0"]);
    assert_eq!(world.event_spawn(client(1), 0, 0), ["r4 not spawned: INVALID_SPAWND"]);
    world.answer(0, OrderKind::Kill, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    let told = world.finish(second);
    assert_eq!(told, ["r3 spawned 3", "done, 1 wedged"]);
    assert_eq!(world.stands(first), "StopPend killed/9 0:Wedged");
    assert_eq!(world.event(Event::Shutdown), [""; 0], "answered once");
}

#[test]
fn shutdown_of_nothing_is_done_at_once() {
    assert_eq!(world().event(Event::Shutdown), ["done, 0 wedged"]);
}

#[test]
fn what_only_the_monitor_may_say_is_counted() {
    assert_eq!(world().event(Event::NotMonitor), ["+1 not_monitor"]);
}
