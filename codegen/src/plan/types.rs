//! Declared types, and types in use.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;

use super::docs::Docs;
use super::{Caps, Field, Home, Type, TypeDef, TypeDefKind, Variant};
use crate::model::{Builtin, Model, Type as Declared, TypeId, TypeKind, TypeRef};
use crate::names;
use crate::source::FileId;

/// Resolved types as seen from one module.
pub(super) struct View<'a> {
    pub(super) model: &'a Model,
    /// Where the imports are, by file.
    pub(super) homes: &'a BTreeMap<FileId, Home>,
    /// The import that looks; an interface's own file is in no map.
    pub(super) here: Option<&'a Home>,
}

impl View<'_> {
    /// A type as Rust names it here.
    pub(super) fn type_of(&self, ty: TypeRef) -> Type {
        match ty {
            TypeRef::Builtin(builtin) => builtin_type(builtin),
            TypeRef::Declared(id) => {
                let declared = self.model.get(id);
                let name = names::camel(&declared.name);
                match self.homes.get(&declared.file) {
                    Some(home) if Some(home) != self.here => Type::Imported(home.clone(), name),
                    _ => Type::Own(name),
                }
            }
        }
    }

    /// A type that the interface or import of this name declares.
    pub(super) fn type_def(&self, id: TypeId, of: &str) -> TypeDef {
        let declared = self.model.get(id);
        let kind = match &declared.kind {
            TypeKind::Typedef(ty) => TypeDefKind::Alias(self.type_of(*ty)),
            TypeKind::Array { elem, length } => {
                TypeDefKind::Alias(Type::Array(Box::new(self.type_of(*elem)), *length))
            }
            TypeKind::Struct(fields) => {
                TypeDefKind::Struct(fields.iter().map(|field| self.field(field)).collect())
            }
            TypeKind::Enum(enumerators) => {
                TypeDefKind::Enum((0..).zip(enumerators).map(variant).collect())
            }
        };
        TypeDef {
            name: names::camel(&declared.name),
            path: format!("{of}.{}", declared.name),
            attributes: TokenStream::new(),
            docs: type_docs(declared),
            kind,
            packed: declared.facts.packed,
            holds_caps: declared.facts.holds_caps(),
        }
    }

    fn field(&self, field: &crate::model::Field) -> Field {
        let rust = names::snake(&field.name);
        let docs = Docs::of(&field.docs, || format!("`{}`", field.declared));
        Field {
            docs: renamed(docs, &field.name, &rust.to_string()),
            name: rust,
            ty: self.type_of(field.ty),
            caps: self.caps(field.ty),
        }
    }

    /// How the capabilities of a value travel.
    pub(super) fn caps(&self, ty: TypeRef) -> Caps {
        if !self.model.facts(ty).holds_caps() {
            return Caps::None;
        }
        let (mut ty, mut depth) = (ty, 0);
        loop {
            let id = match ty {
                TypeRef::Builtin(Builtin::GiveAwayCap) => return Caps::Moved { depth },
                TypeRef::Builtin(_) => return Caps::Copied,
                TypeRef::Declared(id) => id,
            };
            match &self.model.get(id).kind {
                TypeKind::Typedef(next) => ty = *next,
                TypeKind::Array { elem, .. } => (ty, depth) = (*elem, depth + 1),
                TypeKind::Struct(_) | TypeKind::Enum(_) => return Caps::Copied,
            }
        }
    }
}

fn variant((value, enumerator): (u32, &crate::model::Enumerator)) -> Variant {
    let name = names::camel(&enumerator.name);
    let docs = Docs::of(&enumerator.docs, || format!("`{}`", enumerator.name));
    let snake = names::snake(&name.to_string()).to_string();
    Variant { docs: renamed(docs, &enumerator.name, &snake), name, value }
}

fn type_docs(declared: &Declared) -> Docs {
    let docs = Docs::of(&declared.docs, || format!("The type `{}`.", declared.name));
    let snake = names::snake(&names::camel(&declared.name).to_string()).to_string();
    renamed(docs, &declared.name, &snake)
}

/// Tells the declared name where Rust's doesn't show it.
pub(super) fn renamed(docs: Docs, declared: &str, rust: &str) -> Docs {
    if rust.trim_start_matches("r#") == declared {
        docs
    } else {
        docs.and(format!("The interface file calls it `{declared}`."))
    }
}

fn builtin_type(builtin: Builtin) -> Type {
    let name = rust_builtin(builtin);
    match builtin {
        Builtin::Iref | Builtin::ErrVal | Builtin::Cap | Builtin::GiveAwayCap => {
            Type::Runtime(name)
        }
        _ => Type::Primitive(name),
    }
}

/// A builtin in Rust, without a path.
pub(crate) fn rust_builtin(builtin: Builtin) -> &'static str {
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
        Builtin::Iref => "Iref",
        Builtin::ErrVal => "ErrVal",
        Builtin::Cap | Builtin::GiveAwayCap => "Cap",
    }
}
