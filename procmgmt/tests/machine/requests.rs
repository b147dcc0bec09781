//! The cells of what clients ask, by the domain's state.
//!
//! Expected: what is told at once; how the domain stands then; what is told while everything comes
//! to its end. Client 1 spawned the domain (request r1), client 2 asks. `STOP_PEND` and later were
//! reached by `exit(7)`.

use flounder::{CoreId, DomainId, ErrVal};
use flounder_procmgmt::machine::{BindingKey, Client, Event, OrderKind, Presented, State, Table};

use crate::cells::cells;
use crate::world::{World, client, operator, program, stood};

#[derive(Clone, Copy, PartialEq)]
enum Where {
    NoRight,
    NoEntry,
    In(State),
}

use State::{Cleaned, Nil, Running, StopPend, Stopped};
use Where::{In, NoEntry, NoRight};

#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Span,
    Kill,
    ExitOwn,
    ExitOther,
    Wait,
    Nohang,
    Status,
    List,
    ClientDies,
    LastCap,
}

/// Brings a domain into a state.
pub(crate) fn bring(world: &mut World, state: State) -> DomainId {
    let id = world.spawn(1, 0);
    if state >= Running {
        world.answer(0, OrderKind::Spawn, ErrVal::OK);
    }
    if state >= StopPend {
        world.exit(id, 7);
    }
    if state >= Stopped {
        world.answer(0, OrderKind::Kill, ErrVal::OK);
    }
    if state >= Cleaned {
        world.answer(0, OrderKind::Cleanup, ErrVal::OK);
    }
    id
}

fn check(table: &Table, ask: Ask, at: Where, at_once: &str, stands: &str, later: &str) {
    let mut world = World::new(table);
    let state = if let In(state) = at { state } else { Running };
    let id = bring(&mut world, state);
    let cap = match at {
        NoRight => Presented::Weak(id),
        NoEntry => Presented::Domain(DomainId(999)),
        In(_) => Presented::Domain(id),
    };
    let told = asked(&mut world, ask, id, cap).join(", ");
    assert_eq!((told.as_str(), world.stands(id).as_str()), (at_once, stands));
    assert_eq!(world.finish(id).join(", "), later, "what is told later");
}

fn asked(world: &mut World, ask: Ask, id: DomainId, cap: Presented) -> Vec<String> {
    let named = cap.names().unwrap_or(id);
    let (two, reply) = (client(2), world.reply());
    match ask {
        Ask::Span => {
            world.event(Event::Span { client: two, reply, cap, core: CoreId(1), payload: "" })
        }
        Ask::Kill => world.event(Event::Kill { client: two, reply, cap }),
        Ask::ExitOwn => exits(world, program(2, named), cap),
        Ask::ExitOther => exits(world, program(2, DomainId(77)), cap),
        Ask::Wait => world.event(Event::Wait { client: two, reply, cap, nohang: false }),
        Ask::Nohang => world.event(Event::Wait { client: two, reply, cap, nohang: true }),
        Ask::Status => vec![
            stood(world.machine.status(operator(2), named, Presented::Nothing)),
            stood(world.machine.status(two, named, Presented::Nothing)),
            stood(world.machine.status(two, named, cap)),
        ],
        Ask::List => {
            vec![format!("{:?}", world.machine.list(DomainId::NONE, 8).domains)]
        }
        Ask::ClientDies => {
            world.wait(2, id);
            world.wait(3, id);
            if world.stands(id).starts_with("Running") {
                world.span(2, id, 1);
            } else {
                world.kill(2, id);
            }
            world.event(Event::ClientGone(BindingKey(2)))
        }
        Ask::LastCap => {
            // The spawner is dead, or it would get a cap once the program has started.
            world.event(Event::ClientGone(BindingKey(1)));
            let mut told = world.event(Event::LastCapDropped(named));
            told.extend(world.exit(id, 7));
            told
        }
    }
}

/// Three exits: what is wrong three times has a consequence.
fn exits(world: &mut World, client: Client, cap: Presented) -> Vec<String> {
    (0..3).flat_map(|_| world.event(Event::Exit { client, cap, status: 5 })).collect()
}

const DROPPED: &str = "+1 exits_dropped, +1 exits_dropped, +1 exits_dropped";
const STRUCK: &str = "+1 exits_dropped, +1 exits_dropped, \
    close client 2, +1 exits_dropped, +1 clients_closed";

const RUNS: &str = "Running 0:Run";
const STARTS: &str = "Nil 0:SpawnPend";
const STOPS: &str = "StopPend exited/7 0:KillPend";
const STOPPED: &str = "Stopped exited/7 0:CleanPend";
const CLEANED: &str = "Cleaned exited/7 0:Clean";
const SEEN: &str = "/modules/p [112, 0]";
const HIDDEN: &str = "/modules/p []";

fn status(state: State) -> String {
    format!("{state:?} {SEEN}, {state:?} {HIDDEN}, {state:?} {SEEN}")
}

#[rustfmt::skip]
cells! { check;
    cell_span_no_right: Ask::Span, NoRight, "r2 span DOMAIN_CAP_HASH", RUNS, "";
    cell_span_no_entry: Ask::Span, NoEntry, "r2 span DOMAIN_TABLE_FIND", RUNS, "";
    cell_span_nil: Ask::Span, In(Nil), "r2 span DOMAIN_NOT_RUNNING", STARTS, "r1 spawned 1";
    cell_span_running: Ask::Span, In(Running), "span@1", "Running 0:Run 1:SpanPend", "r2 span OK";
    cell_span_stop_pend: Ask::Span, In(StopPend), "r2 span DOMAIN_NOT_RUNNING", STOPS, "";
    cell_span_stopped: Ask::Span, In(Stopped), "r2 span DOMAIN_NOT_RUNNING", STOPPED, "";
    cell_span_cleaned: Ask::Span, In(Cleaned), "r2 span DOMAIN_NOT_RUNNING", CLEANED, "";

    cell_kill_no_right: Ask::Kill, NoRight, "r2 kill DOMAIN_CAP_HASH", RUNS, "";
    cell_kill_no_entry: Ask::Kill, NoEntry, "r2 kill DOMAIN_TABLE_FIND", RUNS, "";
    cell_kill_nil: Ask::Kill, In(Nil), "", "Nil killed/9 0:SpawnPend", "r1 spawned 1, r2 kill OK";
    cell_kill_running: Ask::Kill, In(Running), "kill@0", "StopPend killed/9 0:KillPend", "r2 kill OK";
    cell_kill_stop_pend: Ask::Kill, In(StopPend), "", STOPS, "r2 kill OK";
    cell_kill_stopped: Ask::Kill, In(Stopped), "r2 kill DOMAIN_NOT_RUNNING", STOPPED, "";
    cell_kill_cleaned: Ask::Kill, In(Cleaned), "r2 kill DOMAIN_NOT_RUNNING", CLEANED, "";

    cell_exit_own_no_right: Ask::ExitOwn, NoRight, STRUCK, RUNS, "";
    cell_exit_own_no_entry: Ask::ExitOwn, NoEntry, DROPPED, RUNS, "";
    cell_exit_own_nil: Ask::ExitOwn, In(Nil), "", "Nil exited/5 0:SpawnPend", "r1 spawned 1";
    cell_exit_own_running: Ask::ExitOwn, In(Running), "kill@0", "StopPend exited/5 0:KillPend", "";
    cell_exit_own_stop_pend: Ask::ExitOwn, In(StopPend), "", STOPS, "";
    cell_exit_own_stopped: Ask::ExitOwn, In(Stopped), "", STOPPED, "";
    cell_exit_own_cleaned: Ask::ExitOwn, In(Cleaned), "", CLEANED, "";

    cell_exit_other_no_right: Ask::ExitOther, NoRight, DROPPED, RUNS, "";
    cell_exit_other_no_entry: Ask::ExitOther, NoEntry, DROPPED, RUNS, "";
    cell_exit_other_nil: Ask::ExitOther, In(Nil), DROPPED, STARTS, "r1 spawned 1";
    cell_exit_other_running: Ask::ExitOther, In(Running), DROPPED, RUNS, "";
    cell_exit_other_stop_pend: Ask::ExitOther, In(StopPend), DROPPED, STOPS, "";
    cell_exit_other_stopped: Ask::ExitOther, In(Stopped), DROPPED, STOPPED, "";
    cell_exit_other_cleaned: Ask::ExitOther, In(Cleaned), DROPPED, CLEANED, "";

    cell_wait_no_right: Ask::Wait, NoRight, "r2 wait DOMAIN_CAP_HASH 0", RUNS, "";
    cell_wait_no_entry: Ask::Wait, NoEntry, "r2 wait DOMAIN_TABLE_FIND 0", RUNS, "";
    cell_wait_nil: Ask::Wait, In(Nil), "", STARTS, "r1 spawned 1";
    cell_wait_running: Ask::Wait, In(Running), "", RUNS, "";
    cell_wait_stop_pend: Ask::Wait, In(StopPend), "", STOPS, "r2 wait OK 7";
    cell_wait_stopped: Ask::Wait, In(Stopped), "r2 wait OK 7", STOPPED, "";
    cell_wait_cleaned: Ask::Wait, In(Cleaned), "r2 wait OK 7", CLEANED, "";

    cell_wait_nohang_no_right: Ask::Nohang, NoRight, "r2 wait DOMAIN_CAP_HASH 0", RUNS, "";
    cell_wait_nohang_no_entry: Ask::Nohang, NoEntry, "r2 wait DOMAIN_TABLE_FIND 0", RUNS, "";
    cell_wait_nohang_nil: Ask::Nohang, In(Nil), "r2 wait DOMAIN_ALIVE 255", STARTS, "r1 spawned 1";
    cell_wait_nohang_running: Ask::Nohang, In(Running), "r2 wait DOMAIN_ALIVE 255", RUNS, "";
    cell_wait_nohang_stop_pend: Ask::Nohang, In(StopPend), "r2 wait DOMAIN_ALIVE 255", STOPS, "";
    cell_wait_nohang_stopped: Ask::Nohang, In(Stopped), "r2 wait OK 7", STOPPED, "";
    cell_wait_nohang_cleaned: Ask::Nohang, In(Cleaned), "r2 wait OK 7", CLEANED, "";

    cell_get_status_no_entry: Ask::Status, NoEntry,
        "DOMAIN_TABLE_FIND, DOMAIN_TABLE_FIND, DOMAIN_TABLE_FIND", RUNS, "";
    cell_get_status_nil: Ask::Status, In(Nil), &status(Nil), STARTS, "r1 spawned 1";
    cell_get_status_running: Ask::Status, In(Running), &status(Running), RUNS, "";
    cell_get_status_stop_pend: Ask::Status, In(StopPend), &status(StopPend), STOPS, "";
    cell_get_status_stopped: Ask::Status, In(Stopped), &status(Stopped), STOPPED, "";
    cell_get_status_cleaned: Ask::Status, In(Cleaned), &status(Cleaned), CLEANED, "";

    cell_get_domainlist_nil: Ask::List, In(Nil), "[DomainId(1)]", STARTS, "r1 spawned 1";
    cell_get_domainlist_running: Ask::List, In(Running), "[DomainId(1)]", RUNS, "";
    cell_get_domainlist_stop_pend: Ask::List, In(StopPend), "[DomainId(1)]", STOPS, "";
    cell_get_domainlist_stopped: Ask::List, In(Stopped), "[DomainId(1)]", STOPPED, "";
    cell_get_domainlist_cleaned: Ask::List, In(Cleaned), "[]", CLEANED, "";

    cell_client_dies_nil: Ask::ClientDies, In(Nil), "", "Nil killed/9 0:SpawnPend",
        "r1 spawned 1, r4 wait OK 9";
    cell_client_dies_running: Ask::ClientDies, In(Running), "", "Running 0:Run 1:SpanPend", "";
    cell_client_dies_stop_pend: Ask::ClientDies, In(StopPend), "", STOPS, "r4 wait OK 7";

    cell_last_cap_no_entry: Ask::LastCap, NoEntry, "kill@0", STOPS, "";
    cell_last_cap_nil: Ask::LastCap, In(Nil), "", "Nil exited/7 0:SpawnPend", "freed 1";
    cell_last_cap_running: Ask::LastCap, In(Running), "kill@0", STOPS, "freed 1";
    cell_last_cap_stop_pend: Ask::LastCap, In(StopPend), "", STOPS, "freed 1";
    cell_last_cap_stopped: Ask::LastCap, In(Stopped), "", STOPPED, "freed 1";
    cell_last_cap_cleaned: Ask::LastCap, In(Cleaned), "freed 1, +1 exits_dropped", "gone", "";
}
