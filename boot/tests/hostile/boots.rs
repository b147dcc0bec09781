//! Systems that can't boot, that are dropped, and several at once.

use std::future::pending;
use std::thread;

use flounder::{CoreId, Counts, RpcError};
use flounder_boot::{BootError, Config, Modules, System};
use flounder_domain::{Env, ExitStatus, ProcessError};

use crate::support::{attack, boot, ends_clean, module};

fn modules() -> Modules {
    Modules::new()
        .blocking("stays", |env: Env| env.block_on(pending()))
        .asynchronous("async stays", async |_: Env| pending().await)
        .blocking("seven", |_: Env| ExitStatus(7))
}

#[test]
fn there_are_no_more_cores_than_numbers_for_them() {
    for cores in [257, u16::MAX] {
        let booted = System::boot(Config::new().cores(cores.try_into().unwrap()), modules());
        let Err(BootError::TooManyCores { cores: refused }) = booted else { panic!("{cores}") };
        assert_eq!(refused, cores);
    }
}

#[test]
fn a_dropped_system_stops_as_one_that_is_shut_down() {
    let system = boot(2, modules());
    let kernel = system.kernel().clone();
    attack(&system, async |_, processes| {
        for name in ["stays", "async stays"] {
            drop(processes.spawn(module(name).core(CoreId(1))).await.expect(name));
        }
    });
    drop(system);
    assert_eq!(kernel.counts(), Counts::default());
}

#[test]
fn an_operator_may_outlive_its_system() {
    let system = boot(1, modules());
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    let processes = operator.block_on(operator.system().processes()).expect("it is registered");
    let domain = operator.block_on(processes.spawn(module("stays"))).expect("it starts");
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck), (0, 0));
    let closed = Err(ProcessError::Rpc(RpcError::Closed));
    assert_eq!(operator.block_on(processes.kill(&domain)), closed);
    assert!(operator.block_on(operator.system().monitor().name_iref()).is_err());
    assert!(operator.system().monitor().is_closed());
}

#[test]
fn two_systems_know_nothing_of_each_other() {
    let (one, other) = (boot(2, modules()), boot(1, modules()));
    let (here, there) = (one.operator(CoreId(0)).unwrap(), other.operator(CoreId(0)).unwrap());
    let mine = here.block_on(here.system().processes()).expect("it is registered");
    let theirs = there.block_on(there.system().processes()).expect("it is registered");
    let domain = here.block_on(mine.spawn(module("stays"))).expect("it starts");
    let twin = there.block_on(theirs.spawn(module("stays"))).expect("it starts");
    assert!(there.block_on(theirs.kill(&domain)).is_err(), "a cap of another system");
    assert!(there.block_on(theirs.kill(&twin)).is_err(), "what sent it is cut off");
    assert_eq!(attack(&other, async |_, fresh| fresh.kill(&twin).await), Ok(()));
    assert_eq!(here.block_on(mine.kill(&domain)), Ok(()));
    drop((domain, twin, mine, theirs, here, there));
    ends_clean(other);
    ends_clean(one);
}

#[test]
fn operators_work_on_many_threads() {
    let system = boot(2, modules());
    thread::scope(|scope| {
        for core in [0, 1, 0, 1] {
            let operators = system.operators();
            scope.spawn(move || {
                let operator = operators.operator(CoreId(core)).expect("the core is there");
                operator.block_on(async {
                    let processes = operator.system().processes().await.expect("registered");
                    for to in [0, 1, 0, 1] {
                        let program = module("seven").core(CoreId(to));
                        let domain = processes.spawn(program).await.expect("it starts");
                        assert_eq!(processes.wait(&domain).await, Ok(7));
                    }
                });
            });
        }
    });
    ends_clean(system);
}
