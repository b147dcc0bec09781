//! Every entry of the lifecycle tables matters: changed to anything else, a cell's test fails.

use std::panic::{self, AssertUnwindSafe};
use std::thread;

use flounder::ErrCode;
use flounder_procmgmt::machine::{Act, CoreCell, CoreColumn, CoreState, SlotAct, Table, Then};

use crate::cells::Cell;
use crate::{cores, requests, slots};

const ACTS: [Act; 19] = [
    Act::Never,
    Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH),
    Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND),
    Act::Refuse(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING),
    Act::Extend,
    Act::Remember,
    Act::Stop,
    Act::Join,
    Act::Ignore,
    Act::Drop,
    Act::Strike,
    Act::Queue,
    Act::Alive,
    Act::Final,
    Act::Tell,
    Act::Listed,
    Act::Unlisted,
    Act::Forget,
    Act::Detach,
];

const THENS: [Then; 11] = [
    Then::Nothing,
    Then::Begin,
    Then::EndSpan,
    Then::Strand,
    Then::SendKill,
    Then::SendCleanup,
    Then::Retry,
    Then::Remember,
    Then::Death,
    Then::Lost,
    Then::Leak,
];

const SLOT_ACTS: [SlotAct; 15] = [
    SlotAct::Ignore,
    SlotAct::Refuse,
    SlotAct::Accept,
    SlotAct::Bind,
    SlotAct::Replace,
    SlotAct::Exists,
    SlotAct::NotMonitor,
    SlotAct::Unbind,
    SlotAct::Down,
    SlotAct::Lose,
    SlotAct::Raise,
    SlotAct::Close,
    SlotAct::Match,
    SlotAct::Stale,
    SlotAct::Violation,
];

/// Everything a cell of a core in `state` can be.
fn core_cells() -> Vec<CoreCell> {
    let plain =
        [CoreCell::Never, CoreCell::Ignore, CoreCell::Late, CoreCell::Stray, CoreCell::Fail];
    let moves = CoreState::ALL.into_iter().flat_map(|to| THENS.map(|then| CoreCell::Go(to, then)));
    plain.into_iter().chain(moves).collect()
}

/// Whether some cell's test fails on this table; a wrong entry may also make the machine panic.
fn is_noticed(table: &Table, cells: &[Cell]) -> bool {
    let passes = |test: fn(&Table)| panic::catch_unwind(AssertUnwindSafe(|| test(table))).is_ok();
    !cells.iter().all(|&(_, test)| passes(test))
}

/// Runs `test` without a word about the panics that it expects on this thread.
fn silently(test: impl FnOnce() -> Vec<String>) {
    let (here, hook) = (thread::current().id(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() != here {
            hook(info);
        }
    }));
    let missed = test();
    drop(panic::take_hook());
    assert!(missed.is_empty(), "nobody notices:\n{}", missed.join("\n"));
}

#[test]
fn every_entry_matters() {
    silently(|| {
        let mut missed = request_mutants();
        missed.extend(core_mutants());
        missed.extend(slot_mutants());
        missed
    });
}

fn request_mutants() -> Vec<String> {
    let mut missed = Vec::new();
    let all = Table::LIFECYCLE;
    for (row, column) in (0..10).flat_map(|row| (0..7).map(move |column| (row, column))) {
        let was = all.requests[row][column];
        for act in ACTS.into_iter().chain([Act::Free]) {
            let mut table = all.clone();
            table.requests[row][column] = act;
            if was != Act::Never && act != was && !is_noticed(&table, requests::CELLS) {
                missed.push(format!("requests[{row}][{column}]: {was:?} as {act:?}"));
            }
        }
    }
    missed
}

fn core_mutants() -> Vec<String> {
    let mut missed = Vec::new();
    let (all, others) = (Table::LIFECYCLE, core_cells());
    for (row, column) in (0..9).flat_map(|row| (0..10).map(move |column| (row, column))) {
        let was = all.cores[row][column];
        // Going where it is, and nothing else, is another way to write `Ignore`.
        let same = CoreCell::Go(CoreState::ALL[row], Then::Nothing);
        for &cell in others.iter().filter(|&&cell| cell != was) {
            // DEAD of a generation that is gone is CLEAN before the event is over.
            let dead = row == CoreState::CleanPend as usize
                && column == CoreColumn::Down as usize
                && cell == CoreCell::Go(CoreState::Dead, Then::Nothing);
            let equal = was == CoreCell::Never || dead || (was == CoreCell::Ignore && cell == same);
            let mut table = all.clone();
            table.cores[row][column] = cell;
            if !equal && !is_noticed(&table, cores::CELLS) {
                missed.push(format!("cores[{row}][{column}]: {was:?} as {cell:?}"));
            }
        }
    }
    missed
}

fn slot_mutants() -> Vec<String> {
    let mut missed = Vec::new();
    let all = Table::LIFECYCLE;
    for (row, column) in (0..5).flat_map(|row| (0..8).map(move |column| (row, column))) {
        let was = all.slots[row][column];
        for act in SLOT_ACTS.into_iter().filter(|&act| act != was) {
            let mut table = all.clone();
            table.slots[row][column] = act;
            if !is_noticed(&table, slots::CELLS) {
                missed.push(format!("slots[{row}][{column}]: {was:?} as {act:?}"));
            }
        }
    }
    missed
}
