//! The files that a command is given.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flounder_codegen::describe::Description;
use flounder_codegen::files::{self, FileError};
use flounder_codegen::{FileId, Request, Sources};

use crate::args::{Format, Inputs};
use crate::show::{complain, show};

/// What the inputs declare. None if they have mistakes; all findings are shown.
///
/// # Errors
///
/// If a file can't be read.
pub(crate) fn describe(
    inputs: &Inputs,
    sources: &mut Sources,
    format: Format,
) -> Result<Option<Description>, FileError> {
    let request = request(inputs, sources)?;
    match request.describe(sources, &inputs.lints.levels()) {
        Ok((description, warnings)) => {
            show(&warnings, sources, format);
            Ok(Some(description))
        }
        Err(findings) => {
            show(&findings, sources, format);
            Ok(None)
        }
    }
}

/// Reads the inputs, each file once: a folder's types may be named as imports too.
///
/// # Errors
///
/// If a file can't be read.
pub(crate) fn request(inputs: &Inputs, sources: &mut Sources) -> Result<Request, FileError> {
    let mut once = Once::default();
    let imports = once.read(&inputs.imports, sources);
    match (imports, once.read(&inputs.files, sources)) {
        (Err(earlier), Err(error)) => {
            tell_earlier(Some(earlier));
            Err(error)
        }
        (imports, files) => Ok(Request { imports: imports?, files: files? }),
    }
}

/// Tells of a file that can't be read, when there is another.
pub(crate) fn tell_earlier(error: Option<FileError>) {
    if let Some(error) = error {
        complain(&error);
    }
}

/// Reads files that weren't read before.
#[derive(Debug, Default)]
pub(crate) struct Once(BTreeSet<PathBuf>);

impl Once {
    /// The files that are new, in their order.
    ///
    /// # Errors
    ///
    /// If one can't be read: the last of them, those before it are told.
    pub(crate) fn read(
        &mut self,
        paths: &[PathBuf],
        sources: &mut Sources,
    ) -> Result<Vec<FileId>, FileError> {
        let (mut read, mut failed) = (Vec::new(), None);
        for path in paths.iter().filter(|path| self.0.insert(whole(path))) {
            match files::read(sources, path) {
                Ok(file) => read.push(file),
                Err(error) => tell_earlier(failed.replace(error)),
            }
        }
        failed.map_or(Ok(read), Err)
    }
}

/// What tells whether two paths name one file. One that names none is told of when it is read.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
