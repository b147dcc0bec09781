//! What `flounder describe --json` prints is what `docs/describe.md` says it prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What the page calls the whole.
const ROOT: &str = "description";

/// What an object may have: the keys, what is under each, and whether some objects lack it.
type Keys = BTreeMap<String, (String, bool)>;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The tables of the page by their sections.
fn schema() -> BTreeMap<String, Keys> {
    let page = fs::read_to_string(checkout().join("docs/describe.md")).expect("it is there");
    let sections = page.split("\n## ").skip(1).map(|section| {
        let (name, rest) = section.split_once('\n').expect("a section has lines");
        let keys = rest.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let key = cells.next()?.trim_end_matches('`');
            let kind = cells.next()?.to_owned();
            let is_optional = cells.next().is_some_and(|meaning| meaning.contains(" only"));
            Some((key.to_owned(), (kind, is_optional)))
        });
        (name.to_owned(), keys.collect())
    });
    sections.collect()
}

/// Holds values to the schema, and remembers which keys it saw.
struct Validator {
    schema: BTreeMap<String, Keys>,
    seen: BTreeSet<(String, String)>,
}

impl Validator {
    fn value(&mut self, value: &Value, kind: &str, place: &str) {
        if let Some(kind) = kind.strip_suffix(" or null") {
            if !value.is_null() {
                self.value(value, kind, place);
            }
        } else if let Some(kind) = kind.strip_prefix("list of ") {
            let elements = value.as_array().unwrap_or_else(|| panic!("{place} is no list"));
            for (index, element) in elements.iter().enumerate() {
                self.value(element, kind, &format!("{place}[{index}]"));
            }
        } else if kind == "string" {
            assert!(value.is_string(), "{place} is no string: {value}");
        } else if kind == "number" {
            assert!(value.is_u64(), "{place} is no number: {value}");
        } else {
            self.object(value, kind, place);
        }
    }

    fn object(&mut self, value: &Value, section: &str, place: &str) {
        let object = value.as_object().unwrap_or_else(|| panic!("{place} is no object"));
        let keys = self.schema.get(section).unwrap_or_else(|| panic!("no section {section}"));
        let keys = keys.clone();
        for key in object.keys() {
            assert!(keys.contains_key(key), "{place}.{key} is not documented");
        }
        for (key, (kind, is_optional)) in &keys {
            match object.get(key) {
                Some(value) => {
                    self.seen.insert((section.to_owned(), key.clone()));
                    self.value(value, kind, &format!("{place}.{key}"));
                }
                None => assert!(is_optional, "{place}.{key} is missing"),
            }
        }
    }
}

fn describe(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flounder"))
        .current_dir(checkout())
        .arg("describe")
        .args(args)
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// Interfaces with every construct, and some of the system's.
const RUNS: [&[&str]; 2] = [
    &["codegen/tests/golden/every.if", "-i", "codegen/tests/golden/shared.if"],
    &["idl/types.if", "idl/proc_mgmt.if", "idl/spawn.if"],
];

#[test]
fn output_is_as_documented_and_all_that_is_documented_is_put_out() {
    let schema = schema();
    let mut validator = Validator { schema: schema.clone(), seen: BTreeSet::new() };
    for run in RUNS {
        let root = serde_json::from_str(&describe(&[run, &["--json"]].concat()));
        validator.value(&root.expect("it is JSON"), ROOT, "$");
    }
    for (section, keys) in &schema {
        for key in keys.keys() {
            let seen = validator.seen.contains(&(section.clone(), key.clone()));
            assert!(seen, "{section}.{key} is documented and never put out");
        }
    }
}

#[test]
fn fingerprints_are_those_of_the_bindings() {
    let golden = checkout().join("idl/tests/golden/fingerprints.txt");
    let golden = fs::read_to_string(golden).expect("it is there");
    let names: Vec<_> = golden.lines().filter_map(|line| line.split(' ').next()).collect();
    let files: Vec<_> = names.iter().map(|name| format!("idl/{name}.if")).collect();
    let args = ["--json", "-i", "idl/types.if"].into_iter().chain(files.iter().map(String::as_str));
    let root: Value =
        serde_json::from_str(&describe(&args.collect::<Vec<_>>())).expect("it is JSON");
    let interfaces = root["interfaces"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let described = interfaces.iter().map(|it| [text(&it["name"]), text(&it["fingerprint"])]);
    let described: Vec<_> = described.map(|words| words.join(" ")).collect();
    assert_eq!(described, golden.lines().collect::<Vec<_>>());
}

/// Padding, bounds and capabilities, as people see them.
const TABLE: &str = "\
types of codegen/tests/golden/shared.if
  type       bytes  caps  is
  coreid     1      0     uint8
  shared     1      1     struct { coreid core, cap moved }
  Self_      4      0     enum { self, super }
  fancyName  8      0     uint64
  unused     1      0     uint8

interface echo \"Round-trip probe\"
  declared at   codegen/tests/golden/echo.if:2:11
  fingerprint   141d31d2742b46cb58642d5bb924e165
  message size  at most 72 bytes

  number  message        bytes    caps  arguments
  3       ping           8        0     uint64 token
  4       echo_call      8 to 72  0     String text[64]
  5       echo_response  8 to 72  0     String reply[64]
";

#[test]
fn tables_tell_numbers_sizes_and_types() {
    let files = ["codegen/tests/golden/echo.if", "codegen/tests/golden/shared.if"];
    assert_eq!(describe(&files), TABLE);
}
