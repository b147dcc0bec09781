//! Which messages are so large that the enum of all messages holds them in a box.
//!
//! A channel moves that enum, so every message would pay for the largest one.

use crate::model::{Arg, ArgKind, Builtin, Model, TypeKind, TypeRef};

/// A larger message is boxed. Clippy finds variants that differ by more too different.
const UNBOXED_BYTES_MAX: u64 = 200;

/// What a capability takes, or a little more.
const CAP_BYTES: u64 = 64;

/// What a `String` or a `Vec` takes.
const LIST_BYTES: u64 = 24;

/// What structs are padded to, at most.
const ALIGN: u64 = 8;

/// Whether a message with these arguments is boxed.
pub(super) fn is_boxed(model: &Model, args: &[Arg]) -> bool {
    let bytes = |arg: &Arg| match arg.kind {
        ArgKind::Value(ty) => type_bytes(model, ty),
        ArgKind::String { .. } | ArgKind::List { .. } => LIST_BYTES,
    };
    args.iter().map(bytes).fold(0, u64::saturating_add) > UNBOXED_BYTES_MAX
}

/// What a value takes in memory, or a little more.
fn type_bytes(model: &Model, ty: TypeRef) -> u64 {
    let id = match ty {
        TypeRef::Builtin(Builtin::Cap | Builtin::GiveAwayCap) => return CAP_BYTES,
        TypeRef::Builtin(builtin) => return builtin.facts().packed,
        TypeRef::Declared(id) => id,
    };
    match &model.get(id).kind {
        TypeKind::Typedef(ty) => type_bytes(model, *ty),
        TypeKind::Array { elem, length } => {
            type_bytes(model, *elem).saturating_mul((*length).into())
        }
        TypeKind::Struct(fields) => {
            let bytes = fields.iter().map(|field| type_bytes(model, field.ty));
            bytes.fold(0, u64::saturating_add).next_multiple_of(ALIGN)
        }
        TypeKind::Enum(_) => Builtin::U32.facts().packed,
    }
}
