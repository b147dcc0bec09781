//! Statements, expressions and patterns.

use quote::ToTokens as _;
use syn::{
    Arm, Block, Expr, ExprMethodCall, FieldValue, GenericArgument, Pat, Path, PathArguments, Stmt,
    Type,
};

use super::flat::flat;
use super::{INDENT, Printer, WIDTH_MAX};

impl Printer {
    pub(super) fn statements(&mut self, block: &Block) {
        for statement in &block.stmts {
            match statement {
                Stmt::Expr(expr, semi) => {
                    self.expr("", expr, if semi.is_some() { ";" } else { "" });
                }
                Stmt::Local(local) => {
                    if let Some(init) = &local.init {
                        let prefix = format!("let {} =", flat(&local.pat));
                        self.value(&prefix, &init.expr);
                    }
                }
                other => self.line(&flat(other)),
            }
        }
    }

    /// `prefix value;`: on one line, or with the value on the next, or broken up.
    pub(super) fn value(&mut self, prefix: &str, value: &Expr) {
        let text = flat(value);
        self.indent += INDENT;
        let fits_below = self.fits(&format!("{text};")) && !is_block(value);
        self.indent -= INDENT;
        if fits_below {
            self.assignment(prefix, value);
        } else {
            self.expr(&format!("{prefix} "), value, ";");
        }
    }

    /// An expression between what stands before and behind it on its first and last line.
    pub(super) fn expr(&mut self, before: &str, expr: &Expr, after: &str) {
        let line = format!("{before}{}{after}", flat(expr));
        if self.fits(&line) && !is_block(expr) {
            return self.line(&line);
        }
        match expr {
            Expr::Match(block) => {
                let open = format!("{before}match {} {{", flat(&block.expr));
                self.block(&open, &format!("}}{after}"), |to| {
                    block.arms.iter().for_each(|arm| to.arm(arm));
                });
            }
            Expr::ForLoop(block) => {
                let open = format!("for {} in {} {{", flat(&block.pat), flat(&block.expr));
                self.block(&open, "}", |to| to.statements(&block.body));
            }
            Expr::Reference(reference) => {
                self.expr(&format!("{before}&"), &reference.expr, after);
            }
            Expr::Try(inner) => self.expr(before, &inner.expr, &format!("?{after}")),
            Expr::Call(call) => {
                let open = format!("{before}{}(", flat(&call.func));
                self.list(&open, call.args.iter(), &format!("){after}"));
            }
            Expr::MethodCall(call) if is_chain(call) => self.chain(before, call, after),
            Expr::MethodCall(call) => {
                let open = format!("{before}{}.{}(", flat(&call.receiver), call.method);
                self.list(&open, call.args.iter(), &format!("){after}"));
            }
            Expr::Array(array) => {
                self.list(&format!("{before}["), array.elems.iter(), &format!("]{after}"));
            }
            Expr::Struct(literal) => {
                let open = format!("{before}{} {{", flat(&literal.path));
                self.block(&open, &format!("}}{after}"), |to| {
                    literal.fields.iter().for_each(|field| to.field_value(field));
                });
            }
            Expr::Closure(closure) => {
                let inputs = closure.inputs.iter().map(flat).collect::<Vec<_>>().join(", ");
                let open = format!("{before}|{inputs}| {{");
                // The closures that emit makes are handlers, which return nothing.
                self.block(&open, &format!("}}{after}"), |to| to.expr("", &closure.body, ";"));
            }
            Expr::Path(path) => self.path(before, &path.path, after),
            _ => self.line(&line),
        }
    }

    /// A call of a method on what another one returned: each on a line of its own. The first stays
    /// beside a receiver that is no longer than an indentation.
    fn chain(&mut self, before: &str, call: &ExprMethodCall, after: &str) {
        let mut links = vec![call];
        while let Expr::MethodCall(call) = &*links[links.len() - 1].receiver {
            links.push(call);
        }
        let mut links = links.into_iter().rev().peekable();
        let mut head = links.peek().map(|first| flat(&first.receiver)).unwrap_or_default();
        if head.len() <= INDENT
            && let Some(first) = links.next()
        {
            head.push_str(&link(first));
        }
        self.line(&format!("{before}{head}"));
        self.indent += INDENT;
        while let Some(next) = links.next() {
            let end = if links.peek().is_none() { after } else { "" };
            self.line(&format!("{}{end}", link(next)));
        }
        self.indent -= INDENT;
    }

    /// A path with its generic arguments one below the other, if it has some.
    pub(super) fn path(&mut self, before: &str, path: &Path, after: &str) {
        let line = flat(path);
        if self.fits_generics(&format!("{before}{line}")) {
            return self.line(&format!("{before}{line}{after}"));
        }
        let arguments = path.segments.last().map(|segment| &segment.arguments);
        let Some(PathArguments::AngleBracketed(generic)) = arguments else {
            return self.line(&format!("{before}{line}{after}"));
        };
        let head = line.strip_suffix(&flat(generic)).unwrap_or(&line);
        let colons = if generic.colon2_token.is_some() { "::" } else { "" };
        self.block(&format!("{before}{head}{colons}<"), &format!(">{after}"), |to| {
            for argument in &generic.args {
                match argument {
                    GenericArgument::Type(Type::Path(ty)) => to.path("", &ty.path, ","),
                    other => to.line(&format!("{},", flat(other))),
                }
            }
        });
    }

    /// Elements one below the other; a single one stays beside its brackets.
    fn list<'a>(
        &mut self,
        open: &str,
        mut elements: impl ExactSizeIterator<Item = &'a Expr>,
        close: &str,
    ) {
        if elements.len() == 1
            && let Some(only) = elements.next()
        {
            return self.expr(open, only, close);
        }
        self.block(open, close, |to| elements.for_each(|element| to.expr("", element, ",")));
    }

    fn field_value(&mut self, field: &FieldValue) {
        if field.colon_token.is_some() {
            let name = field.member.to_token_stream();
            self.expr(&format!("{name}: "), &field.expr, ",");
        } else {
            self.line(&format!("{},", flat(&field.expr)));
        }
    }

    fn arm(&mut self, arm: &Arm) {
        let pattern = self.pattern(&arm.pat);
        if let Expr::Block(body) = &*arm.body {
            if body.block.stmts.is_empty() {
                return self.line(&format!("{pattern} => {{}}"));
            }
            let open = format!("{pattern} => {{");
            return self.block(&open, "}", |to| to.statements(&body.block));
        }
        let line = format!("{pattern} => {},", flat(&arm.body));
        if self.fits(&line) {
            self.line(&line);
        } else if self.breaks_in_block(&arm.body) {
            self.expr(&format!("{pattern} => "), &arm.body, ",");
        } else {
            let end = if self.returns_nothing { ";" } else { "" };
            self.block(&format!("{pattern} => {{"), "}", |to| to.expr("", &arm.body, end));
        }
    }

    /// Whether a chain would have to be broken even in a block of its own, and so needs none.
    fn breaks_in_block(&self, body: &Expr) -> bool {
        let Expr::MethodCall(call) = body else { return false };
        is_chain(call) && self.indent + INDENT + flat(body).chars().count() > WIDTH_MAX
    }

    /// The last line of a pattern, after the others are printed: alternatives that don't fit stand
    /// one below the other.
    fn pattern(&mut self, pattern: &Pat) -> String {
        let line = flat(pattern);
        let Pat::Or(alternatives) = pattern else { return line };
        if self.fits(&format!("{line} => {{")) {
            return line;
        }
        let mut last = String::new();
        for (index, case) in alternatives.cases.iter().enumerate() {
            if index > 0 {
                self.line(&last);
            }
            last = format!("{}{}", if index > 0 { "| " } else { "" }, flat(case));
        }
        last
    }
}

/// Whether an expression always takes several lines.
fn is_block(expr: &Expr) -> bool {
    matches!(expr, Expr::Match(_) | Expr::ForLoop(_))
}

/// Whether a method is called on what another one returned.
fn is_chain(call: &ExprMethodCall) -> bool {
    matches!(*call.receiver, Expr::MethodCall(_))
}

/// A call without its receiver: `.method(arguments)`.
fn link(call: &ExprMethodCall) -> String {
    let whole = flat(call);
    let receiver = flat(&call.receiver);
    whole.strip_prefix(&receiver).map_or_else(|| whole.clone(), str::to_owned)
}
