//! Control groups that serve one program after another: none is handed on unless it is as good as
//! new, and none outlives its system.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use flounder::{Cap, CoreId};
use flounder_boot::{Modules, Output, System, Trees};
use flounder_domain::Processes;

use crate::support::{Folder, config, script};

/// Tells which group a program is in over the pipe `$P`, and waits.
const TELLS: &str = "grep ^0:: /proc/self/cgroup >$P; exec sleep 1000";

/// What is done to a group.
type Deed = fn(&Path) -> io::Result<()>;

/// What is done to the group of a program that runs, and whether the next one gets it.
const DEEDS: &[(&str, Deed, bool)] = &[
    ("nothing", |_| Ok(()), true),
    ("frozen", |group| fs::write(group.join("cgroup.freeze"), "1"), false),
    ("with a group in it", |group| fs::create_dir(group.join("in")), false),
];

/// A system with control groups, as a client sees it.
struct Groups<'a> {
    folder: &'a Folder,
    processes: &'a Processes,
    path: &'a Path,
}

impl Groups<'_> {
    /// Starts a program that waits, and says in which group it is.
    async fn start(&self, name: &str) -> (Cap, PathBuf) {
        let pipe = self.folder.pipe(name);
        let program = script(TELLS).env("P", pipe.path()).core(CoreId(0));
        let domain = self.processes.spawn(program).await.expect(name);
        let told = pipe.hear();
        let (_, group) = told.trim().rsplit_once('/').expect("it is a path");
        (domain, self.path.join(group))
    }

    async fn kill(&self, domain: &Cap) {
        self.processes.kill(domain).await.expect("it runs");
    }
}

/// Does something in a system with control groups, of which none is left then. Says why if there
/// are none anyway.
fn with_groups(test: &str, act: impl AsyncFnOnce(&Groups<'_>)) {
    let folder = Folder::new(test);
    let system = System::boot(config().output(Output::Null), Modules::new()).expect("it boots");
    let path = match &system.containment().trees {
        Trees::Groups(path) => path.clone(),
        other => return println!("skipped: there are no control groups, {other:?}"),
    };
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        act(&Groups { folder: &folder, processes: &processes, path: &path }).await;
    });
    drop(operator);
    assert!(path.exists(), "{test}: a system that runs has its group");
    assert!(system.shutdown().expect("nothing failed").is_clean());
    assert!(!path.exists(), "{test}: its group goes with a system");
}

#[test]
fn a_group_is_handed_on_if_it_is_as_good_as_new() {
    for &(what, deed, is_handed_on) in DEEDS {
        with_groups(&format!("group {what}"), async |groups| {
            let (domain, first) = groups.start("first").await;
            deed(&first).expect(what);
            groups.kill(&domain).await;
            let (domain, second) = groups.start("second").await;
            assert_eq!(second == first, is_handed_on, "{what}");
            assert_eq!(first.exists(), is_handed_on, "{what}: it is removed otherwise");
            groups.kill(&domain).await;
        });
    }
}

#[test]
fn a_program_starts_although_the_group_kept_for_it_is_gone() {
    with_groups("group gone", async |groups| {
        let (domain, first) = groups.start("first").await;
        groups.kill(&domain).await;
        fs::remove_dir(&first).expect("nothing is in it");
        let (domain, second) = groups.start("second").await;
        assert_ne!(second, first);
        groups.kill(&domain).await;
    });
}

#[test]
fn no_group_is_handed_on_while_something_runs_in_it() {
    with_groups("groups at a time", async |groups| {
        let (first, its) = groups.start("first").await;
        let (second, other) = groups.start("second").await;
        assert_ne!(its, other);
        groups.kill(&second).await;
        let (third, again) = groups.start("third").await;
        assert_eq!(again, other, "what is empty serves again");
        for domain in [first, third] {
            groups.kill(&domain).await;
        }
    });
}
