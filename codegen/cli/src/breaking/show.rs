//! How changes reach people and tools.

use flounder_codegen::{Severity, Sources};
use serde::Serialize;

use super::change::{Change, Place, Source, Wire};
use crate::args::Format;
use crate::show::{JsonPlace, Report, plural, say};

/// Prints the changes to standard error, with colours if that is a terminal.
pub(super) fn show(changes: &[Change], sources: &Sources, format: Format) {
    let text = match format {
        Format::Human => human(changes, sources),
        Format::Short => changes.iter().map(|change| short(change, sources)).collect(),
        Format::Json => changes.iter().map(|change| json(change, sources)).collect(),
    };
    say(&text);
}

fn human(changes: &[Change], sources: &Sources) -> String {
    let reports = changes.iter().map(|change| report(change, sources));
    reports.chain([summary(changes)]).collect()
}

fn report(change: &Change, sources: &Sources) -> String {
    let related = match change.place {
        Place::Both { old, .. } => Some((old, "it was here")),
        Place::New(_) | Place::Old(_) => None,
    };
    let report = Report {
        severity: Severity::Error,
        code: change.code.number(),
        message: &change.message,
        span: change.place.span(),
        related,
        notes: &change.notes(),
        help: Some(change.code.help()),
    };
    report.render(sources)
}

/// How many changes there are of which kind, unless there are none.
fn summary(changes: &[Change]) -> String {
    let Some(first) = changes.first() else { return String::new() };
    let wire = changes.iter().filter(|change| change.wire != Wire::Same).count();
    let source = changes.iter().filter(|change| change.source != Source::Nobody).count();
    let (all, code) = (changes.len(), first.code.number());
    format!(
        "{all} change{}: {wire} on the wire, {source} in sources; `flounder explain {code}` tells \
         more\n",
        plural(all)
    )
}

fn short(change: &Change, sources: &Sources) -> String {
    let (place, code) = (sources.place(change.place.span()), change.code.number());
    let broken = change.broken().join(", ");
    format!("{place}: error[{code}]: {}; breaks {broken}\n", change.message)
}

/// A change as one line of JSON. Fields are only ever added.
#[derive(Serialize)]
struct JsonChange<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    old: Option<JsonPlace<'a>>,
    wire: Option<&'static str>,
    breaks: Vec<&'static str>,
    help: &'static str,
}

fn json(change: &Change, sources: &Sources) -> String {
    let line = JsonChange {
        severity: Severity::Error.name(),
        code: change.code.number(),
        message: &change.message,
        place: JsonPlace::new(change.place.span(), sources),
        old: change.place.old().map(|span| JsonPlace::new(span, sources)),
        wire: change.wire.name(),
        breaks: change.broken(),
        help: change.code.help(),
    };
    serde_json::to_string(&line).expect("strings and numbers always serialize") + "\n"
}
