//! What the attacks share: a system that notices what they left, and a gate to hold a program.

use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use flounder::{Cap, CoreId, Counts, DomainId};
use flounder_boot::{Config, Modules, Operator, System};
use flounder_domain::{Processes, Program};

/// How long a killed program has to end where a test waits for that to pass.
const GRACE: Duration = Duration::from_millis(10);

pub(crate) fn boot(cores: u16, modules: Modules) -> System {
    System::boot(config(cores), modules).expect("the system boots")
}

/// Boots a system whose grace time is over soon. Nothing that ends when killed is killed there: on a
/// busy machine it may not be in time.
pub(crate) fn boot_impatient(cores: u16, modules: Modules) -> System {
    System::boot(config(cores).grace(GRACE), modules).expect("the system boots")
}

fn config(cores: u16) -> Config {
    Config::new().cores(cores.try_into().expect("a system has cores"))
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

/// Gives every other program a turn.
pub(crate) async fn turn() {
    let mut seen = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut seen, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Holds programs that must not wait on their dispatchers, until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().expect("nobody panics at the gate") = true;
        self.0.1.notify_all();
    }

    /// Blocks the calling thread outside any dispatcher.
    pub(crate) fn pass(&self) {
        let open = self.0.0.lock().expect("nobody panics at the gate");
        drop(self.0.1.wait_while(open, |open| !*open).expect("as above"));
    }
}
