//! The machine against the lifecycle tables, cell by cell, and against its invariants.

mod cells;
mod cores;
mod defects;
mod mutation;
mod quotas;
mod random;
mod regress;
mod requests;
mod scale;
mod slots;
mod world;
