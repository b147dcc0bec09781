//! What exists: threads as Linux counts them, everything else as the kernel does.

use std::fs;
use std::io;
use std::time::Duration;

use flounder::{Counts, Kernel};
use serde::Serialize;

/// How often the list of threads is looked at again before one too many counts as leaked: Linux wakes
/// the joiner of a thread a little before it takes the thread off its list.
const LOOKS_MAX: u32 = 500;

/// The pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

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
        let mut now = Self::take(kernel)?;
        for _ in 0..LOOKS_MAX {
            if now.threads <= self.threads {
                break;
            }
            std::thread::sleep(LOOK_PAUSE);
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
