//! The machine against the lifecycle tables, cell by cell, and against its invariants.

mod cells;
mod cores;
mod mutation;
mod random;
mod requests;
mod slots;
mod world;
