//! How a run ends, for `main` and for every command alike.

use std::process::ExitCode;

use flounder_codegen::files::FileError;
use flounder_codegen::{Diagnostics, Sources};

/// How a run ended that came to its end; the worst comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
    Clean,
    Findings,
    /// A file can't be read, which is told among the findings.
    Unreadable,
}

impl Outcome {
    /// What follows from all findings of a run.
    pub(crate) fn of(findings: &Diagnostics, sources: &Sources) -> Self {
        if sources.has_unreadable() {
            Self::Unreadable
        } else if findings.has_errors() {
            Self::Findings
        } else {
            Self::Clean
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clean => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::Unreadable => Self::from(2),
        }
    }
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file can't be written, or not be compared with what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// Standard output can't be written.
    #[error("can't write standard output: {0}")]
    Output(std::io::Error),
}
