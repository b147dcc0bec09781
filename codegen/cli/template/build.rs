//! Makes Rust of the interface.

fn main() -> Result<(), flounder_codegen::BuildError> {
    flounder_codegen::Builder::new().compile(&["demo.if"])
}
