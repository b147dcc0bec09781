//! `flounder breaking`.

mod change;
mod compare;
mod lists;
mod messages;
mod pairing;
#[cfg(test)]
mod random;
mod show;
#[cfg(test)]
mod tests;
mod types;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use flounder_codegen::describe::Description;
use flounder_codegen::files::FileError;
use flounder_codegen::{Levels, Request, Sources};

use crate::args::{Breaking, Level};
use crate::inputs::{self, Once};
use crate::outcome::Outcome;
use change::{Change, Source, Wire};

/// A version that could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// A file of it, or of the new one.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder.
    #[error("can't read the folder `{}`: {cause}", path.display())]
    Folder { path: PathBuf, cause: io::Error },
    /// A folder without interface files.
    #[error("there is no `.if` file in `{}`", .0.display())]
    Empty(PathBuf),
}

/// Compares two versions and shows what changed that breaks somebody.
///
/// # Errors
///
/// If a file can't be read.
pub(crate) fn run(command: &Breaking) -> Result<Outcome, ReadError> {
    let mut sources = Sources::new();
    let format = command.findings.format;
    let Some(old) = old(command, &mut sources)? else { return Ok(Outcome::Findings) };
    let Some(new) = inputs::describe(&command.inputs, &mut sources, format)? else {
        return Ok(Outcome::Findings);
    };
    let mut changes = compare::compare(&old, &new);
    changes.retain(|change| is_asked_for(change, command.level));
    show::show(&changes, &sources, format);
    Ok(if changes.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

fn is_asked_for(change: &Change, level: Level) -> bool {
    match level {
        Level::All => true,
        Level::Wire => change.wire != Wire::Same,
        Level::Source => change.source != Source::Nobody,
    }
}

/// The old version. None if it has mistakes, which are shown.
fn old(command: &Breaking, sources: &mut Sources) -> Result<Option<Description>, ReadError> {
    let mut paths = Vec::new();
    for path in &command.against {
        paths.extend(interface_files(path)?);
    }
    let files = Once::default().read(&paths, sources)?;
    let request = Request { files, imports: Vec::new() };
    // The new version is warned about; the old one is as it is, and in whatever file it was put.
    let mut levels = Levels::new();
    levels.set(flounder_codegen::Code::NameMismatch, flounder_codegen::Level::Allow);
    match request.describe(sources, &levels) {
        Ok((description, _)) => Ok(Some(description)),
        Err(findings) => {
            crate::show::show(&findings, sources, command.findings.format);
            Ok(None)
        }
    }
}

/// The file, or the interface files of the folder in the order of their names.
fn interface_files(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|cause| ReadError::Folder { path: path.to_owned(), cause })?;
    let is_interface = |path: &PathBuf| path.extension() == Some(OsStr::new("if"));
    let mut files: Vec<_> =
        entries.into_iter().map(|entry| entry.path()).filter(is_interface).collect();
    files.sort();
    if files.is_empty() { Err(ReadError::Empty(path.to_owned())) } else { Ok(files) }
}
