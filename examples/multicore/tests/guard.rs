//! What becomes of host programs when the system's process, its guard or both are killed: none
//! outlives the system, and the next boot finds nothing.
//!
//! Each test starts `multicore --hold`, takes hold of every process by a descriptor, and waits for
//! their ends through it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;

/// How many programs there are; each has a daemon.
const PROGRAMS: u32 = 32;

/// After this long the end of a process counts as never: a busy machine must not fail a test.
const NEVER: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// A system that holds programs, seen from outside.
struct Held {
    guard: Guard,
    guard_fd: OwnedFd,
    /// The number of the system's process.
    system: u32,
    system_fd: OwnedFd,
    processes: Vec<OwnedFd>,
}

/// The command, which ends with a test that fails.
struct Guard(Child);

impl Guard {
    /// Waits for its end and returns its status.
    fn wait(&mut self) -> Option<i32> {
        self.0.wait().expect("it is ours").code()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Its child, the system, ends in order.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hold() -> Held {
    let guard = Command::new(env!("CARGO_BIN_EXE_multicore"))
        .args(["--cores", "3", "--hold", &PROGRAMS.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let mut guard = Guard(guard);
    let mut line = String::new();
    let output = guard.0.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut line).expect("it tells");
    let told: Value = serde_json::from_str(&line).expect("it tells one object");
    assert_eq!(told["guarded"], true);
    let open = |pid: &Value| {
        let pid = pid.as_i64().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        pidfd_open(pid.expect("it is a number"), PidfdFlags::empty()).expect("it is alive")
    };
    let processes: Vec<_> =
        told["processes"].as_array().expect("there are some").iter().map(open).collect();
    assert_eq!(processes.len(), 2 * PROGRAMS as usize);
    let guard_fd = open(&guard.0.id().into());
    let system = told["system"].as_u64().and_then(|pid| u32::try_from(pid).ok());
    let system_fd = open(&told["system"]);
    Held { guard_fd, system: system.expect("it is a number"), system_fd, processes, guard }
}

fn signal(pidfd: &OwnedFd, signal: Signal) {
    pidfd_send_signal(pidfd, signal).expect("it is alive");
}

/// Waits for the end of a process.
fn ends(pidfd: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    poll(&mut fds, Some(&NEVER)).is_ok_and(|ready| ready > 0)
}

/// The next system, which plays one step.
fn boot_again() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_multicore"))
        .args(["--cores", "2", "--only", "host-programs", "--json"])
        .output()
        .expect("the command starts");
    serde_json::from_slice(&output.stdout).expect("it prints one object")
}

/// Whether systems hold programs together with control groups here.
fn has_groups(report: &Value) -> bool {
    report["host_programs"].as_str().is_some_and(|text| text.contains("control group in"))
}

/// How many groups a process has beside that of the system which reports. One that is there has the
/// process's number as the fourth part of its name.
fn groups_of(process: u32, report: &Value) -> usize {
    let text = report["host_programs"].as_str().expect("it is a text");
    let (_, path) = text.split_once("control group in ").expect("there are groups");
    let path = Path::new(path.split(',').next().expect("a part is first"));
    let beside = fs::read_dir(path.parent().expect("it has a name")).expect("it can be read");
    let names = beside.map(|entry| entry.expect("it can be read").file_name());
    let process = process.to_string();
    let is_its = |name: &str| name.split('.').nth(3) == Some(&process);
    names.filter(|name| name.to_str().is_some_and(is_its)).count()
}

#[test]
fn killed_in_any_way_the_system_leaves_nothing() {
    // One after the other: what one test leaves would be another's finding.
    the_system_is_killed();
    the_system_is_asked_to_end();
    the_guard_is_killed();
    both_are_killed_at_once();
}

fn the_system_is_killed() {
    let with_groups = Some(boot_again()).filter(has_groups);
    let mut held = hold();
    if let Some(report) = &with_groups {
        assert_eq!(groups_of(held.system, report), 1, "that of the system");
    }
    signal(&held.system_fd, Signal::KILL);
    assert!(held.processes.iter().all(ends), "the guard ends what is left");
    assert_eq!(held.guard.wait(), Some(128 + 9), "it ends as the system did");
    if let Some(report) = &with_groups {
        assert_eq!(
            groups_of(held.system, report),
            0,
            "the guard removes its groups, also kept ones"
        );
    }
    assert_eq!(boot_again()["stale"], 0);
}

fn the_system_is_asked_to_end() {
    let mut held = hold();
    signal(&held.guard_fd, Signal::TERM);
    assert!(held.processes.iter().all(ends), "the guard passes on what it is sent");
    assert_eq!(held.guard.wait(), Some(128 + 15));
    assert_eq!(boot_again()["stale"], 0);
}

fn the_guard_is_killed() {
    let mut held = hold();
    signal(&held.guard_fd, Signal::KILL);
    assert_eq!(held.guard.wait(), None, "it was killed");
    assert!(ends(&held.system_fd), "the system hears of it, and ends");
    let report = boot_again();
    assert_eq!(report["stale"], 0);
    let all = if has_groups(&report) { &held.processes[..] } else { &[] };
    assert!(all.iter().all(ends), "in order");
}

fn both_are_killed_at_once() {
    let mut held = hold();
    // Stopped, so that it doesn't hear of the guard's end before its own.
    signal(&held.system_fd, Signal::STOP);
    signal(&held.guard_fd, Signal::KILL);
    signal(&held.system_fd, Signal::KILL);
    assert_eq!(held.guard.wait(), None, "it was killed");
    assert!(ends(&held.system_fd));
    let report = boot_again();
    if has_groups(&report) {
        // By this boot, or one of another system that came first.
        assert!(held.processes.iter().all(ends), "the next boot ends the daemons");
    } else {
        println!("skipped: what is left of both isn't ended, {}", report["host_programs"]);
    }
    assert_eq!(boot_again()["stale"], 0);
}
