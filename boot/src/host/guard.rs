//! The guard: a process above the system's that ends what the system leaves, whatever ends it.
//!
//! The guard is a *subreaper*: a process whose parent dies becomes the child of the nearest one
//! above. So whatever programs leave behind, double forks too, is the guard's once the system is
//! gone, and the guard kills its children until it has none.
//!
//! | who dies | what happens |
//! |---|---|
//! | the system | the guard ends what is left, and ends as the system did |
//! | the guard | the system hears of it, stops in order and ends |
//! | both at once | the kernel ends what the system started itself; the next boot what is left in groups |

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, getppid, pidfd_open, pidfd_send_signal,
    set_child_subreaper, waitid,
};

use super::owner::Owner;
use super::proc::Stat;
use super::raw::{self, Came};
use super::{cgroup, tree};

/// The signals by which a terminal stops and continues a process: the guard stops with the system.
const JOB_CONTROL: [i32; 4] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU, libc::SIGCONT];

/// What is added to the number of a signal that ended the system, for the guard's own status.
const SIGNALLED: i32 = 128;

/// The status of a guard that can't tell how the system ended, and of a system whose guard is dead.
const FAILURE: u8 = 1;

/// Proves that this process has a guard above it. Made by [`guarded`]. Its descriptor is readable
/// when the guard is dead.
#[derive(Clone, Debug)]
pub struct Guard {
    pidfd: Arc<OwnedFd>,
}

impl AsFd for Guard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// Ends this process, since its guard is dead and the system has stopped or can't.
pub(crate) fn end_unguarded() -> ! {
    eprintln!("the guard of the system is dead: the system ends");
    std::process::exit(i32::from(FAILURE))
}

/// Runs `main` in a child of this process, which becomes its guard: when `main` ends, or is killed,
/// everything that was started below it is ended. For the first line of a binary's `main`; give what
/// it gets to [`Config::guard`](crate::Config::guard).
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use flounder_boot::{Config, Modules, System, guarded};
///
/// fn main() -> ExitCode {
///     guarded(|guard| {
///         let config = Config::new().guard(guard);
///         let Ok(system) = System::boot(config, Modules::new()) else { return ExitCode::FAILURE };
///         // …
///         system.shutdown().map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS)
///     })
/// }
/// ```
///
/// The guard passes on the signals that processes send it, and ends with the status of `main`, or
/// 128 and the number of the signal that ended it. Where a guard can't be made, since there are other
/// threads already or the host doesn't let it, `main` runs in this process and gets `None`.
pub fn guarded(main: impl FnOnce(Option<Guard>) -> ExitCode) -> ExitCode {
    match fork_below_guard() {
        Ok(Side::System(guard)) => main(Some(guard)),
        Ok(Side::Guard(system)) => ExitCode::from(keep_guard(&system)),
        Err(_) => main(None),
    }
}

enum Side {
    System(Guard),
    Guard(Below),
}

/// The system, as its guard sees it.
struct Below {
    pid: Pid,
    pidfd: OwnedFd,
    owner: Option<Owner>,
    signals: raw::Signals,
}

fn fork_below_guard() -> io::Result<Side> {
    let guard = getpid();
    let pidfd = pidfd_open(guard, PidfdFlags::empty())?;
    set_child_subreaper(Some(guard))?;
    let signals = raw::all_but(&JOB_CONTROL);
    // Before the fork: no signal gets lost between the two.
    let before = raw::block(&signals);
    match raw::fork() {
        Ok(None) => {
            raw::set_mask(&before);
            if getppid() != Some(guard) {
                return Err(io::Error::other("the guard is dead already"));
            }
            Ok(Side::System(Guard { pidfd: Arc::new(pidfd) }))
        }
        Ok(Some(pid)) => {
            let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
            Ok(Side::Guard(Below { pid, pidfd, owner: Owner::of(pid).ok(), signals }))
        }
        Err(error) => {
            raw::set_mask(&before);
            let _ = set_child_subreaper(None);
            Err(error)
        }
    }
}

/// The guard's life; returns its status.
fn keep_guard(below: &Below) -> u8 {
    let status = await_end(below);
    if let Some(owner) = &below.owner {
        cgroup::end_of(owner);
    }
    end_children();
    status
}

/// Waits until the system has ended, passing on signals and waiting for whatever ends meanwhile.
fn await_end(below: &Below) -> u8 {
    loop {
        match raw::wait_for_signal(&below.signals) {
            Came { signal: libc::SIGCHLD, .. } => {
                if let Some(status) = status_of(below) {
                    return status;
                }
                reap_orphans(below.pid);
            }
            Came { signal, was_sent: true } => {
                if let Some(signal) = Signal::from_named_raw(signal) {
                    // It may just have ended, which comes next.
                    let _ = pidfd_send_signal(&below.pidfd, signal);
                }
            }
            // What a terminal sends, the system got too.
            Came { .. } => {}
        }
    }
}

/// What the guard ends with, if the system has ended.
fn status_of(below: &Below) -> Option<u8> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let status = match waitid(WaitId::PidFd(below.pidfd.as_fd()), options) {
        Ok(status) => status?,
        // Nobody knows any more.
        Err(_) => return Some(FAILURE),
    };
    let signalled = status.terminating_signal().map(|signal| SIGNALLED + signal);
    let status = status.exit_status().or(signalled).and_then(|code| u8::try_from(code & 0xff).ok());
    Some(status.unwrap_or(FAILURE))
}

/// Waits for the children that have ended, other than the system.
fn reap_orphans(system: Pid) {
    let Ok(children) = Stat::all() else { return };
    let own = Some(getpid());
    for stat in children.iter().filter(|stat| stat.parent == own && stat.is_over()) {
        if stat.pid != system {
            let _ = waitid(WaitId::Pid(stat.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

/// Kills and waits for children until there are none.
fn end_children() {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    loop {
        // One that grows faster than it is stopped is looked at again.
        let _ = tree::end_started_by(getpid());
        while let Ok(Some(_)) = waitid(WaitId::All, options) {}
        if waitid(WaitId::All, options).is_err_and(|error| error == Errno::CHILD) {
            return;
        }
    }
}
