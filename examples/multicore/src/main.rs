//! Boots the multikernel and runs through all it can do, as a client that has nothing but bindings:
//! it tells a person, or with `--json` a program, what it does and sees.
//!
//! ```text
//! multicore                  four cores, the whole story
//! multicore --cores 1        as well on any number up to 256
//! multicore --json           one object, for programs
//! multicore --list           the steps
//! multicore --messages       who sent what to whom
//! multicore --trace FILE     the same with times, for Perfetto
//! multicore --hold 32        host programs that wait, to see what becomes of them
//! multicore --crashes TIMES  spawnds that crash under load
//! multicore --scale DOMAINS  so many alive at once
//! multicore --shell          calls as they are typed
//! multicore --scenario FILE  what a file says, and whether the answers are as it says
//! ```

mod args;
mod crashes;
mod hold;
mod idle;
mod leak;
mod listener;
mod messages;
mod programs;
mod quiet;
mod repeat;
mod report;
mod run;
mod scale;
mod scenario;
mod steps;
mod story;
mod traced;
mod witness_client;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use flounder_boot::{Guard, guarded};
use serde::Serialize;

use args::Args;
use story::Story;

fn main() -> ExitCode {
    // Before anything else: a guard is forked while there is one thread.
    guarded(|guard| traced::traced(Args::parse(), |args| act(args, guard.as_ref())))
}

fn act(args: &Args, guard: Option<&Guard>) -> ExitCode {
    if args.list {
        list();
        return ExitCode::SUCCESS;
    }
    quiet::expect_the_panic();
    if args.messages {
        messages::print_messages();
    }
    if args.shell {
        return scenario::shell(run::config(args, guard));
    }
    if let Some(file) = &args.scenario {
        return scenario::play(file, run::config(args, guard));
    }
    let ok = if let Some(seconds) = args.idle {
        report(args, idle::idle(args, guard, seconds), |report| (report.tell(), report.ok))
    } else if let Some(programs) = args.hold {
        hold(args, guard, programs)
    } else if let Some(times) = args.crashes {
        report(args, crashes::crashes(args, guard, times), |report| (report.tell(), report.ok))
    } else if let Some(domains) = args.scale {
        report(args, scale::scale(args, guard, domains), |report| (report.tell(), report.ok))
    } else {
        play(args, guard)
    };
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn list() {
    let width = steps::ALL.iter().map(|step| step.name.len()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    for step in steps::ALL {
        let _ = writeln!(out, "{:<width$}  {}", step.name, step.about);
    }
}

fn play(args: &Args, guard: Option<&Guard>) -> bool {
    let mut story = Story::new();
    let runs = repeat::repeat(args, guard, |scene| {
        if !args.json {
            story.tell(scene);
        }
    });
    match (args.json, args.repeat) {
        (true, 1) => print_json(&runs.shown),
        (true, _) => print_json(&runs),
        (false, 1) => {}
        (false, _) => repeat::tell(&runs),
    }
    runs.failed == 0
}

/// Prints a report, as told or as JSON, and returns whether all is ok.
fn report<R: Serialize>(
    args: &Args,
    report: Result<R, Box<dyn Error>>,
    tell: impl Fn(&R) -> (String, bool),
) -> bool {
    match report {
        Ok(report) => {
            let (told, ok) = tell(&report);
            if args.json {
                print_json(&report);
            } else {
                let _ = writeln!(io::stdout(), "{told}");
            }
            ok
        }
        Err(error) => failed(&*error),
    }
}

fn hold(args: &Args, guard: Option<&Guard>, programs: u16) -> bool {
    match hold::hold(args, guard, programs, print_json) {
        Ok(never) => match never {},
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn Error) -> bool {
    let _ = writeln!(io::stderr(), "multicore: {error}");
    false
}

fn print_json<T: Serialize>(report: &T) {
    match serde_json::to_string(report) {
        Ok(json) => {
            let _ = writeln!(io::stdout(), "{json}");
        }
        Err(error) => {
            failed(&error);
        }
    }
}
