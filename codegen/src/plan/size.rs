//! How many bytes messages take on the wire.

use crate::model::{Arg, ArgKind, Extent, Model};

/// Messages end at a multiple of this, so that drivers copy whole words.
const MESSAGE_ALIGN: u64 = 8;

/// The least bytes that a message with these arguments takes: all strings and lists are empty.
pub(crate) fn bytes_min(model: &Model, args: &[Arg]) -> u64 {
    bytes(model, args, |_| 0)
}

/// The most bytes that a message with these arguments takes.
pub(crate) fn bytes_max(model: &Model, args: &[Arg]) -> u64 {
    bytes(model, args, |max| max)
}

/// The bytes of a message; `length` makes the length of a string or a list of its maximum.
fn bytes(model: &Model, args: &[Arg], length: fn(u32) -> u32) -> u64 {
    let prefix = || Extent::aligned(4);
    let extent = |kind: ArgKind| match kind {
        ArgKind::Value(ty) => model.facts(ty).extent,
        ArgKind::String { bound } => prefix().then(Extent::bytes(length(bound - 1).into())),
        ArgKind::List { elem, max } => {
            prefix().then(model.facts(elem).extent.repeated(length(max)))
        }
    };
    let (fixed, dynamic): (Vec<_>, Vec<_>) =
        args.iter().map(|arg| arg.kind).partition(|kind| matches!(kind, ArgKind::Value(_)));
    let whole = (fixed.into_iter().chain(dynamic).map(extent)).fold(Extent::bytes(0), Extent::then);
    whole.bytes_in_all().next_multiple_of(MESSAGE_ALIGN)
}
