//! Documentation comments, filled to the width.

use std::borrow::Cow;

use super::tokens::Code;
use super::{Printer, WIDTH_MAX};

/// Lines are filled up to here even if deep indentation leaves less room than this, in characters.
const FILL_MIN: usize = 40;

impl Printer {
    /// Doc comments and other attributes, in their order, from their brackets on.
    pub(super) fn attributes(&mut self, attributes: &[Code<'_>]) {
        for attribute in attributes {
            match doc_text(*attribute) {
                Some(text) => self.comment(text.trim()),
                None => self.whole_line("#", *attribute, ""),
            }
        }
    }

    fn comment(&mut self, text: &str) {
        let width = WIDTH_MAX.saturating_sub(self.indent + "/// ".len()).max(FILL_MIN);
        if text.len() <= width {
            return self.line(format!("/// {text}").trim_end());
        }
        // What continues a list item is indented like its text.
        let hanging = if text.starts_with("- ") { "  " } else { "" };
        let mut line = String::new();
        for word in words(text) {
            let next = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && next > width && !starts_block(word) {
                self.line(&format!("/// {line}"));
                hanging.clone_into(&mut line);
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(format!("/// {line}").trim_end());
    }
}

/// The text of `[doc = "text"]`.
fn doc_text(attribute: Code<'_>) -> Option<Cow<'_, str>> {
    let mut inside = attribute.inside();
    if !inside.take_if("doc") || !inside.take_if("=") {
        return None;
    }
    let literal = inside.first();
    if literal.starts_with('"') && !literal.contains('\\') {
        return Some(literal.trim_matches('"').into());
    }
    syn::parse_str::<syn::LitStr>(literal).ok().map(|text| text.value().into())
}

/// The words of a comment. Code in backticks is one word, with the blanks in it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    let mut escaped = false;
    text.split(move |next| {
        in_code ^= next == '`' && !escaped;
        escaped = next == '\\' && !in_code && !escaped;
        next == ' ' && !in_code
    })
}

/// Whether a line that starts with this word would be more than text: a list, a heading, a quote.
fn starts_block(word: &str) -> bool {
    let digits = word.trim_start_matches(|next: char| next.is_ascii_digit());
    word.starts_with(['#', '>', '-', '+', '=', '|', '~', '*', ':'])
        || (digits.len() < word.len() && digits.starts_with(['.', ')']))
}
