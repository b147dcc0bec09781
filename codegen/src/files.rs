//! The only part of the library that touches files, for the builder and the command.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::pipeline::Output;
use crate::source::{FileId, Sources};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} `{}`: {cause}", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    cause: io::Error,
}

impl FileError {
    fn new(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self { action, path, cause }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads an interface file into `sources`. One that can't be read is reported like any other
/// mistake, with those of the other files.
pub fn read(sources: &mut Sources, path: &Path) -> FileId {
    add(sources, path, fs::File::open(path).and_then(bounded))
}

/// Reads an interface from standard input into `sources`; errors show it as `<stdin>`.
pub fn read_stdin(sources: &mut Sources) -> FileId {
    add(sources, Path::new("<stdin>"), bounded(io::stdin()))
}

fn add(sources: &mut Sources, path: &Path, bytes: io::Result<Vec<u8>>) -> FileId {
    let name = path.to_string_lossy();
    match bytes.map_err(FileError::new("read", path)) {
        Ok(bytes) => sources.add(name, &bytes),
        Err(error) => sources.add_unreadable(name, error.to_string()),
    }
}

/// What is read, or as much of it as shows that it is too large.
fn bounded(from: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(Sources::FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The outputs that are not in `folder` as they should be.
///
/// # Errors
///
/// If one of them is there but can't be read.
pub fn stale<'a>(outputs: &'a [Output], folder: &Path) -> Result<Vec<&'a Output>, FileError> {
    let mut stale = Vec::new();
    for output in outputs {
        let path = folder.join(&output.name);
        match fs::read(&path) {
            Ok(found) if found == output.text.as_bytes() => (),
            Ok(_) => stale.push(output),
            Err(error) if error.kind() == io::ErrorKind::NotFound => stale.push(output),
            Err(error) => return Err(FileError::new("read", &path)(error)),
        }
    }
    Ok(stale)
}

/// Writes the outputs that changed; the others keep their time stamps. Each file is replaced as a
/// whole, and none before all are written, so that a failure leaves the old ones.
///
/// # Errors
///
/// If `folder` can't be made or a file in it can't be written.
pub fn write<'a>(outputs: &'a [Output], folder: &Path) -> Result<Vec<&'a Output>, FileError> {
    fs::create_dir_all(folder).map_err(FileError::new("create", folder))?;
    let stale = stale(outputs, folder)?;
    let files: Vec<_> =
        stale.iter().map(|output| (folder.join(&output.name), output.text.as_str())).collect();
    replace_all(&files)?;
    Ok(stale)
}

/// Replaces a file as a whole, so that a failure leaves the old one.
///
/// # Errors
///
/// If the file can't be written.
pub fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    replace_all(&[(path.to_owned(), text)])
}

/// Writes each text beside the file whose place it takes, and then moves them all there.
fn replace_all(files: &[(PathBuf, &str)]) -> Result<(), FileError> {
    let targets: Vec<_> = files.iter().map(|(path, _)| target(path)).collect();
    let fresh: Vec<_> = targets.iter().map(|path| temporary(path)).collect();
    let places = || fresh.iter().zip(&targets);
    let written = (places().zip(files))
        .try_for_each(|((new, path), (_, text))| write_beside(new, path, text));
    let replaced = written.and_then(|()| {
        places().try_for_each(|(new, path)| {
            fs::rename(new, path).map_err(FileError::new("replace", path))
        })
    });
    if replaced.is_err() {
        for new in &fresh {
            // It may never have been written, or be in its place already.
            let _ = fs::remove_file(new);
        }
    }
    replaced
}

/// Writes what shall take the place of `path`, with its mode. A file that may not be written isn't
/// replaced either.
fn write_beside(new: &Path, path: &Path, text: &str) -> Result<(), FileError> {
    let write = || {
        let old = fs::metadata(path).map(|old| old.permissions()).ok();
        if old.as_ref().is_some_and(fs::Permissions::readonly) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
        }
        fs::write(new, text)?;
        old.map_or(Ok(()), |mode| fs::set_permissions(new, mode))
    };
    write().map_err(FileError::new("write", path))
}

/// The file that a path leads to, so that a link stays one.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Where a file's new content is written first: beside it, with this process's number, so that two
/// runs at once don't write the same file.
fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}
