//! All published interfaces at once, or a corpus of their shape.
//!
//! `FLOUNDER_CORPUS=DIR` takes the files below a folder; those that hold no interface are imports,
//! and of the folders `platform` and `arch` only `x86_64.if` is read. Otherwise files are made from
//! a seed. Times are printed, not judged: `cargo test --release` shows the ones that count.

mod chosen;
mod generator;

use std::io::Write as _;
use std::time::Instant;

use chosen::{SEED, corpus};
use flounder_codegen::{Code, Level, Levels, Output, Request, Sources, format};
use generator::{Corpus, File};

/// The same, or as many of the files made from a seed as suffice for what they have in common.
fn sample() -> (Corpus, String) {
    const FILES_MAX: usize = 10;
    let (mut corpus, shown) = corpus();
    if std::env::var_os("FLOUNDER_CORPUS").is_none() {
        corpus.files.truncate(FILES_MAX);
    }
    (corpus, shown)
}

fn request(corpus: &Corpus, sources: &mut Sources) -> Request {
    let mut add = |file: &File| sources.add(file.name.as_str(), file.text.as_bytes());
    let imports = corpus.imports.iter().map(&mut add).collect();
    Request { files: corpus.files.iter().map(add).collect(), imports }
}

fn levels() -> Levels {
    let mut levels = Levels::new();
    // One published file needs it.
    levels.set(Code::NameMismatch, Level::Warn);
    levels
}

fn generate(corpus: &Corpus) -> Vec<Output> {
    let mut sources = Sources::new();
    let request = request(corpus, &mut sources);
    match request.generate_with(&sources, &levels()) {
        Ok((outputs, _)) => outputs,
        Err(findings) => panic!("{}", findings.render(&sources)),
    }
}

#[test]
fn every_file_compiles_into_rust() {
    let (corpus, shown) = corpus();
    let mut sources = Sources::new();
    let request = request(&corpus, &mut sources);
    let start = Instant::now();
    let findings = request.check_with(&sources, &levels());
    let checked = start.elapsed();
    assert!(!findings.has_errors(), "{shown}: {}", findings.render(&sources));
    let start = Instant::now();
    let outputs = generate(&corpus);
    let generated = start.elapsed();
    let bytes: usize = corpus.files.iter().map(|file| file.text.len()).sum();
    let lines: usize = outputs.iter().map(|output| output.text.lines().count()).sum();
    let files = corpus.files.len();
    // Past the test harness, which would keep it from view.
    writeln!(
        std::io::stdout(),
        "\ncorpus ({shown}): {files} files, {bytes} bytes; checked in {checked:.0?}; checked and \
         generated, {lines} lines, in {generated:.0?}"
    )
    .expect("standard output is open");
    for output in outputs {
        assert!(syn::parse_file(&output.text).is_ok(), "{shown}: {}", output.name);
    }
}

#[test]
fn the_order_of_files_changes_nothing() {
    let (mut corpus, shown) = sample();
    let outputs = generate(&corpus);
    corpus.files.reverse();
    assert!(generate(&corpus) == outputs, "{shown}");
}

#[test]
fn formatting_changes_no_bindings() {
    let (mut corpus, shown) = sample();
    let outputs = generate(&corpus);
    for file in &mut corpus.files {
        let mut sources = Sources::new();
        let id = sources.add(file.name.as_str(), file.text.as_bytes());
        let formatted = format(&sources, id).map_err(|findings| findings.render(&sources));
        file.text = formatted.expect("the file was right");
    }
    assert!(generate(&corpus) == outputs, "{shown}");
}

#[test]
fn a_seed_is_a_corpus_of_the_published_size() {
    let corpus = generator::corpus(SEED);
    assert_eq!(corpus, generator::corpus(SEED));
    assert_ne!(corpus, generator::corpus(SEED + 1));
    let bytes: usize = corpus.files.iter().map(|file| file.text.len()).sum();
    assert_eq!(corpus.files.len(), 96);
    assert!((110_000..170_000).contains(&bytes), "{bytes} bytes");
}
