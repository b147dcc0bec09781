//! The calls that no safe crate offers: starting a process without copying this one, forking the
//! guard, and the signals of a thread. The only file of the workspace with `unsafe`.
//!
//! A start borrows this process's memory instead of copying it, as `posix_spawn` does:
//! `clone(CLONE_VM | CLONE_VFORK)` gives the child a stack of its own and suspends the calling thread
//! until the child has executed its program or ended. Until then the child makes raw
//! async-signal-safe calls only: it takes no lock, allocates nothing and can't panic. Signals are
//! blocked in the calling thread for good, so that no handler of this process ever runs in the child.
//! Unlike `posix_spawn`, the child gets a session, a cgroup and the signal of its parent's death
//! before its program's first instruction, and its parent a descriptor instead of a number.

#![allow(unsafe_code, reason = "what this file is for; each block says why it is sound")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::marker::PhantomData;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use rustix::process::{Pid, WaitId, WaitIdOptions};

/// The stack of a child until it executes its program. It calls a few functions deep.
const STACK_BYTES: usize = 64 * 1024;

/// The highest number of a signal on Linux.
const SIGNAL_MAX: c_int = 64;

/// The kernel's set of signals is as long as there are signals.
const SIGSET_BYTES: usize = 8;

/// The kernel's `sigaction` has a handler, flags, on some architectures a restorer, and a set: with
/// room for a later field or two.
const SIGACTION_WORDS: usize = 8;

/// The status of a child that couldn't execute its program. Nobody reads it: the error is told.
const NOT_EXECUTED: c_int = 127;

/// What a process is started with. All descriptors are above 2, so that none is overwritten while
/// they are moved to 0, 1 and 2.
pub(super) struct Inheritance<'a> {
    pub(super) path: &'a CStr,
    /// Each points to a string that ends in NUL, the last is null.
    pub(super) argv: &'a Strings<'a>,
    pub(super) env: &'a Strings<'a>,
    pub(super) stdio: [BorrowedFd<'a>; 3],
    /// `cgroup.procs` of the group to join.
    pub(super) group: Option<BorrowedFd<'a>>,
}

/// A list of strings as `execve` takes it.
pub(super) struct Strings<'a> {
    pointers: Vec<*const c_char>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Strings<'a> {
    pub(super) fn new(strings: impl Iterator<Item = &'a CStr>) -> Self {
        let pointers = strings.map(CStr::as_ptr).chain([ptr::null()]).collect();
        Self { pointers, strings: PhantomData }
    }
}

/// A process that was started and not yet waited for.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
}

/// A thread that starts processes. Its signals are blocked for good, and the processes end with it.
pub(super) struct Nursery {
    stack: Box<[MaybeUninit<u128>]>,
    /// The thread's signals are blocked: it must not be sent to another.
    thread: PhantomData<*const ()>,
}

/// What a child reads and writes of the suspended thread's memory.
struct Birth {
    path: *const c_char,
    argv: *const *const c_char,
    env: *const *const c_char,
    stdio: [c_int; 3],
    group: Option<c_int>,
    parent: libc::pid_t,
    /// Why the program wasn't executed.
    errno: c_int,
}

impl Nursery {
    /// Makes the calling thread one that starts processes.
    pub(super) fn new() -> Self {
        block(&every_signal());
        let stack = vec![MaybeUninit::uninit(); STACK_BYTES / size_of::<u128>()];
        Self { stack: stack.into_boxed_slice(), thread: PhantomData }
    }

    /// Starts a process, as the child of this thread.
    ///
    /// # Errors
    ///
    /// What the system says, also of the program; nothing of the process is left then.
    pub(super) fn start(&mut self, with: &Inheritance<'_>) -> io::Result<Started> {
        let mut birth = Birth {
            path: with.path.as_ptr(),
            argv: with.argv.pointers.as_ptr(),
            env: with.env.pointers.as_ptr(),
            stdio: with.stdio.map(|fd| fd.as_raw_fd()),
            group: with.group.map(|fd| fd.as_raw_fd()),
            parent: rustix::process::getpid().as_raw_nonzero().get(),
            errno: 0,
        };
        let mut pidfd: c_int = -1;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let top = self.stack.as_mut_ptr_range().end.cast::<c_void>();
        let argument = (&raw mut birth).cast::<c_void>();
        // SAFETY: `top` is the aligned end of a stack that nobody else uses: it is this thread's own,
        // and CLONE_VFORK suspends the thread until the child has left it. For as long, everything
        // that `argument` points to lives, since `with` is borrowed, and nobody else touches it. The
        // kernel writes a descriptor to `pidfd`, as CLONE_PIDFD asks. `child` keeps the rules of
        // this file's head.
        let pid = unsafe { libc::clone(child, top, flags, argument, &raw mut pidfd) };
        let pid = Pid::from_raw(pid).filter(|_| pid > 0).ok_or_else(io::Error::last_os_error)?;
        // SAFETY: the clone succeeded, so the kernel opened this descriptor for us alone.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        if birth.errno == 0 {
            return Ok(Started { pid, pidfd });
        }
        // It has ended or is about to: nothing of it runs, and nobody hears of it.
        let _ = rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
        Err(io::Error::from_raw_os_error(birth.errno))
    }
}

/// The child's life until it is another program.
extern "C" fn child(birth: *mut c_void) -> c_int {
    // SAFETY: `start` passes a pointer to a `Birth` of its own, aligned and alive, and is suspended
    // until this process executes its program or ends. So this is the only reference.
    let birth = unsafe { &mut *birth.cast::<Birth>() };
    birth.errno = execute(birth).err().unwrap_or(0);
    // SAFETY: ends this process without running what this process's memory holds for its exit.
    unsafe { libc::_exit(NOT_EXECUTED) }
}

/// Becomes the program; returns only the error that prevented it.
fn execute(birth: &Birth) -> Result<(), c_int> {
    reset_signals();
    // SAFETY: no memory is involved.
    check(unsafe { libc::setsid() } == -1)?;
    if let Some(group) = birth.group {
        // SAFETY: writes one byte of a constant.
        check(unsafe { libc::write(group, c"0".as_ptr().cast(), 1) } == -1)?;
    }
    // SAFETY: sets an attribute of this process to an integer.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } == -1)?;
    // SAFETY: no memory is involved.
    if unsafe { libc::getppid() } != birth.parent {
        // The parent died before it could be noticed: nobody waits for this process.
        return Err(libc::ESRCH);
    }
    for (fd, target) in birth.stdio.into_iter().zip(0..) {
        // SAFETY: changes this process's own table of descriptors, of which it has a copy.
        check(unsafe { libc::dup2(fd, target) } == -1)?;
    }
    // SAFETY: as above; a system call that std and libc have no function for on older systems.
    check(unsafe { libc::syscall(libc::SYS_close_range, 3, c_int::MAX, 0) } == -1)?;
    set_mask(&no_signals());
    // SAFETY: the three pointers are to strings and null-terminated lists of strings, all alive as
    // long as the thread that made them is suspended.
    check(unsafe { libc::execve(birth.path, birth.argv, birth.env) } == -1)
}

/// Gives every signal its default action. The table is this process's own, since it was cloned
/// without `CLONE_SIGHAND`. By the system call: libc's function leaves out the signals that libc
/// keeps for itself, of which whoever started this process may have had one ignored.
fn reset_signals() {
    const DEFAULT: [u64; SIGACTION_WORDS] = [0; SIGACTION_WORDS];
    for signal in 1..=SIGNAL_MAX {
        let (default, none) = (DEFAULT.as_ptr(), ptr::null_mut::<u64>());
        // SAFETY: the kernel's `sigaction` is no longer than this, and all zeroes is a valid one: no
        // flags, no handler but the default. Of signals that can't be changed it is refused.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default, none, SIGSET_BYTES) };
    }
}

/// The error of a call that has just failed.
fn check(failed: bool) -> Result<(), c_int> {
    if !failed {
        return Ok(());
    }
    // SAFETY: no memory is involved but the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: it is valid in every thread, and so in the child, which runs on behalf of one.
    Err(unsafe { *errno })
}

/// Forks this process. `None` in the child.
///
/// # Errors
///
/// What the system says; `WouldBlock` if this process has other threads, which a fork would lose.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::new(io::ErrorKind::WouldBlock, "there are other threads already"));
    }
    // SAFETY: this is the only thread, so the child is a complete copy of this process, in which no
    // lock is held by somebody who isn't there.
    let pid = unsafe { libc::fork() };
    if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(Pid::from_raw(pid)) }
}

/// A set of signals.
#[derive(Clone, Copy)]
pub(super) struct Signals(libc::sigset_t);

/// A signal that came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Came {
    pub(super) signal: c_int,
    /// Whether a process sent it, and not the kernel, which tells the whole group of a terminal.
    pub(super) was_sent: bool,
}

fn no_signals() -> Signals {
    // SAFETY: all zeroes is a valid set of integers, and the empty one.
    Signals(unsafe { mem::zeroed() })
}

fn every_signal() -> Signals {
    let mut signals = no_signals();
    // SAFETY: the set is alive and ours.
    unsafe { libc::sigfillset(&raw mut signals.0) };
    signals
}

/// Every signal but these.
pub(super) fn all_but(except: &[c_int]) -> Signals {
    let mut signals = every_signal();
    for &signal in except {
        // SAFETY: the set is alive and ours; a number that is no signal changes nothing.
        unsafe { libc::sigdelset(&raw mut signals.0, signal) };
    }
    signals
}

/// Blocks the signals in the calling thread and returns what was blocked before.
pub(super) fn block(signals: &Signals) -> Signals {
    let mut before = no_signals();
    // SAFETY: both sets are alive; the call changes the calling thread's mask and nothing else.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals.0, &raw mut before.0) };
    before
}

/// Blocks exactly these signals in the calling thread.
pub(super) fn set_mask(signals: &Signals) {
    // SAFETY: the set is alive; the call changes the calling thread's mask and nothing else.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const signals.0, ptr::null_mut()) };
}

/// Waits until one of the signals comes, which must be blocked.
pub(super) fn wait_for_signal(signals: &Signals) -> Came {
    loop {
        // SAFETY: all zeroes is a valid `siginfo_t`, which is integers and pointers.
        let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
        // SAFETY: the set and the place for the answer are alive and ours.
        let signal = unsafe { libc::sigwaitinfo(&raw const signals.0, &raw mut info) };
        if signal > 0 {
            return Came { signal, was_sent: info.si_code <= 0 };
        }
    }
}
