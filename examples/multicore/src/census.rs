//! What exists: threads as Linux counts them, everything else as the kernel does.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use flounder::{Counts, Kernel};
use serde::Serialize;

/// How long a thread that was joined may still be listed: Linux wakes the joiner a little before it
/// takes the thread off its list.
const LISTED_AFTER_JOIN_MAX: Duration = Duration::from_millis(500);

/// How often the list is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// What exists at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Census {
    threads: usize,
    counts: Counts,
}

/// How much more there is at the end than at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Leaked {
    pub(crate) threads: usize,
    pub(crate) bindings: usize,
    pub(crate) caps: usize,
    pub(crate) domains: usize,
}

impl Census {
    /// What exists now.
    pub(crate) fn take(kernel: &Kernel) -> io::Result<Self> {
        Ok(Self { threads: thread_ids()?.len(), counts: kernel.counts() })
    }

    /// How much more exists now than at this census.
    pub(crate) fn leaked(&self, kernel: &Kernel) -> io::Result<Leaked> {
        let deadline = Instant::now() + LISTED_AFTER_JOIN_MAX;
        let mut now = Self::take(kernel)?;
        while now.threads > self.threads && Instant::now() < deadline {
            std::thread::sleep(LOOK_EVERY);
            now = Self::take(kernel)?;
        }
        Ok(Leaked {
            threads: now.threads.saturating_sub(self.threads),
            bindings: now.counts.bindings.saturating_sub(self.counts.bindings),
            caps: now.counts.caps.saturating_sub(self.counts.caps),
            domains: now.counts.domains.saturating_sub(self.counts.domains),
        })
    }
}

impl Leaked {
    /// True if nothing leaked.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The threads of this process, as Linux numbers them.
pub(crate) fn thread_ids() -> io::Result<Vec<u32>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir("/proc/self/task")? {
        ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}
