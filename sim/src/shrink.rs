//! The shortest way to a violation that can be found in a bounded number of tries.
//!
//! First the end is cut off, by bisection. Then actions of the workload that the violation doesn't
//! need are left out, many at a time first (after Zeller, Hildebrandt: Simplifying and isolating
//! failure-inducing input, 2002).

use std::collections::BTreeSet;

use crate::campaign::{Outcome, Plan, run_world};

/// How many worlds are run to find a shorter way.
const TRIES_MAX: usize = 400;

/// The search for a shorter way.
struct Search {
    kind: String,
    plan: Plan,
    best: Outcome,
    tries: usize,
}

/// A world that fails as `whole` did, with as few actions as were found to do.
pub(crate) fn shortest(plan: &Plan, whole: Outcome) -> Outcome {
    let Some(kind) = kind(&whole) else { return whole };
    let mut search = Search { kind, plan: plan.clone(), best: whole, tries: 0 };
    search.cut_the_end();
    let mut part = search.best.done.len().div_ceil(2);
    while part > 0 && search.tries < TRIES_MAX {
        let shorter = search.leave_out(part);
        part = if shorter && part > 1 { part.min(search.best.done.len()) } else { part };
        part = if part == 1 && shorter { 1 } else { part / 2 };
    }
    search.best
}

impl Search {
    /// Takes the plan if it fails in the same way.
    fn fails(&mut self, plan: Plan) -> bool {
        self.tries += 1;
        let outcome = run_world(&plan);
        let same = kind(&outcome).as_ref() == Some(&self.kind);
        if same {
            (self.plan, self.best) = (plan, outcome);
        }
        same
    }

    fn cut_the_end(&mut self) {
        let last = self.best.done.last().map_or(0, |&(number, _)| number + 1);
        let (mut short, mut long) = (0, last);
        while short + 1 < long && self.tries < TRIES_MAX {
            let middle = short.midpoint(long);
            if self.fails(Plan { actions_max: middle, ..self.plan.clone() }) {
                long = middle;
            } else {
                short = middle;
            }
        }
    }

    /// Leaves out each run of `part` actions that isn't needed. True if there was one.
    fn leave_out(&mut self, part: usize) -> bool {
        let numbers: Vec<u64> = self.best.done.iter().map(|&(number, _)| number).collect();
        let mut shorter = false;
        for some in numbers.chunks(part).rev() {
            if self.tries >= TRIES_MAX {
                break;
            }
            let left_out: BTreeSet<u64> = self.plan.left_out.iter().chain(some).copied().collect();
            shorter |= self.fails(Plan { left_out, ..self.plan.clone() });
        }
        shorter
    }
}

/// What kind of violation it was: its words without the numbers in them.
fn kind(outcome: &Outcome) -> Option<String> {
    let what = &outcome.violation.as_ref()?.what;
    let words = what.split_whitespace().filter(|word| !word.contains(|c: char| c.is_numeric()));
    Some(words.take(5).collect::<Vec<_>>().join(" "))
}
