//! Starts and ends real processes in random ways, and counts what isn't as it must be.
//!
//! ```text
//! storm                           20,000 host programs, 64 at a time
//! storm --domains 300 --seed 7    fewer, in other ways
//! storm --json                    one object, for programs
//! ```
//!
//! A program exits, is killed through the process manager, dies of a signal from outside, ends with
//! its client, or is spanned first. Each has its status and cause compared with what its end must
//! give; afterwards nothing may be left.

mod lives;
mod report;
mod run;

use std::error::Error;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::process::ExitCode;

use clap::Parser;
use flounder_boot::{Config, guarded};

use report::Report;

/// Starts and ends real processes in random ways, and counts what isn't as it must be.
#[derive(Clone, Parser, Debug)]
#[command(name = "storm", version)]
struct Args {
    /// How many domains to start
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    domains: u32,

    /// How many of them live at a time: as many as one client may have calls outstanding
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=64))]
    live: u32,

    /// What the ways to end are drawn from
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// How many logical cores to boot
    #[arg(long, value_name = "N", default_value_t = Config::CORES)]
    cores: NonZeroU16,

    /// Hold programs together by their sessions, as where there are no control groups
    #[arg(long)]
    no_control_groups: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    // Before anything else: a guard is forked while there is one thread.
    guarded(|guard| {
        let args = Args::parse();
        let told = run::run(&args, guard).and_then(|report| tell(&args, &report));
        match told {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                let _ = writeln!(io::stderr(), "storm: {error}");
                ExitCode::FAILURE
            }
        }
    })
}

/// Prints the report; true if all was as it must be.
fn tell(args: &Args, report: &Report) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(report.ok)
}
