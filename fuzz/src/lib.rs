//! What must hold for any input of the compiler.
//!
//! A target is a function of bytes that panics if something doesn't hold. The driver of this package
//! hands it seeds and mutations of them and needs the stable toolchain only; `fuzz/libfuzzer` hands
//! the same targets to a fuzzer that is guided by coverage.

mod input;
mod targets;

pub use input::SEPARATOR;
pub use targets::{TARGETS, Target, check, fmt, generate, parse};
