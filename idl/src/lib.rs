//! The interfaces of the multikernel and their generated bindings.
//!
//! The bindings are made from the `.if` files of this folder; a test proves them fresh and prints
//! the command that makes them again.

include!("generated/types.rs");
include!("generated/monitor.rs");
include!("generated/intermon.rs");
include!("generated/nameservice.rs");
include!("generated/proc_mgmt.rs");
include!("generated/spawn.rs");
