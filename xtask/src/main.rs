//! Runs what checks the promises of the multikernel, each step bounded in time and count.
//!
//! The steps are a table, [`steps::STEPS`]; everything else here runs one and tells how it went.

mod args;
mod figures;
mod hunt;
mod instructions;
mod mutants;
mod regressions;
mod run;
mod step;
mod steps;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use args::Args;
use step::{Outcome, Plan, Step};

/// Steps are run where the workspace is, wherever they are asked for.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> ExitCode {
    let args = Args::parse();
    if args.list {
        return list();
    }
    if let Err(error) = std::env::set_current_dir(ROOT) {
        eprintln!("{ROOT}: {error}");
        return ExitCode::FAILURE;
    }
    let plan = args.plan();
    println!("seed {}, {}, {} CPUs", plan.seed, plan.tier, plan.cpus);
    let start = Instant::now();
    let failed = args.steps().filter(|step| !report(step, &plan)).count();
    println!("{failed} failed, after {} s", start.elapsed().as_secs());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a step and prints its line. False if it failed.
fn report(step: &Step, plan: &Plan) -> bool {
    let start = Instant::now();
    let outcome = step.run(plan);
    let seconds = start.elapsed().as_secs();
    let (word, tells, log) = match &outcome {
        Outcome::Ok(figures) => ("ok", figures.as_str(), None),
        Outcome::Skipped(why) => ("skipped", why.as_str(), None),
        Outcome::Failed { why, log } => ("FAILED", why.as_str(), Some(log)),
    };
    println!("{:<13} {word:<8} {seconds:>4} s  {tells}", step.name);
    if let Some(log) = log {
        print!("{log}");
    }
    log.is_none()
}

fn list() -> ExitCode {
    for step in steps::STEPS {
        println!("{:<13} {}", step.name, step.what);
    }
    ExitCode::SUCCESS
}
