//! The examples of `flounder explain`: the wrong one has just that finding, the right one none.

use std::fs;
use std::path::Path;

use flounder_codegen::{Code, Level, Levels, Request, Sources};

/// How many lines one line of a `repeated` block stands for.
const REPEATED: usize = 65_001;

/// The codes that the interfaces of a section are reported with, each once.
fn codes(section: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let mut request = Request::default();
    for block in section.split("```").skip(1).step_by(2) {
        let (info, text) = block.split_once('\n').expect("a block has an info line");
        let (kind, name) = info.split_once(' ').unwrap_or((info, "a.if"));
        let (files, name) = match name.strip_prefix("import ") {
            Some(name) => (&mut request.imports, name),
            None => (&mut request.files, name),
        };
        files.push(match kind {
            "missing" => sources.add_unreadable(name, "there is no such file"),
            _ => sources.add(name, &bytes(kind, text)),
        });
    }
    let mut levels = Levels::new();
    levels.set(Code::PlainInt, Level::Warn);
    let findings = request.check_with(&sources, &levels);
    let mut codes: Vec<_> = findings.sorted().iter().map(|finding| finding.code).collect();
    codes.dedup();
    codes
}

fn bytes(kind: &str, text: &str) -> Vec<u8> {
    match kind {
        "flounder" => text.into(),
        "escaped" => unescape(text),
        "repeated" => repeat(text).into(),
        _ => panic!("unknown kind of block: {kind}"),
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hex digits follow"));
        bytes.extend(part[2..].bytes());
    }
    bytes
}

fn repeat(text: &str) -> String {
    let lines = text.lines().flat_map(|line| {
        let count = if line.contains("{n}") { REPEATED } else { 1 };
        (0..count).map(move |n| line.replace("{n}", &n.to_string()) + "\n")
    });
    lines.collect()
}

#[test]
fn every_code_has_a_page_and_its_examples_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    for code in Code::ALL {
        let number = code.number();
        let page = fs::read_to_string(folder.join(format!("{number}.md"))).expect(number);
        assert!(page.starts_with(&format!("# {number}: {}\n", code.meaning())), "{number}");
        let (_, examples) = page.split_once("\n## Wrong\n").expect(number);
        let (wrong, right) = examples.split_once("\n## Right\n").expect(number);
        assert_eq!(codes(wrong), [*code], "{number}, wrong");
        assert_eq!(codes(right), [], "{number}, right");
    }
    // Those about changes between versions are tested where these are told.
    let files = fs::read_dir(folder).expect("the folder is there");
    let names = files.map(|file| file.expect("it can be read").file_name());
    let findings = names.filter(|name| !name.to_string_lossy().starts_with('B')).count();
    assert_eq!(findings, Code::ALL.len(), "pages without a code");
}
