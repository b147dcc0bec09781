//! Tokens on one line, spaced as `rustfmt` spaces them.

use super::tokens::{Code, Kind};

/// The tokens on one line.
pub(super) fn flat(code: Code<'_>) -> String {
    let mut text = String::new();
    append(code, &mut text);
    text
}

/// Appends the tokens on one line, spaced as if nothing came before them.
pub(super) fn append(code: Code<'_>, text: &mut String) {
    let mut line = Line { start: text.len(), text, last: Last::Open, in_closure: false };
    for (kind, token) in code.tokens() {
        line.token(kind, token);
    }
}

/// What a token is to the one after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Last {
    /// Nothing, or something that the next token is attached to.
    Open,
    /// The same, and a name after it is a lifetime.
    Quote,
    Word,
    Keyword,
    /// The end of a group, of generic arguments, or a `?`.
    Close,
    /// Something that is followed by a blank.
    Apart,
    /// A brace, which is followed by a blank if there is something in it.
    Brace,
}

struct Line<'a> {
    text: &'a mut String,
    /// Where the line starts.
    start: usize,
    last: Last,
    in_closure: bool,
}

impl Line<'_> {
    fn token(&mut self, kind: Kind, text: &str) {
        match kind {
            Kind::Word | Kind::Keyword => self.word(text, kind == Kind::Keyword),
            Kind::Mark => self.mark(text),
            Kind::Open(_) => self.open(text),
            Kind::Close => self.close(text),
        }
    }

    fn word(&mut self, word: &str, is_keyword: bool) {
        let blank = !matches!(self.last, Last::Open | Last::Quote);
        let last = if is_keyword || self.last == Last::Quote { Last::Keyword } else { Last::Word };
        self.push(blank, word, last);
    }

    fn open(&mut self, bracket: &str) {
        let is_brace = bracket == "{";
        let attached = !is_brace && matches!(self.last, Last::Word | Last::Close);
        let blank = self.last != Last::Open && !attached;
        self.push(blank, bracket, if is_brace { Last::Brace } else { Last::Open });
    }

    fn close(&mut self, bracket: &str) {
        if self.text.len() > self.start && self.text.ends_with(',') {
            self.text.pop();
        }
        let blank = bracket == "}" && self.last != Last::Brace;
        self.push(blank, bracket, Last::Close);
    }

    fn mark(&mut self, mark: &str) {
        let after_word =
            matches!(self.last, Last::Word | Last::Keyword | Last::Apart | Last::Brace);
        let after_blank = matches!(self.last, Last::Keyword | Last::Apart | Last::Brace);
        let (blank, last) = match mark {
            "'" => (after_word, Last::Quote),
            "::" | "&" | "*" | "#" | ".." => (after_blank, Last::Open),
            "<" | "." => (self.last == Last::Brace, Last::Open),
            ">" | "?" => (false, Last::Close),
            "," | ":" | ";" => (false, Last::Apart),
            "|" if self.in_closure => {
                self.in_closure = false;
                (false, Last::Apart)
            }
            "|" if matches!(self.last, Last::Open | Last::Apart | Last::Brace) => {
                self.in_closure = true;
                (self.last != Last::Open, Last::Open)
            }
            _ => (true, Last::Apart),
        };
        self.push(blank, mark, last);
    }

    fn push(&mut self, blank: bool, text: &str, last: Last) {
        if blank && self.text.len() > self.start {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.last = last;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Tokens;
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
            let tokens = Tokens::of(line.parse().expect("the line is made of tokens"));
            assert_eq!(flat(tokens.code()), line);
        }
    }
}
