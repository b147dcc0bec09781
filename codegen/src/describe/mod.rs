//! The checked model as plain data, for tools that look at interfaces: what is declared and where,
//! what the wire makes of it, and what it is called in Rust.
//!
//! ```
//! use flounder_codegen::{Levels, Request, Sources};
//!
//! let mut sources = Sources::new();
//! let echo = sources.add("echo.if", b"interface echo { message ping(uint64 token); };");
//! let request = Request { files: vec![echo], imports: Vec::new() };
//! let (description, _) = request.describe(&sources, &Levels::new()).expect("it has no mistakes");
//! let ping = &description.interfaces[0].messages[0];
//! assert_eq!((ping.name.as_str(), ping.call.number, ping.call.bytes_max), ("ping", 3, 8));
//! ```

mod build;

pub(crate) use build::describe;

pub use crate::model::{Builtin, TypeId};
use crate::plan;
use crate::plan::fingerprint;
use crate::source::{FileId, Span};

/// What a run declares. Aliases leave no trace: they are the builtin that they name.
#[derive(Debug)]
pub struct Description {
    /// The files of types, in the order in which they see each other.
    pub imports: Vec<Import>,
    /// The interfaces, by name.
    pub interfaces: Vec<Interface>,
    types: Vec<Type>,
}

impl Description {
    /// The type that `id` names.
    ///
    /// # Panics
    ///
    /// If `id` is from another description.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// The name of a type in use.
    #[must_use]
    pub fn name(&self, ty: TypeUse) -> &str {
        match ty {
            TypeUse::Builtin(builtin) => builtin.name(),
            TypeUse::Declared(id) => &self.get(id).name,
        }
    }

    /// What the fingerprint says of a type in use.
    #[must_use]
    pub fn wire(&self, ty: TypeUse) -> &str {
        match ty {
            TypeUse::Builtin(builtin) => fingerprint::builtin_name(builtin),
            TypeUse::Declared(id) => &self.get(id).wire,
        }
    }
}

/// A file that holds only types.
#[derive(Debug)]
pub struct Import {
    /// The file.
    pub file: FileId,
    /// Its name, without folders and `.if`.
    pub name: String,
    /// Its module in Rust. Imports of one name share theirs.
    pub rust: String,
    /// The types that it is the first to declare.
    pub types: Vec<TypeId>,
}

/// An interface.
#[derive(Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its module in Rust.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
    /// The string after its name.
    pub description: Option<String>,
    /// What both ends of a binding must agree on.
    pub fingerprint: u128,
    /// The most bytes that one of its messages takes.
    pub bytes_max: u64,
    /// The types that it declares itself.
    pub types: Vec<TypeId>,
    /// The messages in textual order.
    pub messages: Vec<Message>,
}

/// A declared type.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// Where its name stands: in an interface or in an import.
    pub span: Span,
    /// Its name in Rust.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
    /// What it is.
    pub kind: TypeKind,
    /// What the fingerprint says of it: `u8`, `{u8,[u32;4]}`, `enum<3>`.
    pub wire: String,
    /// The bytes of a value on the wire, without any padding.
    pub bytes: u64,
    /// The capabilities in a value, which travel beside the bytes.
    pub caps: u64,
}

/// What is declared.
#[derive(Debug)]
pub enum TypeKind {
    /// Another name for a type.
    Typedef(TypeUse),
    /// An array of fixed size.
    Array {
        /// Of what.
        elem: TypeUse,
        /// Of how many.
        length: u32,
    },
    /// A struct.
    Struct(Vec<Field>),
    /// An enum; the first value is 0, and so on.
    Enum(Vec<Enumerator>),
}

impl TypeKind {
    /// What it is, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Typedef(_) => "typedef",
            Self::Array { .. } => "array",
            Self::Struct(_) => "struct",
            Self::Enum(_) => "enum",
        }
    }
}

/// A type in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeUse {
    /// A builtin.
    Builtin(Builtin),
    /// A declared one.
    Declared(TypeId),
}

impl Builtin {
    /// The type in Rust, without a path: `u8`, `Cap`.
    #[must_use]
    pub fn rust(self) -> &'static str {
        plan::rust_builtin(self)
    }
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its name in Rust.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
    /// The field as declared.
    pub declared: String,
    /// Its type.
    pub ty: TypeUse,
}

/// A value of an enum.
#[derive(Debug)]
pub struct Enumerator {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its name in Rust.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
}

/// A message or an rpc.
#[derive(Debug)]
pub struct Message {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// The method that sends it.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
    /// The message, or an rpc's call.
    pub call: Packet,
    /// An rpc's response.
    pub response: Option<Packet>,
}

impl Message {
    /// `message` or `rpc`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.response.is_some() { "rpc" } else { "message" }
    }

    /// What travels: the message, or the call and the response.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        [Some(&self.call), self.response.as_ref()].into_iter().flatten()
    }

    /// The arguments as declared; those of an rpc with their directions, `in` and `out`.
    pub fn parameters(&self) -> impl Iterator<Item = (Option<&'static str>, &Arg)> {
        let is_rpc = self.response.is_some();
        let sent = self.call.args.iter().map(move |arg| (is_rpc.then_some("in"), arg));
        let answered = self.response.iter().flat_map(|response| &response.args);
        sent.chain(answered.map(|arg| (Some("out"), arg)))
    }
}

/// What travels under one number.
#[derive(Debug)]
pub struct Packet {
    /// Its number.
    pub number: u16,
    /// Its name in traces and fingerprints: `echo_call`.
    pub wire_name: String,
    /// The bytes it takes if all strings and lists are empty.
    pub bytes_min: u64,
    /// The most bytes it takes.
    pub bytes_max: u64,
    /// The capabilities in it.
    pub caps: u64,
    /// Its arguments, as declared; on the wire those of fixed size come first.
    pub args: Vec<Arg>,
}

impl Packet {
    /// How many bytes it takes, `8` or `8 to 72`.
    #[must_use]
    pub fn bytes(&self) -> String {
        let Self { bytes_min, bytes_max, .. } = self;
        if bytes_min == bytes_max {
            bytes_max.to_string()
        } else {
            format!("{bytes_min} to {bytes_max}")
        }
    }
}

/// An argument.
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its name in Rust.
    pub rust: String,
    /// Its comment, line by line.
    pub docs: Vec<String>,
    /// The argument as declared, without its direction.
    pub declared: String,
    /// Its type.
    pub ty: ArgType,
    /// What the fingerprint says of it: `u8`, `string<64>`, `list<u8;4>`.
    pub wire: String,
}

impl Arg {
    /// Its type, or that of its elements; none for a string.
    #[must_use]
    pub fn type_use(&self) -> Option<TypeUse> {
        match self.ty {
            ArgType::Value(ty) | ArgType::List { elem: ty, .. } => Some(ty),
            ArgType::String { .. } => None,
        }
    }
}

/// The type of an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgType {
    /// One value.
    Value(TypeUse),
    /// A string.
    String {
        /// The most bytes it has, one fewer than its bound.
        bytes_max: u32,
    },
    /// A list of varying length.
    List {
        /// Of what.
        elem: TypeUse,
        /// Of at most how many.
        max: u32,
    },
}
