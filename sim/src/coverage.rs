//! Which cells of the lifecycle's tables a run has reached, and which faults.
//!
//! The rows and columns are those of the lifecycle page, not those of any code. Cells that a whole
//! system can't come to aren't listed: a monitor says each thing once and in order, so no spawnd is
//! added twice or before the one before it is gone; what is told over a binding that was closed isn't
//! heard; and the last cap of what runs is its own, so it goes with the program.

use std::collections::BTreeMap;

use crate::fault::Mark;

/// A cell of one of the three tables: the names of its row and column.
pub(crate) type Cell = (&'static str, &'static str);

const STATES: [&str; 5] = ["NIL", "RUNNING", "STOP_PEND", "STOPPED", "CLEANED"];

/// The rows of the table of requests, and whether they have the columns "no right" and "no entry".
const REQUESTS: [(&str, bool, bool); 8] = [
    ("span", true, true),
    ("kill", true, true),
    ("exit", true, true),
    ("exit of another", true, true),
    ("wait", true, true),
    ("wait nohang", true, true),
    ("get_status", false, true),
    ("get_domainlist", false, false),
];

/// The cells of that table which are more than one.
const PARTS: [(&str, &[&str]); 4] = [
    ("span, RUNNING", &["asked", "spanned", "no spawnd"]),
    ("kill, STOP_PEND", &["joins", "wedged"]),
    ("asker dies", &["NIL", "RUNNING", "STOP_PEND"]),
    ("last cap", &["CLEANED"]),
];

/// The cells of the table of cores that something stands in. A span's reply and its spawnd's end are
/// two each: of a domain that runs, and of one that stops.
const CORES: [(&str, &[&str]); 10] = [
    ("SPAWN_PEND", &["OK", "error", "died", "stop", "down", "survived"]),
    ("SPAN_PEND", &["OK", "error", "died", "stop", "down", "survived"]),
    ("SPAN_PEND, stops", &["OK", "error", "died", "down", "survived"]),
    ("NONE", &["died"]),
    ("RUN", &["died", "stop", "down", "survived"]),
    ("KILL_PEND", &["OK", "NOTFOUND", "RUNNING", "error", "gave up", "died", "down", "survived"]),
    ("WEDGED", &["died", "down", "survived"]),
    ("DEAD", &["late", "died", "down", "survived"]),
    ("CLEAN_PEND", &["OK", "NOTFOUND", "error", "gave up", "died", "down", "survived"]),
    ("CLEAN", &["died", "survived"]),
];

/// The cells of the table of slots.
const SLOTS: [(&str, &[&str]); 5] = [
    ("ABSENT", &["spawn", "add", "foreign add", "remove"]),
    ("BINDING", &["spawn", "foreign add", "bound", "closed", "remove"]),
    ("UP", &["spawn", "quota", "foreign add", "remove", "closed", "reply", "violation"]),
    ("LOST", &["spawn", "foreign add", "remove"]),
    ("DOWN", &["spawn", "add newer", "foreign add"]),
];

/// What a real spawnd answers (§4), by its outermost code.
const ANSWERS: [(&str, &[&str]); 1] = [(
    "spawnd answers",
    &[
        "OK",
        "GET_CMDLINE_ARGS",
        "ARGSPG_OVERFLOW",
        "LOAD",
        "RUN",
        "SPAN",
        "DOMAIN_ALLOCATE",
        "DOMAIN_RUNNING",
        "IDENTIFY_PROC_MNGR_CAP",
        "NOT_PROC_MNGR",
    ],
)];

/// How often each cell and each fault was reached.
#[derive(Clone, Default, Debug)]
pub(crate) struct Coverage {
    cells: BTreeMap<Cell, u64>,
    marks: BTreeMap<Mark, u64>,
}

impl Coverage {
    pub(crate) fn cell(&mut self, row: &'static str, column: &'static str) {
        *self.cells.entry((row, column)).or_default() += 1;
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        *self.marks.entry(mark).or_default() += 1;
    }

    /// How often a cell was reached.
    pub(crate) fn times(&self, row: &'static str, column: &'static str) -> u64 {
        self.cells.get(&(row, column)).copied().unwrap_or(0)
    }

    pub(crate) fn marked(&self, mark: Mark) -> u64 {
        self.marks.get(&mark).copied().unwrap_or(0)
    }

    /// How many faults there were in all.
    pub(crate) fn faults(&self) -> u64 {
        self.marks.values().sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (&cell, times) in &other.cells {
            *self.cells.entry(cell).or_default() += times;
        }
        for (&mark, times) in &other.marks {
            *self.marks.entry(mark).or_default() += times;
        }
    }
}

/// Every cell there is.
pub(crate) fn all_cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, no_right, no_entry) in REQUESTS {
        let before = [("no right", no_right), ("no entry", no_entry)];
        cells.extend(before.iter().filter(|(_, there)| *there).map(|&(column, _)| (row, column)));
        cells.extend(STATES.map(|state| (row, state)));
    }
    for table in [&PARTS[..], &CORES[..], &SLOTS[..], &ANSWERS[..]] {
        for (row, columns) in table {
            cells.extend(columns.iter().map(|&column| (*row, column)));
        }
    }
    cells
}
