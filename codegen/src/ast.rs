//! What the parser makes of a file: declarations as written, with the place of everything that an
//! error may have to point at.

use std::collections::BTreeSet;

use crate::source::{FileId, Span};

/// The text of doc comments, line by line, markers removed.
pub(crate) type Docs = Vec<String>;

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Ident {
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) id: FileId,
    /// Type declarations outside an interface: what an import consists of.
    pub(crate) types: Vec<TypeDecl>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) lost: Lost,
}

/// What could not be understood: names that seem unknown may be declared there.
#[derive(Clone, Debug)]
pub(crate) enum Lost {
    /// The broken parts hold these words.
    Words(BTreeSet<String>),
    Everything,
}

/// An interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) docs: Docs,
    pub(crate) name: Ident,
    pub(crate) description: Option<String>,
    pub(crate) types: Vec<TypeDecl>,
    pub(crate) messages: Vec<Message>,
}

/// A type declaration.
#[derive(Debug)]
pub(crate) struct TypeDecl {
    pub(crate) docs: Docs,
    pub(crate) name: Ident,
    pub(crate) kind: TypeDeclKind,
}

/// What is declared.
#[derive(Debug)]
pub(crate) enum TypeDeclKind {
    Alias(Ident),
    Typedef(Ident),
    Array {
        elem: Ident,
        bound: Bound,
    },
    Struct(Vec<Field>),
    Enum(Vec<Enumerator>),
    /// Something whose syntax is wrong: known by name, so that its uses aren't errors too.
    Broken,
}

/// A field of a struct. Fields take no bound; one is kept for the checker to refuse.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) docs: Docs,
    pub(crate) ty: Ident,
    pub(crate) name: Ident,
    pub(crate) bound: Option<Bound>,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct Enumerator {
    pub(crate) docs: Docs,
    pub(crate) name: Ident,
}

/// What stands in brackets: `[max]` or `[length, max]`.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) span: Span,
    pub(crate) length: Option<Ident>,
    pub(crate) max: Option<Natural>,
}

/// A number and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Natural {
    pub(crate) value: u32,
    pub(crate) span: Span,
}

/// A message or an rpc.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) docs: Docs,
    pub(crate) kind: MessageKind,
    pub(crate) name: Ident,
    pub(crate) args: Vec<Arg>,
    pub(crate) annotations: Vec<Annotation>,
}

/// What a declaration starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MessageKind {
    OneWay,
    Rpc,
}

/// An argument.
#[derive(Debug)]
pub(crate) struct Arg {
    pub(crate) docs: Docs,
    pub(crate) direction: Option<Direction>,
    pub(crate) ty: Ident,
    pub(crate) name: Ident,
    pub(crate) bound: Option<Bound>,
    pub(crate) span: Span,
}

/// `in` or `out`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    In,
    Out,
}

/// `@name(key = value, …)`.
#[derive(Debug)]
pub(crate) struct Annotation {
    pub(crate) name: Ident,
    pub(crate) pairs: Vec<(Ident, AnnotationValue)>,
}

/// The value of an annotation's key: a number, or the name of an argument.
#[derive(Debug)]
pub(crate) enum AnnotationValue {
    Natural,
    Argument(Ident),
}
