//! What is said about broken declarations, so that one mistake is one error and hides no other.

use pest::iterators::Pair;

use super::build::{Builder, Item, is_doc};
use super::grammar::Rule;
use super::literal;
use super::tokens;
use crate::code::Code;
use crate::diag::Diagnostic;
use crate::near::nearest;
use crate::source::Span;

/// What a declaration in an interface can start with.
const MEMBERS: [&str; 4] = ["message", "rpc", "typedef", "alias"];

/// What is expected inside an interface, and outside.
const A_MEMBER: &str = "a type, `message` or `rpc`";
const A_FILE: &str = "an interface or a type";

impl Builder<'_> {
    /// A pair that carries no content: a doc comment, punctuation that may be missing, or junk.
    pub(super) fn token(&mut self, pair: Pair<'_, Rule>, item: &mut Item) {
        let rule = pair.as_rule();
        if is_doc(rule) {
            item.docs.extend(literal::docs(pair.as_str()));
            return;
        }
        let Some(expected) = expected(rule) else { return };
        let span = pair.as_span();
        if is_junk(rule) {
            if !item.broken {
                self.missing(span.start(), expected, item);
            }
            self.resume(span.end());
        } else if rule == Rule::missing {
            self.missing(span.start(), expected, item);
        } else if pair.into_inner().any(|inner| is_missing(&inner)) {
            self.missing(item.end, expected, item);
        }
    }

    /// Reports what is missing at `at`, unless nothing was understood since the last such error.
    pub(super) fn missing(&mut self, at: usize, expected: &str, item: &mut Item) {
        item.broken = true;
        let token = self.first_token(at);
        if self.resumed_at == Some(token.start) {
            return;
        }
        self.resumed_at = Some(token.start);
        let is_here = self.text[at..].starts_with(|next: char| !next.is_whitespace());
        let span = if is_here { token } else { Span::new(self.file, at, at) };
        let message = format!("expected {expected}, found {}", self.found(at));
        self.report(span, message);
    }

    /// Notes that the text before `at` had an error: what is missing right there follows from it.
    pub(super) fn resume(&mut self, at: usize) {
        self.resumed_at = Some(self.first_token(at).start);
    }

    /// Reports a member of an interface that starts like none.
    pub(super) fn stray_member(&mut self, pair: &Pair<'_, Rule>) {
        self.stray(pair, Code::Syntax, A_MEMBER, &MEMBERS);
    }

    /// Reports what stands outside an interface and declares no type.
    pub(super) fn stray_item(&mut self, pair: &Pair<'_, Rule>) {
        self.stray(pair, Code::NotAlone, A_FILE, &["interface", "typedef", "alias"]);
    }

    fn stray(&mut self, pair: &Pair<'_, Rule>, code: Code, expected: &str, keywords: &[&str]) {
        let span = self.first_token(pair.as_span().start());
        let word = &self.text[span.start as usize..span.end as usize];
        if self.resumed_at != Some(span.start) {
            let message = format!("expected {expected}, found {}", self.found(span.start as usize));
            let diagnostic = self.diagnostics.report(code, span, message);
            if let Some(near) = nearest(word, keywords.iter().copied()) {
                diagnostic.help(format!("did you mean `{near}`?"));
            }
        }
        self.resume(pair.as_span().end());
        self.lose(pair.as_str());
    }

    /// Reports a word where a keyword belongs, and returns the keyword that was meant, if that shows:
    /// what follows the word could follow each of `keywords`.
    pub(super) fn misspelt(
        &mut self,
        pair: &Pair<'_, Rule>,
        keywords: &[&'static str],
    ) -> Option<&'static str> {
        let word = pair.as_str();
        let near = match keywords {
            [only] => Some(*only),
            _ => nearest(word, keywords.iter().copied()),
        };
        let expected = match keywords {
            ["interface"] => A_FILE,
            ["struct" | "enum"] => "`struct` or `enum`",
            _ => A_MEMBER,
        };
        let message = format!("expected {expected}, found `{word}`");
        let span = self.span(pair);
        let diagnostic = self.report(span, message);
        let keywords = keywords.join("` or `");
        diagnostic.help(near.map_or_else(
            || format!("such a declaration starts with `{keywords}`"),
            |near| format!("did you mean `{near}`?"),
        ));
        near
    }

    fn report(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.diagnostics.report(Code::Syntax, span, message)
    }

    /// Notes the words of a text that could not be understood.
    pub(super) fn lose(&mut self, text: &str) {
        let words = text.split(|next: char| !next.is_ascii_alphanumeric() && next != '_');
        self.lost.extend(words.map(str::to_owned));
    }

    /// The first token at or after `start`, as errors quote it.
    fn found(&self, start: usize) -> String {
        let span = self.first_token(start);
        match &self.text[span.start as usize..span.end as usize] {
            "" => "the end of the file".to_owned(),
            token => format!("`{token}`"),
        }
    }

    /// Where the first token at or after `start` stands.
    fn first_token(&self, start: usize) -> Span {
        let (start, end) = tokens::first(self.text, start);
        Span::new(self.file, start, end)
    }
}

fn is_junk(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::junk | Rule::junk_arg | Rule::junk_field | Rule::junk_value | Rule::junk_annotation
    )
}

fn is_missing(pair: &Pair<'_, Rule>) -> bool {
    pair.as_rule() == Rule::missing
}

/// What stands where `rule` found nothing, or where it found junk.
fn expected(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::lbrace | Rule::struct_open | Rule::enum_open => "`{`",
        Rule::rbrace => "`}`",
        Rule::lparen => "`(`",
        Rule::rparen => "`)`",
        Rule::rbracket => "`]`",
        Rule::semi | Rule::next_field | Rule::junk => "`;`",
        Rule::comma => "`,`",
        Rule::junk_arg => "an argument, `,` or `)`",
        Rule::junk_field | Rule::no_field => "a field",
        Rule::junk_value => "`,` or `}`",
        Rule::junk_annotation => "`@name(key = value)`",
        Rule::missing => "an argument",
        _ => return None,
    })
}
