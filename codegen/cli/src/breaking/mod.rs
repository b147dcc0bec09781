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
use flounder_codegen::{Code, Levels, Request, Sources};

use crate::args::{Breaking, Level};
use crate::inputs::{self, Once};
use crate::outcome::Outcome;
use change::{Change, Source, Wire};

/// Compares two versions and shows what changed that breaks somebody. If there are mistakes in
/// them, those of both are shown and nothing else.
pub(crate) fn run(command: &Breaking) -> Outcome {
    let mut sources = Sources::new();
    let format = command.findings.format;
    let old = old(command, &mut sources);
    let new = inputs::describe(&command.inputs, &mut sources, format);
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(old), Err(new)) => return old.max(new),
        (Err(outcome), _) | (_, Err(outcome)) => return outcome,
    };
    let mut changes = compare::compare(&old, &new);
    changes.retain(|change| is_asked_for(change, command.level));
    show::show(&changes, &sources, format);
    if changes.is_empty() { Outcome::Clean } else { Outcome::Findings }
}

fn is_asked_for(change: &Change, level: Level) -> bool {
    match level {
        Level::All => true,
        Level::Wire => change.wire != Wire::Same,
        Level::Source => change.source != Source::Nobody,
    }
}

/// The old version; its mistakes are shown.
///
/// # Errors
///
/// What follows from its mistakes, if it has some.
fn old(command: &Breaking, sources: &mut Sources) -> Result<Description, Outcome> {
    let (mut once, mut files) = (Once::default(), Vec::new());
    for path in &command.against {
        match interface_files(path) {
            Ok(paths) => files.extend(once.read(&paths, sources)),
            Err(why) => files.push(sources.add_unreadable(path.to_string_lossy(), why.to_string())),
        }
    }
    let request = Request { files, imports: Vec::new() };
    // The new version is warned about; the old one is as it is, and in whatever file it was put.
    let mut levels = Levels::new();
    levels.set(Code::NameMismatch, flounder_codegen::Level::Allow);
    match request.describe(sources, &levels) {
        Ok((description, _)) => Ok(description),
        Err(findings) => {
            crate::show::show(&findings, sources, command.findings.format);
            Err(Outcome::of(&findings, sources))
        }
    }
}

/// A folder that holds no version.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("can't read the folder `{}`: {cause}", path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error("there is no `.if` file in `{}`", .0.display())]
    Empty(PathBuf),
}

/// The file, or the interface files of the folder in the order of their names.
fn interface_files(path: &Path) -> Result<Vec<PathBuf>, FolderError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|cause| FolderError::Read { path: path.to_owned(), cause })?;
    let is_interface = |path: &PathBuf| path.extension() == Some(OsStr::new("if"));
    let mut files: Vec<_> =
        entries.into_iter().map(|entry| entry.path()).filter(is_interface).collect();
    files.sort();
    if files.is_empty() { Err(FolderError::Empty(path.to_owned())) } else { Ok(files) }
}
