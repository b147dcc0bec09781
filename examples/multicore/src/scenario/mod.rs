//! Cases in files: what clients ask of the process manager and what it must answer, one JSON object a
//! line. A case knows nothing of this program: `docs/scenarios.md` tells the format.
//!
//! A client is a domain of its own, the program `/modules/client`, that does what it is told over a
//! mailbox. So a case sees what any domain sees, with the rights and the quota of a domain.

mod answer;
mod calls;
mod client;
mod director;
mod line;
mod parse;
mod programs;
mod shell;
mod troupe;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use flounder_boot::Config;
use serde_json::Value;

pub(crate) use programs::{Wings, modules};
pub(crate) use shell::shell;

/// Exit status: an answer was not the expected one.
const DIFFERS: u8 = 1;

/// Exit status: the file can't be read as a scenario.
const MALFORMED: u8 = 2;

/// Why a scenario came to no good end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the file can't be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("line {line}: {what}")]
    Malformed { line: usize, what: String },
    #[error("line {line}: expected {expected}, got {got}")]
    Differs { line: usize, expected: String, got: String },
    #[error("line {line}: {what}")]
    Stuck { line: usize, what: String },
    #[error("{0}")]
    System(String),
}

impl Failure {
    /// That the system itself didn't do its part.
    pub(crate) fn system(error: impl fmt::Display) -> Self {
        Self::System(error.to_string())
    }

    fn exit_status(&self) -> u8 {
        match self {
            Self::Unreadable(_) | Self::Malformed { .. } => MALFORMED,
            Self::Differs { .. } | Self::Stuck { .. } | Self::System(_) => DIFFERS,
        }
    }
}

/// Plays the scenario in a file. Prints every answer as a line; the first difference ends it.
pub(crate) fn play(path: &Path, config: Config) -> ExitCode {
    let played = fs::read_to_string(path)
        .map_err(Failure::from)
        .and_then(|text| parse::parse(&text))
        .and_then(|scenario| director::direct(&scenario, config, &mut print));
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "multicore: {}: {failure}", path.display());
            ExitCode::from(failure.exit_status())
        }
    }
}

/// A closed pipe ends the telling, not the scenario.
fn print(line: &Value) {
    let _ = writeln!(io::stdout(), "{line}");
}
