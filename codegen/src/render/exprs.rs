//! Statements, expressions and patterns.

use quote::ToTokens as _;
use syn::{Arm, Block, Expr, FieldValue, Pat, Path, PathArguments, Stmt};

use super::flat::flat;
use super::{INDENT, Printer};

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
                self.block(&open, &format!("}}{after}"), |to| to.expr("", &closure.body, ""));
            }
            Expr::Path(path) => self.path(before, &path.path, after),
            _ => self.line(&line),
        }
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
            generic.args.iter().for_each(|argument| to.line(&format!("{},", flat(argument))));
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
            let open = format!("{pattern} => {{");
            return self.block(&open, "}", |to| to.statements(&body.block));
        }
        let line = format!("{pattern} => {},", flat(&arm.body));
        if self.fits(&line) {
            self.line(&line);
        } else {
            self.block(&format!("{pattern} => {{"), "}", |to| to.expr("", &arm.body, ""));
        }
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
