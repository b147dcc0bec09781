//! Tokens to lines.

use super::lex::{Kind, Token};

/// Lines are filled up to here, in characters.
const WIDTH_MAX: usize = 100;

/// By how much each level of braces is indented.
const INDENT: usize = 4;

/// Arguments stand below the first one unless that leaves less room than this.
const ROOM_MIN: usize = 40;

/// The text of a file.
pub(super) fn print(tokens: &[Token<'_>]) -> String {
    let mut printer = Printer { text: String::new(), depth: 0, list: None };
    let mut rest = tokens;
    while let Some(first) = rest.first() {
        rest = if first.is_comment() {
            printer.comment(first);
            &rest[1..]
        } else {
            let (statement, after) = rest.split_at(printer.statement_end(rest));
            printer.blank_line(first);
            printer.statement(statement);
            after
        };
    }
    printer.text
}

struct Printer {
    text: String,
    depth: usize,
    /// The depth of the enum whose enumerators are being printed.
    list: Option<usize>,
}

impl Printer {
    fn indent(&self) -> usize {
        self.depth * INDENT
    }

    /// Where the statement at the start of `tokens` ends: behind its `;`, or where a body begins or
    /// an annotation or an enumerator ends.
    fn statement_end(&self, tokens: &[Token<'_>]) -> usize {
        if let Some(body) = body_on_its_line(tokens) {
            let line = join(&tokens[..body]);
            if self.indent() + line.chars().count() <= WIDTH_MAX {
                return body;
            }
        }
        let is_annotation = tokens[0].is("@");
        let mut depth = 0;
        for (index, token) in tokens.iter().enumerate() {
            depth += usize::from(token.is("(") || token.is("["));
            depth -= usize::from((token.is(")") || token.is("]")) && depth > 0);
            let ends_item = self.list == Some(self.depth) && token.is(",");
            let ends_annotation = is_annotation && token.is(")");
            let ends_body = !token.is_comment() && {
                let next = tokens[index + 1..].iter().find(|next| !next.is_comment());
                next.is_some_and(|next| next.is("}"))
            };
            if depth == 0
                && (token.is(";") || token.is("{") || ends_item || ends_annotation || ends_body)
            {
                return index + 1;
            }
        }
        tokens.len()
    }

    /// A comment that stands alone, or behind a statement.
    fn comment(&mut self, comment: &Token<'_>) {
        if comment.lines_before == 0 && !self.text.is_empty() {
            self.text.pop();
            self.text.push(' ');
        } else {
            self.blank_line(comment);
            self.pad(self.indent());
        }
        self.text += &comment_text(comment, self.indent());
        self.text.push('\n');
    }

    /// Keeps a blank line before `token`, unless it is the first of a body.
    fn blank_line(&mut self, token: &Token<'_>) {
        let is_first = self.text.is_empty() || self.text.ends_with("{\n");
        if token.lines_before > 1 && !is_first && !token.is("}") {
            self.text.push('\n');
        }
    }

    fn statement(&mut self, tokens: &[Token<'_>]) {
        if tokens[0].is("}") {
            self.depth = self.depth.saturating_sub(1);
            self.list = None;
        }
        let indent = self.indent();
        self.pad(indent);
        let line = join(tokens);
        if !has_line_end(tokens) && indent + line.chars().count() <= WIDTH_MAX {
            self.text += &line;
        } else {
            self.broken(tokens);
        }
        self.text.push('\n');
        if tokens.last().is_some_and(|last| last.is("{")) {
            self.depth += 1;
            self.list = tokens.iter().any(|token| token.text == "enum").then_some(self.depth);
        }
    }

    /// A statement that doesn't fit on a line: its arguments are filled in below the first.
    fn broken(&mut self, tokens: &[Token<'_>]) {
        let open = tokens.iter().position(|token| token.is("(")).map_or(1, |open| open + 1);
        let open = if has_line_end(&tokens[..open]) { 1 } else { open };
        let (head, rest) = tokens.split_at(open);
        let head = join(head);
        let mut column = self.indent() + head.chars().count();
        self.text += &head;
        let opener = &tokens[open - 1];
        let is_roomy = opener.is("(") && column + ROOM_MIN <= WIDTH_MAX;
        let hanging = if is_roomy { column } else { self.indent() + INDENT };
        let mut gap = usize::from(rest.first().is_some_and(|first| spaced(opener, first)));
        for piece in pieces(rest) {
            let text = piece_text(piece, hanging);
            let width = text.lines().next().map_or(0, |line| line.chars().count());
            if column + gap + width > WIDTH_MAX && column > hanging {
                self.new_line(hanging);
                column = hanging;
            } else {
                self.pad(gap);
                column += gap;
            }
            self.text += &text;
            column =
                text.rsplit_once('\n').map_or(column + width, |(_, last)| last.chars().count());
            gap = 1;
            if piece.last().is_some_and(|last| last.kind == Kind::LineComment) {
                self.new_line(hanging);
                (column, gap) = (hanging, 0);
            }
        }
        self.text.truncate(self.text.trim_end().len());
    }

    fn new_line(&mut self, indent: usize) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
        self.pad(indent);
    }

    fn pad(&mut self, width: usize) {
        self.text.extend(std::iter::repeat_n(' ', width));
    }
}

/// The end of the declaration at the start of `tokens`, if its body is to stay on its line.
fn body_on_its_line(tokens: &[Token<'_>]) -> Option<usize> {
    // Asked first: each value of an enum would look through the rest of them otherwise.
    if tokens[0].text != "typedef" {
        return None;
    }
    let open = tokens.iter().position(|token| token.is("{") || token.is(";"))?;
    if tokens[open].is(";") {
        return None;
    }
    let close = tokens[open..].iter().position(|token| token.is("}"))? + open;
    let end = tokens[close..].iter().position(|token| token.is(";"))? + close + 1;
    let starts_there = tokens[open + 1].lines_before == 0;
    let has_comment = tokens[..end].iter().any(Token::is_comment);
    (starts_there && !has_comment).then_some(end)
}

/// Arguments, each with its comma and with comments that end the line behind it.
fn pieces<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut pieces = Vec::new();
    let (mut rest, mut depth, mut index) = (tokens, 0_usize, 0);
    while let Some(token) = rest.get(index) {
        depth += usize::from(token.is("["));
        depth = depth.saturating_sub(usize::from(token.is("]")));
        index += 1;
        if depth == 0 && token.is(",") {
            index += comments_behind(&rest[index..]);
            let (piece, after) = rest.split_at(index);
            pieces.push(piece);
            (rest, index) = (after, 0);
        }
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// An argument; line comments in it end their line.
fn piece_text(tokens: &[Token<'_>], hanging: usize) -> String {
    let mut text = String::new();
    let mut before: Option<&Token<'_>> = None;
    for token in tokens {
        match before {
            Some(before) if before.kind == Kind::LineComment => {
                text.push('\n');
                text += &" ".repeat(hanging);
            }
            Some(before) if spaced(before, token) => text.push(' '),
            _ => (),
        }
        text += &comment_text(token, hanging);
        before = Some(token);
    }
    text
}

/// How many comments stand on the line of what was before, with nothing behind them.
fn comments_behind(tokens: &[Token<'_>]) -> usize {
    let is_behind = |token: &&Token<'_>| token.is_comment() && token.lines_before == 0;
    let count = tokens.iter().take_while(is_behind).count();
    let ends_line = tokens.get(count).is_none_or(|next| next.lines_before > 0);
    if ends_line { count } else { 0 }
}

/// Tokens on one line.
fn join(tokens: &[Token<'_>]) -> String {
    let mut line = String::new();
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 && spaced(&tokens[index - 1], token) {
            line.push(' ');
        }
        line += token.text;
    }
    line
}

/// Whether tokens can't stand on one line.
fn has_line_end(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| token.kind == Kind::LineComment || token.text.contains('\n'))
}

/// Whether there is a blank between two tokens.
fn spaced(before: &Token<'_>, next: &Token<'_>) -> bool {
    let is_one = |token: &Token<'_>, marks: &[&str]| marks.iter().any(|mark| token.is(mark));
    if next.is_comment() {
        return !is_one(before, &["(", "["]);
    }
    if before.is_comment() {
        return !is_one(next, &[";", ",", ")", "]"]);
    }
    !is_one(before, &["(", "[", "@", "="]) && !is_one(next, &[";", ",", ")", "]", "(", "[", "="])
}

/// A token as it is printed. Block comments whose lines start with `*` are lined up.
fn comment_text(token: &Token<'_>, indent: usize) -> String {
    if token.kind != Kind::BlockComment || !token.text.contains('\n') {
        return token.text.to_owned();
    }
    let mut lines = token.text.lines();
    let first = lines.next().unwrap_or_default().trim_end();
    let is_lined_up = lines.clone().all(|line| line.trim_start().starts_with('*'));
    let mut text = first.to_owned();
    for line in lines {
        text.push('\n');
        if is_lined_up {
            text += &" ".repeat(indent + 1);
            text += line.trim();
        } else {
            text += line.trim_end();
        }
    }
    text
}
