//! The whole system under a seeded simulator: the real monitors, spawnds and process manager, many
//! cores on one thread, virtual time, and one seed for every choice.
//!
//! A [`World`] runs them step by step and listens to every message. What it hears it compares with
//! the lifecycle page, read a second time, and with the invariants; what doesn't fit is a
//! [`Violation`]. [`World::inject`] makes things go wrong, [`World::host`] lets a test put services
//! and clients of its own into the world, and the command `sim` runs worlds by the thousand.

mod campaign;
mod clock;
mod coverage;
mod fault;
mod host;
pub mod mutants;
mod net;
mod note;
mod oracle;
mod platform;
mod played;
mod programs;
mod random;
mod shrink;
mod trace;
mod who;
mod workload;
mod world;

pub use campaign::{Campaign, Failure, Findings};
pub use fault::Fault;
pub use host::Host;
pub use programs::Programs;
pub use world::{Config, Progress, Stats, Violation, World, WorldError};
