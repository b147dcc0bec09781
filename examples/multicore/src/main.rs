//! The multi-core system to run.

fn main() {}
