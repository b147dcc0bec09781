//! A description as JSON. `docs/describe.md` says what the keys mean, and a test holds it to that.

use flounder_codegen::describe::{
    Arg, ArgType, Description, Import, Interface, Message, Packet, Type, TypeId, TypeKind, TypeUse,
};
use flounder_codegen::{Sources, Span};
use serde::Serialize;

/// Grows when a key goes or means something else; new keys don't change it.
const SCHEMA: u32 = 1;

/// The description as indented JSON.
pub(super) fn json(description: &Description, sources: &Sources) -> String {
    let view = View { description, sources };
    let root = Root {
        schema: SCHEMA,
        imports: description.imports.iter().map(|import| view.import(import)).collect(),
        interfaces: description.interfaces.iter().map(|it| view.interface(it)).collect(),
    };
    serde_json::to_string_pretty(&root).expect("strings and numbers always serialize") + "\n"
}

#[derive(Serialize)]
struct Root<'a> {
    schema: u32,
    imports: Vec<JsonImport<'a>>,
    interfaces: Vec<JsonInterface<'a>>,
}

#[derive(Serialize)]
struct JsonImport<'a> {
    name: &'a str,
    file: &'a str,
    rust: &'a str,
    types: Vec<JsonType<'a>>,
}

#[derive(Serialize)]
struct JsonInterface<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    description: Option<&'a str>,
    fingerprint: String,
    bytes_max: u64,
    types: Vec<JsonType<'a>>,
    messages: Vec<JsonMessage<'a>>,
}

/// What everything has that has a name.
#[derive(Serialize)]
struct JsonName<'a> {
    name: &'a str,
    rust: &'a str,
    docs: &'a [String],
    file: &'a str,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct JsonType<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    kind: &'static str,
    wire: &'a str,
    bytes: u64,
    caps: u64,
    #[serde(flatten)]
    shape: Shape<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Typedef {
        #[serde(rename = "type")]
        ty: JsonUse<'a>,
    },
    Array {
        #[serde(rename = "type")]
        ty: JsonUse<'a>,
        length: u32,
    },
    Struct {
        fields: Vec<JsonField<'a>>,
    },
    Enum {
        values: Vec<JsonValue<'a>>,
    },
}

/// A type in use: builtins have no file.
#[derive(Serialize)]
struct JsonUse<'a> {
    name: &'a str,
    file: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonField<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    declared: &'a str,
    #[serde(rename = "type")]
    ty: JsonUse<'a>,
}

#[derive(Serialize)]
struct JsonValue<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    value: usize,
}

#[derive(Serialize)]
struct JsonMessage<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    kind: &'static str,
    packets: Vec<JsonPacket<'a>>,
    parameters: Vec<JsonParameter<'a>>,
}

#[derive(Serialize)]
struct JsonPacket<'a> {
    number: u16,
    name: &'a str,
    bytes_min: u64,
    bytes_max: u64,
    caps: u64,
}

#[derive(Serialize)]
struct JsonParameter<'a> {
    #[serde(flatten)]
    name: JsonName<'a>,
    direction: Option<&'static str>,
    declared: &'a str,
    wire: &'a str,
    form: &'static str,
    #[serde(rename = "type")]
    ty: Option<JsonUse<'a>>,
    max: Option<u32>,
}

struct View<'a> {
    description: &'a Description,
    sources: &'a Sources,
}

impl<'a> View<'a> {
    fn import(&self, import: &'a Import) -> JsonImport<'a> {
        JsonImport {
            name: &import.name,
            file: self.sources.path(import.file),
            rust: &import.rust,
            types: self.types(&import.types),
        }
    }

    fn interface(&self, interface: &'a Interface) -> JsonInterface<'a> {
        JsonInterface {
            name: self.name(&interface.name, &interface.rust, &interface.docs, interface.span),
            description: interface.description.as_deref(),
            fingerprint: format!("{:032x}", interface.fingerprint),
            bytes_max: interface.bytes_max,
            types: self.types(&interface.types),
            messages: interface.messages.iter().map(|message| self.message(message)).collect(),
        }
    }

    fn name(&self, name: &'a str, rust: &'a str, docs: &'a [String], span: Span) -> JsonName<'a> {
        let (file, place) = (self.sources.path(span.file), self.sources.position(span));
        JsonName { name, rust, docs, file, line: place.line, column: place.column }
    }

    fn types(&self, ids: &[TypeId]) -> Vec<JsonType<'a>> {
        ids.iter().map(|id| self.declared(self.description.get(*id))).collect()
    }

    fn declared(&self, ty: &'a Type) -> JsonType<'a> {
        JsonType {
            name: self.name(&ty.name, &ty.rust, &ty.docs, ty.span),
            kind: ty.kind.name(),
            wire: &ty.wire,
            bytes: ty.bytes,
            caps: ty.caps,
            shape: self.shape(&ty.kind),
        }
    }

    fn shape(&self, kind: &'a TypeKind) -> Shape<'a> {
        match kind {
            TypeKind::Typedef(ty) => Shape::Typedef { ty: self.type_use(*ty) },
            TypeKind::Array { elem, length } => {
                Shape::Array { ty: self.type_use(*elem), length: *length }
            }
            TypeKind::Struct(fields) => {
                let fields = fields.iter().map(|field| JsonField {
                    name: self.name(&field.name, &field.rust, &field.docs, field.span),
                    declared: &field.declared,
                    ty: self.type_use(field.ty),
                });
                Shape::Struct { fields: fields.collect() }
            }
            TypeKind::Enum(values) => {
                let values = values.iter().enumerate().map(|(value, it)| JsonValue {
                    name: self.name(&it.name, &it.rust, &it.docs, it.span),
                    value,
                });
                Shape::Enum { values: values.collect() }
            }
        }
    }

    fn type_use(&self, ty: TypeUse) -> JsonUse<'a> {
        let file = match ty {
            TypeUse::Builtin(_) => None,
            TypeUse::Declared(id) => Some(self.description.get(id).span.file),
        };
        JsonUse { name: self.description.name(ty), file: file.map(|file| self.sources.path(file)) }
    }

    fn message(&self, message: &'a Message) -> JsonMessage<'a> {
        JsonMessage {
            name: self.name(&message.name, &message.rust, &message.docs, message.span),
            kind: message.kind(),
            packets: message.packets().map(packet).collect(),
            parameters: message.parameters().map(|(way, arg)| self.parameter(way, arg)).collect(),
        }
    }

    fn parameter(&self, direction: Option<&'static str>, arg: &'a Arg) -> JsonParameter<'a> {
        let (form, max) = match arg.ty {
            ArgType::Value(_) => ("value", None),
            ArgType::String { bytes_max } => ("string", Some(bytes_max)),
            ArgType::List { max, .. } => ("list", Some(max)),
        };
        JsonParameter {
            name: self.name(&arg.name, &arg.rust, &arg.docs, arg.span),
            direction,
            declared: &arg.declared,
            wire: &arg.wire,
            form,
            ty: arg.type_use().map(|ty| self.type_use(ty)),
            max,
        }
    }
}

fn packet(packet: &Packet) -> JsonPacket<'_> {
    JsonPacket {
        number: packet.number,
        name: &packet.wire_name,
        bytes_min: packet.bytes_min,
        bytes_max: packet.bytes_max,
        caps: packet.caps,
    }
}
