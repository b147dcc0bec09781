//! Processes whose spawnd crashes: they end with all they started, and their waiters hear of it then.

use flounder::CoreId;
use flounder_boot::{Modules, Output, System};
use flounder_idl::types::ExitCause;

use crate::support::{Folder, both_ways, id_of, is_alive, script, tell_trees};

#[test]
fn a_spawnd_that_crashes_takes_its_processes_with_it() {
    for (how, config) in both_ways() {
        let folder = Folder::new(&format!("lost {how}"));
        let system = System::boot(config.output(Output::Null), Modules::new()).expect("it boots");
        tell_trees(&system);
        let operator = system.operator(CoreId(0)).expect("core 0 is there");
        operator.block_on(async {
            let processes = operator.system().processes().await.expect("it is registered");
            let pipe = folder.pipe("pids");
            let text = "(sleep 1000 & echo $$ $! >$P); exec sleep 1000";
            let program = script(text).env("P", pipe.path()).core(CoreId(1));
            let domain = processes.spawn(program).await.expect("it starts");
            let pids = pipe.hear_pids();
            system.crash_spawnd(CoreId(1));
            assert_eq!(processes.wait(&domain).await, Ok(254), "{how}");
            let alive: Vec<_> = pids.into_iter().filter(|&pid| is_alive(pid)).collect();
            assert_eq!(alive, [0; 0], "{how}");
            let record = processes.status(id_of(&domain), None).await.expect("it is known");
            assert_eq!(record.cause, ExitCause::CoreLost, "{how}");
        });
        drop(operator);
        drop(system);
    }
}
