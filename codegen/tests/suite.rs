//! One file, one question, one verdict: `tests/suite/{accept,warn,reject,stricter}/*.if`.
//!
//! A file says what is found in it, `// expect: E012 3:14 message`, one line per finding and in
//! their order; a place in an import starts with the import's name. `// import: types.if` names a
//! file of `tests/suite/imports`. `stricter` holds what the original compiler accepts although it
//! can't mean anything, or two things. `UPDATE_EXPECT=1` writes what is found into the files, whose
//! verdict stays that of their folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flounder_codegen::{Code, Diagnostic, Diagnostics, Level, Levels, Request, Sources};

const EXPECT: &str = "// expect: ";
const IMPORT: &str = "// import: ";

/// The folders, which are verdicts, and how many cases each has at least: losing some is an error.
const VERDICTS: [(&str, usize); 4] =
    [("accept", 90), ("warn", 15), ("reject", 150), ("stricter", 90)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite")
}

/// A file of the suite, checked.
struct Case {
    path: PathBuf,
    text: String,
    sources: Sources,
    request: Request,
    findings: Diagnostics,
}

impl Case {
    fn new(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("the case is readable");
        let mut sources = Sources::new();
        let mut request = Request::default();
        for import in headers(&text, IMPORT) {
            request.imports.push(match fs::read(root().join("imports").join(import)) {
                Ok(bytes) => sources.add(import, &bytes),
                Err(_) => sources.add_unreadable(import, "there is no such file"),
            });
        }
        let name = path.file_name().expect("files have names").to_string_lossy();
        request.files.push(sources.add(name, text.as_bytes()));
        let findings = request.check_with(&sources, &levels());
        Self { path, text, sources, request, findings }
    }

    fn found(&self) -> Vec<String> {
        self.findings.sorted().into_iter().map(|finding| self.line(finding)).collect()
    }

    fn line(&self, finding: &Diagnostic) -> String {
        let file = finding.span.file;
        let position = self.sources.position(finding.span);
        let place = if self.request.files.contains(&file) {
            position.to_string()
        } else {
            format!("{}:{position}", self.sources.path(file))
        };
        format!("{} {place} {}", finding.code.number(), finding.message)
    }

    /// What is wrong with the case, if anything is.
    fn mistake(&self, verdict: &str) -> Option<String> {
        let (found, expected) = (self.found(), headers(&self.text, EXPECT));
        let is_right = match verdict {
            "accept" => found.is_empty(),
            "warn" => !found.is_empty() && !self.findings.has_errors(),
            _ => self.findings.has_errors(),
        };
        if found != expected || !is_right {
            let (path, found) = (self.path.display(), found.join("\n  "));
            return Some(format!("{path}, {verdict}: found\n  {found}"));
        }
        let generated = self.request.generate_with(&self.sources, &levels());
        for output in generated.map_or_else(|_| Vec::new(), |(outputs, _)| outputs) {
            if let Err(error) = syn::parse_file(&output.text) {
                return Some(format!("{}: {error} in {}", self.path.display(), output.name));
            }
        }
        None
    }

    /// Writes what is found into the file. Places move with the lines that come and go, so a change
    /// of their number needs a second run.
    fn update(&self) {
        let is_header = |line: &&str| line.starts_with(EXPECT);
        let before = self.text.split_inclusive('\n').position(|line| is_header(&line));
        let kept: Vec<_> =
            self.text.split_inclusive('\n').filter(|line| !is_header(line)).collect();
        let imports = kept.iter().take_while(|line| line.starts_with(IMPORT)).count();
        let (head, tail) = kept.split_at(before.unwrap_or(imports));
        let found = self.found().iter().map(|line| [EXPECT, line, "\n"].concat()).collect();
        let text = [head.concat(), found, tail.concat()].concat();
        if text != self.text {
            fs::write(&self.path, text).expect("the case is writable");
        }
    }
}

/// The default ones, and what is off by default too.
fn levels() -> Levels {
    let mut levels = Levels::new();
    levels.set(Code::PlainInt, Level::Warn);
    levels
}

fn headers<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.split('\n').filter_map(|line| line.strip_prefix(start)).collect()
}

fn cases(verdict: &str) -> Vec<Case> {
    let entries = fs::read_dir(root().join(verdict)).expect("the folder is there");
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("entries are readable").path()).collect();
    paths.sort();
    paths.into_iter().map(Case::new).collect()
}

#[test]
fn every_file_has_its_verdict() {
    let mut table = vec!["\nverdict    cases  as expected".to_owned()];
    let mut mistakes = Vec::new();
    for (verdict, least) in VERDICTS {
        let cases = cases(verdict);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            cases.iter().for_each(Case::update);
        }
        let wrong: Vec<_> = cases.iter().filter_map(|case| case.mistake(verdict)).collect();
        let count = cases.len();
        table.push(format!("{verdict:<10} {count:>5}  {:>11}", count - wrong.len()));
        assert!(count >= least, "{verdict} has only {count} cases");
        mistakes.extend(wrong);
    }
    // Past the test harness, which would keep it from view.
    writeln!(std::io::stdout(), "{}", table.join("\n")).expect("standard output is open");
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn every_code_is_expected_somewhere() {
    /// What takes a file too large, or not of UTF-8, or two files of one name.
    const ELSEWHERE: [Code; 4] = [Code::Encoding, Code::TooDeep, Code::SameOutput, Code::TooMany];
    let mut seen = BTreeMap::new();
    for case in VERDICTS.iter().flat_map(|(verdict, _)| cases(verdict)) {
        for finding in case.findings.sorted() {
            *seen.entry(finding.code).or_insert(0) += 1;
        }
    }
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !seen.contains_key(code) && !ELSEWHERE.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
