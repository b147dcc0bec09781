//! What must hold for any input.

use flounder_codegen::{Diagnostics, Output, Sources, format};

use crate::input::{Input, levels};

/// Something that must hold for any input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Panics if it doesn't hold for these bytes.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 4] = [
    Target { name: "parse", run: parse },
    Target { name: "check", run: check },
    Target { name: "fmt", run: fmt },
    Target { name: "generate", run: generate },
];

/// A file is understood or refused: every finding is in the file, and the same again.
///
/// # Panics
///
/// If that doesn't hold.
pub fn parse(data: &[u8]) {
    let input = Input::whole(data);
    let findings = input.request().check(&input.sources);
    for finding in findings.sorted() {
        let text = input.sources.text(finding.span.file);
        let (start, end) = (finding.span.start as usize, finding.span.end as usize);
        assert!(text.get(start..end).is_some(), "{finding:?} is not in the text");
    }
    assert!(!findings.render(&input.sources).contains('\0'), "a NUL is shown");
    let again = input.request().check(&input.sources);
    assert_eq!(findings.render(&input.sources), again.render(&input.sources));
}

/// Files that see each other are checked: they have the same findings in any folder, and as many in
/// any order.
///
/// # Panics
///
/// If that doesn't hold.
pub fn check(data: &[u8]) {
    let input = Input::parts(data, "");
    let findings = input.request().check_with(&input.sources, &levels());
    let mut moved = Input::parts(data, "some/where/");
    let elsewhere = moved.request().check_with(&moved.sources, &levels());
    assert_eq!(lines(&findings, &input.sources), lines(&elsewhere, &moved.sources));
    moved.files.reverse();
    let reversed = moved.request().check_with(&moved.sources, &levels());
    let counts = |found: &Diagnostics| (found.errors(), found.warnings());
    assert_eq!(counts(&findings), counts(&reversed));
}

/// What is found, without folders.
fn lines(findings: &Diagnostics, sources: &Sources) -> Vec<String> {
    let line = |finding: &flounder_codegen::Diagnostic| {
        let position = sources.position(finding.span);
        format!("{} {position} {}", finding.code.number(), finding.message)
    };
    findings.sorted().into_iter().map(line).collect()
}

/// Formatting twice is formatting once, and the bindings of a file stay the same.
///
/// # Panics
///
/// If that doesn't hold.
pub fn fmt(data: &[u8]) {
    let input = Input::whole(data);
    let Ok(once) = format(&input.sources, input.files[0]) else { return };
    let formatted = Input::whole(once.as_bytes());
    let twice = format(&formatted.sources, formatted.files[0]);
    let twice = twice.map_err(|found| found.render(&formatted.sources));
    assert_eq!(twice.as_deref(), Ok(once.as_str()));
    let (before, after) = (outputs(&input), outputs(&formatted));
    assert_same(&before.unwrap_or_default(), &after.unwrap_or_default());
}

/// What is generated is Rust, and the same wherever the files are and in any order; no comment
/// becomes a test.
///
/// # Panics
///
/// If that doesn't hold.
pub fn generate(data: &[u8]) {
    let Some(outputs) = outputs(&Input::parts(data, "")) else { return };
    for output in &outputs {
        if let Err(error) = syn::parse_file(&output.text) {
            panic!("{}: {error}", output.name);
        }
        let text = output.text.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
        for line in text {
            let is_code = line.starts_with("     ")
                || line.trim_start().starts_with("```")
                || line.trim_start().starts_with("~~~");
            assert!(!is_code, "{}: `{line}` is code", output.name);
        }
    }
    let mut elsewhere = Input::parts(data, "/some/where else/");
    elsewhere.files.reverse();
    let elsewhere = self::outputs(&elsewhere);
    assert_same(&outputs, &elsewhere.unwrap_or_default());
}

/// The bindings, if there are no errors.
fn outputs(input: &Input) -> Option<Vec<Output>> {
    let generated = input.request().generate_with(&input.sources, &levels());
    generated.ok().map(|(outputs, _)| outputs)
}

/// Panics with the first lines that differ.
fn assert_same(first: &[Output], second: &[Output]) {
    if first != second {
        let lines = |outputs: &[Output]| -> Vec<String> {
            outputs.iter().flat_map(|output| output.text.lines().map(str::to_owned)).collect()
        };
        let (first, second) = (lines(first), lines(second));
        let differ = first.iter().zip(&second).find(|(a, b)| a != b);
        panic!("{differ:?} differ, of {} and {} lines", first.len(), second.len());
    }
}
