//! A description as tables for people.

use flounder_codegen::Sources;
use flounder_codegen::describe::{
    Arg, Description, Interface, Message, Packet, Type, TypeId, TypeKind,
};

/// Between two columns.
const GAP: &str = "  ";

/// The description as text.
pub(super) fn table(description: &Description, sources: &Sources) -> String {
    let imports = description.imports.iter().map(|import| {
        let head = format!("types of {}\n", sources.path(import.file));
        head + &types(description, &import.types)
    });
    let interfaces = description.interfaces.iter().map(|it| interface(description, sources, it));
    imports.chain(interfaces).collect::<Vec<_>>().join("\n")
}

fn interface(description: &Description, sources: &Sources, interface: &Interface) -> String {
    let Interface { name, fingerprint, bytes_max, .. } = interface;
    let quoted = interface.description.as_ref().map(|text| format!(" {text:?}"));
    let quoted = quoted.unwrap_or_default();
    let place = sources.place(interface.span);
    let mut text = format!(
        "interface {name}{quoted}\n  declared at   {place}\n  fingerprint   {fingerprint:032x}\n  \
         message size  at most {bytes_max} bytes\n"
    );
    if !interface.types.is_empty() {
        text = text + "\n" + &types(description, &interface.types);
    }
    let mut rows = vec![["number", "message", "bytes", "caps", "arguments"].map(str::to_owned)];
    let packets = interface.messages.iter().flat_map(Message::packets);
    rows.extend(packets.map(packet));
    text + "\n" + &aligned(&rows)
}

fn packet(packet: &Packet) -> [String; 5] {
    let (number, name, caps) = (packet.number, packet.wire_name.clone(), packet.caps);
    [number.to_string(), name, packet.bytes(), caps.to_string(), arguments(&packet.args)]
}

fn arguments(args: &[Arg]) -> String {
    args.iter().map(|arg| arg.declared.as_str()).collect::<Vec<_>>().join(", ")
}

fn types(description: &Description, ids: &[TypeId]) -> String {
    let mut rows = vec![["type", "bytes", "caps", "is"].map(str::to_owned)];
    rows.extend(ids.iter().map(|id| {
        let Type { name, bytes, caps, kind, .. } = description.get(*id);
        [name.clone(), bytes.to_string(), caps.to_string(), shape(description, kind)]
    }));
    aligned(&rows)
}

fn shape(description: &Description, kind: &TypeKind) -> String {
    let list = |names: Vec<&str>| names.join(", ");
    match kind {
        TypeKind::Typedef(ty) => description.name(*ty).to_owned(),
        TypeKind::Array { elem, length } => format!("{}[{length}]", description.name(*elem)),
        TypeKind::Struct(fields) => {
            let fields = fields.iter().map(|field| field.declared.as_str());
            format!("struct {{ {} }}", list(fields.collect()))
        }
        TypeKind::Enum(values) => {
            let values = values.iter().map(|value| value.name.as_str());
            format!("enum {{ {} }}", list(values.collect()))
        }
    }
}

/// Rows with every column as wide as its widest cell; the last column has no end.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("  {}\n", cells.collect::<Vec<_>>().join(GAP).trim_end())
    };
    rows.iter().map(line).collect()
}
