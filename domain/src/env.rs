//! What a program is born with.

use std::cell::{OnceCell, RefCell};
use std::ffi::{OsStr, OsString};
use std::fmt;

use flounder::platform::Entry;
use flounder::{Cap, CoreId, Dispatcher, DomainId, Half, Home};

use crate::domain::Domain;

/// How a program ends: the status that whoever waits for it gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// The program did what it was asked.
    pub const SUCCESS: Self = Self(0);
    /// It didn't.
    pub const FAILURE: Self = Self(1);
}

/// What a platform starts a program with.
pub struct Birth {
    /// The core it runs on.
    pub core: CoreId,
    /// Its domain.
    pub domain: DomainId,
    /// Its arguments.
    pub argv: Vec<OsString>,
    /// Its environment, in the order given.
    pub env: Vec<(OsString, OsString)>,
    /// The entry that runs, with its caps.
    pub entry: Entry,
    /// The domain's own cap.
    pub domain_cap: Cap,
    /// The end of a binding to the core's monitor.
    pub monitor: Half,
    /// Where its dispatchers live.
    pub home: Home,
}

/// A program's environment: its arguments, its capabilities, and the way to everything else.
///
/// A blocking program is a function `fn(Env) -> ExitStatus` on a thread of its own; it waits with
/// [`Env::block_on`] or a dispatcher of its own. An asynchronous one is an
/// `async fn(Env) -> ExitStatus` on the program loop of its core.
pub struct Env {
    /// A future keeps what it is called with twice: where it came in, and where it is used.
    own: Box<Own>,
}

/// What is in an environment.
struct Own {
    core: CoreId,
    domain: DomainId,
    argv: Vec<OsString>,
    vars: Vec<(OsString, OsString)>,
    entry: Entry,
    domain_cap: Cap,
    home: Home,
    /// What a blocking program waits with.
    host: OnceCell<Dispatcher<()>>,
    monitor: RefCell<Option<Half>>,
    client: OnceCell<Box<Domain>>,
}

impl Env {
    /// The environment of a program about to start.
    #[must_use]
    pub fn new(birth: Birth) -> Self {
        let Birth { core, domain, argv, env: vars, entry, domain_cap, monitor, home } = birth;
        let monitor = RefCell::new(Some(monitor));
        let (host, client) = (OnceCell::new(), OnceCell::new());
        let own = Own { core, domain, argv, vars, entry, domain_cap, home, host, monitor, client };
        Self { own: Box::new(own) }
    }

    /// The core this part of the program runs on.
    #[must_use]
    pub fn core(&self) -> CoreId {
        self.own.core
    }

    /// The program's domain.
    #[must_use]
    pub fn id(&self) -> DomainId {
        self.own.domain
    }

    /// The arguments, by custom the program's path first.
    #[must_use]
    pub fn args(&self) -> &[OsString] {
        &self.own.argv
    }

    /// The argument at `index`, if it is there and is text.
    #[must_use]
    pub fn arg(&self, index: usize) -> Option<&str> {
        self.own.argv.get(index)?.to_str()
    }

    /// The environment in the order it was given.
    #[must_use]
    pub fn vars(&self) -> &[(OsString, OsString)] {
        &self.own.vars
    }

    /// The value of an environment variable.
    #[must_use]
    pub fn var(&self, key: impl AsRef<OsStr>) -> Option<&OsStr> {
        let key = key.as_ref();
        self.own.vars.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_os_str())
    }

    /// The domain's own cap, with the rights SPAN and EXIT.
    #[must_use]
    pub fn domain_cap(&self) -> &Cap {
        &self.own.domain_cap
    }

    /// The entry that runs, with the capabilities it was given.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.own.entry
    }

    /// Where the program's dispatchers live.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.own.home
    }

    /// A dispatcher of the program with a state of its own.
    #[must_use]
    pub fn dispatcher<S: 'static>(&self, state: S) -> Dispatcher<S> {
        self.own.home.dispatcher(state)
    }

    /// The client of the system: monitor, names, processes. The binding to the monitor is claimed
    /// at the first use.
    ///
    /// # Panics
    ///
    /// If the program was born with something else than the end of a monitor binding, which no
    /// platform does.
    #[must_use]
    pub fn system(&self) -> &Domain {
        self.own.client.get_or_init(|| {
            let half = self.own.monitor.borrow_mut().take();
            let half = half.expect("the monitor's end is claimed once, here");
            let client = Domain::claim(half, &self.own.home);
            Box::new(client.expect("a program is born with a monitor's end"))
        })
    }

    /// Runs the program's dispatchers until `future` is ready. For blocking programs: an
    /// asynchronous one awaits.
    ///
    /// # Panics
    ///
    /// If called from a handler.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let host = self.own.host.get_or_init(|| self.dispatcher(()));
        host.block_on(future)
    }

    /// Ends the program with `status`, wherever it is: the process manager stops all its parts.
    /// The future is never ready.
    pub async fn exit(&self, status: ExitStatus) -> std::convert::Infallible {
        if let Ok(processes) = self.system().processes().await {
            // A refusal means that the domain is being stopped already.
            let _ = processes.exit(&self.own.domain_cap, status.0).await;
        }
        std::future::pending().await
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("core", &self.own.core)
            .field("domain", &self.own.domain)
            .field("argv", &self.own.argv)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Birth")
            .field("core", &self.core)
            .field("domain", &self.domain)
            .field("argv", &self.argv)
            .finish_non_exhaustive()
    }
}
