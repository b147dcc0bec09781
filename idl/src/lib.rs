//! The interfaces of the multikernel and their generated bindings.
