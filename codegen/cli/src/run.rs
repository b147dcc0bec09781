//! What the commands do.

use std::fmt::Write as _;
use std::path::Path;

use flounder_codegen::files::{self, FileError};
use flounder_codegen::{Diagnostics, Output, Request, Sources};

use crate::args::{Args, Command, Files, Gen};

/// How a run ended that could read and write its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Clean,
    Findings,
}

/// Runs a command.
///
/// # Errors
///
/// If a file can't be read or written.
pub(crate) fn run(args: &Args) -> Result<Outcome, FileError> {
    match &args.command {
        Command::Check(files) => check(files),
        Command::Gen(command) => generate(command),
    }
}

fn check(files: &Files) -> Result<Outcome, FileError> {
    let mut sources = Sources::new();
    let findings = request(files, &mut sources)?.check(&sources);
    show(&findings, &sources);
    Ok(if findings.has_errors() { Outcome::Findings } else { Outcome::Clean })
}

fn generate(command: &Gen) -> Result<Outcome, FileError> {
    let mut sources = Sources::new();
    match request(&command.files, &mut sources)?.generate(&sources) {
        Err(findings) => {
            show(&findings, &sources);
            Ok(Outcome::Findings)
        }
        Ok((outputs, warnings)) => {
            show(&warnings, &sources);
            if command.check {
                return compare(command, &outputs);
            }
            files::write(&outputs, &command.out)?;
            Ok(Outcome::Clean)
        }
    }
}

fn compare(command: &Gen, outputs: &[Output]) -> Result<Outcome, FileError> {
    let stale = files::stale(outputs, &command.out)?;
    if stale.is_empty() {
        println!("{} bindings in {} are fresh", outputs.len(), command.out.display());
        return Ok(Outcome::Clean);
    }
    for output in stale {
        println!("{} is stale", command.out.join(&output.name).display());
    }
    println!("to refresh, run:\n  {}", refresh(command));
    Ok(Outcome::Findings)
}

/// The same command without `--check`.
fn refresh(command: &Gen) -> String {
    let mut line = "flounder gen".to_owned();
    for file in &command.files.files {
        append(&mut line, "", file);
    }
    for import in &command.files.imports {
        append(&mut line, "-i ", import);
    }
    append(&mut line, "--out ", &command.out);
    line
}

/// Appends a path as a shell reads it.
fn append(line: &mut String, option: &str, path: &Path) {
    let path = path.to_string_lossy();
    let is_plain = |next: char| next.is_alphanumeric() || "/._-+=:@%".contains(next);
    // Writing to a String can't fail.
    let _ = if path.chars().all(is_plain) {
        write!(line, " {option}{path}")
    } else {
        write!(line, " {option}'{}'", path.replace('\'', r"'\''"))
    };
}

fn request(files: &Files, sources: &mut Sources) -> Result<Request, FileError> {
    let mut read = |path: &std::path::PathBuf| files::read(sources, path);
    let imports = files.imports.iter().map(&mut read).collect::<Result<_, _>>()?;
    let files = files.files.iter().map(&mut read).collect::<Result<_, _>>()?;
    Ok(Request { files, imports })
}

fn show(findings: &Diagnostics, sources: &Sources) {
    eprint!("{}", findings.render(sources));
}
