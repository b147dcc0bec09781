//! [`model`](crate::model) and [`plan`](crate::plan) to a [`Description`].

use super::{
    Arg, ArgType, Description, Enumerator, Field, Import, Interface, Message, Packet, Type,
    TypeKind, TypeUse,
};
use crate::model::{self, ArgKind, Model, TypeRef};
use crate::names;
use crate::plan::{self, fingerprint, size};
use crate::source::Sources;
use crate::style::Style;

/// Describes a checked run.
pub(crate) fn describe(model: &Model, sources: &Sources) -> Description {
    let plan = plan::plan(model, sources, &Style::default());
    let mut interfaces: Vec<_> = model.interfaces.iter().collect();
    interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    Description {
        imports: model.imports.iter().map(|it| import(it, sources)).collect(),
        interfaces: (interfaces.into_iter().zip(&plan.interfaces))
            .map(|(declared, planned)| interface(declared, planned, model))
            .collect(),
        types: (model.types().iter().zip(fingerprint::type_texts(model)))
            .map(|(ty, wire)| declared_type(ty, wire))
            .collect(),
    }
}

fn import(import: &model::Import, sources: &Sources) -> Import {
    let name = sources.stem(import.file).to_owned();
    let rust = names::snake(&name).to_string();
    Import { file: import.file, name, rust, types: import.types.clone() }
}

fn interface(declared: &model::Interface, planned: &plan::Interface, model: &Model) -> Interface {
    let mut packets = planned.messages.iter();
    let mut next = |args: &[model::Arg]| packet(packets.next(), args, model);
    let messages = declared.messages.iter().map(|message| match &message.kind {
        model::MessageKind::OneWay(args) => described(message, next(args), None),
        model::MessageKind::Rpc { call, response } => {
            let call = next(call);
            described(message, call, Some(next(response)))
        }
    });
    Interface {
        messages: messages.collect(),
        name: declared.name.clone(),
        span: declared.span,
        rust: planned.module.to_string(),
        docs: declared.docs.clone(),
        description: declared.description.clone(),
        fingerprint: planned.fingerprint,
        bytes_max: planned.bytes_max,
        types: declared.types.clone(),
    }
}

fn described(message: &model::Message, call: Packet, response: Option<Packet>) -> Message {
    Message {
        name: message.name.clone(),
        span: message.span,
        rust: names::snake(&message.name).to_string(),
        docs: message.docs.clone(),
        call,
        response,
    }
}

fn packet(planned: Option<&plan::Message>, args: &[model::Arg], model: &Model) -> Packet {
    let planned = planned.expect("the plan has all messages of the model, in the same order");
    let caps = args.iter().map(|arg| match arg.kind {
        ArgKind::Value(ty) => model.facts(ty).caps,
        ArgKind::String { .. } | ArgKind::List { .. } => 0,
    });
    Packet {
        number: planned.number,
        wire_name: planned.wire_name.clone(),
        bytes_min: size::bytes_min(model, args),
        bytes_max: planned.bytes_max,
        caps: caps.sum(),
        args: args.iter().map(|arg| argument(arg, model)).collect(),
    }
}

fn argument(arg: &model::Arg, model: &Model) -> Arg {
    Arg {
        name: arg.name.clone(),
        span: arg.span,
        rust: names::snake(&arg.name).to_string(),
        docs: arg.docs.clone(),
        declared: arg.declared.clone(),
        ty: match arg.kind {
            ArgKind::Value(ty) => ArgType::Value(type_use(ty)),
            ArgKind::String { bound } => ArgType::String { bytes_max: bound - 1 },
            ArgKind::List { elem, max } => ArgType::List { elem: type_use(elem), max },
        },
        wire: fingerprint::argument_text(arg.kind, model),
    }
}

fn declared_type(ty: &model::Type, wire: String) -> Type {
    Type {
        name: ty.name.clone(),
        span: ty.span,
        rust: names::camel(&ty.name).to_string(),
        docs: ty.docs.clone(),
        kind: match &ty.kind {
            model::TypeKind::Typedef(ty) => TypeKind::Typedef(type_use(*ty)),
            model::TypeKind::Array { elem, length } => {
                TypeKind::Array { elem: type_use(*elem), length: *length }
            }
            model::TypeKind::Struct(fields) => TypeKind::Struct(fields.iter().map(field).collect()),
            model::TypeKind::Enum(enumerators) => {
                TypeKind::Enum(enumerators.iter().map(enumerator).collect())
            }
        },
        wire,
        bytes: ty.facts.packed,
        caps: ty.facts.caps,
    }
}

fn field(field: &model::Field) -> Field {
    Field {
        name: field.name.clone(),
        span: field.span,
        rust: names::snake(&field.name).to_string(),
        docs: field.docs.clone(),
        declared: field.declared.clone(),
        ty: type_use(field.ty),
    }
}

fn enumerator(enumerator: &model::Enumerator) -> Enumerator {
    Enumerator {
        name: enumerator.name.clone(),
        span: enumerator.span,
        rust: names::camel(&enumerator.name).to_string(),
        docs: enumerator.docs.clone(),
    }
}

fn type_use(ty: TypeRef) -> TypeUse {
    match ty {
        TypeRef::Declared(id) => TypeUse::Declared(id),
        TypeRef::Builtin(builtin) => TypeUse::Builtin(builtin),
    }
}
