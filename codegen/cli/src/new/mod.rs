//! `flounder new`.

mod template;

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::args::New;
use crate::outcome::{Error, Outcome};
use crate::show::print;

/// Where the command was built.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The versions that the checkout was built with: with them no network is needed.
const LOCK: &str = "Cargo.lock";

/// What a checkout has that a crate of the template needs.
const NEEDED: [&str; 3] = ["runtime/Cargo.toml", "codegen/Cargo.toml", LOCK];

/// Why no crate was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// The checkout that the command was built from is gone.
    #[error("the checkout this command was built from is gone: name one with `--path CHECKOUT`")]
    NoCheckout,
    /// What was named is none.
    #[error("`{}` is no checkout: there is no `{missing}` in it", path.display())]
    NotACheckout { path: PathBuf, missing: &'static str },
    /// Its path can't stand in a manifest.
    #[error("the path `{}` is not UTF-8, so that no manifest can name it", .0.display())]
    NotText(PathBuf),
    /// There is something already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// A file can't be written.
    #[error("can't make `{}`: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
    /// Nothing can be said about it.
    #[error(transparent)]
    Said(#[from] Error),
}

/// Makes a crate in a folder of its name.
///
/// # Errors
///
/// If the folder is there already, there is no checkout, or a file can't be written.
pub(crate) fn run(command: &New) -> Result<Outcome, NewError> {
    let checkout = match &command.path {
        Some(path) => checkout(path)?,
        None => checkout(Path::new(BUILT_IN)).map_err(|_| NewError::NoCheckout)?,
    };
    let Some(text) = checkout.to_str() else { return Err(NewError::NotText(checkout)) };
    let files = template::fill(&command.name, text);
    let folder = Path::new(command.name.package());
    make(folder, &files, &checkout.join(LOCK))?;
    let folder = folder.display();
    print(&format!("made `{folder}` on the checkout in {text}; try\n"))?;
    print(&format!("  cd {folder} && cargo test --offline\n"))?;
    Ok(Outcome::Clean)
}

/// The whole path of a checkout.
fn checkout(path: &Path) -> Result<PathBuf, NewError> {
    let missing = NEEDED.into_iter().find(|needed| !path.join(needed).is_file());
    if let Some(missing) = missing {
        return Err(NewError::NotACheckout { path: path.to_owned(), missing });
    }
    path.canonicalize().map_err(|cause| NewError::Write { path: path.to_owned(), cause })
}

/// Makes the folder with all files, or leaves nothing behind.
fn make(folder: &Path, files: &[(String, String)], lock: &Path) -> Result<(), NewError> {
    fs::create_dir(folder).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists(folder.to_owned()),
        _ => NewError::Write { path: folder.to_owned(), cause },
    })?;
    let made = files
        .iter()
        .try_for_each(|(name, text)| write(&folder.join(name), text))
        .and_then(|()| copy(lock, &folder.join(LOCK)));
    if made.is_err() {
        // The error that is told is the one that came first.
        let _ = fs::remove_dir_all(folder);
    }
    made
}

fn write(path: &Path, text: &str) -> Result<(), NewError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let cause = |cause| NewError::Write { path: path.to_owned(), cause };
    folder.and_then(|()| fs::write(path, text)).map_err(cause)
}

fn copy(from: &Path, to: &Path) -> Result<(), NewError> {
    let cause = |cause| NewError::Write { path: to.to_owned(), cause };
    fs::copy(from, to).map(drop).map_err(cause)
}
