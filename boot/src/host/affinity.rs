//! The CPUs of a process: every thread has its own set, and new threads that of whoever made them.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How often the threads are looked through for new ones. One made by a thread that has the CPU has
/// it too, so that each pass leaves fewer that haven't; more passes than this only a program needs
/// that keeps taking the CPU away again.
const PASSES_MAX: usize = 100;

/// Lets all threads of a process run on `cpu` as well. The process must not have been waited for.
///
/// # Errors
///
/// What the system says, `TimedOut` if the process takes the CPU away as fast as it is given.
pub(super) fn widen(pid: Pid, cpu: usize) -> io::Result<()> {
    for _ in 0..PASSES_MAX {
        let mut widened = false;
        for thread in threads(pid)? {
            widened |= widen_thread(thread, cpu)?;
        }
        if !widened {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the program undoes what is done"))
}

/// Gives one thread the CPU; false if it has it, or the thread is gone.
fn widen_thread(thread: Pid, cpu: usize) -> io::Result<bool> {
    let result = sched_getaffinity(Some(thread)).and_then(|mut cpus| {
        let has_it = cpu < CpuSet::MAX_CPU && cpus.is_set(cpu);
        if has_it {
            return Ok(false);
        }
        cpus.set(cpu);
        sched_setaffinity(Some(thread), &cpus)?;
        Ok(true)
    });
    match result {
        Err(Errno::SRCH) => Ok(false),
        result => Ok(result?),
    }
}

fn threads(pid: Pid) -> io::Result<Vec<Pid>> {
    let folder = fs::read_dir(format!("/proc/{pid}/task"))?;
    let number = |entry: io::Result<fs::DirEntry>| -> io::Result<Option<Pid>> {
        let name = entry?.file_name();
        Ok(name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw))
    };
    folder.filter_map(|entry| number(entry).transpose()).collect()
}
