//! What exists: threads, descriptors and processes as Linux counts them, everything else as the
//! kernel does.

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
pub struct Census {
    /// Whether this process has a guard, which gets what others leave.
    guarded: bool,
    threads: usize,
    descriptors: usize,
    processes: usize,
    counts: Counts,
}

/// How much more there is at the end than at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Leaked {
    /// Threads of this process.
    pub threads: usize,
    /// Ends of bindings.
    pub bindings: usize,
    /// Capabilities.
    pub caps: usize,
    /// Domains on record.
    pub domains: usize,
    /// Open file descriptors.
    pub descriptors: usize,
    /// Processes that this one or its guard is to wait for.
    pub processes: usize,
}

impl Census {
    /// What exists now. `guarded`: whether this process has a guard.
    ///
    /// # Errors
    ///
    /// What the system says if it doesn't tell.
    pub fn take(kernel: &Kernel, guarded: bool) -> io::Result<Self> {
        Ok(Self {
            guarded,
            threads: thread_ids()?.len(),
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            processes: processes(guarded)?.len(),
            counts: kernel.counts(),
        })
    }

    /// How much more exists now than at this census.
    ///
    /// # Errors
    ///
    /// What the system says if it doesn't tell.
    pub fn leaked(&self, kernel: &Kernel) -> io::Result<Leaked> {
        let mut now = Self::take(kernel, self.guarded)?;
        for _ in 0..LOOKS_MAX {
            if now.threads <= self.threads && now.processes <= self.processes {
                break;
            }
            std::thread::sleep(LOOK_PAUSE);
            now = Self::take(kernel, self.guarded)?;
        }
        Ok(Leaked {
            threads: now.threads.saturating_sub(self.threads),
            bindings: now.counts.bindings.saturating_sub(self.counts.bindings),
            caps: now.counts.caps.saturating_sub(self.counts.caps),
            domains: now.counts.domains.saturating_sub(self.counts.domains),
            descriptors: now.descriptors.saturating_sub(self.descriptors),
            processes: now.processes.saturating_sub(self.processes),
        })
    }
}

impl Leaked {
    /// True if nothing leaked.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The threads of this process, as Linux numbers them.
///
/// # Errors
///
/// What the system says if it doesn't tell.
pub fn thread_ids() -> io::Result<Vec<u32>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir("/proc/self/task")? {
        ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// The processes that this one started, dead ones that nobody waited for included, and with a guard
/// those that they left to it, in ascending order. The guard waits for its dead in its own time.
///
/// # Errors
///
/// What the system says if it doesn't tell.
pub fn processes(guarded: bool) -> io::Result<Vec<u32>> {
    let own = std::process::id();
    let all = relations()?;
    let guard = all.iter().find(|its| guarded && its.pid == own).map(|its| its.parent);
    let mut family = vec![own];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(all.iter().filter(|its| its.parent == parent).map(|its| its.pid));
        next += 1;
    }
    family
        .extend(all.iter().filter(|its| Some(its.parent) == guard && its.alive).map(|its| its.pid));
    family.retain(|&pid| pid != own);
    family.sort_unstable();
    family.dedup();
    Ok(family)
}

/// How many children of this process are dead and not waited for.
///
/// # Errors
///
/// What the system says if it doesn't tell.
pub fn zombies() -> io::Result<usize> {
    let own = std::process::id();
    Ok(relations()?.iter().filter(|its| its.parent == own && !its.alive).count())
}

/// How much memory of this process is resident, in kibibytes.
///
/// # Errors
///
/// What the system says if it doesn't tell.
pub fn resident_kib() -> io::Result<u64> {
    // Not /proc/self/status, whose count is some pages per CPU behind.
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    number.ok_or_else(|| io::Error::other("no count of resident memory"))
}

/// A process and its parent.
struct Relation {
    pid: u32,
    parent: u32,
    alive: bool,
}

fn relations() -> io::Result<Vec<Relation>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        found.extend(pid.and_then(relation));
    }
    Ok(found)
}

/// `None` if the process has gone.
fn relation(pid: u32) -> Option<Relation> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and can hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let alive = fields.next()? != "Z";
    Some(Relation { pid, parent: fields.next()?.parse().ok()?, alive })
}
