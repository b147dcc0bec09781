//! What the commands do.

use std::fmt::Write as _;
use std::path::Path;

use clap::CommandFactory as _;
use flounder_codegen::files;
use flounder_codegen::{Output, Sources};

use crate::args::{Args, Check, Command, Findings, Gen};
use crate::outcome::{Error, Outcome};
use crate::show::{print, show};
use crate::{breaking, describe, doc, explain, fmt, inputs, man, new};

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// As any command may.
    #[error(transparent)]
    Any(#[from] Error),
    /// A crate can't be made.
    #[error(transparent)]
    New(#[from] new::NewError),
}

/// Runs a command.
///
/// # Errors
///
/// If a file can't be read or written.
pub(crate) fn run(args: &Args) -> Result<Outcome, RunError> {
    match &args.command {
        Command::Check(command) => Ok(check(command)),
        Command::Gen(command) => Ok(generate(command)?),
        Command::Describe(command) => Ok(describe::run(command)?),
        Command::Breaking(command) => Ok(breaking::run(command)),
        Command::Doc(command) => Ok(doc::run(command).map_err(Error::from)?),
        Command::New(command) => Ok(new::run(command)?),
        Command::Fmt(command) => Ok(fmt::run(command)?),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "flounder", &mut script);
            print(&String::from_utf8_lossy(&script))?;
            Ok(Outcome::Clean)
        }
        Command::Man { out } => Ok(man::run(out.as_deref())?),
        Command::Explain { code } => {
            print(&code.map_or_else(explain::index, |code| explain::page(code).to_owned()))?;
            Ok(Outcome::Clean)
        }
    }
}

fn check(command: &Check) -> Outcome {
    let mut sources = Sources::new();
    let levels = command.inputs.lints.levels();
    let findings = inputs::request(&command.inputs, &mut sources).check_with(&sources, &levels);
    show(&findings, &sources, command.findings.format);
    Outcome::of(&findings, &sources)
}

fn generate(command: &Gen) -> Result<Outcome, Error> {
    let mut sources = Sources::new();
    let Findings { format } = command.findings;
    let levels = command.inputs.lints.levels();
    match inputs::request(&command.inputs, &mut sources).generate_with(&sources, &levels) {
        Err(findings) => {
            show(&findings, &sources, format);
            Ok(Outcome::of(&findings, &sources))
        }
        Ok((outputs, warnings)) => {
            show(&warnings, &sources, format);
            if command.check {
                return compare(command, &outputs);
            }
            files::write(&outputs, &command.out)?;
            Ok(Outcome::Clean)
        }
    }
}

fn compare(command: &Gen, outputs: &[Output]) -> Result<Outcome, Error> {
    let stale = files::stale(outputs, &command.out)?;
    if stale.is_empty() {
        print(&format!("{} bindings in {} are fresh\n", outputs.len(), command.out.display()))?;
        return Ok(Outcome::Clean);
    }
    for output in stale {
        print(&format!("{} is stale\n", command.out.join(&output.name).display()))?;
    }
    print(&format!("to refresh, run:\n  {}\n", refresh(command)))?;
    Ok(Outcome::Findings)
}

/// The same command without `--check`.
fn refresh(command: &Gen) -> String {
    let mut line = "flounder gen".to_owned();
    for file in &command.inputs.files {
        append(&mut line, "", file);
    }
    for import in &command.inputs.imports {
        append(&mut line, "-i ", import);
    }
    if command.inputs.lints.allow_name_mismatch {
        line.push_str(" --allow-name-mismatch");
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
