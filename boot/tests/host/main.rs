//! Executables of the host as programs of the system, each case on a booted system.
//!
//! Programs are shell scripts where they can be. What a test waits for it hears from the system, or
//! from the program through a named pipe: nothing sleeps, and no test asks the clock.

mod births;
mod groups;
mod kills;
mod lost;
mod outputs;
mod paths;
mod spans;
mod support;
