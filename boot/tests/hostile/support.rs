//! What the attacks share: a system that notices what they left, and a gate to hold a program.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use flounder::{Cap, CoreId, Counts, DomainId};
use flounder_boot::{Config, Modules, Operator, System};
use flounder_domain::{Processes, Program};

/// How long a killed program has to end in these tests: they wait for it to pass, so it is short.
pub(crate) const GRACE: Duration = Duration::from_millis(30);

pub(crate) fn boot(cores: u16, modules: Modules) -> System {
    let config = Config::new().cores(cores.try_into().expect("there are cores")).grace(GRACE);
    System::boot(config, modules).expect("the system boots")
}

/// Has a client of core 0 run through `attack`.
pub(crate) fn attack<R>(
    system: &System,
    attack: impl AsyncFnOnce(&Operator, &Processes) -> R,
) -> R {
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        attack(&operator, &processes).await
    })
}

/// Shuts a system down that has nothing left.
pub(crate) fn ends_clean(system: System) {
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck, report.left), (0, 0, Counts::default()));
}

pub(crate) fn module(name: &str) -> Program {
    Program::new(format!("/modules/{name}"))
}

pub(crate) fn id_of(domain: &Cap) -> DomainId {
    domain.identify().expect("it is usable").domain.expect("it is a Domain cap")
}

/// Holds programs that must not wait on their dispatchers, until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().expect("nobody panics with it") = true;
        self.0.1.notify_all();
    }

    /// Blocks the calling thread outside any dispatcher.
    pub(crate) fn pass(&self) {
        let open = self.0.0.lock().expect("nobody panics with it");
        drop(self.0.1.wait_while(open, |open| !*open).expect("nobody panics with it"));
    }
}
