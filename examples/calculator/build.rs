//! Step 3: makes Rust of the interface. `OUT_DIR` gets `numbers.rs` and `calculator.rs`.

fn main() -> Result<(), flounder_codegen::BuildError> {
    flounder_codegen::Builder::new().import("numbers.if").compile(&["calculator.if"])
}
