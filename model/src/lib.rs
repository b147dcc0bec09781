//! The lifecycle of domains and bind between cores, in every way that things can happen up to a
//! bound.
//!
//! [`search`] finds every state of a [`Model`] and checks each. The two models drive the machines that
//! the services run on, not a second description of them: [`Lifecycle`] the process manager, the
//! spawnds and the monitors' watch over them, [`Bind`] the monitors. What is modelled is what stands
//! around the machines: channels that deliver in order and late, a platform, clients. So what is found
//! here is true of the services, as far as their handlers only carry out.
//!
//! ```
//! use flounder_model::{Lifecycle, Limits, lifecycle, search};
//!
//! let bounds: lifecycle::Bounds = "requests=2,domains=1,exits=1".parse()?;
//! let found = search(&Lifecycle::new(bounds), Limits::default());
//! assert!(found.exhaustive && found.violation.is_none());
//! # Ok::<(), flounder_model::BoundsError>(())
//! ```
//!
//! **Invariant:** a model decides nothing that a service decides: it only says what can happen next.

pub mod bind;
mod bounds;
pub mod campaign;
pub mod lifecycle;
pub mod mutants;
mod search;
mod seen;
mod tell;

pub use bind::Bind;
pub use bounds::BoundsError;
pub use lifecycle::Lifecycle;
pub use search::{Findings, Limits, Model, Violation, search};
pub use tell::Tell;
