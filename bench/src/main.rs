//! Measures what a binding costs beside the bare channel under it.
//!
//! ```text
//! bench              every case, under four minutes
//! bench --quick      shorter slices and fewer rounds
//! bench --only B1    one case
//! bench --json       one object per variant, for programs
//! bench --list       the cases
//! bench --only B9 --chart calls.svg
//! ```
//!
//! Figures move from machine to machine and from minute to minute; ratios within one run are what
//! counts. Each contestant of a case is measured in slices that alternate with those of the others,
//! on two pinned threads. `p50_ns` is the median of the rounds' medians, `p99_ns` that of their
//! 99th percentiles; both are of batches of round trips where reading the clock would show.

mod allocations;
mod args;
mod bare;
mod bound;
mod cases;
mod chart;
#[path = "../../codegen/tests/corpus/chosen.rs"]
mod chosen;
mod compiler;
#[path = "../../codegen/tests/corpus/generator.rs"]
mod generator;
mod idle;
mod longer;
mod plan;
mod race;
mod report;
mod rivals;
mod sample;
mod sizes;
mod starts;
mod traced;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use cases::{CASES, Case};
use plan::Plan;
use race::Outcome;

/// What `build.rs` made of `bench.if`.
mod interface {
    flounder::include_interfaces!(bench, few, launch, line, slot);
}

/// The same in other Rust types: what two programs have that were built apart.
mod far {
    flounder::include_interfaces!(bench);
}

fn main() -> ExitCode {
    let args = Args::parse();
    let told = if args.list { list() } else { run(&args) };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> Outcome<()> {
    let mut out = io::stdout().lock();
    for Case { name, what, .. } in CASES {
        writeln!(out, "{name:<4} {what}")?;
    }
    Ok(())
}

fn run(args: &Args) -> Outcome<()> {
    let cpus = flounder::thread::allowed_cpus()?;
    let plan = if args.quick { Plan::quick(cpus) } else { Plan::full(cpus) };
    let mut out = io::stdout().lock();
    if !args.json {
        writeln!(out, "{}", report::head())?;
    }
    for case in CASES.iter().filter(|case| args.only.as_deref().is_none_or(|o| o == case.name)) {
        let measured = case.measure(&plan)?;
        if let Some(file) = &args.chart {
            std::fs::write(file, chart::svg(case.what, &measured.rows))?;
        }
        for row in measured.rows {
            if args.json {
                writeln!(out, "{}", row.json()?)?;
            } else {
                writeln!(out, "{row}")?;
            }
        }
        if let Some(note) = measured.note {
            // Notes are for people: programs read objects only.
            writeln!(io::stderr(), "{note}")?;
        }
    }
    Ok(())
}
