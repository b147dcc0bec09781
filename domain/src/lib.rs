//! What a program that runs in a domain links: its environment and the clients of the system's
//! services.
//!
//! A program gets an [`Env`]. [`Env::system`] is the way to everything else: the core's
//! [`Monitor`] (export and bind), the [`NameService`], the process manager ([`Processes`]). [`Spawn`]
//! starts other programs.

pub mod args;
pub mod convert;
mod domain;
mod env;
mod monitor;
mod names;
mod process;
mod promise;
mod spawn;

pub use domain::{Domain, ReachError};
pub use env::{Birth, Env, ExitStatus};
pub use monitor::{BindError, Monitor, OWED_MAX, REQUESTS_MAX, accept_on};
pub use names::{NameError, NameService};
pub use process::{
    CALLS_MAX, DomainStatus, PROC_MGMT_NAME, ProcessError, Processes, Program, WAITS_MAX, Waited,
};
pub use spawn::{Child, ChildError, Client, Pending, Spawn, Why};
