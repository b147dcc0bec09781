//! The agreement between generated code and this crate.

/// The version of the agreement. It grows whenever bindings that an older compiler generated would
/// no longer mean the same.
pub const VERSION: u32 = 1;

/// Refuses, at compile time, bindings that were generated for another version of this crate.
///
/// # Panics
///
/// If `version` isn't [`VERSION`]. Generated code calls it in a `const`, so this is a build error.
pub const fn require(version: u32) {
    assert!(
        version == VERSION,
        "these bindings were generated for another version of `flounder`: generate them again"
    );
}
