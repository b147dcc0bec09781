//! What a run may take. The kernel ends one that takes more, and its input is left behind.

use std::io;
use std::time::Duration;

use flounder_fuzz::TARGETS;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The memory of a run, in bytes: no input of 64 KiB may need a tenth of it.
const MEMORY_BYTES_MAX: u64 = 2 << 30;

/// The CPU time of a run on top of what it was asked to take, in seconds: for minimising, and short
/// enough to notice an input that takes forever.
const SPARE_S: u64 = 120;

/// The CPU time of a target for making its findings small, in seconds: each try of one that takes
/// forever takes [`INPUT_MS_MAX`] or more.
pub(crate) const MINIMISE_S_MAX: u64 = 20;

const _: () = assert!(MINIMISE_S_MAX * (TARGETS.len() as u64) < SPARE_S);

/// The CPU time of one input, in milliseconds: a thousand times what a published interface takes.
pub(crate) const INPUT_MS_MAX: u64 = 2_000;

/// Sets the limits of this process.
pub(crate) fn set(seconds: u64) -> io::Result<()> {
    let all = seconds.saturating_mul(TARGETS.len() as u64).saturating_add(SPARE_S);
    let limit = |most: u64| Rlimit { current: Some(most), maximum: None };
    setrlimit(Resource::As, limit(MEMORY_BYTES_MAX))?;
    setrlimit(Resource::Cpu, limit(all))?;
    Ok(())
}

/// The CPU time of this process so far.
pub(crate) fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
