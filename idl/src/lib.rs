//! The interfaces of the multikernel and their generated bindings.
//!
//! The bindings are made from the `.if` files of this folder; a test proves them fresh and prints
//! the command that makes them again.
//!
//! ```
//! // What a tool can tell about the system's interfaces:
//! let names: Vec<_> = flounder_idl::INTERFACES.iter().map(|interface| interface.name).collect();
//! assert_eq!(names, ["intermon", "monitor", "nameservice", "proc_mgmt", "spawn"]);
//! ```

include!("generated/types.rs");
include!("generated/monitor.rs");
include!("generated/intermon.rs");
include!("generated/nameservice.rs");
include!("generated/proc_mgmt.rs");
include!("generated/spawn.rs");

/// Every interface of this crate, in the order of the names.
pub const INTERFACES: &[&::flounder::Descriptor] = &[
    &intermon::DESCRIPTOR,
    &monitor::DESCRIPTOR,
    &nameservice::DESCRIPTOR,
    &proc_mgmt::DESCRIPTOR,
    &spawn::DESCRIPTOR,
];
