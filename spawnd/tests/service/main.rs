//! A spawnd around which everything is real but the monitor, the platform and the clock.

mod lives;
mod manager;
mod processes;
mod refusals;
mod world;
