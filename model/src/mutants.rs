//! Defects that can be put back, and whether a search finds each.
//!
//! Of the defects that the simulator puts back these are in the machines. The others are in handlers,
//! channels and the reading of arguments, which no model has. They are compiled in only under
//! `--cfg flounder_mutants`.

use crate::campaign::Scope;
use crate::search::{Findings, Limits};

/// Defects are in this build.
pub const COMPILED_IN: bool = cfg!(flounder_mutants);

/// Every defect that is in a machine: none in a build without.
pub const MUTANTS: &[&str] = list::ALL;

/// How a defect was found.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The defect.
    pub mutant: &'static str,
    /// The search that found it, and what; none if none did.
    pub found: Option<(Scope, Findings)>,
}

/// Puts a defect back and searches until it is found.
#[must_use]
pub fn hunt(mutant: &'static str, scopes: &[Scope], limits: Limits) -> Caught {
    activate(Some(mutant));
    let found = scopes.iter().find_map(|scope| {
        let findings = scope.search(limits);
        findings.violation.is_some().then_some((*scope, findings))
    });
    activate(None);
    Caught { mutant, found }
}

/// Puts a defect back for the rest of this thread's life, or takes it out.
pub fn activate(name: Option<&'static str>) {
    #[cfg(flounder_mutants)]
    flounder::mutants::activate(name);
    #[cfg(not(flounder_mutants))]
    let _ = name;
}

#[cfg(not(flounder_mutants))]
mod list {
    pub(super) const ALL: &[&str] = &[];
}

#[cfg(flounder_mutants)]
mod list {
    pub(super) const ALL: &[&str] = &[
        "failed-spawn-never-answered",
        "span-answered-at-once",
        "span-not-recorded",
        "span-reply-dropped-when-stopping",
        "wait-with-bad-cap",
        "second-kill-aborts",
        "one-killer-answered",
        "joining-killer-lost",
        "kill-overwrites-exit",
        "nohang-overwrites-status",
        "wait-after-cleanup-hangs",
        "waiters-answered-early",
        "replies-by-order",
        "unsolicited-reply-aborts",
        "dead-spawnd-hangs-clients",
        "dead-client-aborts",
        "early-death-forgotten",
        "forged-exit-status",
        "kill-error-ignored",
        "crashed-stays-running",
        "anybody-is-a-spawnd",
    ];
}
