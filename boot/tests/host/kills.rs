//! Programs that don't want to die, and what they leave: an answered kill or wait means that nothing
//! of the domain executes.

use flounder::ErrCode;
use flounder_boot::Output;
use flounder_idl::types::ExitCause;

use crate::support::{
    Folder, alive_in_session, both_ways, code, ends_escaped, id_of, is_alive, script, with_system,
};

/// Scripts that tell over the pipe `$P` which processes there are, the first being the script's own.
const HOSTILE: &[(&str, &str)] = &[
    ("waits", "echo $$ >$P; exec sleep 1000"),
    ("ignores signals", "trap '' TERM HUP INT QUIT; echo $$ >$P; while :; do sleep 1000; done"),
    ("stops itself", "echo $$ >$P; kill -STOP $$; exec sleep 1000"),
    ("is stopped with its child", "sleep 1000 & kill -STOP $!; echo $$ $! >$P; kill -STOP $$"),
    ("has closed everything", "exec 0<&- 1>&- 2>&-; echo $$ >$P; while :; do :; done"),
    ("has a child in a session of its own", "setsid sleep 1000 & echo $$ $! >$P; wait"),
    ("has a grandchild without a parent", "(sleep 1000 & echo $$ $! >$P); exec sleep 1000"),
    ("forks in a loop", "echo $$ >$P; while :; do sleep 1000 & done"),
];

/// What escapes from its session *and* from its parent.
const ESCAPED: (&str, &str) =
    ("has a daemon", "(setsid sleep 1000 & echo $$ $! >$P); exec sleep 1000");

/// Kills a script and expects that nothing of it is left.
fn kill_one(how: &str, config: flounder_boot::Config, (what, text): (&str, &str)) {
    let folder = Folder::new(&format!("kill {what} {how}"));
    with_system(config.output(Output::Null), async |_, processes| {
        let pipe = folder.pipe("pids");
        let program = script(text).env("P", pipe.path());
        let domain = processes.spawn(program).await.expect(what);
        let pids = pipe.hear_pids();
        assert_eq!(processes.kill(&domain).await, Ok(()), "{what}, {how}");
        let alive: Vec<_> = pids.iter().filter(|&&pid| is_alive(pid)).collect();
        assert_eq!((alive, alive_in_session(pids[0])), (vec![], 0), "{what}, {how}");

        assert_eq!(processes.wait(&domain).await, Ok(9), "{what}, {how}");
        let record = processes.status(id_of(&domain), None).await.expect(what);
        assert_eq!(record.cause, ExitCause::Killed, "{what}, {how}");
        let again = code(processes.kill(&domain).await);
        assert_eq!(again, Some(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING), "{what}, {how}");
    });
}

#[test]
fn whatever_it_does_a_killed_program_ends_with_all_it_started() {
    for (how, config) in both_ways() {
        for &case in HOSTILE {
            kill_one(how, config.clone(), case);
        }
        if ends_escaped(config.clone()) {
            kill_one(how, config, ESCAPED);
        }
    }
}

#[test]
fn what_a_program_leaves_ends_before_its_waiters_hear_of_it() {
    const LEAVES: &[(&str, &str)] = &[
        ("a child", "sleep 1000 & echo $! >$P; exit 5"),
        ("a child that ignores signals", "(trap '' TERM HUP; sleep 1000) & echo $! >$P; exit 5"),
        ("a stopped child", "sleep 1000 & kill -STOP $!; echo $! >$P; exit 5"),
    ];
    const DAEMON: (&str, &str) = ("a daemon", "(setsid sleep 1000 & echo $! >$P); exit 5");
    for (how, config) in both_ways() {
        let escaped = ends_escaped(config.clone()).then_some(DAEMON);
        let folder = Folder::new(&format!("leaves {how}"));
        with_system(config.output(Output::Null), async |_, processes| {
            for (what, text) in LEAVES.iter().copied().chain(escaped) {
                let pipe = folder.pipe(what);
                let program = script(text).env("P", pipe.path());
                let domain = processes.spawn(program).await.expect(what);
                let left = pipe.hear_pids()[0];
                assert_eq!(processes.wait(&domain).await, Ok(5), "{what}, {how}");
                assert!(!is_alive(left), "{what}, {how}");
            }
        });
    }
}

#[test]
fn a_system_ends_what_still_runs() {
    for (how, config) in both_ways() {
        let folder = Folder::new(&format!("shutdown {how}"));
        let mut pids = Vec::new();
        with_system(config.output(Output::Null), async |_, processes| {
            for (what, text) in HOSTILE.iter().filter(|(what, _)| !what.contains("loop")) {
                let pipe = folder.pipe(what);
                drop(processes.spawn(script(text).env("P", pipe.path())).await.expect(what));
                pids.extend(pipe.hear_pids());
            }
        });
        pids.retain(|&pid| is_alive(pid));
        assert_eq!(pids, [0; 0], "{how}");
    }
}
