//! The files that a command is given.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flounder_codegen::describe::Description;
use flounder_codegen::files;
use flounder_codegen::{FileId, Request, Sources};

use crate::args::{Format, Inputs};
use crate::outcome::Outcome;
use crate::show::show;

/// What the inputs declare; all findings are shown.
///
/// # Errors
///
/// What follows from their mistakes, if they have some.
pub(crate) fn describe(
    inputs: &Inputs,
    sources: &mut Sources,
    format: Format,
) -> Result<Description, Outcome> {
    let request = request(inputs, sources);
    match request.describe(sources, &inputs.lints.levels()) {
        Ok((description, warnings)) => {
            show(&warnings, sources, format);
            Ok(description)
        }
        Err(findings) => {
            show(&findings, sources, format);
            Err(Outcome::of(&findings, sources))
        }
    }
}

/// Reads the inputs, each file once: a folder's types may be named as imports too.
pub(crate) fn request(inputs: &Inputs, sources: &mut Sources) -> Request {
    let mut once = Once::default();
    let imports = once.read(&inputs.imports, sources);
    Request { imports, files: once.read(&inputs.files, sources) }
}

/// Reads files that weren't read before.
#[derive(Debug, Default)]
pub(crate) struct Once(BTreeSet<PathBuf>);

impl Once {
    /// The files that are new, in their order.
    pub(crate) fn read(&mut self, paths: &[PathBuf], sources: &mut Sources) -> Vec<FileId> {
        let new = paths.iter().filter(|path| self.0.insert(whole(path)));
        new.map(|path| files::read(sources, path)).collect()
    }
}

/// What tells whether two paths name one file. One that names none is told of when it is read.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
