//! How findings reach people and tools.

use std::io::{ErrorKind, Write as _};
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use flounder_codegen::{Diagnostic, Diagnostics, Position, Related, Severity, Sources, Span};
use serde::Serialize;

use crate::args::Format;
use crate::outcome::Error;

/// Prints the findings to standard error, with colours if that is a terminal.
pub(crate) fn show(findings: &Diagnostics, sources: &Sources, format: Format) {
    let text = match format {
        Format::Human => human(findings, sources),
        Format::Short => lines(findings, |finding| finding.line(sources)),
        Format::Json => lines(findings, |finding| json(finding, sources)),
    };
    say(&text);
    if findings.unlisted() > 0 && format != Format::Json {
        say(&format!("and {} more\n", findings.unlisted()));
    }
}

/// Says on standard error why something can't be done.
pub(crate) fn complain(error: &dyn std::error::Error) {
    say(&format!("flounder: {error}\n"));
}

/// Prints to standard error. If nobody can hear it, the exit status still says how it went.
pub(crate) fn say(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints a text. Whoever reads it may stop early, as `head` does.
///
/// # Errors
///
/// If it can't be written.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

fn lines(findings: &Diagnostics, line: impl Fn(&Diagnostic) -> String) -> String {
    findings.sorted().into_iter().map(|finding| line(finding) + "\n").collect()
}

fn human(findings: &Diagnostics, sources: &Sources) -> String {
    let text: String =
        findings.sorted().into_iter().map(|finding| Report::of(finding).render(sources)).collect();
    text + &summary(findings)
}

/// How many errors and warnings there are, unless there are none.
fn summary(findings: &Diagnostics) -> String {
    let counts = [(findings.errors(), "error"), (findings.warnings(), "warning")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| format!("{count} {what}{}", plural(count)));
    match counts.collect::<Vec<_>>().join(", ") {
        counts if counts.is_empty() => counts,
        counts => {
            let first = findings.sorted()[0].code.number();
            format!("{counts}; `flounder explain {first}` tells more\n")
        }
    }
}

/// What a word ends in.
pub(crate) fn plural<N: Copy + PartialEq + From<u8>>(count: N) -> &'static str {
    if count == N::from(1) { "" } else { "s" }
}

/// A finding of any kind, on its way to people.
pub(crate) struct Report<'a> {
    pub(crate) severity: Severity,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) span: Span,
    /// A second place, and what is there.
    pub(crate) related: Option<(Span, &'a str)>,
    pub(crate) notes: &'a [&'a str],
    pub(crate) help: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn of(finding: &'a Diagnostic) -> Self {
        let related = finding.related.as_ref();
        Self {
            severity: finding.severity,
            code: finding.code.number(),
            message: &finding.message,
            span: finding.span,
            related: related.map(|Related { span, message }| (*span, message.as_str())),
            notes: &[],
            help: finding.help.as_deref(),
        }
    }

    /// The report with the lines of the file it is about, and an empty line after it.
    pub(crate) fn render(&self, sources: &Sources) -> String {
        Renderer::styled().render(&[self.group(sources)]) + "\n\n"
    }

    fn group(&self, sources: &'a Sources) -> Group<'a> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let near = self.related.filter(|(span, _)| is_near(sources, *span, self.span));
        let title = level.primary_title(self.message).id(self.code);
        let excerpt = Excerpt::new(sources, self.span, near.map(|(span, _)| span));
        let mark = AnnotationKind::Primary.span(excerpt.range(self.span));
        let second = near.map(|(span, message)| {
            AnnotationKind::Context.span(excerpt.range(span)).label(message)
        });
        let title = Group::with_title(title);
        let mut group = excerpt.show(title, [Some(mark), second].into_iter().flatten());
        if let Some((span, message)) = self.related.filter(|_| near.is_none()) {
            let excerpt = Excerpt::new(sources, span, None);
            let mark = AnnotationKind::Context.span(excerpt.range(span)).label(message);
            group = excerpt.show(group, [mark]);
            if !excerpt.is_short() {
                group = group.element(Level::NOTE.message(message));
            }
        }
        for note in self.notes {
            group = group.element(Level::NOTE.message(*note));
        }
        match self.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }
}

/// More bytes than this aren't shown for a finding: in a file of one line, each of a thousand
/// findings would be laid out with the whole of it.
const EXCERPT_BYTES_MAX: usize = 16 << 10;

/// Whether two places can be shown in one excerpt.
fn is_near(sources: &Sources, first: Span, second: Span) -> bool {
    first.file == second.file && Excerpt::new(sources, first, Some(second)).is_short()
}

/// The lines of a file that some places are in, so that a large file isn't laid out for each finding.
struct Excerpt<'a> {
    path: &'a str,
    text: &'a str,
    /// Where the excerpt starts in the file.
    start: usize,
    first: Position,
}

impl<'a> Excerpt<'a> {
    fn new(sources: &'a Sources, span: Span, near: Option<Span>) -> Self {
        let text = sources.text(span.file);
        let first = near.map_or(span, |near| near.min(span));
        let last = near.map_or(span.end, |near| near.end.max(span.end)) as usize;
        let after_mark = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        let start = text[..first.start as usize].rfind('\n').map_or(after_mark, |at| at + 1);
        let end = text[last..].find('\n').map_or(text.len(), |at| last + at + 1);
        let (path, first) = (sources.path(span.file), sources.position(first));
        Self { path, text: &text[start..end], start, first }
    }

    fn range(&self, span: Span) -> Range<usize> {
        let at = |offset: u32| (offset as usize).saturating_sub(self.start);
        at(span.start)..at(span.end)
    }

    /// Whether there are lines to show, and not too much of them.
    fn is_short(&self) -> bool {
        !self.text.is_empty() && self.text.len() <= EXCERPT_BYTES_MAX
    }

    /// Adds the lines with the marks, or only where they are.
    fn show(&self, group: Group<'a>, marks: impl IntoIterator<Item = Annotation<'a>>) -> Group<'a> {
        if self.is_short() {
            let snippet = Snippet::source(self.text).path(self.path).line_start(self.first.line);
            return group.element(snippet.annotations(marks));
        }
        let Position { line, column } = self.first;
        group.element(Origin::path(self.path).line(line).char_column(column))
    }
}

/// A finding as one line of JSON. Fields are only ever added.
#[derive(Serialize)]
struct JsonFinding<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    help: Option<&'a str>,
    related: Option<JsonRelated<'a>>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
}

/// A place as JSON: lines and columns for people, bytes for editors.
#[derive(Serialize)]
pub(crate) struct JsonPlace<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: u32,
    end: u32,
}

impl<'a> JsonPlace<'a> {
    /// The place of `span`.
    pub(crate) fn new(span: Span, sources: &'a Sources) -> Self {
        let Span { file, start, end } = span;
        let first = sources.position(span);
        let last = sources.position(Span { file, start: end, end });
        Self {
            file: sources.path(file),
            line: first.line,
            column: first.column,
            end_line: last.line,
            end_column: last.column,
            start,
            end,
        }
    }
}

fn json(finding: &Diagnostic, sources: &Sources) -> String {
    let line = JsonFinding {
        severity: finding.severity.name(),
        code: finding.code.number(),
        message: &finding.message,
        place: JsonPlace::new(finding.span, sources),
        help: finding.help.as_deref(),
        related: finding.related.as_ref().map(|related| JsonRelated {
            message: &related.message,
            place: JsonPlace::new(related.span, sources),
        }),
    };
    serde_json::to_string(&line).expect("strings and numbers always serialize")
}
