//! The flounder command: checks interface files and generates bindings.
//!
//! Exit status: 0 if all is well, 1 if there are findings, 2 if the command line is wrong or a file
//! can't be read or written.

mod args;
mod breaking;
mod changes;
mod describe;
mod doc;
mod explain;
mod fmt;
mod inputs;
mod man;
mod name;
mod new;
mod outcome;
mod run;
mod show;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match run::run(&args::Args::parse()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            show::complain(&error);
            ExitCode::from(2)
        }
    }
}
