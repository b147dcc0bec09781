//! Threads pinned to a CPU.

use std::io;
use std::thread::{Builder, JoinHandle};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::sync::have_heavy;

/// The CPUs that the calling thread may run on, in ascending order.
///
/// # Errors
///
/// What the system says if it can't tell.
pub fn allowed_cpus() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None::<Pid>)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// The only CPU that the calling thread may run on, if there is just one.
pub(crate) fn only_cpu() -> Option<usize> {
    let set = sched_getaffinity(None::<Pid>).ok()?;
    if set.count() == 1 { (0..CpuSet::MAX_CPU).find(|&cpu| set.is_set(cpu)) } else { None }
}

/// Pins the calling thread to one CPU.
///
/// # Errors
///
/// What the system says if the thread may not run there.
pub fn pin_to(cpu: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    if cpu >= CpuSet::MAX_CPU {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("there is no CPU {cpu}")));
    }
    set.set(cpu);
    Ok(sched_setaffinity(None::<Pid>, &set)?)
}

/// Starts a thread called `name` that runs `main` on `cpu`, or on any CPU if that is `None`.
///
/// ```
/// let cpu = flounder::thread::allowed_cpus()?[0];
/// let thread = flounder::thread::spawn("adder", Some(cpu), || 1 + 1)?;
/// assert_eq!(thread.join().unwrap()?, 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// What the system says if it can't start the thread. If it can't pin it, `main` isn't run, and
/// joining the thread returns what the system says.
pub fn spawn<T: Send + 'static>(
    name: &str,
    cpu: Option<usize>,
    main: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<io::Result<T>>> {
    // Asked before there is a second thread: for one the kernel has the answer at once.
    let _ = have_heavy();
    Builder::new().name(name.to_owned()).spawn(move || {
        cpu.map_or(Ok(()), pin_to)?;
        Ok(main())
    })
}
