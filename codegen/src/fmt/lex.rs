//! Tokens and comments of a text that has been parsed, in order.

use crate::parse::block_comment;

/// What a token is to the formatter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name, a keyword, a number or a string.
    Word,
    Mark,
    /// Up to the end of its line.
    LineComment,
    BlockComment,
}

/// A token or a comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// How many line ends stand between it and the token before.
    pub(super) lines_before: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches('\u{FEFF}');
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{0B}', '\u{0C}']);
        let lines_before = rest[..rest.len() - trimmed.len()].matches('\n').count();
        let Some((kind, length)) = first(trimmed) else { return tokens };
        let (token, after) = trimmed.split_at(length);
        tokens.push(Token { kind, text: token.trim_end(), lines_before });
        rest = after;
    }
}

/// The kind and the length of the token at the start of `text`, which isn't empty otherwise.
fn first(text: &str) -> Option<(Kind, usize)> {
    let next = text.chars().next()?;
    let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
    Some(if text.starts_with("//") {
        (Kind::LineComment, text.find('\n').unwrap_or(text.len()))
    } else if text.starts_with("/*") {
        (Kind::BlockComment, block_comment(text))
    } else if next == '"' {
        (Kind::Word, string(text))
    } else if is_word(next) {
        (Kind::Word, text.find(|next| !is_word(next)).unwrap_or(text.len()))
    } else {
        (Kind::Mark, next.len_utf8())
    })
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, next)| {
        let ends = *next == '"' && !escaped;
        escaped = *next == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
