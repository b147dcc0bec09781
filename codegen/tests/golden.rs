//! Compares what the compiler prints with files that a reader has approved.

use std::fs;
use std::path::Path;

use flounder_codegen::{Request, Sources};

/// Generates from interface files of the folder and compares every output with the file of its name.
fn check(files: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut sources = Sources::new();
    let mut add = |name: &&str| {
        sources.add(*name, &fs::read(folder.join(name)).expect("the interface is there"))
    };
    let request = Request { files: files.iter().map(&mut add).collect(), imports: Vec::new() };
    let (outputs, findings) = match request.generate(&sources) {
        Ok(generated) => generated,
        Err(findings) => panic!("{}", findings.render(&sources)),
    };
    assert_eq!(findings.render(&sources), "");
    assert_eq!(outputs.len(), files.len());
    for output in outputs {
        expect_test::expect_file![folder.join(&output.name)].assert_eq(&output.text);
    }
}

#[test]
fn echo_reads_as_written_by_hand() {
    check(&["echo.if"]);
}

#[test]
fn every_form_of_the_language() {
    check(&["every.if", "shared.if"]);
}

#[test]
fn one_message() {
    check(&["one.if"]);
}
