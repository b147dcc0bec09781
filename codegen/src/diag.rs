//! What the compiler has to say about its input: errors and warnings that know where and what next.

use crate::source::{Sources, Span};

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        /// What kind of finding a diagnostic is. `E…` are errors, `W…` are warnings.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $number, "`: ", $meaning, ".")] $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as errors show it, `E050`.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What the code means, a clause without a full stop.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Encoding = "E001", "the file is not UTF-8, or too large";
    StrayCharacter = "E002", "a character that has no meaning in an interface file";
    Unterminated = "E003", "a comment or a string without an end";
    TooDeep = "E004", "comments or braces nested too deep";
    Syntax = "E005", "something is missing, or there is too much of something";
    Number = "E006", "a number that is malformed or too large";
    Escape = "E007", "an unknown escape in a string";
    Reserved = "E008", "a reserved word used as a name";
    NotAlone = "E010", "an interface file holds exactly one interface and nothing else";
    NoMessages = "E011", "an interface without messages";
    TypeAfterMessage = "E012", "a type declared after a message";
    InterfaceInImport = "E013", "an import that holds an interface";
    NameMismatch = "E014", "the interface is not named like its file";
    Direction = "E015", "`in` and `out` belong to the arguments of an rpc, to all of them";
    DuplicateType = "E020", "two types of one name";
    DuplicateMessage = "E021", "two messages of one name";
    DuplicateArgument = "E022", "two arguments of one name";
    DuplicateField = "E023", "two fields of one name";
    DuplicateEnumerator = "E024", "two enumerators of one name";
    DuplicateAnnotation = "E025", "two annotations or annotation keys of one name";
    SameInRust = "E026", "two names that become one in Rust";
    SameOutput = "E027", "two files whose bindings would have one name";
    BuiltinName = "E028", "a declaration with the name of a builtin type";
    UnknownType = "E030", "a type that is not declared before its use";
    NotABuiltin = "E031", "an alias of something that is not a builtin type";
    AnnotationValue = "E032", "an annotation that names no argument";
    ZeroBound = "E040", "a bound of 0";
    FixedSize = "E041", "a fixed-size type over the size limit";
    UnboundedString = "E042", "a String without a maximum";
    UnboundedArray = "E043", "an array without a maximum, or in a place that takes none";
    ListOfStrings = "E044", "a dynamic array of Strings";
    ListOfCaps = "E045", "a dynamic array of capabilities";
    TooMany = "E046", "more messages or enumerators than the wire can number";
    OldSpelling = "W001", "an old spelling of `message`";
    BuiltinAlias = "W002", "an alias with the name of a builtin type; the builtin wins";
    UnknownAnnotation = "W003", "an annotation that nobody knows";
}

impl Code {
    /// Whether the finding lets generation go on.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.number().starts_with('W')
    }
}

/// A second place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What is there: "first declared here".
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
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
        let kind = if self.code.is_warning() { "warning" } else { "error" };
        let place = sources.place(self.span);
        format!("{place}: {kind}[{}]: {}", self.code.number(), self.message)
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
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No findings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a finding, to which the caller may add.
    pub fn report(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let diagnostic =
            Diagnostic { code, span, message: message.into(), help: None, related: None };
        self.list.push(diagnostic);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Whether anything found stops generation.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| !diagnostic.code.is_warning())
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
        let mut text = String::new();
        for diagnostic in self.sorted() {
            text += &diagnostic.line(sources);
            text.push('\n');
            if let Some(Related { span, message }) = &diagnostic.related {
                text += &format!("  note: {}: {message}\n", sources.place(*span));
            }
            if let Some(help) = &diagnostic.help {
                text += &format!("  help: {help}\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascend() {
        let numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

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
}
