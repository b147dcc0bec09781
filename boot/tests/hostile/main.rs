//! Hostile and clumsy programs, and clients: whatever they do, it is their end and nobody else's.

mod panics;
mod quotas;
mod spans;
mod support;
mod wedged;
