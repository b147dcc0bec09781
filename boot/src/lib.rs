//! Boots the multikernel on Linux: threads, pinning, clock, module table, orderly stop.
//!
//! Every logical core has two threads pinned to its CPU: the *system loop* runs the core's monitor
//! and spawnd, on core 0 also the process manager; the *program loop* runs its asynchronous
//! programs. A blocking program has a pinned thread of its own.
//!
//! This crate is the only one that sees all services. The services see it through
//! [`flounder::platform::Platform`].

mod config;
mod core_threads;
mod host;
mod jobs;
mod modules;
mod newborn;
mod observers;
mod operator;
mod platform;
mod program_loop;
mod program_thread;
mod report;
mod system;
mod system_loop;

pub use config::{BootError, Config};
pub use host::{Containment, Guard, NoCgroups, Output, Trees, guarded};
pub use modules::Modules;
pub use operator::{Operator, Operators};
pub use system::{CoreLayout, ShutdownReport, System, SystemFailed};

/// The program that the README shows, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
