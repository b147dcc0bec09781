//! The process manager: one per system, decides what lives and what dies.

pub mod machine;
