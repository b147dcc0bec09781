//! The tree builder: pest's pairs to declarations.

use std::collections::BTreeSet;

use pest::iterators::{Pair, Pairs};

use super::grammar::Rule;
use super::literal;
use crate::ast::{
    Annotation, AnnotationValue, Arg, Bound, Direction, Docs, Enumerator, Field, File, Ident,
    Interface, Lost, Message, MessageKind, Natural, TypeDecl, TypeDeclKind,
};
use crate::code::Code;
use crate::diag::Diagnostics;
use crate::source::{FileId, Span};

/// Words that are never names.
const RESERVED: [&str; 5] = ["interface", "message", "rpc", "in", "out"];

pub(super) struct Builder<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// The words of what could not be understood.
    pub(super) lost: BTreeSet<String>,
    /// The token at which parsing went on after the last syntax error.
    pub(super) resumed_at: Option<u32>,
}

/// What is known while a declaration is walked through.
#[derive(Default)]
pub(super) struct Item {
    /// The end of the last token before the place that is looked at.
    pub(super) end: usize,
    /// A syntax error was reported: what the declaration says is not known for sure.
    pub(super) broken: bool,
    /// Doc comments that wait for what they document.
    pub(super) docs: Docs,
}

impl Item {
    fn take_docs(&mut self) -> Docs {
        std::mem::take(&mut self.docs)
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        Self { file, text, diagnostics, lost: BTreeSet::new(), resumed_at: None }
    }

    pub(super) fn file(mut self, pairs: Pairs<'_, Rule>) -> File {
        let (mut types, mut interfaces) = (Vec::new(), Vec::new());
        let mut item = Item::default();
        for pair in pairs.flat_map(Pair::into_inner) {
            match pair.as_rule() {
                Rule::interface => interfaces.push(self.interface(pair, item.take_docs())),
                Rule::stray => self.stray_item(&pair),
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
                Rule::misspelt => drop(self.misspelt(&pair, &["interface"])),
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
        if item.broken {
            // What follows the error may have been a message.
            self.lost.insert(String::new());
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

    fn type_decl(&mut self, pair: Pair<'_, Rule>, outer: &mut Item) -> Option<TypeDecl> {
        let (rule, text) = (pair.as_rule(), pair.as_str());
        if matches!(rule, Rule::doc_line | Rule::doc_block) {
            self.token(pair, outer);
            return None;
        }
        let docs = outer.take_docs();
        let mut item = Item::default();
        let (mut name, mut ty, mut bound, mut word) = (None, None, None, None);
        let (mut fields, mut enumerators) = (Vec::new(), Vec::new());
        for pair in pair.into_inner() {
            let end = pair.as_span().end();
            match pair.as_rule() {
                Rule::name => name = Some(self.name(pair, "the type's name", &mut item)),
                Rule::type_name => ty = Some(self.name(pair, "a type", &mut item)),
                Rule::bound => bound = Some(self.bound(pair, &mut item)),
                Rule::misspelt => word = Some(self.misspelt(&pair, type_keywords(rule))),
                Rule::misspelt_kind => drop(self.misspelt(&pair, kind_keyword(rule))),
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
        let (name, ty) = match word {
            Some(Some("alias")) => (ty, name),
            // Without the keyword one can't say which of two names is declared.
            Some(None) => (None, None),
            _ => (name, ty),
        };
        let name = name.filter(|name| !name.name.is_empty());
        if name.is_none() {
            self.lose(text);
        }
        let kind = match (rule, ty, bound) {
            (Rule::struct_decl, ..) => TypeDeclKind::Struct(fields),
            (Rule::enum_decl, ..) => TypeDeclKind::Enum(enumerators),
            _ if item.broken => TypeDeclKind::Broken,
            (_, Some(ty), _) if rule == Rule::alias_decl || word == Some(Some("alias")) => {
                TypeDeclKind::Alias(ty)
            }
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
        let ty = ty.filter(|_| !item.broken);
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
        let (mut name, mut args, mut annotations) = (None, Vec::<Arg>::new(), Vec::new());
        let mut word = None;
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
                Rule::misspelt => word = Some(self.misspelt(&pair, &["message", "rpc"])),
                _ => self.token(pair, &mut item),
            }
            item.end = end;
        }
        let name = name.unwrap_or_else(|| self.lost(start));
        let is_rpc = args.iter().any(|arg| arg.direction.is_some());
        let kind = match word {
            Some(Some("rpc")) => MessageKind::Rpc,
            Some(None) if is_rpc => MessageKind::Rpc,
            _ => kind,
        };
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
        // Of an argument with an error of its own only the name counts.
        let ty = ty.filter(|_| !item.broken);
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
                        max = Some(self.natural(&number));
                    }
                    _ => self.missing(end, "a maximum", item),
                },
                _ => self.token(pair, item),
            }
            item.end = end;
        }
        Bound { span, length, max }
    }

    fn natural(&mut self, pair: &Pair<'_, Rule>) -> Natural {
        let span = self.span(pair);
        match literal::natural(pair.as_str()) {
            Ok(value) => Natural { value, span },
            Err(why) => {
                let message = format!("`{}` is not a valid number", pair.as_str());
                self.diagnostics.report(Code::Number, span, message).help(why);
                // A value that passes every later check, so that one mistake is one error.
                Natural { value: 1, span }
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
            self.natural(&value);
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
            let inner = pair.into_inner().find(|inner| inner.as_rule() == Rule::ident);
            let Some(inner) = inner else {
                self.missing(start, what, item);
                return self.lost(start);
            };
            self.ident(&inner)
        };
        if RESERVED.contains(&ident.name.as_str()) {
            let message = format!("expected {what}, found the reserved word `{}`", ident.name);
            self.diagnostics.report(Code::Reserved, ident.span, message);
            item.broken = true;
            self.resume(ident.span.end as usize);
        }
        ident
    }

    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Ident { name: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// A name that is missing: empty, so that the checker passes it over.
    fn lost(&self, at: usize) -> Ident {
        Ident { name: String::new(), span: Span::new(self.file, at, at) }
    }

    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        Span::new(self.file, pair.as_span().start(), pair.as_span().end())
    }
}

/// The keyword after `typedef` that what follows could follow.
fn kind_keyword(rule: Rule) -> &'static [&'static str] {
    if rule == Rule::enum_decl { &["enum"] } else { &["struct"] }
}

/// The keywords that what follows the first word of a declaration could follow.
fn type_keywords(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::typedef_decl => &["typedef", "alias"],
        _ => &["typedef"],
    }
}

pub(super) fn is_doc(rule: Rule) -> bool {
    matches!(rule, Rule::doc_line | Rule::doc_block)
}
