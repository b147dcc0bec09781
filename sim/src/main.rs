//! The command `sim`: worlds by the thousand, and what they found.

mod args;
mod report;

use std::process::ExitCode;

use clap::Parser;
use flounder::{Clock, MonotonicClock};
use flounder_sim::mutants::{self, MUTANTS, Mutant};
use flounder_sim::{Campaign, Findings};

use args::Args;
use report::Summary;

/// What clap ends with, too, when it can't make sense of the command line.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    // A panic of a service is a violation, told with its world; the default hook would only shout.
    std::panic::set_hook(Box::new(|_| {}));
    if args.mutants {
        return hunt_all(&args);
    }
    if let Some(name) = &args.mutant {
        match MUTANTS.iter().find(|mutant| mutant.name == name.as_str()) {
            Some(mutant) => mutants::activate(Some(mutant.name)),
            None => return no_such_mutant(name),
        }
    }
    let clock = MonotonicClock::new();
    let start = clock.now();
    let findings = run(&args);
    let seconds = (clock.now() - start).as_secs_f64();
    let summary = Summary::new(args.seed, &findings, seconds);
    if args.json {
        println!("{}", summary.json());
    } else {
        report::tell(&summary, &findings);
    }
    if let Some((seed, failure)) =
        findings.iter().find_map(|(seed, it)| Some((seed, it.failure.as_ref()?)))
    {
        report::tell_failure(*seed, failure);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The findings of each seed, up to the first violation.
fn run(args: &Args) -> Vec<(u64, Findings)> {
    let mut all = Vec::new();
    for seed in args.seed..args.seed.saturating_add(args.seeds) {
        let findings = campaign(args, seed).run();
        let failed = findings.failure.is_some();
        all.push((seed, findings));
        if failed {
            break;
        }
    }
    all
}

fn campaign(args: &Args, seed: u64) -> Campaign {
    Campaign {
        seed,
        steps: args.steps,
        world: args.world,
        trace_lines: args.trace_lines,
        shrink: !args.no_shrink,
    }
}

/// Every defect in turn: a table of how soon each is noticed.
fn hunt_all(args: &Args) -> ExitCode {
    if !mutants::COMPILED_IN {
        eprintln!("{NO_MUTANTS}");
        return ExitCode::from(USAGE);
    }
    let hunt = |&mutant: &Mutant| mutants::hunt(mutant, &campaign(args, args.seed), args.seeds);
    let caught: Vec<_> = MUTANTS.iter().map(hunt).collect();
    report::tell_mutants(&caught, args.json);
    let all = caught.iter().all(|it| it.seeds.0 > 0);
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

const NO_MUTANTS: &str = "this build has no defects to put back; build one that has with\n  \
    RUSTFLAGS='--cfg flounder_mutants' cargo run --release --bin sim -- …";

fn no_such_mutant(name: &str) -> ExitCode {
    if mutants::COMPILED_IN {
        eprintln!("there is no defect called `{name}`; there are:");
        for mutant in MUTANTS {
            eprintln!("  {:<36} {}", mutant.name, mutant.what);
        }
    } else {
        eprintln!("{NO_MUTANTS}");
    }
    ExitCode::from(USAGE)
}
