//! The tree builder: pest's pairs to declarations.

use std::collections::BTreeSet;

use pest::iterators::{Pair, Pairs};

use super::grammar::Rule;
use super::literal;
use crate::ast::{
    Annotation, AnnotationValue, Arg, Bound, Direction, Docs, Enumerator, Field, File, Ident,
    Interface, Lost, Message, MessageKind, Natural, TypeDecl, TypeDeclKind,
};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Words that are never names.
const RESERVED: [&str; 5] = ["interface", "message", "rpc", "in", "out"];

pub(super) struct Builder<'a> {
    file: FileId,
    text: &'a str,
    diagnostics: &'a mut Diagnostics,
    /// The words of what could not be understood.
    lost: BTreeSet<String>,
}

/// What is known while a declaration is walked through.
#[derive(Default)]
struct Item {
    /// The end of the last token before the place that is looked at.
    end: usize,
    /// A syntax error was reported: whatever follows in the declaration follows from it.
    broken: bool,
    /// Doc comments that wait for what they document.
    docs: Docs,
}

impl Item {
    fn take_docs(&mut self) -> Docs {
        std::mem::take(&mut self.docs)
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        Self { file, text, diagnostics, lost: BTreeSet::new() }
    }

    pub(super) fn file(mut self, pairs: Pairs<'_, Rule>) -> File {
        let (mut types, mut interfaces) = (Vec::new(), Vec::new());
        let mut item = Item::default();
        for pair in pairs.flat_map(Pair::into_inner) {
            match pair.as_rule() {
                Rule::interface => interfaces.push(self.interface(pair, item.take_docs())),
                Rule::stray => {
                    let found = self.found(pair.as_span().start());
                    let message = format!("expected an interface or a type, found {found}");
                    let span = self.first_token(pair.as_span().start());
                    self.diagnostics.report(Code::NotAlone, span, message);
                    self.lose(pair.as_str());
                }
                Rule::EOI => (),
                _ => types.extend(self.type_decl(pair, &mut item)),
            }
        }
        File { id: self.file, types, interfaces, lost: Lost::Words(self.lost) }
    }

    fn interface(&mut self, pair: Pair<'_, Rule>, docs: Docs) -> Interface {
        let mut name = None;
        let mut description = None;
        let (mut types, mut messages) = (Vec::<TypeDecl>::new(), Vec::<Message>::new());
        let mut item = Item::default();
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::name => name = Some(self.name(pair, "the interface's name", &mut item)),
                Rule::description => description = self.description(&pair),
                Rule::message | Rule::rpc => {
                    let docs = item.take_docs();
                    messages.push(self.message(pair, docs));
                }
                Rule::stray_member => self.stray_member(&pair),
                Rule::alias_decl | Rule::struct_decl | Rule::enum_decl | Rule::typedef_decl => {
                    let decl = self.type_decl(pair, &mut item);
                    if let (Some(decl), Some(message)) = (&decl, messages.first()) {
                        self.type_after_message(decl, message);
                    }
                    types.extend(decl);
                }
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let name = name.unwrap_or_else(|| self.lost(0));
        Interface { docs, name, description, types, messages }
    }

    fn type_after_message(&mut self, decl: &TypeDecl, message: &Message) {
        let text = format!("type `{}` is declared after a message", decl.name.name);
        self.diagnostics
            .report(Code::TypeAfterMessage, decl.name.span, text)
            .related(message.name.span, "the first message is here")
            .help("all types come before the first message");
    }

    fn stray_member(&mut self, pair: &Pair<'_, Rule>) {
        let start = pair.as_span().start();
        let message = format!("expected a type, `message` or `rpc`, found {}", self.found(start));
        let span = self.first_token(start);
        self.report(span, message);
        self.lose(pair.as_str());
    }

    fn lose(&mut self, text: &str) {
        let words = text.split(|next: char| !next.is_ascii_alphanumeric() && next != '_');
        self.lost.extend(words.map(str::to_owned));
    }

    fn type_decl(&mut self, pair: Pair<'_, Rule>, outer: &mut Item) -> Option<TypeDecl> {
        let (rule, text) = (pair.as_rule(), pair.as_str());
        if matches!(rule, Rule::doc_line | Rule::doc_block) {
            self.token(pair, outer);
            return None;
        }
        let docs = outer.take_docs();
        let mut item = Item::default();
        let (mut name, mut ty, mut bound) = (None, None, None);
        let (mut fields, mut enumerators) = (Vec::new(), Vec::new());
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::name => name = Some(self.name(pair, "the type's name", &mut item)),
                Rule::type_name => ty = Some(self.name(pair, "a type", &mut item)),
                Rule::bound => bound = Some(self.bound(pair, &mut item)),
                Rule::field => {
                    let docs = item.take_docs();
                    fields.push(self.field(pair, docs));
                }
                Rule::enumerator | Rule::ident => {
                    let name = self.name(pair, "an enumerator", &mut item);
                    enumerators.push(Enumerator { docs: item.take_docs(), name });
                }
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let name = name.filter(|name| !name.name.is_empty());
        if name.is_none() {
            self.lose(text);
        }
        let kind = match (rule, ty, bound) {
            (Rule::struct_decl, ..) => TypeDeclKind::Struct(fields),
            (Rule::enum_decl, ..) => TypeDeclKind::Enum(enumerators),
            _ if item.broken => TypeDeclKind::Broken,
            (Rule::alias_decl, Some(ty), _) => TypeDeclKind::Alias(ty),
            (_, Some(elem), Some(bound)) => TypeDeclKind::Array { elem, bound },
            (_, Some(ty), None) => TypeDeclKind::Typedef(ty),
            _ => TypeDeclKind::Broken,
        };
        Some(TypeDecl { docs, name: name?, kind })
    }

    fn field(&mut self, pair: Pair<'_, Rule>, docs: Docs) -> Field {
        let mut item = Item::default();
        let (mut ty, mut name, mut bound) = (None, None, None);
        let start = pair.as_span().start();
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::ident => ty = Some(self.name(pair, "a type", &mut item)),
                Rule::name => name = Some(self.name(pair, "the field's name", &mut item)),
                Rule::bound => bound = Some(self.bound(pair, &mut item)),
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let lost = || self.lost(start);
        let (ty, name) = (ty.unwrap_or_else(lost), name.unwrap_or_else(lost));
        Field { docs, ty, name, bound }
    }

    fn message(&mut self, pair: Pair<'_, Rule>, docs: Docs) -> Message {
        let kind = match pair.as_rule() {
            Rule::rpc => MessageKind::Rpc,
            _ => MessageKind::OneWay,
        };
        let start = pair.as_span().start();
        let mut item = Item::default();
        let (mut name, mut args, mut annotations) = (None, Vec::new(), Vec::new());
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::name => name = Some(self.name(pair, "the message's name", &mut item)),
                Rule::arg => {
                    let docs = item.take_docs();
                    args.push(self.arg(pair, docs));
                }
                Rule::annotation => annotations.extend(self.annotation(pair)),
                Rule::old_word => self.old_word(&pair),
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let name = name.unwrap_or_else(|| self.lost(start));
        Message { docs, kind, name, args, annotations }
    }

    fn old_word(&mut self, pair: &Pair<'_, Rule>) {
        let message = format!("`{}` is an old spelling of `message`", pair.as_str());
        self.diagnostics.report(Code::OldSpelling, self.span(pair), message);
    }

    fn arg(&mut self, pair: Pair<'_, Rule>, docs: Docs) -> Arg {
        let span = self.span(&pair);
        let start = pair.as_span().start();
        let mut item = Item::default();
        let (mut direction, mut ty, mut name, mut bound) = (None, None, None, None);
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::direction if pair.as_str() == "in" => direction = Some(Direction::In),
                Rule::direction => direction = Some(Direction::Out),
                Rule::ident | Rule::type_name => ty = Some(self.name(pair, "a type", &mut item)),
                Rule::name => name = Some(self.name(pair, "the argument's name", &mut item)),
                Rule::bound => bound = Some(self.bound(pair, &mut item)),
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let lost = || self.lost(start);
        let (ty, name) = (ty.unwrap_or_else(lost), name.unwrap_or_else(lost));
        Arg { docs, direction, ty, name, bound, span }
    }

    fn bound(&mut self, pair: Pair<'_, Rule>, item: &mut Item) -> Bound {
        let span = self.span(&pair);
        let (mut length, mut max) = (None, None);
        item.end = pair.as_span().start() + 1;
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::length_name => length = Some(self.name(pair, "a length", item)),
                Rule::maximum => match pair.into_inner().next() {
                    Some(number) if number.as_rule() == Rule::number => {
                        max = self.natural(&number);
                    }
                    _ => self.missing(end, "a maximum", item),
                },
                _ => self.token(pair, item),
            }
            item.end = end;
        }
        Bound { span, length, max }
    }

    fn natural(&mut self, pair: &Pair<'_, Rule>) -> Option<Natural> {
        let span = self.span(pair);
        match literal::natural(pair.as_str()) {
            Ok(value) => Some(Natural { value, span }),
            Err(why) => {
                let message = format!("`{}` is not a number", pair.as_str());
                self.diagnostics.report(Code::Number, span, message).help(why);
                // A value that passes every later check, so that one mistake is one error.
                Some(Natural { value: 1, span })
            }
        }
    }

    fn annotation(&mut self, pair: Pair<'_, Rule>) -> Option<Annotation> {
        let mut inner = pair.into_inner().filter(|pair| !is_doc(pair.as_rule()));
        let name = self.ident(&inner.next()?);
        let pairs = inner.filter_map(|pair| self.annotation_pair(pair)).collect();
        Some(Annotation { name, pairs })
    }

    fn annotation_pair(&mut self, pair: Pair<'_, Rule>) -> Option<(Ident, AnnotationValue)> {
        let mut inner = pair.into_inner().filter(|pair| !is_doc(pair.as_rule()));
        let (key, value) = (inner.next()?, inner.next()?);
        let key = self.ident(&key);
        if value.as_rule() == Rule::number {
            self.natural(&value)?;
            return Some((key, AnnotationValue::Natural));
        }
        Some((key, AnnotationValue::Argument(self.ident(&value))))
    }

    fn description(&mut self, pair: &Pair<'_, Rule>) -> Option<String> {
        let start = pair.as_span().start();
        match literal::string(pair.as_str()) {
            Ok(text) => Some(text),
            Err(offset) => {
                let span = Span::new(self.file, start + offset, start + offset + 1);
                self.diagnostics
                    .report(Code::Escape, span, "an unknown escape")
                    .help(r#"the escapes are \n, \t, \", \\ and \u{…}"#);
                None
            }
        }
    }

    /// The name in `pair`, which may be missing or a reserved word; `what` says whose it is.
    fn name(&mut self, pair: Pair<'_, Rule>, what: &str, item: &mut Item) -> Ident {
        let start = pair.as_span().start();
        let ident = if pair.as_rule() == Rule::ident {
            self.ident(&pair)
        } else {
            match pair.into_inner().find(|inner| inner.as_rule() == Rule::ident) {
                Some(inner) => self.ident(&inner),
                None => {
                    self.missing(start, what, item);
                    return self.lost(start);
                }
            }
        };
        if RESERVED.contains(&ident.name.as_str()) && !item.broken {
            let message = format!("expected {what}, found the reserved word `{}`", ident.name);
            self.diagnostics.report(Code::Reserved, ident.span, message);
            item.broken = true;
        }
        ident
    }

    /// A pair that carries no content: a doc comment, punctuation that may be missing, or junk.
    fn token(&mut self, pair: Pair<'_, Rule>, item: &mut Item) {
        let start = pair.as_span().start();
        let rule = pair.as_rule();
        if is_doc(rule) {
            item.docs.extend(literal::docs(pair.as_str()));
            return;
        }
        let Some(expected) = expected(rule) else { return };
        let is_junk = matches!(rule, Rule::junk | Rule::junk_arg | Rule::junk_field);
        if is_junk || rule == Rule::missing || pair.into_inner().any(is_missing) {
            self.missing(if is_junk { start } else { item.end }, expected, item);
        }
    }

    /// Reports what is missing at `at`, unless the declaration is broken already.
    fn missing(&mut self, at: usize, expected: &str, item: &mut Item) {
        if !item.broken {
            item.broken = true;
            let message = format!("expected {expected}, found {}", self.found(at));
            let span = if self.text[at..].starts_with(|next: char| !next.is_whitespace()) {
                self.first_token(at)
            } else {
                Span::new(self.file, at, at)
            };
            self.report(span, message);
        }
    }

    fn report(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.diagnostics.report(Code::Syntax, span, message)
    }

    /// The first token at or after `start`, as errors quote it.
    fn found(&self, start: usize) -> String {
        let span = self.first_token(start);
        match &self.text[span.start as usize..span.end as usize] {
            "" => "the end of the file".to_owned(),
            token => format!("`{token}`"),
        }
    }

    /// Where the first token at or after `start` stands.
    fn first_token(&self, start: usize) -> Span {
        let start = start + blank(&self.text[start..]);
        let rest = &self.text[start..];
        let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
        let word = rest.find(|next| !is_word(next)).unwrap_or(rest.len());
        let length = if word == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { word };
        Span::new(self.file, start, start + length)
    }

    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Ident { name: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// A name that is missing: empty, so that the checker passes it over.
    fn lost(&self, at: usize) -> Ident {
        Ident { name: String::new(), span: Span::new(self.file, at, at) }
    }

    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        Span::new(self.file, pair.as_span().start(), pair.as_span().end())
    }
}

fn is_doc(rule: Rule) -> bool {
    matches!(rule, Rule::doc_line | Rule::doc_block)
}

fn is_missing(pair: Pair<'_, Rule>) -> bool {
    pair.as_rule() == Rule::missing
}

/// What stands where `rule` found nothing, or where it found junk.
fn expected(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::lbrace => "`{`",
        Rule::rbrace => "`}`",
        Rule::lparen => "`(`",
        Rule::rparen => "`)`",
        Rule::rbracket => "`]`",
        Rule::semi | Rule::junk => "`;`",
        Rule::comma => "`,`",
        Rule::junk_arg => "an argument, `,` or `)`",
        Rule::junk_field => "a field",
        Rule::missing => "an argument",
        _ => return None,
    })
}

/// How many bytes of white space and comments `text` starts with.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += match rest.as_bytes() {
            [b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C, ..] => 1,
            [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => block_comment(rest),
            _ => return at,
        };
    }
}

/// The length of the block comment at the start of `text`.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    loop {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [_, ..] => at += 1,
            [] => return at,
        }
        if depth == 0 {
            return at;
        }
    }
}
