//! Compiler for Flounder interface files: parser, checker, planner and Rust generator.
//!
//! `parse` makes an `ast` of a text, `check` a `model` of the texts of a run, `plan` decides what the
//! bindings look like, `emit` makes tokens of that and `render` text. Only the first two can fail,
//! and they report everything they find. Build scripts use [`Builder`]; tools hand texts over in
//! [`Sources`] and compile them with a [`Request`]:
//!
//! ```
//! use flounder_codegen::{Request, Sources};
//!
//! let mut sources = Sources::new();
//! let echo = sources.add("echo.if", b"interface echo { message ping(uint64 token); };");
//! let request = Request { files: vec![echo], imports: Vec::new() };
//! let (outputs, _warnings) = request.generate(&sources).map_err(|it| it.render(&sources))?;
//! assert_eq!(outputs[0].name, "echo.rs");
//! assert!(outputs[0].text.contains("pub mod echo {"));
//! # Ok::<(), String>(())
//! ```

// The committed parser names `::alloc`, because pest is used without its `std` feature.
extern crate alloc;

mod ast;
mod builder;
mod check;
mod code;
pub mod describe;
mod diag;
mod emit;
pub mod files;
mod fmt;
mod levels;
mod model;
mod names;
mod near;
mod order;
mod parse;
mod pipeline;
mod plan;
mod render;
mod source;
mod style;

pub use builder::{BuildError, Builder};
pub use code::Code;
pub use diag::{Diagnostic, Diagnostics, Related, Severity};
pub use fmt::format;
pub use levels::{Level, Levels};
pub use pipeline::{Output, Request};
pub use source::{FileId, Position, Sources, Span};
