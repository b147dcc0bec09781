//! Looks for an input for which something doesn't hold that must.
//!
//! ```text
//! flounder-fuzz --target all --seconds 5
//! flounder-fuzz --target fmt --inputs 1000 --seed 7
//! flounder-fuzz --target fmt --replay fuzz/artifacts/fmt-1-0.if
//! ```
//!
//! A run without findings exits with 0, one with findings with 1. Each finding is made small and
//! saved. What kills the process, like too deep a recursion, leaves its input too: in the file
//! `running-TARGET.if`, which a run that ends removes.

mod args;
mod corpus;
mod dictionary;
#[path = "../../codegen/tests/corpus/generator.rs"]
mod generator;
mod limits;
mod minimise;
mod mutate;
mod report;
mod session;
mod tokens;
mod trial;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use session::Session;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("flounder-fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the targets one after the other; how many findings there are.
fn run(args: &Args) -> io::Result<usize> {
    limits::set(args.seconds)?;
    trial::keep_quiet();
    let mut out = io::stdout().lock();
    if let Some(path) = &args.replay {
        let data = std::fs::read(path)?;
        let findings = args.targets().filter_map(|target| trial::run(target, &data).err());
        return Ok(findings.inspect(|finding| eprintln!("{finding}")).count());
    }
    let seeds = corpus::seeds(args.seed)?;
    let mut found = 0;
    for target in args.targets() {
        let report = Session::new(args, target, &seeds)?.run()?;
        found += report.findings.len();
        writeln!(out, "{}", if args.json { report.json()? } else { report.to_string() })?;
    }
    Ok(found)
}
