//! Compiler for Flounder interface files: parser, checker, planner and Rust generator.

// The committed parser names `::alloc`, because pest is used without its `std` feature.
extern crate alloc;

mod ast;
mod builder;
mod check;
mod diag;
mod emit;
pub mod files;
mod model;
mod names;
mod parse;
mod pipeline;
mod plan;
mod render;
mod source;

pub use builder::{BuildError, Builder};
pub use diag::{Code, Diagnostic, Diagnostics, Related};
pub use pipeline::{Output, Request};
pub use source::{FileId, Position, Sources, Span};
