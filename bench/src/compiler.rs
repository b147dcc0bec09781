//! What the compiler takes for all published interfaces, or for files of their shape, and what rustc
//! takes for the bindings of a large one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flounder_codegen::{Code, Level, Levels, Output, Request, Sources};

use crate::chosen;
use crate::generator::Corpus;
use crate::plan::Plan;
use crate::race::Outcome;
use crate::report::Row;

/// All files are checked and generated in less.
const GENERATE_MAX: Duration = Duration::from_millis(300);

/// The bindings of a large interface are compiled in less.
const COMPILE_MAX: Duration = Duration::from_secs(2);

/// The declarations of the large interface, as many as Barrelfish's monitor has: so many messages and
/// so many calls.
const MESSAGES: usize = 38;
const RPCS: usize = 18;

/// How often bindings are compiled: each time takes seconds.
const COMPILATIONS: usize = 3;

/// The times of the compiler, and of rustc behind it.
pub(crate) fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (corpus, _) = chosen::corpus();
    let files = corpus.files.len();
    let bytes: usize = corpus.files.iter().map(|file| file.text.len()).sum();
    let (mut checked, mut generated) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let start = Instant::now();
        check(&corpus)?;
        checked.push(start.elapsed());
        let start = Instant::now();
        generate(&corpus)?;
        generated.push(start.elapsed());
    }
    let kilobytes = bytes / 1000;
    Ok(vec![
        row(format!("{files} files, {kilobytes} kB, checked"), checked, None),
        row(format!("{files} files, generated"), generated, Some(GENERATE_MAX)),
        compile()?,
    ])
}

fn row(variant: String, mut times: Vec<Duration>, goal: Option<Duration>) -> Row {
    times.sort();
    let ns = |time: Duration| time.as_secs_f64() * 1e9;
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    let ratio = goal.map(|goal| middle.as_secs_f64() / goal.as_secs_f64());
    Row {
        case: "B13",
        variant: variant.into(),
        p50_ns: Some(ns(middle)),
        // Of so few rounds, the slowest stands for the hundredth.
        p99_ns: Some(ns(last)),
        ratio_to: goal.map(|goal| if goal == COMPILE_MAX { "2 s" } else { "0.3 s" }),
        ratio,
        goal: goal.map(|_| 1.0),
        met: ratio.map(|ratio| ratio < 1.0),
        rounds: times.len(),
    }
}

fn check(corpus: &Corpus) -> Outcome<()> {
    let (sources, request, levels) = read(corpus);
    let findings = request.check_with(&sources, &levels);
    if findings.has_errors() { Err(findings.render(&sources).into()) } else { Ok(()) }
}

fn generate(corpus: &Corpus) -> Outcome<Vec<Output>> {
    let (sources, request, levels) = read(corpus);
    match request.generate_with(&sources, &levels) {
        Ok((outputs, _)) => Ok(outputs),
        Err(findings) => Err(findings.render(&sources).into()),
    }
}

fn read(corpus: &Corpus) -> (Sources, Request, Levels) {
    let mut sources = Sources::new();
    let mut add =
        |file: &crate::generator::File| sources.add(file.name.as_str(), file.text.as_bytes());
    let imports = corpus.imports.iter().map(&mut add).collect();
    let files = corpus.files.iter().map(add).collect();
    let mut levels = Levels::new();
    // One published file needs it.
    levels.set(Code::NameMismatch, Level::Warn);
    (sources, Request { files, imports }, levels)
}

/// Compiles the bindings of a large interface as a crate of its own: what a change of the interface
/// costs, without the runtime under it.
fn compile() -> Outcome<Row> {
    let mut sources = Sources::new();
    let file = sources.add("large.if", large().as_bytes());
    let request = Request { files: vec![file], imports: Vec::new() };
    let (outputs, _) = request.generate(&sources).map_err(|found| found.render(&sources))?;
    let text = &outputs[0].text;
    let folder = crate_folder()?;
    let source = folder.join("src/lib.rs");
    let mut times = Vec::new();
    // The first time compiles the runtime too and doesn't count.
    for turn in 0..=COMPILATIONS {
        fs::write(&source, format!("//! The bindings.\n{text}\n// {turn}\n"))?;
        let start = Instant::now();
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--offline", "--lib"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .status()?;
        if !built.success() {
            return Err("the bindings of a large interface don't compile".into());
        }
        if turn > 0 {
            times.push(start.elapsed());
        }
    }
    let declarations = MESSAGES + RPCS;
    let lines = text.lines().count();
    Ok(row(format!("{declarations} declarations, {lines} lines"), times, Some(COMPILE_MAX)))
}

/// A package outside of the workspace that depends on the runtime.
fn crate_folder() -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let folder = root.join("target/bench-bindings");
    fs::create_dir_all(folder.join("src"))?;
    let runtime = root.join("runtime");
    let runtime = runtime.display();
    let manifest = format!(
        "[package]\nname = \"bench-bindings\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dependencies]\nflounder = {{ path = \"{runtime}\" }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(folder)
}

/// An interface with as many declarations as Barrelfish's monitor, and arguments like its.
fn large() -> String {
    let messages = (0..MESSAGES).map(|index| {
        let arguments = match index % 4 {
            0 => "iref iref, uintptr domain, errval err",
            1 => "give_away_cap cap, uint32 capid",
            2 => "uint8 core, region region, place place, uint64 token",
            _ => "",
        };
        format!("message message_{index}({arguments});\n")
    });
    let rpcs = (0..RPCS).map(|index| {
        let arguments = match index % 3 {
            0 => "in String name[256], in uint8 flags, out iref iref, out errval err",
            1 => "in cap cap, in uint64 bits, out cap made, out errval err",
            _ => "in char buffer[length, 2048], out region region",
        };
        format!("rpc rpc_{index}({arguments});\n")
    });
    let declarations: String = messages.chain(rpcs).collect();
    format!(
        "interface large {{ typedef struct {{ uint64 base; uint8 bits; }} region;
         typedef enum {{ none, local, remote }} place; {declarations} }};"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_interface_is_right() {
        let corpus = Corpus {
            imports: Vec::new(),
            files: vec![crate::generator::File { name: "large.if".into(), text: large() }],
        };
        let outputs = generate(&corpus).unwrap();
        assert_eq!(outputs.len(), 1);
        assert!(check(&corpus).is_ok());
    }

    #[test]
    fn a_goal_is_missed_by_the_median() {
        let seconds = |list: [u64; 3]| list.map(Duration::from_secs).to_vec();
        assert_eq!(row(String::new(), seconds([9, 1, 1]), Some(COMPILE_MAX)).met, Some(true));
        assert_eq!(row(String::new(), seconds([2, 1, 3]), Some(COMPILE_MAX)).met, Some(false));
        assert_eq!(row(String::new(), seconds([2, 1, 3]), None).met, None);
    }
}
