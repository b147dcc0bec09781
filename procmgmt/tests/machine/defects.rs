//! What the service that this one replaces did wrong, each defect by its name; those that need real
//! bindings are among the tests of the service.

use flounder::{CoreId, DomainId, ErrCode, ErrVal, Iref};
use flounder_procmgmt::machine::{
    Config, CoreState, Event, Generation, OrderKind, Presented, SlotState, State, Table,
};

use crate::world::{World, client};

/// The domain's state.
fn state(world: &World, id: DomainId) -> State {
    let status = world.machine.status(client(1), id, Presented::Nothing);
    status.expect("it is known").state
}

fn running(world: &mut World) -> DomainId {
    let id = world.spawn(1, 0);
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    id
}

fn nohang(world: &mut World, id: DomainId) -> Vec<String> {
    let (reply, cap) = (world.reply(), Presented::Domain(id));
    world.event(Event::Wait { client: client(5), reply, cap, nohang: true })
}

/// How many answers there are of that kind.
fn answers(told: &[String], word: &str) -> usize {
    told.iter().filter(|line| line.contains(word)).count()
}

#[test]
fn span_answers_twice_and_before_the_spawnd_acted() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    assert_eq!(world.span(2, id, 1), ["span@1"], "not answered before");
    let told = world.answer(1, OrderKind::Span, ErrVal::OK);
    assert_eq!(answers(&told, " span OK"), 1, "{told:?}");
}

#[test]
fn span_never_records_the_new_core_so_kill_misses_it() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.span(2, id, 1);
    world.answer(1, OrderKind::Span, ErrVal::OK);
    let told = world.kill(3, id);
    assert_eq!(told, ["kill@0", "kill@1"]);
}

#[test]
fn span_reply_dropped_when_the_domain_is_stopping() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.span(2, id, 1);
    world.kill(3, id);
    let told = world.answer(1, OrderKind::Span, ErrVal::OK);
    assert_eq!(answers(&told, " span DOMAIN_NOT_RUNNING"), 1, "{told:?}");
    assert_eq!(world.machine.core_state(id, CoreId(1)), CoreState::KillPend, "and is ended");
}

#[test]
fn wait_with_a_bad_cap_reads_an_uninitialised_entry() {
    let mut world = World::new(&Table::LIFECYCLE);
    running(&mut world);
    let (client, reply) = (client(2), world.reply());
    let cap = Presented::Nothing;
    let told = world.event(Event::Wait { client, reply, cap, nohang: false });
    assert_eq!(answers(&told, "wait DOMAIN_CAP_HASH 0"), 1, "{told:?}");
}

#[test]
fn status_of_an_unknown_id() {
    let world = World::new(&Table::LIFECYCLE);
    for id in [0, 1, u64::MAX] {
        let status = world.machine.status(client(1), DomainId(id), Presented::Nothing);
        let err = status.expect_err("there is none");
        assert!(err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND));
    }
}

#[test]
fn nohang_overwrites_the_exit_status() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.exit(id, 7);
    assert_eq!(answers(&nohang(&mut world, id), "ALIVE 255"), 1);
    world.finish(id);
    assert_eq!(answers(&nohang(&mut world, id), "wait OK 7"), 1);
    assert_eq!(answers(&world.wait(6, id), "wait OK 7"), 1);
}

#[test]
fn wait_after_cleanup_hangs() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.kill(2, id);
    world.finish(id);
    assert_eq!(state(&world, id), State::Cleaned);
    assert_eq!(answers(&world.wait(3, id), "wait OK 9"), 1, "answered at once");
}

#[test]
fn waiters_answered_twice() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.wait(2, id);
    let mut told = world.kill(3, id);
    assert_eq!(answers(&told, " wait "), 0, "it isn't stopped yet: {told:?}");
    told.extend(world.died(id, 0));
    told.extend(world.finish(id));
    told.extend(world.died(id, 0));
    assert_eq!(answers(&told, " wait "), 1, "{told:?}");
}

#[test]
fn replies_matched_by_order() {
    let mut world = World::new(&Table::LIFECYCLE);
    let (first, second) = (world.spawn(1, 0), world.spawn(2, 0));
    let told = world.answer_index(1, ErrCode::SPAWN_ERR_LOAD.into());
    assert_eq!(answers(&told, "r2 not spawned"), 1, "{told:?}");
    let told = world.answer_index(0, ErrVal::OK);
    assert_eq!(answers(&told, "r1 spawned"), 1, "{told:?}");
    assert_eq!(state(&world, first), State::Running);
    let gone = world.machine.status(client(1), second, Presented::Nothing);
    assert!(gone.is_err());
}

#[test]
fn a_dead_spawnd_hangs_its_clients_for_ever_and_cant_be_replaced() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.wait(2, id);
    world.spawn(3, 0);
    let told = world.down(0, vec![]);
    assert_eq!(answers(&told, "wait OK 254"), 1, "{told:?}");
    assert_eq!(answers(&told, "not spawned: SPAWND_REQUEST"), 1, "{told:?}");
    let (core, generation) = (CoreId(0), Generation(3));
    let iref = Iref::new(core, 9);
    world.event(Event::AddSpawnd { core, generation, iref, from_monitor: true });
    world.event(Event::SpawndBound { core, generation });
    assert_eq!(world.machine.slot(core), (SlotState::Up, generation));
    let next = running(&mut world);
    assert_eq!(state(&world, next), State::Running);
}

#[test]
fn a_program_that_dies_before_spawnds_reply_stays_running() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = world.spawn(1, 0);
    world.died(id, 0);
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    assert!(state(&world, id) > State::Running);
}

#[test]
fn a_crashed_program_stays_running() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.died(id, 0);
    assert_eq!(answers(&world.wait(2, id), "wait OK 139"), 1);
}

#[test]
fn spawnds_kill_error_ignored() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    world.kill(2, id);
    let told = world.answer(0, OrderKind::Kill, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    assert_eq!(answers(&told, "kill KILL"), 1, "{told:?}");
    assert_eq!(state(&world, id), State::StopPend);
}

#[test]
fn core_254_or_255_reads_outside_a_table() {
    let mut world = World::new(&Table::LIFECYCLE);
    let id = running(&mut world);
    for core in [254, 255] {
        assert_eq!(answers(&world.span(2, id, core), "span INVALID_SPAWND"), 1);
        assert_eq!(answers(&world.event_spawn(client(1), core, 0), "INVALID_SPAWND"), 1);
    }
}

#[test]
fn more_than_1023_domains_abort_the_list() {
    const DOMAINS: u32 = 1_500;
    let mut config = Config::default();
    config.domains_per_client_max = DOMAINS;
    let mut world = World::bare(&Table::LIFECYCLE, config);
    world.bring_up(CoreId(0), Generation(2));
    for _ in 0..DOMAINS {
        running(&mut world);
    }
    let (mut listed, mut after) = (0, DomainId::NONE);
    loop {
        let page = world.machine.list(after, 256);
        listed += page.domains.len();
        match page.domains.last() {
            Some(&last) if page.more => after = last,
            _ => break,
        }
    }
    assert_eq!(listed, 1_500, "in six pages");
}

#[test]
fn any_domain_can_pose_as_spawnd() {
    let mut world = World::new(&Table::LIFECYCLE);
    let (core, generation) = (CoreId(0), Generation(9));
    let iref = Iref::new(core, 1);
    let told = world.event(Event::AddSpawnd { core, generation, iref, from_monitor: false });
    assert_eq!(told, ["+1 not_monitor"]);
    assert_eq!(world.machine.slot(core).0, SlotState::Up, "and nothing changes");
}
