//! Generates the bindings of the interface that programs tell their story over.

fn main() -> Result<(), flounder_codegen::BuildError> {
    flounder_codegen::Builder::new().compile(&["witness.if"])
}
