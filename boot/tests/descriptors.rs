//! A process without file descriptors left: what needs one fails, and nothing else.
//!
//! One test in a process of its own, since the limit is the process's.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use flounder::{CoreId, Counts, ErrCode};
use flounder_boot::{BootError, Config, Modules, System};
use flounder_domain::{Env, ExitStatus, ProcessError, Program};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

fn modules() -> Modules {
    Modules::new()
        .blocking("seven", |_: Env| ExitStatus(7))
        .asynchronous("eight", async |_: Env| ExitStatus(8))
}

/// Lets the process open `count` more descriptors.
fn allow(count: u8) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = |current| {
        let limit = Rlimit { current, maximum };
        setrlimit(Resource::Nofile, limit).expect("it isn't above the maximum");
    };
    limit(maximum);
    let directory = fs::read_dir("/proc/self/fd").expect("the process is there");
    let entries = directory.map(|entry| entry.expect("it can be read").path());
    // Gone by now is the one to read the directory.
    let is_open = |path: &PathBuf| path.symlink_metadata().is_ok();
    let open: BTreeSet<PathBuf> = entries.collect::<Vec<_>>().into_iter().filter(is_open).collect();
    // The limit is for numbers: the first that leaves so many free below.
    let is_free = |number: &u64| !open.contains(&PathBuf::from(format!("/proc/self/fd/{number}")));
    limit((0..).filter(is_free).nth(usize::from(count)));
}

#[test]
fn what_needs_a_descriptor_fails_and_nothing_else() {
    let plenty = 100;
    allow(plenty);
    let config = Config::new().cores(2.try_into().unwrap());
    for count in 0..8 {
        allow(count);
        let booted = System::boot(config.clone(), modules());
        allow(plenty);
        assert!(matches!(booted, Err(BootError::Core { .. })), "{count}: {booted:?}");
    }
    let system = System::boot(config, modules()).expect("there are enough");
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        for _ in 0..3 {
            allow(0);
            let refused = processes.spawn(Program::new("/bin/true")).await;
            let other = system.operator(CoreId(1)).map(drop);
            let seven = processes.spawn(Program::new("seven")).await;
            let eight = processes.spawn(Program::new("eight")).await;
            allow(plenty);
            let code = refused.map_err(|error: ProcessError| error.errval().top()).err();
            assert_eq!(code, Some(Some(ErrCode::SPAWN_ERR_RUN)));
            other.expect("it needs none");
            assert_eq!(processes.wait(&seven.expect("it needs none")).await, Ok(7));
            assert_eq!(processes.wait(&eight.expect("it needs none")).await, Ok(8));
        }
    });
    drop(operator);
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck, report.left), (0, 0, Counts::default()));
}
