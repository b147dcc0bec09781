//! The interface over which the programs of `multicore` tell what they see.
//!
//! A library of its own, as an interface is for others to speak: the service and its clients are in
//! the binary.

flounder::include_interfaces!(witness);
