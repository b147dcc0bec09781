//! A process manager that runs on a table with one entry changed is found out, and where it takes few
//! steps, so are they.

use flounder_procmgmt::machine::CoreState::{
    self, Clean, Dead, KillPend, None, Run, SpanPend, Wedged,
};
use flounder_procmgmt::machine::{
    Act, CoreCell, CoreColumn, Request, SlotAct, SlotColumn, SlotState, State, Then,
};

use super::*;
use crate::search::{Limits, Violation, search};

fn core(table: &mut Table, state: CoreState, column: CoreColumn, cell: CoreCell) {
    table.cores[state as usize][column as usize] = cell;
}

fn request(table: &mut Table, request: Request, state: State, act: Act) {
    // After the columns of those who have no right, or ask for what isn't there.
    table.requests[request as usize][2 + state as usize] = act;
}

/// A table with a defect, how little has to happen, and what is found.
type Planted = (fn(&mut Table), &'static str, &'static str);

const PLANTED: &[Planted] = &[
    (
        |table| core(table, KillPend, CoreColumn::StillRuns, CoreCell::Go(Dead, Then::Nothing)),
        "requests=2,domains=1,hangs=1",
        "Kill(ErrVal(OK)) is no true answer",
    ),
    (
        |table| core(table, Wedged, CoreColumn::Down, CoreCell::Ignore),
        "requests=2,domains=1,hangs=1,crashes=1",
        "is Wedged on core 0, and its program None",
    ),
    (
        |table| core(table, Run, CoreColumn::Died, CoreCell::Ignore),
        "requests=1,domains=1,exits=1",
        "is Run on core 0, and its program None",
    ),
    (
        |table| core(table, SpanPend, CoreColumn::Ok, CoreCell::Go(None, Then::EndSpan)),
        "requests=2,domains=1",
        "is None on core 1, and its program Some(Running)",
    ),
    (
        |table| core(table, SpanPend, CoreColumn::Down, CoreCell::Ignore),
        "requests=2,domains=1,crashes=1",
        "to span domain 1 to core 0 and is never answered",
    ),
    (
        |table| core(table, Dead, CoreColumn::Stopped, CoreCell::Go(Clean, Then::Nothing)),
        "requests=1,domains=1,exits=1",
        "1 domains are left in spawnd 0",
    ),
    (
        |table| request(table, Request::Wait, State::StopPend, Act::Final),
        "requests=3,domains=1",
        "Wait(ErrVal(OK), 9) is no true answer",
    ),
    (
        |table| request(table, Request::Kill, State::StopPend, Act::Ignore),
        "requests=3,domains=1",
        "to kill domain 1 and is never answered",
    ),
    (
        |table| request(table, Request::ExitOther, State::Running, Act::Stop),
        "requests=1,domains=1",
        "Exit",
    ),
    (
        |table| {
            table.slots[SlotState::Down as usize][SlotColumn::AddNewer as usize] = SlotAct::Ignore;
        },
        "crashes=1",
        "slot 0 is",
    ),
];

fn violation(edit: fn(&mut Table), bounds: &str) -> Option<Violation> {
    let mut table = Table::LIFECYCLE;
    edit(&mut table);
    let bounds = bounds.parse().expect("bounds");
    search(&Lifecycle::with_table(bounds, table), Limits::default()).violation
}

#[test]
fn a_planted_defect_is_found() {
    for &(edit, bounds, expected) in PLANTED {
        let Some(found) = violation(edit, bounds) else {
            panic!("nothing is found within {bounds}, not {expected}");
        };
        assert!(found.what.contains(expected), "{bounds}: {found:#?}");
        assert_eq!(violation(|_| {}, bounds), Option::None, "{bounds} without a defect");
    }
}

#[test]
fn the_way_to_a_defect_is_a_shortest_one() {
    let found = violation(PLANTED[2].0, PLANTED[2].1).expect("a defect");
    let steps = found.path.iter().filter(|line| !line.starts_with(' '));
    let steps: Vec<_> = steps.map(String::as_str).collect();
    let expected = [
        "client 0 asks to spawn domain 1 on core 0 (request 1100)",
        "spawnd 0 hears order 1: Spawn { flags: 0, payload: Load }, domain 1",
        "the process manager hears spawnd 0: Reply { request: RequestId(1), kind: Spawn, \
            err: ErrVal(OK) }",
        "the process manager hears spawnd 0: Exited { domain: DomainId(1), \
            death: Death { cause: Exited, status: 7 } }",
    ];
    assert_eq!(steps, expected);
}
