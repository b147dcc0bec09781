//! What an interface says on the wire, as one number that two ends can compare.
//!
//! Names of arguments, fields and types are left out: changing them changes no byte.

use std::fmt::Write as _;
use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::MessageKind;
use crate::model::{self, ArgKind, Builtin, Model, TypeKind, TypeRef};

/// The fingerprint of an interface: SipHash-128 with key 0 over its canonical text.
pub(super) fn fingerprint(text: &str) -> u128 {
    let mut hasher = SipHasher24::new();
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

/// The first line of the canonical text.
pub(super) fn head(interface: &str) -> String {
    format!("interface {interface}\n")
}

/// A message's line of the canonical text.
pub(super) fn message(
    number: u16,
    name: &str,
    kind: MessageKind,
    args: &[model::Arg],
    model: &Model,
) -> String {
    let mut line = format!("{number} {} {name}", kind_name(kind));
    for arg in args {
        line.push(' ');
        argument(arg.kind, model, &mut line);
    }
    line.push('\n');
    line
}

fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::OneWay => "message",
        MessageKind::Call => "call",
        MessageKind::Response => "response",
    }
}

/// An argument's form on the wire: `u8`, `string<64>`, `list<{u8,u32};4>`.
pub(crate) fn argument_text(kind: ArgKind, model: &Model) -> String {
    let mut text = String::new();
    argument(kind, model, &mut text);
    text
}

/// The form of each declared type on the wire: `u8`, `{u8,[u32;4]}`, `enum<3>`. Types are made of
/// earlier ones, so that none is looked through twice.
pub(crate) fn type_texts(model: &Model) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for ty in model.types() {
        let mut text = String::new();
        declared(&ty.kind, &mut text, &|ty, line| match ty {
            TypeRef::Builtin(builtin) => line.push_str(builtin_name(builtin)),
            TypeRef::Declared(id) => line.push_str(&texts[id.index()]),
        });
        texts.push(text);
    }
    texts
}

fn argument(kind: ArgKind, model: &Model, line: &mut String) {
    // Here and below: writing to a String can't fail.
    match kind {
        ArgKind::Value(ty) => wire_type(ty, model, line),
        ArgKind::String { bound } => {
            let _ = write!(line, "string<{bound}>");
        }
        ArgKind::List { elem, max } => {
            line.push_str("list<");
            wire_type(elem, model, line);
            let _ = write!(line, ";{max}>");
        }
    }
}

fn wire_type(ty: TypeRef, model: &Model, line: &mut String) {
    match ty {
        TypeRef::Builtin(builtin) => line.push_str(builtin_name(builtin)),
        TypeRef::Declared(id) => {
            declared(&model.get(id).kind, line, &|ty, line| wire_type(ty, model, line));
        }
    }
}

/// Writes a type; `part` writes those that it is made of.
fn declared(kind: &TypeKind, line: &mut String, part: &impl Fn(TypeRef, &mut String)) {
    match kind {
        TypeKind::Typedef(ty) => part(*ty, line),
        TypeKind::Enum(enumerators) => {
            let _ = write!(line, "enum<{}>", enumerators.len());
        }
        TypeKind::Array { elem, length } => {
            line.push('[');
            part(*elem, line);
            let _ = write!(line, ";{length}]");
        }
        TypeKind::Struct(fields) => {
            line.push('{');
            for (index, field) in fields.iter().enumerate() {
                line.push_str(if index > 0 { "," } else { "" });
                part(field.ty, line);
            }
            line.push('}');
        }
    }
}

/// What canonical texts call a builtin.
pub(crate) fn builtin_name(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::Bool => "bool",
        Builtin::Char | Builtin::U8 => "u8",
        Builtin::U16 => "u16",
        Builtin::U32 => "u32",
        Builtin::U64 => "u64",
        Builtin::I8 => "i8",
        Builtin::I16 => "i16",
        Builtin::I32 => "i32",
        Builtin::I64 => "i64",
        Builtin::Iref => "iref",
        Builtin::ErrVal => "errval",
        Builtin::Cap => "cap",
        Builtin::GiveAwayCap => "give_away_cap",
    }
}
