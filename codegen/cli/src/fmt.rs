//! `flounder fmt`.

use std::io::{self, IsTerminal as _};
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
        let diff = diff(text, &formatted, name);
        // Elsewhere it may be a patch that is applied.
        print(&if io::stdout().is_terminal() { visible(&diff) } else { diff })?;
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

/// A text for a terminal: what would move its cursor or change its colours is shown as a picture of
/// itself, as findings show it.
fn visible(text: &str) -> String {
    let picture = |next: char| match next {
        '\n' | '\t' => next,
        '\u{0}'..='\u{1F}' => char::from_u32(0x2400 + u32::from(next)).unwrap_or('\u{FFFD}'),
        '\u{7F}' => '\u{2421}',
        // Controls that terminals know too, and what turns the direction of text.
        '\u{80}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        _ => next,
    };
    text.chars().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_as_pictures() {
        for (text, shown) in [
            ("-\ta\n+ b\n", "-\ta\n+ b\n"),
            ("\u{1b}[31m\r\u{7}\u{7f}", "\u{241b}[31m\u{240d}\u{2407}\u{2421}"),
            ("\u{9b}31m é \u{202e}", "\u{fffd}31m é \u{fffd}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
