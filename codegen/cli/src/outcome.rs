//! How a run ends, for `main` and for every command alike.

use flounder_codegen::files::FileError;

/// How a run ended that did what it was asked to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
    Clean,
    Findings,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Standard output can't be written.
    #[error("can't write standard output: {0}")]
    Output(std::io::Error),
}
