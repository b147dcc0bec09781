//! Looks at the characters before the grammar does.
//!
//! The grammar would report a strange character as a syntax error somewhere near it, and would
//! recurse as deep as comments nest. So comments, strings, braces and white space are checked here,
//! and the grammar only sees texts that pass.

use crate::code::Code;
use crate::diag::Diagnostics;
use crate::source::{FileId, Span};

/// How deep comments, and how deep braces, may nest: the parser recurses this far.
const DEPTH_MAX: usize = 64;

/// Reports what no interface file may hold. The text passes if there is nothing to report.
pub(super) fn check(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> bool {
    let skip = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut scan = Scan { file, text, at: skip, braces: 0, passed: true, diagnostics };
    while let Some(next) = scan.rest().chars().next() {
        scan.step(next);
    }
    scan.passed
}

struct Scan<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    braces: usize,
    passed: bool,
    diagnostics: &'a mut Diagnostics,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn step(&mut self, next: char) {
        let rest = self.rest();
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.block_comment();
        } else if next == '"' {
            self.string();
        } else {
            self.character(next);
            self.at += next.len_utf8();
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else if let Some(next) = rest.chars().next() {
                self.at += next.len_utf8();
            } else {
                self.report(Code::Unterminated, start, 2, "this comment does not end")
                    .help("block comments nest: each `/*` inside needs its own `*/`");
                return;
            }
            if depth == DEPTH_MAX + 1 {
                let at = self.at - 2;
                let message = format!("comments nest deeper than {DEPTH_MAX}");
                self.report(Code::TooDeep, at, 2, message);
                self.at = self.text.len();
                return;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let start = self.at;
        let mut escaped = false;
        for (offset, next) in self.rest().char_indices().skip(1) {
            match next {
                '\n' => break,
                '"' if !escaped => {
                    self.at += offset + 1;
                    return;
                }
                _ => escaped = next == '\\' && !escaped,
            }
        }
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
        self.report(Code::Unterminated, start, 1, "this string does not end on its line");
    }

    fn character(&mut self, next: char) {
        match next {
            '{' => {
                self.braces += 1;
                if self.braces == DEPTH_MAX + 1 {
                    let message = format!("braces nest deeper than {DEPTH_MAX}");
                    self.report(Code::TooDeep, self.at, 1, message);
                }
            }
            '}' => self.braces = self.braces.saturating_sub(1),
            '\r' if !self.rest().starts_with("\r\n") => {
                self.report(
                    Code::StrayCharacter,
                    self.at,
                    1,
                    "a carriage return without line feed",
                );
            }
            ' ' | '\t' | '\n' | '\r' | '\u{0B}' | '\u{0C}' | '!'..='~' => (),
            other => {
                let message = format!("the character U+{:04X} has no place here", u32::from(other));
                let help = if other.is_whitespace() || other.is_control() || is_invisible(other) {
                    "only blanks, tabs and line ends count as white space"
                } else {
                    "names are ASCII letters, digits and `_`; other characters go into comments"
                };
                self.report(Code::StrayCharacter, self.at, other.len_utf8(), message).help(help);
            }
        }
    }

    fn report(
        &mut self,
        code: Code,
        start: usize,
        length: usize,
        message: impl Into<String>,
    ) -> &mut crate::diag::Diagnostic {
        self.passed = false;
        self.diagnostics.report(code, Span::new(self.file, start, start + length), message)
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}
