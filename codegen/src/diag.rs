//! What the compiler has to say about its input: errors and warnings that know where and what next.

use std::fmt::Write as _;

use crate::code::Code;
use crate::levels::{Level, Levels};
use crate::source::{Sources, Span};

/// A second place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What is there: "first declared here".
    pub message: String,
}

/// Whether a finding stops generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

impl Severity {
    /// The word that errors show.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
    /// Whether it stops generation.
    pub severity: Severity,
    /// Its cause.
    pub span: Span,
    /// What is wrong, a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Another place one has to know.
    pub related: Option<Related>,
}

impl Diagnostic {
    /// The finding without its hints, `file:line:col: error[E030]: message`.
    #[must_use]
    pub fn line(&self, sources: &Sources) -> String {
        let (place, severity) = (sources.place(self.span), self.severity.name());
        format!("{place}: {severity}[{}]: {}", self.code.number(), self.message)
    }

    /// Adds what to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    pub fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related = Some(Related { span, message: message.into() });
        self
    }
}

/// The findings of a run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    levels: Levels,
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// Takes what is not listed, so that whoever reports may add to it all the same.
    unlisted: Option<Box<Diagnostic>>,
}

impl Diagnostics {
    /// Further errors, or warnings, are only counted: a file that isn't an interface at all has one
    /// for each of its characters, and nobody reads so many.
    pub const LISTED_MAX: usize = 1000;

    /// No findings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No findings; `levels` say what becomes of those to come.
    #[must_use]
    pub fn with_levels(levels: Levels) -> Self {
        Self { levels, ..Self::default() }
    }

    /// Notes a finding, to which the caller may add.
    pub fn report(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let level = self.levels.level(code);
        let severity = if level == Level::Deny { Severity::Error } else { Severity::Warning };
        let message = message.into();
        let diagnostic = Diagnostic { code, severity, span, message, help: None, related: None };
        if level == Level::Allow || !self.count(severity) {
            return self.unlisted.insert(Box::new(diagnostic));
        }
        self.list.push(diagnostic);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Counts a finding. False if there are too many to list it.
    fn count(&mut self, severity: Severity) -> bool {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        *count <= Self::LISTED_MAX
    }

    /// Whether anything found stops generation.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors there are, also those that are not listed.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many warnings there are, also those that are not listed.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// How many findings are not listed, because there are too many.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.errors + self.warnings - self.list.len()
    }

    /// The findings by file and place.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
        sorted
    }

    /// The findings as text, `file:line:col: error[E030]: message`, each with its hints below.
    #[must_use]
    pub fn render(&self, sources: &Sources) -> String {
        // Writing to a String can't fail.
        let mut text = String::new();
        for diagnostic in self.sorted() {
            text += &diagnostic.line(sources);
            text.push('\n');
            if let Some(Related { span, message }) = &diagnostic.related {
                let _ = writeln!(text, "  note: {}: {message}", sources.place(*span));
            }
            if let Some(help) = &diagnostic.help {
                let _ = writeln!(text, "  help: {help}");
            }
        }
        if self.unlisted() > 0 {
            let _ = writeln!(text, "and {} more", self.unlisted());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_shown_by_place() {
        let mut sources = Sources::new();
        let file = sources.add("a.if", b"one\ntwo");
        let span = |start, end| Span { file, start, end };
        let mut diagnostics = Diagnostics::new();
        diagnostics.report(Code::OldSpelling, span(4, 7), "late");
        assert!(!diagnostics.has_errors());
        diagnostics
            .report(Code::Syntax, span(0, 3), "early")
            .help("do that")
            .related(span(4, 7), "because of this");
        assert!(diagnostics.has_errors());
        expect_test::expect![[r"
            a.if:1:1: error[E005]: early
              note: a.if:2:1: because of this
              help: do that
            a.if:2:1: warning[W001]: late
        "]]
        .assert_eq(&diagnostics.render(&sources));
    }

    #[test]
    fn findings_over_the_limit_are_counted() {
        let mut sources = Sources::new();
        let file = sources.add("a.if", b"");
        let mut diagnostics = Diagnostics::new();
        for _ in 0..Diagnostics::LISTED_MAX + 3 {
            diagnostics
                .report(Code::OldSpelling, Span { file, start: 0, end: 0 }, "old")
                .help("no");
        }
        diagnostics.report(Code::Syntax, Span { file, start: 0, end: 0 }, "an error");
        assert_eq!(diagnostics.sorted().len(), Diagnostics::LISTED_MAX + 1);
        assert_eq!((diagnostics.errors(), diagnostics.warnings()), (1, 1003));
        assert!(diagnostics.render(&sources).ends_with("and 3 more\n"));
    }
}
