//! Compares what the compiler prints with files that a reader has approved.

use std::fs;
use std::path::Path;

use flounder_codegen::{Request, Sources};

/// Generates from interface files of a folder, which is named as seen from this crate, and compares
/// every output with the file of its name.
fn check(folder: &str, files: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
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
    check("tests/golden", &["echo.if"]);
}

#[test]
fn every_form_of_the_language() {
    check("tests/golden", &["every.if", "shared.if"]);
}

#[test]
fn one_message() {
    check("tests/golden", &["one.if"]);
}

/// The runtime's tests talk through these bindings, but the runtime can't depend on the compiler.
#[test]
fn what_the_runtime_is_tested_with_is_fresh() {
    check("../runtime/tests/probe", &["probe.if"]);
    check("../runtime/tests/plain", &["few.if"]);
    check("../runtime/tests/plain", &["more.if"]);
}
