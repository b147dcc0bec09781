//! What the binaries of this package share, and the interface over which the programs of `multicore`
//! tell what they see.
//!
//! The interface is in a library, as one is for others to speak: the service and its clients are in
//! the binary.

pub mod bare;
pub mod census;
pub mod random;
pub mod together;

flounder::include_interfaces!(witness);
