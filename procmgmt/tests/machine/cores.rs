//! The cells of what happens to a domain on one core.
//!
//! Expected: what is told at once; how the domain stands then; what is told while everything comes
//! to its end. Client 1 spawned (r1), client 2 waits (r2). A domain in RUN runs on cores 0 and 1;
//! client 3 killed (r4) what is further; things happen on core 1, or on core 0 while it starts.

use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_procmgmt::machine::{CoreState, OrderKind, Table};

use crate::cells::cells;
use crate::world::World;

#[derive(Clone, Copy, PartialEq)]
enum At {
    In(CoreState),
    /// `SPAN_PEND` of a domain that is stopping.
    SpanStops,
}

use At::{In, SpanStops};
use CoreState::{Clean, CleanPend, Dead, KillPend, None, Run, SpanPend, SpawnPend, Wedged};

#[derive(Clone, Copy)]
enum Happens {
    Reply(ErrCode),
    /// The same error to the request and to each of its repetitions.
    GivesUp(ErrCode),
    Died,
    Stop,
    Down,
    Survived,
    Stopped,
}

use ErrCode::{
    OK, SPAWN_ERR_DOMAIN_NOTFOUND as NOT_FOUND, SPAWN_ERR_DOMAIN_RUNNING as STILL_RUNS,
    SPAWN_ERR_RUN as FAILED,
};
use Happens::{Died, Down, GivesUp, Reply, Stop, Stopped, Survived};

fn bring(world: &mut World, at: At) -> DomainId {
    let id = world.spawn(1, 0);
    world.wait(2, id);
    if at == In(SpawnPend) {
        return id;
    }
    world.answer(0, OrderKind::Spawn, ErrVal::OK);
    world.span(1, id, 1);
    if at == In(SpanPend) {
        return id;
    }
    if at != SpanStops {
        world.answer(1, OrderKind::Span, ErrVal::OK);
    }
    if at == In(Run) || at == In(None) {
        return id;
    }
    world.kill(3, id);
    match at {
        In(Wedged) => drop(world.answer(1, OrderKind::Kill, STILL_RUNS)),
        In(Dead) => drop(world.died(id, 1)),
        In(CleanPend | Clean) => {
            world.answer(1, OrderKind::Kill, ErrVal::OK);
            world.answer(0, OrderKind::Kill, ErrVal::OK);
        }
        _ => {}
    }
    if at == In(Clean) {
        world.answer(1, OrderKind::Cleanup, ErrVal::OK);
    }
    id
}

fn happen(world: &mut World, id: DomainId, core: u8, happens: Happens) -> Vec<String> {
    match happens {
        Reply(err) => reply(world, core, err),
        GivesUp(err) => (0..4).flat_map(|_| reply(world, core, err)).collect(),
        Died => world.died(id, core),
        Stop => world.kill(3, id),
        Down => world.down(core, vec![]),
        Survived => world.down(core, vec![id]),
        Stopped => world.answer(0, OrderKind::Kill, ErrVal::OK),
    }
}

/// The spawnd answers what it was asked last.
fn reply(world: &mut World, core: u8, err: ErrCode) -> Vec<String> {
    let last = world.asked.iter().rposition(|(at, _)| at.0 == core);
    world.answer_index(last.expect("it was asked"), err.into())
}

fn check(table: &Table, at: At, happens: Happens, at_once: &str, stands: &str, later: &str) {
    let mut world = World::new(table);
    let id = bring(&mut world, at);
    let core = match at {
        In(SpawnPend) => 0,
        In(None) => 2,
        _ => 1,
    };
    if let In(state) = at {
        assert_eq!(world.machine.core_state(id, CoreId(core)), state, "how it begins");
    }
    let told = happen(&mut world, id, core, happens).join(", ");
    assert_eq!((told.as_str(), world.stands(id).as_str()), (at_once, stands));
    assert_eq!(world.finish(id).join(", "), later, "what is told later");
    let slot = world.machine.slot(CoreId(core));
    let down = matches!(happens, Down | Survived);
    assert_eq!(slot.0 == flounder_procmgmt::machine::SlotState::Down, down);
}

const KILLED: &str = "r4 kill OK, r2 wait OK 9";

#[rustfmt::skip]
cells! { check;
    cell_died_none: In(None), Died, "+1 stray_deaths", "Running 0:Run 1:Run", "";

    cell_reply_ok_spawn_pend: In(SpawnPend), Reply(OK), "r1 spawned 1", "Running 0:Run", "";
    cell_reply_not_found_spawn_pend: In(SpawnPend), Reply(NOT_FOUND),
        "r1 not spawned: SPAWN_ERR_DOMAIN_NOTFOUND, r2 wait DOMAIN_TABLE_FIND 0, freed 1", "gone", "";
    cell_reply_still_runs_spawn_pend: In(SpawnPend), Reply(STILL_RUNS),
        "r1 not spawned: SPAWN_ERR_DOMAIN_RUNNING, r2 wait DOMAIN_TABLE_FIND 0, freed 1", "gone", "";
    cell_reply_error_spawn_pend: In(SpawnPend), Reply(FAILED),
        "r1 not spawned: SPAWN_ERR_RUN, r2 wait DOMAIN_TABLE_FIND 0, freed 1", "gone", "";
    cell_died_spawn_pend: In(SpawnPend), Died,
        "", "Nil crashed/139 0:SpawnPend", "r1 spawned 1, r2 wait OK 139";
    cell_stop_spawn_pend: In(SpawnPend), Stop,
        "", "Nil killed/9 0:SpawnPend", "r1 spawned 1, r3 kill OK, r2 wait OK 9";
    cell_down_spawn_pend: In(SpawnPend), Down,
        "close 0.2, r1 not spawned: SPAWND_REQUEST, r2 wait DOMAIN_TABLE_FIND 0, freed 1", "gone", "";
    cell_survived_spawn_pend: In(SpawnPend), Survived,
        "close 0.2, r1 not spawned: SPAWND_REQUEST", "StopPend lost/254 0:Wedged", "r2 wait OK 254";

    cell_reply_ok_span_pend_running: In(SpanPend), Reply(OK),
        "r3 span OK", "Running 0:Run 1:Run", "";
    cell_reply_ok_span_pend_stop_pend: SpanStops, Reply(OK),
        "r3 span DOMAIN_NOT_RUNNING, kill@1", "StopPend killed/9 0:KillPend 1:KillPend", KILLED;
    cell_reply_not_found_span_pend: In(SpanPend), Reply(NOT_FOUND),
        "r3 span SPAWN_ERR_SPAN", "Running 0:Run", "";
    cell_reply_still_runs_span_pend: In(SpanPend), Reply(STILL_RUNS),
        "r3 span SPAWN_ERR_SPAN", "Running 0:Run", "";
    cell_reply_error_span_pend_running: In(SpanPend), Reply(FAILED),
        "r3 span SPAWN_ERR_SPAN", "Running 0:Run", "";
    cell_reply_error_span_pend_stop_pend: SpanStops, Reply(FAILED),
        "r3 span SPAWN_ERR_SPAN", "StopPend killed/9 0:KillPend", KILLED;
    cell_died_span_pend: In(SpanPend), Died, "", "Running 0:Run 1:SpanPend",
        "r3 span OK, r2 wait OK 139";
    cell_died_span_pend_stop_pend: SpanStops, Died,
        "", "StopPend killed/9 0:KillPend 1:SpanPend",
        "r3 span DOMAIN_NOT_RUNNING, r4 kill OK, r2 wait OK 9";
    cell_stop_span_pend: In(SpanPend), Stop, "kill@0", "StopPend killed/9 0:KillPend 1:SpanPend",
        "r3 span DOMAIN_NOT_RUNNING, r4 kill OK, r2 wait OK 9";
    cell_down_span_pend_running: In(SpanPend), Down,
        "close 1.2, r3 span SPAWND_REQUEST", "Running 0:Run", "";
    cell_down_span_pend_stop_pend: SpanStops, Down,
        "close 1.2, r3 span SPAWND_REQUEST", "StopPend killed/9 0:KillPend", KILLED;
    cell_survived_span_pend_running: In(SpanPend), Survived,
        "close 1.2, r3 span SPAWND_REQUEST, kill@0", "StopPend lost/254 0:KillPend 1:Wedged",
        "r2 wait OK 254";
    cell_survived_span_pend_stop_pend: SpanStops, Survived,
        "close 1.2, r4 kill KILL, r3 span SPAWND_REQUEST",
        "StopPend killed/9 0:KillPend 1:Wedged", "r2 wait OK 9";

    cell_died_run: In(Run), Died, "kill@0", "StopPend crashed/139 0:KillPend 1:Dead",
        "r2 wait OK 139";
    cell_stop_run: In(Run), Stop, "kill@0, kill@1", "StopPend killed/9 0:KillPend 1:KillPend", KILLED;
    cell_down_run: In(Run), Down, "close 1.2, kill@0", "StopPend lost/254 0:KillPend 1:Clean",
        "r2 wait OK 254";
    cell_survived_run: In(Run), Survived,
        "close 1.2, kill@0", "StopPend lost/254 0:KillPend 1:Wedged", "r2 wait OK 254";

    cell_reply_ok_kill_pend: In(KillPend), Reply(OK),
        "", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_reply_not_found_kill_pend: In(KillPend), Reply(NOT_FOUND),
        "", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_reply_still_runs_kill_pend: In(KillPend), Reply(STILL_RUNS),
        "r4 kill KILL", "StopPend killed/9 0:KillPend 1:Wedged", "r2 wait OK 9";
    cell_reply_error_kill_pend: In(KillPend), Reply(FAILED),
        "kill@1", "StopPend killed/9 0:KillPend 1:KillPend", KILLED;
    cell_gives_up_kill_pend: In(KillPend), GivesUp(FAILED),
        "kill@1, kill@1, kill@1, r4 kill KILL", "StopPend killed/9 0:KillPend 1:Wedged",
        "r2 wait OK 9";
    cell_died_kill_pend: In(KillPend), Died,
        "", "StopPend killed/9 0:KillPend 1:Dead", "r4 kill OK, r2 wait OK 9, +1 late_replies";
    cell_down_kill_pend: In(KillPend), Down,
        "close 1.2", "StopPend killed/9 0:KillPend 1:Clean", KILLED;
    cell_survived_kill_pend: In(KillPend), Survived,
        "close 1.2, r4 kill KILL", "StopPend killed/9 0:KillPend 1:Wedged", "r2 wait OK 9";

    cell_died_wedged: In(Wedged), Died, "", "StopPend killed/9 0:KillPend 1:Dead", "r2 wait OK 9";
    cell_down_wedged: In(Wedged), Down,
        "close 1.2", "StopPend killed/9 0:KillPend 1:Clean", "r2 wait OK 9";
    cell_survived_wedged: In(Wedged), Survived,
        "close 1.2", "StopPend killed/9 0:KillPend 1:Wedged", "r2 wait OK 9";

    cell_reply_ok_dead: In(Dead), Reply(OK),
        "+1 late_replies", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_reply_not_found_dead: In(Dead), Reply(NOT_FOUND),
        "+1 late_replies", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_reply_still_runs_dead: In(Dead), Reply(STILL_RUNS),
        "+1 late_replies", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_reply_error_dead: In(Dead), Reply(FAILED),
        "+1 late_replies", "StopPend killed/9 0:KillPend 1:Dead", KILLED;
    cell_died_dead: In(Dead), Died,
        "", "StopPend killed/9 0:KillPend 1:Dead", "r4 kill OK, r2 wait OK 9, +1 late_replies";
    cell_down_dead: In(Dead), Down,
        "close 1.2", "StopPend killed/9 0:KillPend 1:Clean", KILLED;
    cell_survived_dead: In(Dead), Survived,
        "close 1.2, r4 kill KILL", "StopPend killed/9 0:KillPend 1:Wedged", "r2 wait OK 9";
    cell_stopped_dead: In(Dead), Stopped,
        "r4 kill OK, r2 wait OK 9, cleanup@0, cleanup@1",
        "Stopped killed/9 0:CleanPend 1:CleanPend", "+1 late_replies";

    cell_reply_ok_clean_pend: In(CleanPend), Reply(OK),
        "", "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_reply_not_found_clean_pend: In(CleanPend), Reply(NOT_FOUND),
        "", "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_reply_still_runs_clean_pend: In(CleanPend), Reply(STILL_RUNS),
        "cleanup@1", "Stopped killed/9 0:CleanPend 1:CleanPend", "";
    cell_reply_error_clean_pend: In(CleanPend), Reply(FAILED),
        "cleanup@1", "Stopped killed/9 0:CleanPend 1:CleanPend", "";
    cell_gives_up_clean_pend: In(CleanPend), GivesUp(FAILED),
        "cleanup@1, cleanup@1, cleanup@1, +1 leaked_cleanups",
        "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_gives_up_still_runs_clean_pend: In(CleanPend), GivesUp(STILL_RUNS),
        "cleanup@1, cleanup@1, cleanup@1, +1 leaked_cleanups",
        "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_died_clean_pend: In(CleanPend), Died,
        "", "Stopped killed/9 0:CleanPend 1:CleanPend", "";
    cell_down_clean_pend: In(CleanPend), Down,
        "close 1.2", "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_survived_clean_pend: In(CleanPend), Survived,
        "close 1.2", "Stopped killed/9 0:CleanPend 1:Wedged", "";

    cell_died_clean: In(Clean), Died,
        "+1 stray_deaths", "Stopped killed/9 0:CleanPend 1:Clean", "";
    cell_survived_clean: In(Clean), Survived,
        "close 1.2", "Stopped killed/9 0:CleanPend 1:Wedged", "";
}
