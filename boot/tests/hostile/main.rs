//! Hostile and clumsy programs, and clients: whatever they do, it is their end and nobody else's.

mod boots;
mod caps;
mod floods;
mod panics;
mod quotas;
mod spans;
mod spawnds;
mod support;
mod wedged;
