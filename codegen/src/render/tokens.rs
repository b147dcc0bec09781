//! Tokens side by side, so that a piece of them is a slice.
//!
//! The printer looks at most tokens several times. A `TokenStream` would be copied for each look, and
//! a syntax tree costs more than all the printing.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Words that a path, a call or generic arguments after them don't belong to.
const KEYWORDS: [&str; 15] = [
    "as", "const", "dyn", "else", "for", "if", "impl", "in", "let", "match", "move", "mut", "pub",
    "return", "use",
];

/// Marks of several characters. `>>` is not among them: it closes generic arguments twice.
const MARKS: [&str; 17] = [
    "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "..", "...",
    "..=", "|=",
];

/// What a token takes as text, in bytes, with the blanks around it.
const TOKEN_BYTES: usize = 6;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A name or a literal.
    Word,
    /// One of [`KEYWORDS`].
    Keyword,
    /// Punctuation; what belongs together is one mark.
    Mark,
    /// The start of a group of so many tokens, this one and the end included.
    Open(usize),
    Close,
}

/// A token and where its text is.
#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

/// The tokens of a stream.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    text: String,
    list: Vec<Token>,
}

/// Some of the tokens, one after the other; groups are in it as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code<'a> {
    text: &'a str,
    list: &'a [Token],
}

impl Tokens {
    pub(super) fn of(stream: TokenStream) -> Self {
        let mut tokens = Self {
            text: String::with_capacity(super::TEXT_BYTES),
            list: Vec::with_capacity(super::TEXT_BYTES / TOKEN_BYTES),
        };
        tokens.stream(stream);
        tokens
    }

    pub(super) fn code(&self) -> Code<'_> {
        Code { text: &self.text, list: &self.list }
    }

    fn stream(&mut self, stream: TokenStream) {
        let mut joint = false;
        for token in stream {
            // Writing to a String can't fail.
            let start = self.text.len();
            match token {
                TokenTree::Punct(punct) => {
                    self.mark(punct.as_char(), joint);
                    joint = punct.spacing() == Spacing::Joint;
                    continue;
                }
                TokenTree::Ident(ident) => {
                    let _ = write!(self.text, "{ident}");
                    let is_keyword = KEYWORDS.contains(&&self.text[start..]);
                    self.push(if is_keyword { Kind::Keyword } else { Kind::Word }, start);
                }
                TokenTree::Literal(literal) => {
                    let _ = write!(self.text, "{literal}");
                    self.push(Kind::Word, start);
                }
                TokenTree::Group(group) => {
                    let (delimiter, content) = (group.delimiter(), group.stream());
                    // The tokens inside are moved if nobody else holds them, and else copied.
                    drop(group);
                    self.group(delimiter, content);
                }
            }
            joint = false;
        }
    }

    /// Appends punctuation, to the mark before if both are one.
    fn mark(&mut self, next: char, joint: bool) {
        let start = self.text.len();
        self.text.push(next);
        if joint
            && let Some(last) = self.list.last_mut()
            && MARKS.contains(&&self.text[last.start..])
        {
            last.end = self.text.len();
        } else {
            self.push(Kind::Mark, start);
        }
    }

    fn group(&mut self, delimiter: Delimiter, content: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => return self.stream(content),
        };
        let index = self.list.len();
        let start = self.text.len();
        self.text.push_str(open);
        self.push(Kind::Open(0), start);
        self.stream(content);
        let start = self.text.len();
        self.text.push_str(close);
        self.push(Kind::Close, start);
        self.list[index].kind = Kind::Open(self.list.len() - index);
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.list.push(Token { kind, start, end: self.text.len() });
    }
}

impl<'a> Code<'a> {
    /// The tokens one by one, those in groups too.
    pub(super) fn tokens(self) -> impl Iterator<Item = (Kind, &'a str)> {
        self.list.iter().map(move |token| (token.kind, &self.text[token.start..token.end]))
    }

    pub(super) fn is_empty(self) -> bool {
        self.list.is_empty()
    }

    /// The first token; nothing is the empty text.
    pub(super) fn first(self) -> &'a str {
        self.list.first().map_or("", |token| &self.text[token.start..token.end])
    }

    /// The last token.
    pub(super) fn last(self) -> &'a str {
        self.list.last().map_or("", |token| &self.text[token.start..token.end])
    }

    /// Takes the first token off, or the group that starts there.
    pub(super) fn take(&mut self) -> Option<Self> {
        let length = match self.list.first()?.kind {
            Kind::Open(length) => length,
            _ => 1,
        };
        let (tree, rest) = self.split_at(length);
        *self = rest;
        Some(tree)
    }

    /// Takes the first token off if it is this one.
    pub(super) fn take_if(&mut self, token: &str) -> bool {
        self.first() == token && self.take().is_some()
    }

    /// Without the last token.
    pub(super) fn without_last(self) -> Self {
        self.split_at(self.list.len().saturating_sub(1)).0
    }

    /// What comes before its own last part.
    pub(super) fn without_tail(self, tail: Self) -> Self {
        self.split_at(self.list.len() - tail.list.len()).0
    }

    /// What stands between the brackets of a group.
    pub(super) fn inside(self) -> Self {
        self.split_at(1).1.without_last()
    }

    /// What comes before a token outside of all groups and generic arguments, and what comes from
    /// it on; nothing if there is no such token.
    pub(super) fn find(self, token: &str) -> (Self, Self) {
        let place = self.places().find(|(_, text)| *text == token);
        self.split_at(place.map_or(self.list.len(), |(at, _)| at))
    }

    /// The parts between marks that stand outside of all groups, generic arguments and parameters
    /// of closures; without an empty last one.
    pub(super) fn split(self, mark: &'static str) -> impl Iterator<Item = Self> {
        let mut places = self.places().filter(move |(_, text)| *text == mark);
        let mut done = 0;
        std::iter::from_fn(move || {
            let end = places.next().map_or(self.list.len(), |(at, _)| at);
            let part = self.list.get(done..end).filter(|part| !part.is_empty())?;
            done = end + 1;
            Some(Self { text: self.text, list: part })
        })
    }

    /// Whether this is a path: names, colons and generic arguments.
    pub(super) fn is_path(self) -> bool {
        let is_part = |text: &str| text == "::" || text.starts_with(|c: char| c.is_alphabetic());
        is_part(self.first()) && self.places().all(|(_, text)| is_part(text))
    }

    /// The generic arguments at the end, without their brackets, and what comes before them and the
    /// brackets.
    pub(super) fn generics_at_end(self) -> Option<(Self, Self)> {
        let mut depth = 0;
        let start = self.list.iter().rposition(|token| {
            match &self.text[token.start..token.end] {
                ">" => depth += 1,
                "<" => depth -= 1,
                _ => (),
            }
            depth == 0
        });
        let (before, generics) = self.split_at(start?);
        (generics.first() == "<").then(|| (before, generics.inside()))
    }

    /// The group at the end, and what comes before it.
    pub(super) fn group_at_end(self) -> Option<(Self, Self)> {
        let at = self.places().map(|(at, _)| at).last()?;
        let (before, group) = self.split_at(at);
        matches!(group.list[0].kind, Kind::Open(_)).then_some((before, group))
    }

    /// The calls of methods at the end, each from its dot on, and what they are called on.
    pub(super) fn calls_at_end(self) -> (Self, Vec<Self>) {
        let (mut receiver, mut calls) = (self, Vec::new());
        let dots: Vec<_> = self.places().filter(|(_, text)| *text == ".").collect();
        for (at, _) in dots.into_iter().rev() {
            let (before, call) = receiver.split_at(at);
            if call.last() != ")" {
                break;
            }
            calls.push(call);
            receiver = before;
        }
        calls.reverse();
        (receiver, calls)
    }

    /// The places of what stands outside of all groups, generic arguments and parameters of closures:
    /// tokens, and the starts of groups.
    fn places(self) -> impl Iterator<Item = (usize, &'a str)> {
        let (mut at, mut angles, mut in_closure, mut starts) = (0, 0, false, true);
        std::iter::from_fn(move || {
            loop {
                let token = self.list.get(at)?;
                let (here, text) = (at, &self.text[token.start..token.end]);
                at += if let Kind::Open(length) = token.kind { length } else { 1 };
                let was_inside = angles > 0 || in_closure;
                match text {
                    "<" => angles += 1,
                    ">" => angles -= 1,
                    "|" if in_closure || starts => in_closure = !in_closure,
                    _ => (),
                }
                starts = token.kind == Kind::Mark && text != ">";
                if !was_inside && angles == 0 && !in_closure {
                    return Some((here, text));
                }
            }
        })
    }

    fn split_at(self, at: usize) -> (Self, Self) {
        let (before, after) = self.list.split_at(at.min(self.list.len()));
        (Self { text: self.text, list: before }, Self { text: self.text, list: after })
    }
}
