//! The cells of the spawnd slots.
//!
//! Expected: what is told; how the slot stands then. Things happen on core 3, where generation 2 is
//! or was, with a spawn under way (r1, domain 1) if it is or was up.

use flounder::{CoreId, ErrVal, Iref};
use flounder_procmgmt::machine::{
    Config, Event, Generation, OrderKind, RequestId, SlotState, Table,
};

use crate::cells::cells;
use crate::world::{GENERATION, World, add, client};

use SlotState::{Absent, Binding, Down, Lost, Up};

const CORE: CoreId = CoreId(3);

#[derive(Clone, Copy)]
enum Happens {
    Spawn,
    /// The monitor adds that generation.
    Add(u64),
    AddForeign,
    Remove,
    Closed,
    Bound,
    /// A reply of generation 2 to that request.
    Reply(u64),
}

use Happens::{Add, AddForeign, Bound, Closed, Remove, Reply, Spawn};

fn bring(world: &mut World, slot: SlotState) {
    let (core, generation) = (CORE, GENERATION);
    if slot == Absent {
        return;
    }
    world.event(add(core, generation));
    if slot == Binding {
        return;
    }
    world.event(Event::SpawndBound { core, generation });
    world.spawn(1, 3);
    match slot {
        Lost => drop(world.event(Event::SpawndClosed { core, generation })),
        Down => drop(world.down(3, vec![])),
        _ => {}
    }
}

fn happen(world: &mut World, happens: Happens) -> Vec<String> {
    let (core, generation) = (CORE, GENERATION);
    match happens {
        Spawn => world.event_spawn(client(2), 3, 0),
        Add(generation) => world.event(add(core, Generation(generation))),
        AddForeign => {
            let (generation, iref) = (Generation(3), Iref::new(core, 1));
            world.event(Event::AddSpawnd { core, generation, iref, from_monitor: false })
        }
        Remove => world.down(3, vec![]),
        Closed => world.event(Event::SpawndClosed { core, generation }),
        Bound => world.event(Event::SpawndBound { core, generation }),
        Reply(request) => {
            let (request, kind) = (RequestId(request), OrderKind::Spawn);
            world.event(Event::SpawndReply { core, generation, request, kind, err: ErrVal::OK })
        }
    }
}

fn check(table: &Table, slot: SlotState, happens: Happens, told: &str, then: (SlotState, u64)) {
    let mut world = World::bare(table, Config::default());
    bring(&mut world, slot);
    assert_eq!(world.machine.slot(CORE).0, slot, "how it begins");
    assert_eq!(happen(&mut world, happens).join(", "), told);
    assert_eq!(world.machine.slot(CORE), (then.0, Generation(then.1)));
}

const REFUSED: &str = "r1 not spawned: INVALID_SPAWND";
const REFUSED_LATER: &str = "r2 not spawned: INVALID_SPAWND";
const FAILED: &str = "r1 not spawned: SPAWND_REQUEST, freed 1";

fn down_and(then: &str) -> String {
    format!("close 3.2, {FAILED}{then}")
}

#[rustfmt::skip]
cells! { check;
    cell_spawn_absent: Absent, Spawn, REFUSED, (Absent, 0);
    cell_add_spawnd_absent: Absent, Add(2), "bind 3.2", (Binding, 2);
    cell_add_spawnd_absent_no_generation: Absent, Add(0), "", (Absent, 0);
    cell_add_spawnd_absent_foreign: Absent, AddForeign, "+1 not_monitor", (Absent, 0);
    cell_remove_spawnd_absent: Absent, Remove, "", (Absent, 0);
    cell_spawnd_closed_absent: Absent, Closed, "", (Absent, 0);
    cell_spawnd_bound_absent: Absent, Bound, "close 3.2", (Absent, 0);
    cell_spawnd_reply_absent: Absent, Reply(1), "+1 stale_replies", (Absent, 0);

    cell_spawn_binding: Binding, Spawn, REFUSED, (Binding, 2);
    cell_add_spawnd_binding_same_generation: Binding, Add(2), "+1 spawnd_exists", (Binding, 2);
    cell_add_spawnd_binding_older: Binding, Add(1), "+1 spawnd_exists", (Binding, 2);
    cell_add_spawnd_binding_newer: Binding, Add(3), "bind 3.3", (Binding, 3);
    cell_add_spawnd_binding_foreign: Binding, AddForeign, "+1 not_monitor", (Binding, 2);
    cell_remove_spawnd_binding: Binding, Remove, "close 3.2", (Absent, 0);
    cell_spawnd_closed_binding: Binding, Closed, "close 3.2, fence 3.2", (Absent, 0);
    cell_spawnd_bound_binding: Binding, Bound, "", (Up, 2);
    cell_spawnd_reply_binding: Binding, Reply(1), "close 3.2, fence 3.2, +1 violations", (Absent, 0);

    cell_spawn_up: Up, Spawn, "spawn@3", (Up, 2);
    cell_add_spawnd_up_same_generation: Up, Add(2), "+1 spawnd_exists", (Up, 2);
    cell_add_spawnd_up_older: Up, Add(1), "+1 spawnd_exists", (Up, 2);
    cell_add_spawnd_up_newer: Up, Add(3), &down_and(", bind 3.3"), (Binding, 3);
    cell_add_spawnd_up_foreign: Up, AddForeign, "+1 not_monitor", (Up, 2);
    cell_remove_spawnd_up: Up, Remove, &down_and(""), (Down, 2);
    cell_spawnd_closed_up: Up, Closed, "close 3.2, fence 3.2", (Lost, 2);
    cell_spawnd_bound_up: Up, Bound, "", (Up, 2);
    cell_spawnd_reply_up: Up, Reply(1), "r1 spawned 1", (Up, 2);
    cell_spawnd_reply_up_unknown_id: Up, Reply(99), "close 3.2, fence 3.2, +1 violations", (Lost, 2);

    cell_spawn_lost: Lost, Spawn, REFUSED_LATER, (Lost, 2);
    cell_add_spawnd_lost_same_generation: Lost, Add(2), "+1 spawnd_exists", (Lost, 2);
    cell_add_spawnd_lost_newer: Lost, Add(3), &format!("{FAILED}, bind 3.3"), (Binding, 3);
    cell_add_spawnd_lost_foreign: Lost, AddForeign, "+1 not_monitor", (Lost, 2);
    cell_remove_spawnd_lost: Lost, Remove, FAILED, (Down, 2);
    cell_spawnd_closed_lost: Lost, Closed, "", (Lost, 2);
    cell_spawnd_bound_lost: Lost, Bound, "close 3.2", (Lost, 2);
    cell_spawnd_reply_lost: Lost, Reply(1), "+1 stale_replies", (Lost, 2);

    cell_spawn_down: Down, Spawn, REFUSED_LATER, (Down, 2);
    cell_add_spawnd_down_same_generation: Down, Add(2), "", (Down, 2);
    cell_add_spawnd_down_newer: Down, Add(3), "bind 3.3", (Binding, 3);
    cell_add_spawnd_down_foreign: Down, AddForeign, "+1 not_monitor", (Down, 2);
    cell_remove_spawnd_down: Down, Remove, "", (Down, 2);
    cell_spawnd_closed_down: Down, Closed, "", (Down, 2);
    cell_spawnd_bound_down: Down, Bound, "close 3.2", (Down, 2);
    cell_spawnd_reply_down: Down, Reply(1), "+1 stale_replies", (Down, 2);
}
