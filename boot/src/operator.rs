//! Whoever runs the system: a thread of its own that talks to one core's monitor.

use std::fmt;
use std::rc::Rc;

use flounder::{CoreId, Dispatcher, Holder, Home, Kernel, MonotonicClock, Waitset};
use flounder_domain::Domain;

/// A client of the system on the thread that made it, with the operator's role. Everything it holds
/// is given up when it drops.
pub struct Operator {
    core: CoreId,
    domain: Domain,
    host: Dispatcher<()>,
    home: Home,
    holder: Holder,
}

impl Operator {
    pub(crate) fn new(
        core: CoreId,
        kernel: &Kernel,
        clock: MonotonicClock,
        connect: impl FnOnce(flounder::Half),
    ) -> std::io::Result<Self> {
        let waitset = Waitset::with_clock(Rc::new(clock), None)?;
        let holder = kernel.holder();
        let home = Home::new(waitset, holder.clone()).named(format!("operator@{core}"));
        let (monitor, own) = flounder_monitor::child_pair(core);
        connect(monitor);
        let domain = Domain::claim(own, &home).map_err(std::io::Error::other)?;
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
