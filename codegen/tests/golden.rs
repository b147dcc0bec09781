//! Compares what the compiler prints with files that a reader has approved.

use std::fs;
use std::path::Path;

use flounder_codegen::{Request, Sources};

#[test]
fn echo_reads_as_written_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut sources = Sources::new();
    let text = fs::read(folder.join("echo.if")).expect("the interface is there");
    let file = sources.add("echo.if", &text);
    let request = Request { files: vec![file], imports: Vec::new() };
    let (outputs, findings) = request.generate(&sources).expect("the interface is right");
    assert_eq!(findings.render(&sources), "");
    assert_eq!(outputs.len(), 1);
    expect_test::expect_file![folder.join("echo.rs")].assert_eq(&outputs[0].text);
}
