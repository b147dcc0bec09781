//! Statements, expressions and patterns.

use super::flat::flat;
use super::tokens::Code;
use super::{INDENT, Printer, WIDTH_MAX};

impl Printer {
    pub(super) fn statements(&mut self, mut block: Code<'_>) {
        while !block.is_empty() {
            let (statement, semi) = take_statement(&mut block);
            if statement.first() == "let" {
                let (pattern, value) = split_value(statement);
                self.value(&flat(pattern), value);
            } else {
                self.expr("", statement, semi);
            }
        }
    }

    /// `prefix value;`, with the sign in the prefix: on one line, or with the value on the next, or
    /// broken up.
    pub(super) fn value(&mut self, prefix: &str, value: Code<'_>) {
        let text = flat(value);
        self.indent += INDENT;
        let fits_below = self.fits(&format!("{text};")) && !is_block(value);
        self.indent -= INDENT;
        if fits_below {
            self.assignment(prefix, &text);
        } else {
            self.expr(&format!("{prefix} "), value, ";");
        }
    }

    /// An expression between what stands before and behind it on its first and last line.
    pub(super) fn expr(&mut self, before: &str, expr: Code<'_>, after: &str) {
        if is_block(expr) {
            return self.block_expr(before, expr, after);
        }
        if self.line_if_fits(before, expr, after) {
            return;
        }
        if expr.first() == "&" {
            let mut inner = expr;
            inner.take();
            self.expr(&format!("{before}&"), inner, after);
        } else if expr.first() == "|" {
            self.closure(before, expr, after);
        } else if expr.last() == "?" {
            self.expr(before, expr.without_last(), &format!("?{after}"));
        } else if expr.is_path() {
            self.path(before, expr, after);
        } else if is_chain(expr) {
            self.chain(before, expr, after);
        } else if let Some((head, group)) = expr.group_at_end() {
            self.group(&format!("{before}{}", flat(head)), group, after);
        } else {
            self.whole_line(before, expr, after);
        }
    }

    /// An expression that always takes several lines.
    fn block_expr(&mut self, before: &str, expr: Code<'_>, after: &str) {
        let Some((head, body)) = expr.group_at_end() else { return };
        let open = format!("{before}{} {{", flat(head));
        if expr.first() == "match" {
            self.block(&open, &format!("}}{after}"), |to| to.arms(body.inside()));
        } else {
            self.block(&open, "}", |to| to.statements(body.inside()));
        }
    }

    /// A call, an array or a struct, from its bracket on.
    fn group(&mut self, head: &str, group: Code<'_>, after: &str) {
        let elements = group.inside().split(",");
        if group.first() == "{" {
            return self.block(&format!("{head} {{"), &format!("}}{after}"), |to| {
                elements.for_each(|field| to.field_value(field));
            });
        }
        let open = [head, group.first()].concat();
        self.list(&open, &elements.collect::<Vec<_>>(), &[group.last(), after].concat());
    }

    fn closure(&mut self, before: &str, closure: Code<'_>, after: &str) {
        let mut body = closure;
        body.take();
        while body.take().is_some_and(|token| token.first() != "|") {}
        let inputs = flat(closure.without_tail(body));
        // The closures that emit makes are handlers, which return nothing.
        let open = format!("{before}{inputs} {{");
        self.block(&open, &format!("}}{after}"), |to| to.expr("", body, ";"));
    }

    /// A call of a method on what another one returned: each on a line of its own. The first stays
    /// beside a receiver that is no longer than an indentation.
    fn chain(&mut self, before: &str, expr: Code<'_>, after: &str) {
        let (receiver, calls) = expr.calls_at_end();
        let mut links = calls.into_iter().map(flat).peekable();
        let mut head = flat(receiver);
        if head.len() <= INDENT {
            head.extend(links.next());
        }
        self.line(&format!("{before}{head}"));
        self.indent += INDENT;
        while let Some(next) = links.next() {
            let end = if links.peek().is_none() { after } else { "" };
            self.line(&format!("{next}{end}"));
        }
        self.indent -= INDENT;
    }

    /// A path with its generic arguments one below the other, if it has some.
    pub(super) fn path(&mut self, before: &str, path: Code<'_>, after: &str) {
        let line = format!("{before}{}", flat(path));
        let generics = path.generics_at_end().filter(|_| !self.fits_generics(&line));
        let Some((head, generics)) = generics else {
            return self.line(&format!("{line}{after}"));
        };
        self.block(&format!("{before}{}<", flat(head)), &format!(">{after}"), |to| {
            generics.split(",").for_each(|argument| to.path("", argument, ","));
        });
    }

    /// Elements one below the other; a single one stays beside its brackets.
    fn list(&mut self, open: &str, elements: &[Code<'_>], close: &str) {
        match elements {
            [only] => self.expr(open, *only, close),
            _ => self.block(open, close, |to| {
                for element in elements {
                    to.expr("", *element, ",");
                }
            }),
        }
    }

    fn field_value(&mut self, field: Code<'_>) {
        let (name, mut value) = field.find(":");
        if value.take_if(":") {
            self.expr(&format!("{}: ", flat(name)), value, ",");
        } else {
            self.line(&format!("{},", flat(name)));
        }
    }

    fn arms(&mut self, mut arms: Code<'_>) {
        while !arms.is_empty() {
            let (pattern, mut rest) = arms.find("=>");
            rest.take();
            let body = take_arm(&mut rest);
            self.arm(pattern, body);
            arms = rest;
        }
    }

    fn arm(&mut self, pattern: Code<'_>, body: Code<'_>) {
        let pattern = self.pattern(pattern);
        if body.first() == "{" {
            let content = body.inside();
            if content.is_empty() {
                return self.line(&format!("{pattern} => {{}}"));
            }
            let open = format!("{pattern} => {{");
            return self.block(&open, "}", |to| to.statements(content));
        }
        if self.line_if_fits(&format!("{pattern} => "), body, ",") {
            return;
        }
        if self.breaks_in_block(body) {
            self.expr(&format!("{pattern} => "), body, ",");
        } else {
            let end = if self.returns_nothing { ";" } else { "" };
            self.block(&format!("{pattern} => {{"), "}", |to| to.expr("", body, end));
        }
    }

    /// Whether a chain would have to be broken even in a block of its own, and so needs none.
    fn breaks_in_block(&self, body: Code<'_>) -> bool {
        is_chain(body) && self.indent + INDENT + flat(body).chars().count() > WIDTH_MAX
    }

    /// The last line of a pattern, after the others are printed: alternatives that don't fit stand
    /// one below the other.
    fn pattern(&mut self, pattern: Code<'_>) -> String {
        let line = flat(pattern);
        if self.fits(&format!("{line} => {{")) {
            return line;
        }
        let mut last = String::new();
        for (index, case) in pattern.split("|").enumerate() {
            if index > 0 {
                self.line(&last);
            }
            last = format!("{}{}", if index > 0 { "| " } else { "" }, flat(case));
        }
        last
    }
}

/// Takes off a statement, and the sign that ends it if there is one.
fn take_statement<'a>(block: &mut Code<'a>) -> (Code<'a>, &'static str) {
    let whole = *block;
    if is_block(whole) {
        while block.take().is_some_and(|tree| tree.first() != "{") {}
    } else {
        *block = whole.find(";").1;
    }
    let statement = whole.without_tail(*block);
    let semi = if block.take_if(";") { ";" } else { "" };
    (statement, semi)
}

/// Takes off the body of an arm, and the comma behind it.
fn take_arm<'a>(arms: &mut Code<'a>) -> Code<'a> {
    let whole = *arms;
    if whole.first() == "{" {
        arms.take();
    } else {
        *arms = whole.find(",").1;
    }
    let body = whole.without_tail(*arms);
    arms.take_if(",");
    body
}

/// What comes before a value, its sign included, and the value without the semicolon.
pub(super) fn split_value(code: Code<'_>) -> (Code<'_>, Code<'_>) {
    let mut value = code.find("=").1;
    value.take();
    (code.without_tail(value), value)
}

/// Whether an expression always takes several lines.
fn is_block(expr: Code<'_>) -> bool {
    matches!(expr.first(), "match" | "for")
}

/// Whether a method is called on what another one returned.
fn is_chain(expr: Code<'_>) -> bool {
    expr.last() == ")" && expr.calls_at_end().1.len() > 1
}
