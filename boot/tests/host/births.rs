//! How processes start, what they are born with, and how they end.

use std::fs;

use flounder::CoreId;
use flounder_boot::Output;
use flounder_domain::Program;
use flounder_idl::types::ExitCause;

use crate::support::{
    Folder, both_ways, config, group_and_session, id_of, script, status_line, with_system,
};

#[test]
fn status_and_cause_of_every_end() {
    use ExitCause::{Crashed, Exited};
    let table = || {
        [
            (Program::new("/bin/true"), Exited, 0),
            (Program::new("/bin/false"), Exited, 1),
            (Program::new("true"), Exited, 0),
            (script("exit 7"), Exited, 7),
            (script("exit 255"), Exited, 255),
            (script("exit 256"), Exited, 0),
            (script("kill -TERM $$"), Crashed, 128 + 15),
            (script("kill -KILL $$"), Crashed, 128 + 9),
            (script("kill -SEGV $$"), Crashed, 128 + 11),
            (script("kill -ABRT $$"), Crashed, 128 + 6),
            (script("kill -64 $$"), Crashed, 128 + 64),
        ]
    };
    for (how, config) in both_ways() {
        with_system(config, async |_, processes| {
            for (number, (program, cause, status)) in table().into_iter().enumerate() {
                let what = format!("{program:?} {how}");
                let core = CoreId(u8::from(number % 2 == 1));
                let domain = processes.spawn(program.core(core)).await.expect(&what);
                assert_eq!(processes.wait(&domain).await, Ok(status), "{what}");
                let record = processes.status(id_of(&domain), None).await.expect(&what);
                assert_eq!((record.cause, record.status), (cause, status), "{what}");
            }
        });
    }
}

#[test]
fn arguments_and_environment_are_exactly_what_was_asked_for() {
    let table = [
        (Program::new("/usr/bin/env"), ""),
        (
            Program::new("/usr/bin/env").env("B", "2").env("A", "").env("C", "a=b"),
            "B=2\nA=\nC=a=b\n",
        ),
        (Program::new("/usr/bin/env").env("PATH", "/nowhere"), "PATH=/nowhere\n"),
        (Program::new("/usr/bin/env").arg("-0").env("X", " \n"), "X= \n\0"),
        (Program::new("/bin/echo").arg("").arg("a  b"), " a  b\n"),
        (Program::new("/bin/sh").arg("-c").arg("echo $#").arg("").arg("").arg(""), "2\n"),
    ];
    let folder = Folder::new("environment");
    let files = Output::Files { folder: folder.as_ref().to_owned(), bytes_max: 4096 };
    with_system(config().output(files), async |_, processes| {
        for (program, expected) in table {
            let what = format!("{program:?}");
            let domain = processes.spawn(program).await.expect(&what);
            assert_eq!(processes.wait(&domain).await, Ok(0), "{what}");
            assert_eq!(folder.text(&format!("{}.out", id_of(&domain))), expected, "{what}");
        }
    });
}

#[test]
fn nothing_is_inherited_but_three_descriptors() {
    let folder = Folder::new("inherited");
    // Whoever forgets close-on-exec: this one is open in the system's process.
    let (_reader, leaked) = std::io::pipe().expect("there are descriptors");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("it is open");
    for (how, config) in both_ways() {
        with_system(config.output(Output::Null), async |_, processes| {
            let pipe = folder.pipe(how);
            // A child tells: a shell that redirects its own output keeps the old one meanwhile.
            let text = format!("(echo $$ >'{}'); (exec sleep 1000); :", pipe.path());
            let domain = processes.spawn(script(text).core(CoreId(1))).await.expect("it starts");
            let pid = pipe.hear_pids()[0];

            let fds = fs::read_dir(format!("/proc/{pid}/fd")).expect("it is alive");
            let mut fds: Vec<_> = fds.map(|fd| fd.expect("it is listed").file_name()).collect();
            fds.sort();
            assert_eq!(fds, ["0", "1", "2"], "{how}");
            assert_eq!(group_and_session(pid), (pid, pid), "a session of its own, {how}");
            processes.kill(&domain).await.expect("it runs");
        });
    }
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let folder = Folder::new("signals");
    let files = Output::Files { folder: folder.as_ref().to_owned(), bytes_max: 4096 };
    with_system(config().output(files), async |_, processes| {
        let program = Program::new("/bin/grep").arg("-E").arg("SigBlk|SigIgn");
        let domain = processes.spawn(program.arg("/proc/self/status")).await.expect("it starts");
        assert_eq!(processes.wait(&domain).await, Ok(0));
        let none = "0".repeat(16);
        let expected = format!("SigBlk:\t{none}\nSigIgn:\t{none}\n");
        assert_eq!(folder.text(&format!("{}.out", id_of(&domain))), expected);
    });
}

#[test]
fn a_process_runs_on_the_cpu_of_its_core() {
    let folder = Folder::new("cpu");
    let config = config().output(Output::Null);
    let system = flounder_boot::System::boot(config, flounder_boot::Modules::new()).expect("boots");
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        for layout in system.layout() {
            let pipe = folder.pipe(&layout.core.to_string());
            let text = format!("echo $$ >'{}'; exec sleep 1000", pipe.path());
            let domain = processes.spawn(script(text).core(layout.core)).await.expect("it starts");
            let cpus = status_line(pipe.hear_pids()[0], "Cpus_allowed_list");
            assert_eq!(Some(cpus), layout.cpu.map(|cpu| cpu.to_string()));
            processes.kill(&domain).await.expect("it runs");
        }
    });
    drop(operator);
    assert!(system.shutdown().expect("nothing failed").is_clean());
}
