//! Interfaces: messages, their arguments and annotations.

use std::collections::BTreeMap;

use super::Checker;
use super::scope::{Meaning, Names, Scope};
use crate::ast::{self, Annotation, AnnotationValue, Direction, Ident, MessageKind};
use crate::code::Code;
use crate::model::{self, Arg, ArgKind, TypeRef};
use crate::names;
use crate::source::FileId;

/// Messages are numbered by 16 bits, from 3, and an rpc takes two numbers.
const NUMBERS_MAX: usize = 65_000;

/// What annotations are for. Any other is kept out of the bindings with a warning.
const ANNOTATIONS: [&str; 1] = ["ata"];

impl Checker<'_> {
    pub(super) fn interface(&mut self, file: FileId, interface: ast::Interface, mut scope: Scope) {
        let types =
            self.types(interface.types, &mut scope, &mut Names::new("type", Code::DuplicateType));
        if interface.messages.is_empty() && !scope.may_be_lost("") {
            let message = format!("interface `{}` has no messages", interface.name.name);
            self.diagnostics.report(Code::NoMessages, interface.name.span, message);
        }
        self.message_names(&interface.messages);
        let messages = interface.messages.iter().map(|message| self.message(message, &scope));
        let messages = messages.collect();
        self.model.interfaces.push(model::Interface {
            file,
            name: interface.name.name,
            span: interface.name.span,
            docs: interface.docs,
            description: interface.description,
            types,
            messages,
        });
    }

    pub(super) fn interface_name(&mut self, file: FileId, name: &Ident) {
        let stem = self.sources.stem(file);
        if !name.name.is_empty() && name.name != stem {
            let message = format!("interface `{}` is in a file named `{stem}.if`", name.name);
            self.diagnostics.report(Code::NameMismatch, name.span, message).help(format!(
                "rename the file to `{0}.if` or the interface to `{stem}`",
                name.name
            ));
        }
    }

    /// Messages share one name space with the two halves of every rpc, on the wire and in Rust.
    fn message_names(&mut self, messages: &[ast::Message]) {
        let mut declared = Names::new("message", Code::DuplicateMessage);
        let mut halves = Names::new("message", Code::DuplicateMessage);
        for message in messages.iter().filter(|message| !message.name.name.is_empty()) {
            let name = &message.name;
            if !declared.take(name, names::camel, self.diagnostics) {
                continue;
            }
            match message.kind {
                MessageKind::OneWay => {
                    halves.take(name, names::camel, self.diagnostics);
                }
                MessageKind::Rpc => {
                    for suffix in [names::CALL, names::RESPONSE] {
                        let half = names::suffixed(&name.name, suffix);
                        let half = Ident { name: half, span: name.span };
                        halves.take(&half, names::camel, self.diagnostics);
                    }
                }
            }
        }
        self.response_names(messages);
        if messages.iter().map(numbers).sum::<usize>() > NUMBERS_MAX {
            let message = format!("more than {NUMBERS_MAX} messages");
            self.diagnostics.report(Code::TooMany, messages[0].name.span, message);
        }
    }

    /// In Rust a call has the rpc's own name, which another rpc's response must not have.
    fn response_names(&mut self, messages: &[ast::Message]) {
        let rpcs = messages
            .iter()
            .filter(|message| message.kind == MessageKind::Rpc && !message.name.name.is_empty());
        let mut calls = BTreeMap::new();
        for rpc in rpcs.clone() {
            calls.entry(names::camel(&rpc.name.name)).or_insert(&rpc.name);
        }
        for rpc in rpcs {
            let response = names::camel(&names::suffixed(&rpc.name.name, names::RESPONSE));
            if let Some(other) = calls.get(&response) {
                let message = format!(
                    "rpc `{}` and the response of `{}` are both `{response}` in Rust",
                    other.name, rpc.name.name
                );
                self.diagnostics
                    .report(Code::SameInRust, other.span, message)
                    .related(rpc.name.span, format!("`{}` is declared here", rpc.name.name))
                    .help("rename one of them");
            }
        }
    }

    fn message(&mut self, message: &ast::Message, scope: &Scope) -> model::Message {
        let arguments = self.argument_names(message);
        self.annotations(&message.annotations, &arguments);
        let mut call = Vec::new();
        let mut response = Vec::new();
        for arg in &message.args {
            self.direction(arg, message.kind);
            let Some(checked) = self.argument(arg, scope) else { continue };
            let is_out = arg.direction == Some(Direction::Out);
            if is_out { response.push(checked) } else { call.push(checked) }
        }
        let kind = match message.kind {
            MessageKind::OneWay => model::MessageKind::OneWay(call),
            MessageKind::Rpc => model::MessageKind::Rpc { call, response },
        };
        let ast::Ident { name, span } = message.name.clone();
        model::Message { name, span, docs: message.docs.clone(), kind }
    }

    /// Arguments of both directions share one name space, with the lengths of arrays.
    fn argument_names(&mut self, message: &ast::Message) -> Names {
        let mut taken = Names::new("argument", Code::DuplicateArgument);
        for arg in &message.args {
            taken.take(&arg.name, names::snake, self.diagnostics);
            if let Some(length) = arg.bound.as_ref().and_then(|bound| bound.length.as_ref()) {
                taken.take_written(length, self.diagnostics);
            }
        }
        taken
    }

    fn annotations(&mut self, annotations: &[Annotation], arguments: &Names) {
        let mut taken = Names::new("annotation", Code::DuplicateAnnotation);
        for annotation in annotations {
            taken.take_written(&annotation.name, self.diagnostics);
            if !ANNOTATIONS.contains(&annotation.name.name.as_str()) {
                let message = format!("nobody knows the annotation `{}`", annotation.name.name);
                self.diagnostics.report(Code::UnknownAnnotation, annotation.name.span, message);
            }
            let mut keys = Names::new("key", Code::DuplicateAnnotation);
            for (key, value) in &annotation.pairs {
                keys.take_written(key, self.diagnostics);
                if let AnnotationValue::Argument(name) = value
                    && !arguments.contains(&name.name)
                {
                    let message = format!("no argument is named `{}`", name.name);
                    self.diagnostics.report(Code::AnnotationValue, name.span, message);
                }
            }
        }
    }

    fn direction(&mut self, arg: &ast::Arg, kind: MessageKind) {
        if arg.ty.name.is_empty() {
            return;
        }
        let name = &arg.name.name;
        match (kind, arg.direction) {
            (MessageKind::Rpc, None) => {
                let message = format!("argument `{name}` has no direction");
                self.diagnostics
                    .report(Code::Direction, arg.span, message)
                    .help("write `in` or `out` before each argument of an rpc");
            }
            (MessageKind::OneWay, Some(_)) => {
                let message = format!("argument `{name}` of a message has a direction");
                self.diagnostics
                    .report(Code::Direction, arg.span, message)
                    .help("only the arguments of an rpc have one");
            }
            _ => (),
        }
    }

    fn argument(&mut self, arg: &ast::Arg, scope: &Scope) -> Option<Arg> {
        let meaning = scope.resolve(&arg.ty, self.diagnostics);
        let kind = match (&arg.bound, meaning) {
            (_, Meaning::Broken) => None,
            (None, Meaning::Type(ty)) => Some(ArgKind::Value(ty)),
            (None, Meaning::String) => {
                self.unbounded_string(&arg.ty, "this one has none");
                None
            }
            (Some(bound), Meaning::String) => self.string(arg, bound),
            (Some(bound), Meaning::Type(elem)) => self.list(arg, bound, elem),
        }?;
        if arg.name.name.is_empty() {
            return None;
        }
        let (Ident { name, span }, ty) = (arg.name.clone(), written_type(arg));
        Some(Arg { name, span, docs: arg.docs.clone(), ty, kind, declared: written(arg) })
    }

    fn string(&mut self, arg: &ast::Arg, bound: &ast::Bound) -> Option<ArgKind> {
        if bound.length.is_some() {
            let message = format!("`{}` would be a dynamic array of Strings", arg.name.name);
            self.diagnostics
                .report(Code::ListOfStrings, bound.span, message)
                .help(format!("one String is written `String {}[64]`", arg.name.name));
            return None;
        }
        let max = bound.max?;
        self.not_zero(max, "a String that can't even hold its end").then_some(())?;
        Some(ArgKind::String { bound: max.value })
    }

    fn list(&mut self, arg: &ast::Arg, bound: &ast::Bound, elem: TypeRef) -> Option<ArgKind> {
        let name = &arg.name.name;
        if self.model.facts(elem).holds_caps() {
            let message = format!("`{name}` would be a dynamic array of capabilities");
            self.diagnostics
                .report(Code::ListOfCaps, arg.ty.span, message)
                .help("declare an array of fixed size with a typedef");
            return None;
        }
        let (missing, example) = match (&bound.length, bound.max) {
            (Some(_), Some(max)) => {
                self.not_zero(max, "an array of no elements").then_some(())?;
                return Some(ArgKind::List { elem, max: max.value });
            }
            (Some(length), None) => ("maximum", length.name.as_str()),
            (None, _) => ("length name", "count"),
        };
        let max = bound.max.map_or(0, |max| max.value);
        let max = if max == 0 { 64 } else { max };
        let message = format!("array `{name}` has no {missing}");
        self.diagnostics
            .report(Code::UnboundedArray, bound.span, message)
            .help(format!("write `{} {name}[{example}, {max}]`", arg.ty.name));
        None
    }

    fn not_zero(&mut self, max: ast::Natural, message: &str) -> bool {
        if max.value == 0 {
            self.diagnostics.report(Code::ZeroBound, max.span, message);
        }
        max.value != 0
    }
}

/// How many numbers a message takes on the wire.
fn numbers(message: &ast::Message) -> usize {
    match message.kind {
        MessageKind::OneWay => 1,
        MessageKind::Rpc => 2,
    }
}

/// The argument as declared, without its direction, in one form however it was spaced.
fn written(arg: &ast::Arg) -> String {
    format!("{} {}{}", arg.ty.name, arg.name.name, brackets(arg))
}

/// The argument's type as declared, its bound included.
fn written_type(arg: &ast::Arg) -> String {
    format!("{}{}", arg.ty.name, brackets(arg))
}

fn brackets(arg: &ast::Arg) -> String {
    let Some(bound) = &arg.bound else { return String::new() };
    let max = bound.max.map_or(0, |max| max.value);
    match &bound.length {
        Some(length) => format!("[{}, {max}]", length.name),
        None => format!("[{max}]"),
    }
}
