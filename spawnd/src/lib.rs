//! The spawn daemon of one core: starts, stops and cleans up programs.
//!
//! It obeys whoever presents the `ProcessManager` cap, and nobody else. What it decides is
//! [`machine`]: events in, effects out, no clock, no binding, no thread. What a request carries is
//! looked at before the machine sees it: the cap by [`Presented`], the argument buffers by
//! [`args`](flounder_domain::args), the path by [`path`]. Each refusal has one code, found in one
//! place. [`start`] puts bindings, a monitor and a platform around it.
//!
//! It must never believe an exit status that a program's parent tells, never answer a kill before
//! the program is dead or given up, and never panic over what a peer or the platform sends.

mod authority;
mod hands;
mod launch;
mod log;
pub mod machine;
pub mod path;
mod service;

pub use authority::Presented;
pub use service::{start, start_with};
