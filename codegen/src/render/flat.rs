//! Tokens on one line, spaced as `rustfmt` spaces them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Words that a path, a call or generic arguments after them don't belong to.
const KEYWORDS: [&str; 14] = [
    "as", "const", "dyn", "else", "for", "if", "impl", "in", "let", "match", "move", "mut", "pub",
    "return",
];

/// The tokens of a piece of syntax on one line.
pub(super) fn flat(syntax: &(impl ToTokens + ?Sized)) -> String {
    let mut line = Line::default();
    line.stream(syntax.to_token_stream());
    line.text
}

/// What a token is to the one after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Last {
    /// Nothing, or something that the next token is attached to.
    #[default]
    Open,
    Word,
    Keyword,
    /// The end of a group, of generic arguments, or a `?`.
    Close,
    /// Something that is followed by a blank.
    Apart,
}

#[derive(Default)]
struct Line {
    text: String,
    last: Last,
    in_closure: bool,
}

impl Line {
    fn stream(&mut self, tokens: TokenStream) {
        let mut operator = String::new();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    if punct.spacing() == Spacing::Alone || ends(&operator) {
                        self.operator(&std::mem::take(&mut operator));
                    }
                }
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
            }
        }
    }

    fn word(&mut self, word: &str) {
        self.blank_if(matches!(self.last, Last::Word | Last::Keyword | Last::Close | Last::Apart));
        self.text.push_str(word);
        let is_lifetime = self.text[..self.text.len() - word.len()].ends_with('\'');
        let is_keyword = is_lifetime || KEYWORDS.contains(&word);
        self.last = if is_keyword { Last::Keyword } else { Last::Word };
    }

    fn group(&mut self, delimiter: Delimiter, content: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace if content.is_empty() => ("{", "}"),
            Delimiter::Brace => ("{ ", " }"),
            Delimiter::None => ("", ""),
        };
        let is_brace = delimiter == Delimiter::Brace;
        let attached = !is_brace && matches!(self.last, Last::Word | Last::Close);
        self.blank_if(self.last != Last::Open && !attached);
        self.text.push_str(open);
        self.last = Last::Open;
        self.stream(content);
        let trailing_comma = self.text.strip_suffix(',').map(str::len);
        if let Some(length) = trailing_comma {
            self.text.truncate(length);
        }
        self.text.push_str(close);
        self.last = Last::Close;
    }

    fn operator(&mut self, operator: &str) {
        let (blank, last) = match operator {
            "::" => (matches!(self.last, Last::Keyword | Last::Apart), Last::Open),
            "<" | "." => (false, Last::Open),
            "'" => (matches!(self.last, Last::Word | Last::Keyword | Last::Apart), Last::Open),
            ">" | "?" => (false, Last::Close),
            "," | ":" | ";" => (false, Last::Apart),
            "&" | "*" | "#" | ".." => {
                (matches!(self.last, Last::Keyword | Last::Apart), Last::Open)
            }
            "|" if self.in_closure => {
                self.in_closure = false;
                (false, Last::Apart)
            }
            "|" if matches!(self.last, Last::Open | Last::Apart) => {
                self.in_closure = true;
                (self.last == Last::Apart, Last::Open)
            }
            _ => (true, Last::Apart),
        };
        self.blank_if(blank);
        self.text.push_str(operator);
        self.last = last;
    }

    fn blank_if(&mut self, blank: bool) {
        if blank && !self.text.is_empty() {
            self.text.push(' ');
        }
    }
}

/// Whether the punctuation so far is an operator on its own, whatever follows it.
fn ends(operator: &str) -> bool {
    !matches!(operator, ":" | "-" | "=" | ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_spaced_like_rustfmt() {
        for line in [
            "fn(&mut S, &Binding<S>, messages::Ping)",
            "::core::result::Result<(), ::flounder::TxError<messages::Ping>>",
            "&'static ::flounder::Descriptor",
            "&mut dyn ::flounder::CapVisitor",
            "::flounder::wire::Reader<'_>",
            "|state, binding, message| ::flounder::unhandled(state, binding, message)",
            "Self { a: reader.get()?, b: reader.get_string(63)? }",
            "&[A { name: \"token\", ty: \"uint64\" }]",
            "(rx_vtbl.ping)(state, binding, message)",
            "const { &TxVtbl::of::<D>() }",
            "Message::A(_) | Message::B(_)",
            "#[derive(Clone, Copy, Debug)]",
            "[[super::super::types::Coreid; 4]; 65_536]",
            "self as u32",
            "*self",
            "Self {}",
            "(|_, _| (), A { a, .. })",
        ] {
            let tokens: TokenStream = line.parse().expect("the line is made of tokens");
            assert_eq!(flat(&tokens), line);
        }
    }
}
