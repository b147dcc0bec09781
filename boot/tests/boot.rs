//! A system boots, runs programs and stops, with nothing left.

use flounder::{CoreId, Counts};
use flounder_boot::{Config, Modules, System};
use flounder_domain::{Env, ExitStatus, Program};

fn modules() -> Modules {
    Modules::new()
        .blocking("seven", |_env: Env| ExitStatus(7))
        .asynchronous("eight", async |_env: Env| ExitStatus(8))
}

#[test]
fn programs_of_both_kinds_run_on_every_core() {
    for cores in [1, 2, 5] {
        let config = Config::new().cores(cores.try_into().unwrap());
        let system = System::boot(config, modules()).expect("the system boots");
        eprintln!("booted");
        let operator = system.operator(CoreId(0)).expect("core 0 is there");
        operator.block_on(async {
            let processes = operator.system().processes().await.expect("it is registered");
            for core in 0..u8::try_from(cores).unwrap() {
                for (path, status) in [("/modules/seven", 7), ("eight", 8)] {
                    let program = Program::new(path).core(CoreId(core));
                    let domain = processes.spawn(program).await.expect("it is spawned");
                    assert_eq!(processes.wait(&domain).await, Ok(status));
                }
            }
        });
        drop(operator);
        eprintln!("shutting down");
        let report = system.shutdown().expect("nothing failed");
        assert_eq!((report.wedged, report.stuck, report.left), (0, 0, Counts::default()));
    }
}
