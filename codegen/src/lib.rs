//! Compiler for Flounder interface files: parser, checker, planner and Rust generator.
