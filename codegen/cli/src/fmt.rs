//! `flounder fmt`.

use std::path::Path;

use flounder_codegen::files;
use flounder_codegen::{Sources, format};
use similar::TextDiff;

use crate::args::Fmt;
use crate::outcome::{Error, Outcome};
use crate::show::{complain, print, show};

/// What stands for standard input.
const STDIN: &str = "-";

/// Lines around a change in a diff.
const CONTEXT_LINES: usize = 3;

/// Formats each file, or says how it differs. Files with errors don't keep others from it.
///
/// # Errors
///
/// If a file or standard output can't be written.
pub(crate) fn run(command: &Fmt) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Clean;
    let mut failed = None;
    for path in &command.files {
        match file(command, path) {
            // The others are formatted all the same.
            Err(Error::File(error)) => {
                if let Some(earlier) = failed.replace(error) {
                    complain(&earlier);
                }
            }
            done => outcome = outcome.max(done?),
        }
    }
    failed.map_or(Ok(outcome), |error| Err(error.into()))
}

fn file(command: &Fmt, path: &Path) -> Result<Outcome, Error> {
    let mut sources = Sources::new();
    let is_stdin = path == Path::new(STDIN);
    let file =
        if is_stdin { files::read_stdin(&mut sources) } else { files::read(&mut sources, path) };
    let formatted = match format(&sources, file) {
        Ok(formatted) => formatted,
        Err(findings) => {
            show(&findings, &sources, command.format);
            return Ok(Outcome::of(&findings, &sources));
        }
    };
    let (text, name) = (sources.text(file), sources.path(file));
    let is_changed = formatted != text;
    if command.diff && is_changed {
        print(&diff(text, &formatted, name))?;
    } else if command.check && is_changed {
        print(&format!("{name} is not formatted\n"))?;
    }
    match (command.diff || command.check, is_stdin) {
        (true, _) if is_changed => return Ok(Outcome::Findings),
        (false, true) => print(&formatted)?,
        (false, false) if is_changed => files::replace(path, &formatted)?,
        _ => (),
    }
    Ok(Outcome::Clean)
}

fn diff(old: &str, new: &str, name: &str) -> String {
    let formatted = format!("{name} (formatted)");
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(name, &formatted)
        .to_string()
}
