//! What the command tells.

use std::collections::BTreeMap;

use flounder_sim::mutants::Caught;
use flounder_sim::{Failure, Findings, Stats};
use serde::Serialize;

/// A campaign in one line for machines.
#[derive(Serialize, Debug)]
pub(crate) struct Summary {
    seed: u64,
    seeds: usize,
    worlds: u64,
    steps: u64,
    steps_per_s: u64,
    messages: u64,
    requests: u64,
    /// How often each kind happened.
    faults: BTreeMap<String, u64>,
    cells_reached: usize,
    cells: usize,
    /// The cells that weren't reached, each as a row of its table and a column.
    never: Vec<[&'static str; 2]>,
    violations: usize,
    trace_hash: String,
}

impl Summary {
    pub(crate) fn new(seed: u64, findings: &[(u64, Findings)], seconds: f64) -> Self {
        let sum = |of: fn(&Stats) -> u64| findings.iter().map(|(_, it)| of(&it.stats)).sum::<u64>();
        let all = merged(findings);
        let cells = all.as_ref().map_or_else(Vec::new, Findings::cells);
        let never = cells.iter().filter(|(_, _, times)| *times == 0);
        let hash = findings.iter().fold(0_u64, |hash, (_, it)| hash.rotate_left(5) ^ it.trace_hash);
        let steps = sum(|stats| stats.steps);
        #[expect(clippy::cast_precision_loss, reason = "steps are below 2^53")]
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate")]
        let steps_per_s = (steps as f64 / seconds.max(f64::EPSILON)) as u64;
        Self {
            seed,
            seeds: findings.len(),
            worlds: findings.iter().map(|(_, it)| it.worlds).sum(),
            steps,
            steps_per_s,
            messages: sum(|stats| stats.sent),
            requests: sum(|stats| stats.requests),
            faults: all.map_or_else(Vec::new, |all| all.faults()).into_iter().collect(),
            cells_reached: cells.iter().filter(|(_, _, times)| *times > 0).count(),
            cells: cells.len(),
            never: never.map(|&(row, column, _)| [row, column]).collect(),
            violations: findings.iter().filter(|(_, it)| it.failure.is_some()).count(),
            trace_hash: format!("{hash:016x}"),
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What all seeds reached together.
fn merged(findings: &[(u64, Findings)]) -> Option<Findings> {
    let ((_, first), others) = findings.split_first()?;
    let mut all = first.clone();
    for (_, other) in others {
        all.merge(other);
    }
    Some(all)
}

/// Tells of a campaign: the cells of the tables, row by row, and the faults.
pub(crate) fn tell(summary: &Summary, findings: &[(u64, Findings)]) {
    let Some(all) = merged(findings) else { return };
    let mut row = "";
    for (next, column, times) in all.cells() {
        if next != row {
            print!("\n{next:<16}");
            row = next;
        }
        print!(" {column} {times}{}", if times == 0 { " (never)" } else { "" });
        print!(",");
    }
    println!("\n");
    for (fault, times) in all.faults() {
        println!("{fault:<24} {times:>8}{}", if times == 0 { "  never" } else { "" });
    }
    println!(
        "\n{} steps in {} worlds, {} a second; {} messages, {} requests, {} faults",
        summary.steps,
        summary.worlds,
        summary.steps_per_s,
        summary.messages,
        summary.requests,
        summary.faults.values().sum::<u64>()
    );
    println!(
        "{} of {} cells reached, {} violations, trace {}",
        summary.cells_reached, summary.cells, summary.violations, summary.trace_hash
    );
}

/// Tells of a violation: how it came about, and how to see it again.
pub(crate) fn tell_failure(seed: u64, failure: &Failure) {
    let Failure { world, violation, actions, needed } = failure;
    eprintln!("\nWho sent what to whom, by steps:");
    for line in &violation.trace {
        eprintln!("{line}");
    }
    eprintln!("\nIt takes {} of {actions} actions of the workload:", needed.len());
    for (number, what) in needed {
        eprintln!("{number:>7}  {what}");
    }
    eprintln!("\nviolation at step {}: {}", violation.step, violation.what);
    eprintln!("see it again with: sim --seed {seed} --world {world}");
}

/// Tells how soon each defect was noticed.
pub(crate) fn tell_mutants(caught: &[Caught], json: bool) {
    #[derive(Serialize)]
    struct Row<'a> {
        mutant: &'a str,
        caught: u64,
        seeds: u64,
        steps: u64,
        first: &'a str,
    }
    let rows = caught.iter().map(|it| Row {
        mutant: it.mutant.name,
        caught: it.seeds.0,
        seeds: it.seeds.1,
        steps: it.steps,
        first: &it.first,
    });
    if json {
        let rows: Vec<_> = rows.collect();
        println!("{}", serde_json::to_string(&rows).unwrap_or_default());
        return;
    }
    println!("{:<36} {:>8} {:>8}  noticed as", "defect", "seeds", "steps");
    for row in rows {
        let seeds = format!("{}/{}", row.caught, row.seeds);
        println!("{:<36} {seeds:>8} {:>8}  {:.90}", row.mutant, row.steps, row.first);
    }
    let found = caught.iter().filter(|it| it.seeds.0 > 0).count();
    println!("caught {found} of {}", caught.len());
}
