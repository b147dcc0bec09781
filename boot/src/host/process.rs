//! A process that was started: signalled and waited for by its descriptor, never by a number that
//! may meanwhile be another's.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use flounder::platform::ProgramEnd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use super::raw::Started;
use super::tree;

/// How long the end of a killed process is waited for where nobody else does: it takes a few
/// milliseconds, unless a device holds the process up, which nothing ends.
const END_MAX: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// What is said of a process of which nobody knows how it ended.
pub(super) const UNKNOWN: ProgramEnd = ProgramEnd::Signalled(9);

/// A process, from its start until it was waited for. One that drops earlier is killed.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    pidfd: OwnedFd,
    /// Whether what it starts is in a group, which ends it.
    is_grouped: bool,
    is_reaped: Cell<bool>,
}

impl Process {
    pub(super) fn new(Started { pid, pidfd }: Started, is_grouped: bool) -> Self {
        Self { pid, pidfd, is_grouped, is_reaped: Cell::new(false) }
    }

    /// Its number, which no other process gets before this one was waited for.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Ends it by force. One that has ended already isn't changed.
    pub(super) fn kill(&self) {
        // Not there any more: that is what was wanted.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// How it ended; `None` as long as it runs. Its number may be another's from then on.
    pub(super) fn reap(&self) -> Option<ProgramEnd> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let end = match waitid(WaitId::PidFd(self.as_fd()), options) {
            Ok(status) => {
                let status = status?;
                let byte = |number: i32| u8::try_from(number & 0xff).ok();
                let signal = status.terminating_signal().and_then(byte).map(ProgramEnd::Signalled);
                signal.or(status.exit_status().and_then(byte).map(ProgramEnd::Exited))
            }
            // Somebody else in this process waited for it, or has the kernel forget its children.
            Err(_) if waits_for(self, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) => None,
            Err(_) => return None,
        };
        self.is_reaped.set(true);
        Some(end.unwrap_or(UNKNOWN))
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_reaped.get() {
            return;
        }
        if !self.is_grouped {
            // Before its leader, without whom it isn't found. What is left after that is the guard's.
            let _ = tree::end_led_by(self.pid);
        }
        self.kill();
        waits_for(self, Some(&END_MAX));
        self.reap();
    }
}

/// Waits until the process behind a descriptor has ended; false if it took too long.
pub(super) fn waits_for(pidfd: &impl AsFd, at_most: Option<&Timespec>) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    loop {
        match poll(&mut fds, at_most) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.is_ok_and(|ready| ready > 0),
        }
    }
}
