//! Makes Rust of the interfaces that are measured.

fn main() -> Result<(), flounder_codegen::BuildError> {
    flounder_codegen::Builder::new().compile(&[
        "bench.if",
        "few.if",
        "launch.if",
        "line.if",
        "slot.if",
        "soak.if",
    ])
}
