//! A booted system with its client, and what a program of the host is asked to do.

use flounder::{Cap, CoreId, Counts, DomainId};
use flounder_boot::{Config, Modules, Operator, System};
use flounder_domain::{Processes, Program};

pub(crate) fn config() -> Config {
    Config::new().cores(2.try_into().expect("a system has cores"))
}

/// Boots a system, has a client of core 0 do something, and expects that nothing is left.
pub(crate) fn with_system<R>(
    config: Config,
    act: impl AsyncFnOnce(&Operator, &Processes) -> R,
) -> R {
    let system = System::boot(config, Modules::new()).expect("the system boots");
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    let result = operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        act(&operator, &processes).await
    });
    drop(operator);
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck, report.left), (0, 0, Counts::default()));
    result
}

/// A script for the shell.
pub(crate) fn script(text: &str) -> Program {
    Program::new("/bin/sh").arg("-c").arg(text)
}

pub(crate) fn id_of(domain: &Cap) -> DomainId {
    domain.identify().expect("it is usable").domain.expect("it is a Domain cap")
}
