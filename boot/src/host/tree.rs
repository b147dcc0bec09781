//! Ending a tree of processes without a control group: stop whatever belongs to it until nothing new
//! is found, then kill, and look again.
//!
//! What belongs to a tree is told by its session and by who started whom. A process that made a
//! session of its own *and* whose parent is dead can't be told from a stranger: the guard ends it
//! with the system, and a system without a guard doesn't.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroI32;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::proc::Stat;
use super::process::waits_for;

/// How often a tree is looked through before it is given up: one that grows faster than it is
/// stopped needs a control group.
const PASSES_MAX: usize = 200;

/// How long one look waits for all that was killed: the next finds what is left.
const END_LOOK: Duration = Duration::from_millis(50);

/// The tree that the process of a number leads: its session, and all that they started. The leader
/// must not have been waited for, so that its number is its own.
///
/// # Errors
///
/// What the system says if it doesn't tell of processes; `TimedOut` if something is left.
pub(super) fn end_led_by(leader: Pid) -> io::Result<()> {
    end(|stat| stat.pid == leader || stat.session == Some(leader))
}

/// All that a process started, and what that did.
///
/// # Errors
///
/// As [`end_led_by`].
pub(super) fn end_started_by(parent: Pid) -> io::Result<()> {
    end(|stat| stat.parent == Some(parent))
}

fn end(is_root: impl Fn(&Stat) -> bool) -> io::Result<()> {
    let mut known = BTreeMap::new();
    for _ in 0..PASSES_MAX {
        let members = members(&Stat::all()?, &is_root, &known);
        let alive: Vec<_> = members.iter().filter(|stat| !stat.is_over()).copied().collect();
        if alive.is_empty() {
            return Ok(());
        }
        let mut is_new = false;
        for stat in &members {
            is_new |= known.insert(stat.pid.as_raw_nonzero(), stat.start) != Some(stat.start);
        }
        if is_new {
            signal_all(&alive, Signal::STOP);
        } else {
            signal_all(&alive, Signal::KILL);
            await_end(&alive);
        }
    }
    Err(io::Error::from(io::ErrorKind::TimedOut))
}

/// What belongs to the tree: its roots, what was known of it before, and whose parent or session does.
fn members(
    all: &[Stat],
    is_root: impl Fn(&Stat) -> bool,
    known: &BTreeMap<NonZeroI32, u64>,
) -> Vec<Stat> {
    let mut inside: BTreeMap<NonZeroI32, Stat> = BTreeMap::new();
    loop {
        let found = inside.len();
        for stat in all {
            let number = stat.pid.as_raw_nonzero();
            let is_inside = |pid: Option<Pid>| {
                pid.is_some_and(|pid| inside.contains_key(&pid.as_raw_nonzero()))
            };
            let is_known = known.get(&number) == Some(&stat.start);
            if is_root(stat) || is_known || is_inside(stat.parent) || is_inside(stat.session) {
                inside.insert(number, *stat);
            }
        }
        if inside.len() == found {
            return inside.into_values().collect();
        }
    }
}

fn signal_all(processes: &[Stat], signal: Signal) {
    for stat in processes {
        // One that is gone needs no signal.
        let _ = with_pidfd(stat, |pidfd| pidfd_send_signal(pidfd, signal));
    }
}

/// Waits until these have ended, or the time of one look has passed for all of them together.
fn await_end(processes: &[Stat]) {
    let start = Instant::now();
    for stat in processes {
        let left = END_LOOK.saturating_sub(start.elapsed());
        let Ok(left) = Timespec::try_from(left) else { return };
        let _ = with_pidfd(stat, |pidfd| Ok(waits_for(pidfd, Some(&left))));
    }
}

/// Opens a descriptor of the process, and not of one that got its number since.
fn with_pidfd<T>(
    stat: &Stat,
    act: impl FnOnce(&rustix::fd::OwnedFd) -> rustix::io::Result<T>,
) -> io::Result<T> {
    let pidfd = pidfd_open(stat.pid, PidfdFlags::empty())?;
    if Stat::of(stat.pid)?.start != stat.start {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    Ok(act(&pidfd)?)
}
