//! [`model`](crate::model) to the shape of the bindings: every decision that `emit` only prints.
//!
//! Names in Rust, message numbers, sizes on the wire, fingerprints, documentation, and which names
//! an interface re-exports.

mod build;
mod docs;
pub(crate) mod fingerprint;
mod memory;
mod reexports;
pub(crate) mod size;
#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests;
mod types;

use proc_macro2::{Ident, TokenStream};

pub(crate) use build::{plan, share};
pub(crate) use docs::Docs;
pub(crate) use types::rust_builtin;

/// The bindings of a run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// One per name of an import.
    pub(crate) modules: Vec<TypesModule>,
    pub(crate) interfaces: Vec<Interface>,
}

impl Plan {
    /// Asks for each struct and enum, by its path in interface files and with the traits that it
    /// derives, which attributes it has besides.
    pub(crate) fn decorate(&mut self, ask: &mut dyn FnMut(&str, &[&str]) -> TokenStream) {
        let imported = self.modules.iter_mut().flat_map(|module| &mut module.types);
        let own = self
            .interfaces
            .iter_mut()
            .map(|interface| (&mut interface.types, &mut interface.messages));
        let (types, messages): (Vec<_>, Vec<_>) = own.unzip();
        for ty in imported.chain(types.into_iter().flatten()) {
            if !matches!(ty.kind, TypeDefKind::Alias(_)) {
                ty.attributes = ask(&ty.path, ty.derives());
            }
        }
        for message in messages.into_iter().flatten() {
            message.attributes = ask(&message.path, message.derives());
        }
    }
}

/// The module of the types that one or more imports of one name declare.
#[derive(Debug)]
pub(crate) struct TypesModule {
    pub(crate) name: Ident,
    /// The name of the output.
    pub(crate) file: String,
    /// The interface file's name without folders.
    pub(crate) source: String,
    pub(crate) docs: Docs,
    pub(crate) types: Vec<TypeDef>,
}

/// A declared type.
#[derive(Debug)]
pub(crate) struct TypeDef {
    pub(crate) name: Ident,
    /// Its name in interface files, behind that of its interface or import.
    pub(crate) path: String,
    /// What a build script asked for.
    pub(crate) attributes: TokenStream,
    pub(crate) docs: Docs,
    pub(crate) kind: TypeDefKind,
    /// Bytes on the wire, without any padding.
    pub(crate) packed: u64,
    pub(crate) holds_caps: bool,
}

impl TypeDef {
    /// The traits that a struct or an enum derives.
    pub(crate) fn derives(&self) -> &'static [&'static str] {
        if self.holds_caps {
            &["Debug"]
        } else {
            &["Clone", "Copy", "Debug", "PartialEq", "Eq", "Hash"]
        }
    }
}

/// The shape of a declared type.
#[derive(Debug)]
pub(crate) enum TypeDefKind {
    Alias(Type),
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) docs: Docs,
    pub(crate) ty: Type,
    pub(crate) caps: Caps,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: Ident,
    pub(crate) docs: Docs,
    pub(crate) value: u32,
}

/// A type as Rust writes it, without the path to its module.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    /// A type of the language: `u8`, `bool`.
    Primitive(&'static str),
    /// A type of the runtime: `Cap`, `Iref`.
    Runtime(&'static str),
    /// A type that the same interface or import declares.
    Own(Ident),
    /// A type of an import.
    Imported(Home, Ident),
    Array(Box<Type>, u32),
    String,
    Vec(Box<Type>),
}

/// Where the types of an import are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Home {
    /// In a module beside those of the interfaces.
    Module(Ident),
    /// In another crate, at this path.
    Extern(String),
}

/// How the capabilities in a value travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caps {
    /// There are none.
    None,
    /// The value knows: all are copied, or it is a struct that says so itself.
    Copied,
    /// All of them move: one, or an array (of arrays, `depth` of them) of them.
    Moved { depth: usize },
}

/// An interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) module: Ident,
    pub(crate) file: String,
    pub(crate) source: String,
    pub(crate) docs: Docs,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) fingerprint: u128,
    /// The most bytes that a message takes on the wire.
    pub(crate) bytes_max: u64,
    pub(crate) types: Vec<TypeDef>,
    pub(crate) reexports: Vec<Reexport>,
    pub(crate) messages: Vec<Message>,
    /// The calls in `messages`, each with its response.
    pub(crate) rpcs: Vec<Rpc>,
    /// Calls can be made.
    pub(crate) is_client: bool,
    /// Calls can be handled.
    pub(crate) is_server: bool,
}

impl Interface {
    /// The messages that have a handler.
    pub(crate) fn handled(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(|message| match message.kind {
            MessageKind::OneWay => true,
            MessageKind::Call => self.is_server,
            MessageKind::Response => false,
        })
    }
}

/// Names that are also visible at the top of the interface's module.
#[derive(Debug)]
pub(crate) struct Reexport {
    pub(crate) from: Place,
    pub(crate) names: Vec<Ident>,
}

/// Where names come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Types,
    Messages,
    Calls,
    Replies,
    Import(Home),
}

/// What travels under one number.
#[derive(Debug)]
pub(crate) struct Message {
    /// The struct, and the variant of `Message`.
    pub(crate) name: Ident,
    /// The entry in the tables.
    pub(crate) entry: Ident,
    /// The name in descriptions: `echo_call`.
    pub(crate) wire_name: String,
    /// That name behind the interface's.
    pub(crate) path: String,
    /// What a build script asked for.
    pub(crate) attributes: TokenStream,
    pub(crate) number: u16,
    pub(crate) kind: MessageKind,
    /// A lint that takes the method for something else because of its name.
    pub(crate) lint: Option<&'static str>,
    pub(crate) docs: MessageDocs,
    pub(crate) args: Vec<Arg>,
    pub(crate) bytes_max: u64,
    /// The struct is so large that `Message` holds it in a box.
    pub(crate) boxed: bool,
}

impl Message {
    pub(crate) fn holds_caps(&self) -> bool {
        self.args.iter().any(|arg| arg.caps != Caps::None)
    }

    /// The traits that the struct derives.
    pub(crate) fn derives(&self) -> &'static [&'static str] {
        if self.holds_caps() {
            &["Debug"]
        } else if self.is_copy() {
            &["Clone", "Copy", "Debug", "PartialEq", "Eq"]
        } else {
            &["Clone", "Debug", "PartialEq", "Eq"]
        }
    }

    /// Whether the struct is `Copy`, so that a handler that only reads it may take it by value without
    /// a lint. A boxed one isn't: for those clippy asks for a reference.
    pub(crate) fn is_copy(&self) -> bool {
        let plain = |arg: &Arg| arg.form == Form::Value && arg.caps == Caps::None;
        !self.boxed && self.args.iter().all(plain)
    }

    /// The arguments as they follow each other on the wire: those of fixed size come first.
    pub(crate) fn wire_order(&self) -> impl Iterator<Item = &Arg> {
        let fixed = |arg: &&Arg| arg.form == Form::Value;
        self.args.iter().filter(fixed).chain(self.args.iter().filter(move |arg| !fixed(arg)))
    }
}

/// The documentation of a message, in each place that has one.
#[derive(Debug)]
pub(crate) struct MessageDocs {
    /// On the struct, and on the handler.
    pub(crate) message: Docs,
    /// On its variant.
    pub(crate) variant: Docs,
    /// On the table of send functions.
    pub(crate) send: Docs,
    /// On the method that sends it; responses have none.
    pub(crate) method: Docs,
}

/// What a message is to its receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MessageKind {
    OneWay,
    Call,
    Response,
}

/// An rpc: a call and what belongs to it.
#[derive(Debug)]
pub(crate) struct Rpc {
    /// The method.
    pub(crate) method: Ident,
    /// The struct of the call.
    pub(crate) call: Ident,
    /// The struct of the response.
    pub(crate) response: Ident,
    /// The alias of the future.
    pub(crate) future: Ident,
    pub(crate) future_docs: Docs,
    /// The alias of the token that answers.
    pub(crate) reply: Ident,
    pub(crate) reply_docs: Docs,
}

/// An argument.
#[derive(Debug)]
pub(crate) struct Arg {
    pub(crate) name: Ident,
    /// The name in descriptions and errors.
    pub(crate) wire_name: String,
    /// The type as declared, for descriptions.
    pub(crate) declared: String,
    pub(crate) docs: Docs,
    pub(crate) ty: Type,
    pub(crate) caps: Caps,
    pub(crate) form: Form,
}

/// What the codec does with an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Value,
    /// A string of at most this many bytes.
    String(u32),
    /// A list of at most this many elements.
    List(u32),
}
