//! The process manager: one per system, decides what lives and what dies.
//!
//! [`machine`] decides, [`start`] puts a dispatcher, bindings and caps around it.
//!
//! **Invariant:** the service commands spawnds and nobody else does; it never waits for one. What a
//! spawnd is owed is state of the machine, and every client that lives is answered exactly once.

mod log;
pub mod machine;
mod service;

pub use machine::Config;
pub use service::{BINDINGS_PER_DOMAIN_MAX, CALLS_PER_BINDING_MAX, start, start_with};
