//! What the checker hands on: interfaces in which every name is resolved.
//!
//! Every `span` is the place of the name.
//!
//! **Invariant:** no unknown type, no duplicate, no unbounded array, no bound of 0.

use crate::ast::Docs;
use crate::source::{FileId, Span};

/// A type that needs no declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Builtin {
    /// `bool`.
    Bool,
    /// `char`, a byte.
    Char,
    /// `uint8`.
    U8,
    /// `uint16`.
    U16,
    /// `uint32`.
    U32,
    /// `uint64`, `size`, `uintptr`.
    U64,
    /// `int8`.
    I8,
    /// `int16`.
    I16,
    /// `int32`, `int`.
    I32,
    /// `int64`, `intptr`.
    I64,
    /// `iref`.
    Iref,
    /// `errval`.
    ErrVal,
    /// `cap`.
    Cap,
    /// `give_away_cap`.
    GiveAwayCap,
}

impl Builtin {
    /// The first of its names in interface files: `size` is `uint64`.
    #[must_use]
    pub fn name(self) -> &'static str {
        BUILTINS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

/// The builtins by the names they have in interface files. `String` isn't among them: it is no
/// type but a form of argument.
pub(crate) const BUILTINS: [(&str, Builtin); 18] = [
    ("uint8", Builtin::U8),
    ("uint16", Builtin::U16),
    ("uint32", Builtin::U32),
    ("uint64", Builtin::U64),
    ("int8", Builtin::I8),
    ("int16", Builtin::I16),
    ("int32", Builtin::I32),
    ("int64", Builtin::I64),
    ("int", Builtin::I32),
    ("size", Builtin::U64),
    ("uintptr", Builtin::U64),
    ("intptr", Builtin::I64),
    ("char", Builtin::Char),
    ("bool", Builtin::Bool),
    ("iref", Builtin::Iref),
    ("errval", Builtin::ErrVal),
    ("cap", Builtin::Cap),
    ("give_away_cap", Builtin::GiveAwayCap),
];

/// The type of strings, which only arguments with a maximum have.
pub(crate) const STRING: &str = "String";

/// A type in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TypeRef {
    Builtin(Builtin),
    Declared(TypeId),
}

/// Names a declared type of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypeId(usize);

impl TypeId {
    /// Where the type is in [`Model::types`].
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// A checked run.
#[derive(Debug, Default)]
pub(crate) struct Model {
    types: Vec<Type>,
    pub(crate) imports: Vec<Import>,
    pub(crate) interfaces: Vec<Interface>,
}

impl Model {
    pub(crate) fn add(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        TypeId(self.types.len() - 1)
    }

    /// The declared types, each after those it is made of.
    pub(crate) fn types(&self) -> &[Type] {
        &self.types
    }

    pub(crate) fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }
}

/// A file that holds types only.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) file: FileId,
    pub(crate) types: Vec<TypeId>,
}

/// An interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) file: FileId,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
    pub(crate) description: Option<String>,
    /// The types declared in the interface itself.
    pub(crate) types: Vec<TypeId>,
    pub(crate) messages: Vec<Message>,
}

/// A declared type.
#[derive(Debug)]
pub(crate) struct Type {
    /// The file that declares it.
    pub(crate) file: FileId,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
    pub(crate) kind: TypeKind,
    pub(crate) facts: Facts,
}

/// What is declared. Aliases are the builtin that they name and leave no trace.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum TypeKind {
    Typedef(TypeRef),
    Array { elem: TypeRef, length: u32 },
    Struct(Vec<Field>),
    Enum(Vec<Enumerator>),
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
    pub(crate) ty: TypeRef,
    /// The field as it is declared.
    pub(crate) declared: String,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct Enumerator {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
}

/// A message or an rpc.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
    pub(crate) kind: MessageKind,
}

/// What a message carries.
#[derive(Debug)]
pub(crate) enum MessageKind {
    OneWay(Vec<Arg>),
    Rpc { call: Vec<Arg>, response: Vec<Arg> },
}

/// An argument.
#[derive(Debug)]
pub(crate) struct Arg {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) docs: Docs,
    /// Its type as it is declared, bound included.
    pub(crate) ty: String,
    /// The whole argument as it is declared, without its direction.
    pub(crate) declared: String,
    pub(crate) kind: ArgKind,
}

/// The form of an argument.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ArgKind {
    Value(TypeRef),
    /// A string of at most `bound - 1` bytes.
    String {
        bound: u32,
    },
    /// A dynamic array of at most `max` elements.
    List {
        elem: TypeRef,
        max: u32,
    },
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.ty) == (&other.name, other.ty)
    }
}

impl Eq for Field {}

impl PartialEq for Enumerator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Enumerator {}

/// What follows from a type for those that use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    /// How much of the wire a value takes.
    pub(crate) extent: Extent,
    /// The bytes of a value without any padding.
    pub(crate) packed: u64,
    /// The capabilities in a value, which travel beside the bytes.
    pub(crate) caps: u64,
    /// How many declared types are made of one another, one below the other.
    pub(crate) depth: u32,
}

impl Facts {
    pub(crate) fn holds_caps(self) -> bool {
        self.caps > 0
    }

    fn plain(bytes: u64) -> Self {
        Self { extent: Extent::aligned(bytes), packed: bytes, caps: 0, depth: 0 }
    }

    /// Of `length` elements one after the other.
    fn repeated(self, length: u32) -> Self {
        Self {
            extent: self.extent.repeated(length),
            packed: self.packed.saturating_mul(length.into()),
            caps: self.caps.saturating_mul(length.into()),
            depth: self.depth,
        }
    }

    /// Of values one after the other.
    fn sequence(fields: impl Iterator<Item = Self>) -> Self {
        let empty = Self { extent: Extent::EMPTY, packed: 0, caps: 0, depth: 0 };
        fields.fold(empty, |whole, field| Self {
            extent: whole.extent.then(field.extent),
            packed: whole.packed.saturating_add(field.packed),
            caps: whole.caps.saturating_add(field.caps),
            depth: whole.depth.max(field.depth),
        })
    }
}

/// Bytes on the wire, padding included. How much padding there is depends on where the value starts,
/// but only on the offset's remainder by 8, since nothing is aligned to more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Extent([u64; 8]);

impl Extent {
    const EMPTY: Self = Self([0; 8]);

    /// Of one value of 1, 2, 4 or 8 bytes, at the next multiple of its size.
    pub(crate) fn aligned(bytes: u64) -> Self {
        Self(
            [0, 1, 2, 3, 4, 5, 6, 7]
                .map(|start: u64| start.next_multiple_of(bytes) - start + bytes),
        )
    }

    /// Of bytes that need no alignment.
    pub(crate) fn bytes(count: u64) -> Self {
        Self([count; 8])
    }

    /// Of this and then `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        let mut whole = self.0;
        for (start, bytes) in whole.iter_mut().enumerate() {
            let middle = (start as u64).wrapping_add(*bytes) % 8;
            *bytes = bytes.saturating_add(next.0[usize::try_from(middle).unwrap_or(0)]);
        }
        Self(whole)
    }

    /// Of this `count` times.
    pub(crate) fn repeated(self, mut count: u32) -> Self {
        let (mut whole, mut power) = (Self::EMPTY, self);
        while count > 0 {
            if count % 2 == 1 {
                whole = whole.then(power);
            }
            power = power.then(power);
            count /= 2;
        }
        whole
    }

    /// At the start of a message.
    pub(crate) fn bytes_in_all(self) -> u64 {
        self.0[0]
    }
}

impl Builtin {
    pub(crate) fn facts(self) -> Facts {
        match self {
            Self::Bool | Self::Char | Self::U8 | Self::I8 => Facts::plain(1),
            Self::U16 | Self::I16 => Facts::plain(2),
            Self::U32 | Self::I32 | Self::Iref => Facts::plain(4),
            Self::U64 | Self::I64 | Self::ErrVal => Facts::plain(8),
            Self::Cap | Self::GiveAwayCap => {
                Facts { extent: Extent::EMPTY, packed: 0, caps: 1, depth: 0 }
            }
        }
    }
}

impl Model {
    pub(crate) fn facts(&self, ty: TypeRef) -> Facts {
        match ty {
            TypeRef::Builtin(builtin) => builtin.facts(),
            TypeRef::Declared(id) => self.get(id).facts,
        }
    }

    /// The facts of a type that is being declared.
    pub(crate) fn facts_of(&self, kind: &TypeKind) -> Facts {
        let facts = match kind {
            TypeKind::Typedef(ty) => self.facts(*ty),
            TypeKind::Array { elem, length } => self.facts(*elem).repeated(*length),
            TypeKind::Struct(fields) => {
                Facts::sequence(fields.iter().map(|field| self.facts(field.ty)))
            }
            TypeKind::Enum(_) => Builtin::U32.facts(),
        };
        Facts { depth: facts.depth.saturating_add(1), ..facts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struct_of(fields: &[Builtin]) -> Facts {
        Facts::sequence(fields.iter().map(|field| field.facts()))
    }

    #[test]
    fn extents_pad_where_they_must() {
        for (fields, bytes) in [
            (&[][..], 0),
            (&[Builtin::U8], 1),
            (&[Builtin::U8, Builtin::U64], 16),
            (&[Builtin::U64, Builtin::U8], 9),
            (&[Builtin::U8, Builtin::U16, Builtin::Cap, Builtin::U8, Builtin::U32], 12),
        ] {
            assert_eq!(struct_of(fields).extent.bytes_in_all(), bytes, "{fields:?}");
        }
        let pair = struct_of(&[Builtin::U64, Builtin::U8]);
        assert_eq!(pair.repeated(3).extent.bytes_in_all(), 9 + 7 + 9 + 7 + 9);
        assert_eq!(pair.repeated(1_000_000).extent.bytes_in_all(), 16 * 1_000_000 - 7);
        assert_eq!((pair.packed, pair.repeated(3).packed), (9, 27));
    }

    #[test]
    fn capabilities_take_no_bytes() {
        let caps = Builtin::Cap.facts().repeated(u32::MAX);
        assert_eq!((caps.extent.bytes_in_all(), caps.caps), (0, u64::from(u32::MAX)));
    }
}
