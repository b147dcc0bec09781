//! Monitors with real bindings: three cores on one waitset, without threads, clock or chance.

// `cfg(test)` tells lints what everything here is.
#[cfg(test)]
mod binds;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod log;
#[cfg(test)]
mod names;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod spawnds;
#[cfg(test)]
mod system;

include!("../../../codegen/tests/golden/echo.rs");
