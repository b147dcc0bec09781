//! Where mutation starts: every interface file of the repository, and a corpus made from a seed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::generator;
use crate::mutate::INPUT_BYTES_MAX;

/// Folders with interface files, as seen from this crate.
const FOLDERS: [&str; 5] =
    ["../idl", "../codegen/tests", "../runtime/tests/probe", "../examples", "../bench"];

/// All seeds, always in the same order.
///
/// # Errors
///
/// If a folder of the repository can't be read.
pub(crate) fn seeds(seed: u64) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        find(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut paths)?;
    }
    paths.sort();
    let mut seeds = Vec::new();
    for path in paths {
        seeds.push(fs::read(path)?);
    }
    let corpus = generator::corpus(seed);
    let files = corpus.imports.into_iter().chain(corpus.files);
    seeds.extend(files.map(|file| file.text.into_bytes()));
    seeds.retain(|seed| seed.len() <= INPUT_BYTES_MAX);
    Ok(seeds)
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "if") {
            found.push(path);
        }
    }
    Ok(())
}
