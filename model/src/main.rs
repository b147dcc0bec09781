//! The command `model`: searches, and what they found.

mod args;
mod report;

use std::process::ExitCode;

use clap::Parser;
use flounder::{Clock, MonotonicClock};
use flounder_model::campaign::Scope;
use flounder_model::mutants::{self, MUTANTS};

use args::Args;
use report::{Search, Summary};

/// What clap ends with, too, when it can't make sense of the command line.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    // A panic of a machine is a violation, told with the way to it; the default hook would only shout.
    std::panic::set_hook(Box::new(|_| {}));
    let scopes = match args.scopes() {
        Ok(scopes) => scopes,
        Err(error) => {
            eprintln!("--bounds: {error}");
            return ExitCode::from(USAGE);
        }
    };
    if args.mutants {
        return hunt_all(&args, &scopes);
    }
    if let Some(name) = &args.mutant {
        match MUTANTS.iter().find(|mutant| *mutant == name) {
            Some(mutant) => mutants::activate(Some(mutant)),
            None => return no_such_mutant(name),
        }
    }
    let mut summary = Summary::default();
    for scope in &scopes {
        let search = timed(&args, scope);
        if !args.json {
            search.tell();
        }
        summary.add(search);
    }
    if args.json {
        println!("{}", summary.json());
    } else {
        summary.tell();
    }
    if summary.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn timed(args: &Args, scope: &Scope) -> Search {
    let clock = MonotonicClock::new();
    let start = clock.now();
    let findings = scope.search(args.limits());
    Search::new(scope, findings, (clock.now() - start).as_secs_f64())
}

/// Every defect in turn: which search found it, and after how many states.
fn hunt_all(args: &Args, scopes: &[Scope]) -> ExitCode {
    if !mutants::COMPILED_IN {
        eprintln!("{NO_MUTANTS}");
        return ExitCode::from(USAGE);
    }
    let hunt = |mutant: &&'static str| mutants::hunt(mutant, scopes, args.limits());
    let caught: Vec<_> = MUTANTS.iter().map(hunt).collect();
    report::tell_mutants(&caught, args.json);
    let all = caught.iter().all(|it| it.found.is_some());
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

const NO_MUTANTS: &str = "this build has no defects to put back; build one that has with\n  \
    RUSTFLAGS='--cfg flounder_mutants' cargo run --release --bin model -- …";

fn no_such_mutant(name: &str) -> ExitCode {
    if mutants::COMPILED_IN {
        eprintln!("there is no defect called `{name}` in the machines; there are:");
        for mutant in MUTANTS {
            eprintln!("  {mutant}");
        }
    } else {
        eprintln!("{NO_MUTANTS}");
    }
    ExitCode::from(USAGE)
}
