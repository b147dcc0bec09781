//! The corpus that was chosen: the files below the folder `FLOUNDER_CORPUS`, or files made from a seed.

use std::fs;
use std::path::{Path, PathBuf};

use super::generator::{self, Corpus, File};

/// The seed of the files that are made.
pub(crate) const SEED: u64 = 3;

/// The files to compile, and what to call them.
pub(crate) fn corpus() -> (Corpus, String) {
    match std::env::var_os("FLOUNDER_CORPUS") {
        Some(folder) => (read(Path::new(&folder)), folder.to_string_lossy().into_owned()),
        None => (generator::corpus(SEED), format!("seed {SEED}")),
    }
}

fn read(folder: &Path) -> Corpus {
    let mut paths = Vec::new();
    find(folder, &mut paths);
    paths.sort();
    let mut corpus = Corpus { imports: Vec::new(), files: Vec::new() };
    for path in paths {
        let bytes = fs::read(&path).expect("the file is readable");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        let is_import = !text.contains("interface");
        let is_foreign = name.contains("platform/") || name.contains("arch/");
        let file = File { name, text };
        if !is_import {
            corpus.files.push(file);
        } else if !is_foreign || file.name.ends_with("x86_64.if") {
            corpus.imports.push(file);
        }
    }
    // As the published ones see each other.
    let rank = |file: &File| match file.name.as_str() {
        name if name.contains("platform/") => 0,
        name if name.contains("arch/") => 1,
        _ => 2,
    };
    corpus.imports.sort_by_key(rank);
    corpus
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("entries are readable").path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "if") {
            found.push(path);
        }
    }
}
