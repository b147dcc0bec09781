//! Whoever stands outside the system and uses it: a test's own services and clients.

use std::fmt;
use std::rc::Rc;

use flounder::{CoreId, Dispatcher, Home};
use flounder_domain::Domain;

/// A loop of its own in a world, with a client of the system. It has the operator's role.
///
/// Dispatchers made here have turns when the world gives the loop one. Everything ends when the host
/// drops, as if whoever it stands for had died.
pub struct Host {
    core: CoreId,
    system: Rc<Domain>,
    tasks: Option<Dispatcher<()>>,
    home: Home,
}

impl Host {
    pub(crate) fn new(core: CoreId, system: Domain, home: Home) -> Self {
        Self { core, system: Rc::new(system), tasks: Some(home.dispatcher(())), home }
    }

    /// The core whose monitor it talks to.
    #[must_use]
    pub fn core(&self) -> CoreId {
        self.core
    }

    /// The client of the system, for tasks to keep.
    #[must_use]
    pub fn system(&self) -> Rc<Domain> {
        Rc::clone(&self.system)
    }

    /// A dispatcher of the host with a state of its own.
    #[must_use]
    pub fn dispatcher<S: 'static>(&self, state: S) -> Dispatcher<S> {
        self.home.dispatcher(state)
    }

    /// Runs a task on the host until it is done or the host drops.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        if let Some(tasks) = &self.tasks {
            tasks.spawn_local(task);
        }
    }

    /// Where the host's dispatchers live.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.home.end();
        self.tasks = None;
        self.home.holder().end();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("core", &self.core).finish_non_exhaustive()
    }
}
