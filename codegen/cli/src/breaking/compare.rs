//! What changed between two versions, and who breaks: every change once, at its cause.
//!
//! Two programs bind only if their fingerprints are equal, so whatever the fingerprint sees keeps
//! old and new apart. What it doesn't see, such as two enumerators that change places, is worse:
//! they bind and misread each other. Sources break where a name of the bindings, or its type, does.

use std::collections::{BTreeMap, BTreeSet};

use flounder_codegen::Span;
use flounder_codegen::describe::{
    ArgType, Description, Interface, Message, TypeId, TypeKind, TypeUse,
};

use super::change::{Change, Place, Source, Wire};
use super::pairing::pair;
use crate::changes::Code;

/// The changes from `old` to `new`, in the order of their places.
pub(super) fn compare(old: &Description, new: &Description) -> Vec<Change> {
    let interfaces = pair(&names(old), &names(new), |i, j| {
        is_renamed_interface(&old.interfaces[i], &new.interfaces[j])
    });
    let kept: Vec<_> =
        (interfaces.kept.iter()).map(|(i, j)| (&old.interfaces[*i], &new.interfaces[*j])).collect();
    let mut comparison =
        Comparison { old, new, types: BTreeMap::new(), used: used(old), changes: Vec::new() };
    comparison.declared_types(&kept);
    for index in interfaces.removed {
        let Interface { name, span, .. } = &old.interfaces[index];
        comparison.change(
            Code::InterfaceRemoved,
            format!("interface `{name}` was removed"),
            Place::Old(*span),
            (Wire::Refused, Source::Everybody),
        );
    }
    for (old, new) in kept {
        comparison.interface(old, new);
    }
    comparison.changes.sort_by_key(|change| (change.place.span(), change.code));
    comparison.changes
}

fn names(description: &Description) -> Vec<&str> {
    description.interfaces.iter().map(|interface| interface.name.as_str()).collect()
}

/// An interface is another one renamed if at least half of its messages have the other's names.
fn is_renamed_interface(old: &Interface, new: &Interface) -> bool {
    let names: BTreeSet<_> = new.messages.iter().map(|message| &message.name).collect();
    let same = old.messages.iter().filter(|message| names.contains(&message.name)).count();
    same * 2 >= old.messages.len().max(new.messages.len())
}

/// The types that messages are made of.
fn used(description: &Description) -> BTreeSet<TypeId> {
    let messages = description.interfaces.iter().flat_map(|interface| &interface.messages);
    let args = messages.flat_map(Message::packets).flat_map(|packet| &packet.args);
    let mut open: Vec<TypeUse> = args
        .filter_map(|arg| match arg.ty {
            ArgType::Value(ty) | ArgType::List { elem: ty, .. } => Some(ty),
            ArgType::String { .. } => None,
        })
        .collect();
    let mut used = BTreeSet::new();
    while let Some(ty) = open.pop() {
        let TypeUse::Declared(id) = ty else { continue };
        if used.insert(id) {
            match &description.get(id).kind {
                TypeKind::Typedef(ty) | TypeKind::Array { elem: ty, .. } => open.push(*ty),
                TypeKind::Struct(fields) => open.extend(fields.iter().map(|field| field.ty)),
                TypeKind::Enum(_) => (),
            }
        }
    }
    used
}

/// Two versions, and what is known of them so far.
pub(super) struct Comparison<'a> {
    pub(super) old: &'a Description,
    pub(super) new: &'a Description,
    /// The new type of each old one that is still there.
    pub(super) types: BTreeMap<TypeId, TypeId>,
    /// The old types that messages are made of.
    pub(super) used: BTreeSet<TypeId>,
    pub(super) changes: Vec<Change>,
}

/// What differs between two types in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Difference {
    pub(super) wire: bool,
    pub(super) source: bool,
}

impl Difference {
    pub(super) const NONE: Self = Self { wire: false, source: false };

    /// Who breaks.
    pub(super) fn effect(self) -> (Wire, Source) {
        let wire = if self.wire { Wire::Refused } else { Wire::Same };
        (wire, Source::of(self.source))
    }
}

/// A type as Rust sees it, where a typedef is only another name.
#[derive(PartialEq, Eq)]
enum Form {
    Builtin(&'static str),
    Array(Box<Self>, u32),
    /// A struct or an enum, by its new id if it has one.
    Named(Option<TypeId>),
}

impl Comparison<'_> {
    /// Notes a change, if anybody breaks.
    pub(super) fn change(
        &mut self,
        code: Code,
        message: String,
        place: Place,
        (wire, source): (Wire, Source),
    ) {
        if (wire, source) != (Wire::Same, Source::Nobody) {
            self.changes.push(Change { code, message, place, wire, source });
        }
    }

    /// How a type in use differs, leaving out what changed in the declaration of a type that both
    /// versions name: that is told there.
    pub(super) fn difference(&self, old: TypeUse, new: TypeUse) -> Difference {
        if let (TypeUse::Declared(old), TypeUse::Declared(new)) = (old, new)
            && self.types.get(&old) == Some(&new)
        {
            return Difference::NONE;
        }
        Difference {
            wire: self.old.wire(old) != self.new.wire(new),
            source: self.form(self.old, old) != self.form(self.new, new),
        }
    }

    fn form(&self, description: &Description, ty: TypeUse) -> Form {
        let id = match ty {
            TypeUse::Builtin(builtin) => return Form::Builtin(builtin.rust()),
            TypeUse::Declared(id) => id,
        };
        match &description.get(id).kind {
            TypeKind::Typedef(ty) => self.form(description, *ty),
            TypeKind::Array { elem, length } => {
                Form::Array(Box::new(self.form(description, *elem)), *length)
            }
            TypeKind::Struct(_) | TypeKind::Enum(_) => {
                let is_new = std::ptr::eq(description, self.new);
                Form::Named(if is_new { Some(id) } else { self.types.get(&id).copied() })
            }
        }
    }
}

/// The place of something that is in both versions.
pub(super) fn both(old: Span, new: Span) -> Place {
    Place::Both { new, old }
}
