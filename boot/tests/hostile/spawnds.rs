//! Spawnds that crash: what they started is lost, nothing else is, and another comes up as long as
//! that makes sense.

use std::future::pending;
use std::time::Duration;

use flounder::{Cap, CoreId, ErrCode};
use flounder_boot::{Config, Modules, Operator, System};
use flounder_domain::{Env, ExitStatus, ProcessError, Processes};
use flounder_idl::types::{DomainState, ExitCause};

use crate::support::{attack, ends_clean, id_of, module};

/// The status of a domain whose core was lost.
const LOST: u8 = 254;

/// How long a test waits before it tries a core again.
const PAUSE: Duration = Duration::from_millis(1);

fn modules() -> Modules {
    Modules::new()
        .blocking("waits", |env: Env| env.block_on(pending()))
        .asynchronous("async waits", async |_: Env| pending().await)
        .asynchronous("seven", async |_: Env| ExitStatus(7))
}

fn boot(cores: u16, restarts_max: u32) -> System {
    let config = Config::new().cores(cores.try_into().expect("there are cores"));
    let config = config.restarts(Duration::ZERO, restarts_max);
    System::boot(config, modules()).expect("the system boots")
}

/// Spawns on a core as soon as it has a spawnd again.
async fn spawn_again(operator: &Operator, processes: &Processes, core: CoreId) -> Cap {
    loop {
        match processes.spawn(module("async waits").core(core)).await {
            Ok(domain) => return domain,
            Err(error) => {
                let told = error.errval().top();
                let codes = [
                    Some(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND),
                    Some(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST),
                ];
                assert!(codes.contains(&told), "{error}");
                operator.home().waitset().sleep(PAUSE).await;
            }
        }
    }
}

#[test]
fn all_spawnds_crash_at_once() {
    const CORES: u8 = 4;
    let system = boot(CORES.into(), 100);
    attack(&system, async |operator, processes| {
        for _ in 0..3 {
            let mut domains = Vec::new();
            for core in (0..CORES).map(CoreId) {
                for name in ["waits", "async waits"] {
                    let domain = processes.spawn(module(name).core(core)).await;
                    domains.push(domain.expect("it starts"));
                }
            }
            (0..CORES).for_each(|core| system.crash_spawnd(CoreId(core)));
            for domain in &domains {
                assert_eq!(processes.wait(domain).await, Ok(LOST));
                let status = processes.status(id_of(domain), None).await.expect("it is known");
                assert_eq!((status.cause, status.wedged), (ExitCause::CoreLost, 0));
            }
            for core in (0..CORES).map(CoreId) {
                let domain = spawn_again(operator, processes, core).await;
                assert_eq!(processes.kill(&domain).await, Ok(()));
            }
        }
    });
    ends_clean(system);
}

#[test]
fn a_spawnd_that_crashes_while_everything_stops_holds_nothing_up() {
    for round in 0..10 {
        let system = boot(2, 100);
        attack(&system, async |_, processes| {
            for core in [CoreId(0), CoreId(1)] {
                drop(processes.spawn(module("waits").core(core)).await.expect("it starts"));
            }
        });
        system.crash_spawnd(CoreId(round % 2));
        ends_clean(system);
    }
}

#[test]
fn what_had_ended_before_the_crash_keeps_its_end() {
    let system = boot(1, 100);
    attack(&system, async |operator, processes| {
        let seven = processes.spawn(module("seven")).await.expect("it starts");
        assert_eq!(processes.wait(&seven).await, Ok(7));
        system.crash_spawnd(CoreId(0));
        drop(spawn_again(operator, processes, CoreId(0)).await);
        assert_eq!(processes.wait(&seven).await, Ok(7));
        let status = processes.status(id_of(&seven), None).await.expect("it is known");
        assert_eq!((status.cause, status.state), (ExitCause::Exited, DomainState::Cleaned));
    });
    ends_clean(system);
}

#[test]
fn a_core_whose_spawnds_crash_again_and_again_stays_without() {
    const RESTARTS_MAX: u32 = 2;
    let system = boot(2, RESTARTS_MAX);
    attack(&system, async |operator, processes| {
        for _ in 0..RESTARTS_MAX {
            let domain = spawn_again(operator, processes, CoreId(1)).await;
            system.crash_spawnd(CoreId(1));
            assert_eq!(processes.wait(&domain).await, Ok(LOST));
        }
        let last = spawn_again(operator, processes, CoreId(1)).await;
        system.crash_spawnd(CoreId(1));
        assert_eq!(processes.wait(&last).await, Ok(LOST));
        let refused = processes.spawn(module("seven").core(CoreId(1))).await;
        let refused = refused.map_err(|error: ProcessError| error.errval().top());
        assert!(matches!(refused, Err(Some(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND))));
        let other = processes.spawn(module("seven")).await.expect("the other core serves");
        assert_eq!(processes.wait(&other).await, Ok(7));
    });
    let failed = system.shutdown().expect_err("a core is lost for good");
    assert_eq!(failed.failures, ["Spawnd on core 1 failed again and again"]);
}
