//! Makes Rust of the interface that is measured.

fn main() -> Result<(), flounder_codegen::BuildError> {
    flounder_codegen::Builder::new().compile(&["bench.if"])
}
