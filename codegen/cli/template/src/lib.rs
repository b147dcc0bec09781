//! A service that counts, and a client of it: two dispatchers that share nothing but a binding.
//!
//! `demo.if` says what they say to each other, and `build.rs` makes [`interface`] of it.

pub mod client;
pub mod service;

/// What the build script made of `demo.if`.
pub use interfaces::demo as interface;

mod interfaces {
    flounder::include_interfaces!(demo);
}
