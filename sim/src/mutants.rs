//! The defects that can be put back, and how soon each is noticed.
//!
//! Each is one that the service had from which this system comes; see the lifecycle page. They are
//! compiled in only under `--cfg flounder_mutants`.

use crate::campaign::{Campaign, Findings};

/// A defect: its name, and what goes wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong.
    pub what: &'static str,
}

/// Defects are in this build.
pub const COMPILED_IN: bool = cfg!(flounder_mutants);

/// Every defect there is.
#[cfg(flounder_mutants)]
pub const MUTANTS: &[Mutant] = &list::ALL;
/// Every defect there is: none in this build.
#[cfg(not(flounder_mutants))]
pub const MUTANTS: &[Mutant] = &[];

/// How one defect was noticed.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The defect.
    pub mutant: Mutant,
    /// In how many campaigns it was noticed, of how many.
    pub seeds: (u64, u64),
    /// After how many steps, in the median of those campaigns.
    pub steps: u64,
    /// What was said of it first.
    pub first: String,
}

/// Puts a defect back and runs a campaign for each of `seeds` seeds from `campaign`'s on.
#[must_use]
pub fn hunt(mutant: Mutant, campaign: &Campaign, seeds: u64) -> Caught {
    let found: Vec<Findings> = (0..seeds).map(|seed| run_with(mutant, campaign, seed)).collect();
    let caught: Vec<&Findings> = found.iter().filter(|it| it.failure.is_some()).collect();
    let mut steps: Vec<u64> = caught.iter().map(|findings| findings.stats.steps).collect();
    steps.sort_unstable();
    let first = caught.first().and_then(|findings| findings.failure.as_ref());
    Caught {
        mutant,
        seeds: (caught.len() as u64, seeds),
        steps: steps.get(steps.len() / 2).copied().unwrap_or(0),
        first: first.map_or_else(String::new, |failure| failure.violation.what.clone()),
    }
}

fn run_with(mutant: Mutant, campaign: &Campaign, seed: u64) -> Findings {
    activate(Some(mutant.name));
    let campaign = Campaign { seed: campaign.seed + seed, shrink: false, ..*campaign };
    let findings = campaign.run();
    activate(None);
    findings
}

/// Puts a defect back for the rest of this thread's life, or takes it out.
pub fn activate(name: Option<&'static str>) {
    #[cfg(flounder_mutants)]
    flounder::mutants::activate(name);
    #[cfg(not(flounder_mutants))]
    let _ = name;
}

#[cfg(flounder_mutants)]
mod list {
    use super::Mutant;

    const fn mutant(name: &'static str, what: &'static str) -> Mutant {
        Mutant { name, what }
    }

    pub(super) const ALL: [Mutant; 31] = [
        mutant("failed-spawn-never-answered", "a spawn that fails is never answered"),
        mutant("failed-spawn-gives-cap", "a failed spawn still hands out a cap"),
        mutant(
            "span-answered-at-once",
            "span is answered before the spawnd acted, and again later",
        ),
        mutant("span-not-recorded", "span never records the new core, so kill misses it"),
        mutant(
            "span-reply-dropped-when-stopping",
            "a span's reply is dropped in a stopping domain",
        ),
        mutant("wait-with-bad-cap", "wait with a bad cap is answered with a status"),
        mutant("unknown-domain-has-a-status", "the status of an unknown id is told"),
        mutant("second-kill-aborts", "killing a domain twice aborts the service"),
        mutant("one-killer-answered", "of several killers only one is answered"),
        mutant("joining-killer-lost", "a kill that overlaps an exit is lost"),
        mutant("kill-overwrites-exit", "a kill that overlaps an exit rewrites its status"),
        mutant("nohang-overwrites-status", "wait with nohang writes the exit status"),
        mutant("wait-after-cleanup-hangs", "a wait after the cleanup hangs"),
        mutant(
            "waiters-answered-early",
            "waiters are answered when the stop begins, and at its end",
        ),
        mutant("reply-lost-when-busy", "a reply is lost when its channel is full"),
        mutant("queued-spawn-reads-later-arguments", "a queued spawn gets a later one's arguments"),
        mutant("replies-by-order", "replies are matched by order"),
        mutant("unsolicited-reply-aborts", "a reply nobody asked for aborts the service"),
        mutant(
            "two-queued-requests-abort",
            "one full channel with two requests aborts the service",
        ),
        mutant("dead-spawnd-hangs-clients", "a dead spawnd leaves its clients waiting"),
        mutant("dead-client-aborts", "a dead client aborts the service"),
        mutant("early-death-forgotten", "a program that ends before spawnd's reply stays RUNNING"),
        mutant("exit-never-arrives", "exit never reaches the process manager"),
        mutant("forged-exit-status", "a parent forges its child's exit status"),
        mutant("kill-error-ignored", "spawnd's error to a kill is ignored"),
        mutant("core-outside-table", "cores 254 and 255 are outside a table"),
        mutant("crashed-stays-running", "a program that crashed stays RUNNING"),
        mutant("malformed-environment-aborts", "a malformed environment aborts a spawnd"),
        mutant("anybody-is-a-spawnd", "any program can say that it is the spawnd of its core"),
        mutant("anybody-is-the-monitor", "any client can add and remove spawnds"),
        mutant("anybody-commands-a-spawnd", "any program can command a spawnd"),
    ];
}
