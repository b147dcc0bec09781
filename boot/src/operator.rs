//! Whoever runs the system: a thread of its own that talks to one core's monitor.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;

use flounder::{CoreId, Dispatcher, Holder, Home, Kernel, Mailbox, MonotonicClock, Waitset};
use flounder_domain::{Client, Domain};
use flounder_monitor::Command;

use crate::observers::Observers;

/// A client of the system on the thread that made it, with the operator's role. Everything it holds
/// is given up when it drops.
pub struct Operator {
    core: CoreId,
    domain: Domain,
    host: Dispatcher<()>,
    home: Home,
    holder: Holder,
}

/// Makes clients of the system, each on the thread that asks.
#[derive(Clone, Debug)]
pub struct Operators {
    kernel: Kernel,
    clock: MonotonicClock,
    monitors: BTreeMap<CoreId, Mailbox<Command>>,
    observers: Observers,
}

impl Operators {
    pub(crate) fn new(
        kernel: Kernel,
        clock: MonotonicClock,
        monitors: BTreeMap<CoreId, Mailbox<Command>>,
        observers: Observers,
    ) -> Self {
        Self { kernel, clock, monitors, observers }
    }

    /// A client of the system for the calling thread, on the monitor of `core`. Once the system has
    /// stopped it reaches nothing.
    ///
    /// # Errors
    ///
    /// If there is no such core, or the system has no file descriptor left.
    pub fn operator(&self, core: CoreId) -> io::Result<Operator> {
        let Some(monitor) = self.monitors.get(&core) else {
            let what = format!("there is no core {core}: there are {}", self.monitors.len());
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        };
        Operator::new(core, self, |half| {
            // A closed mailbox: the monitor is gone, and the half closes with the command.
            let _ = monitor.send(Command::AddOperator { half });
        })
    }
}

impl Operator {
    fn new(
        core: CoreId,
        system: &Operators,
        connect: impl FnOnce(flounder::Half),
    ) -> io::Result<Self> {
        let waitset = Waitset::with_clock(Rc::new(system.clock), None);
        let holder = system.kernel.holder();
        let home = Home::new(waitset, holder.clone());
        let home = system.observers.settle(home, core, format!("operator@{core}"));
        let (monitor, own) = flounder_monitor::child_pair(core);
        connect(monitor);
        let domain = Domain::claim(own, &home).map_err(io::Error::other)?;
        let host = home.dispatcher(());
        Ok(Self { core, domain, host, home, holder })
    }

    /// The core whose monitor it talks to.
    #[must_use]
    pub fn core(&self) -> CoreId {
        self.core
    }

    /// The client of the system: monitor, names, processes.
    #[must_use]
    pub fn system(&self) -> &Domain {
        &self.domain
    }

    /// Where its dispatchers live.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// A dispatcher of the operator with a state of its own.
    #[must_use]
    pub fn dispatcher<S: 'static>(&self, state: S) -> Dispatcher<S> {
        self.home.dispatcher(state)
    }

    /// Runs its dispatchers until `future` is ready.
    ///
    /// # Panics
    ///
    /// If called from a handler.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.host.block_on(future)
    }
}

impl Client for Operator {
    fn system(&self) -> &Domain {
        self.system()
    }

    fn home(&self) -> &Home {
        self.home()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.holder.end();
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator").field("core", &self.core).finish_non_exhaustive()
    }
}
