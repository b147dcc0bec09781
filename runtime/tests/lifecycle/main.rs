//! Dispatchers, tasks, timers and mailboxes end in every way, from everywhere, and leave nothing.

include!("../../../codegen/tests/golden/echo.rs");
include!("../../../codegen/tests/golden/one.rs");

#[cfg(test)]
mod endings;
#[cfg(test)]
mod fairness;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod world;
