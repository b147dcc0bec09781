//! Spawning as a program likes to write it: what to start, where, with what; and then a child that can
//! be waited for, killed and asked how it stands.
//!
//! Everything that takes time is [`Pending`]: it can be awaited, and a program with a thread of its own
//! can block on it. What goes wrong says which program, on which core, and of which domain.

use std::ffi::{OsStr, OsString};
use std::fmt;

use flounder::{Cap, CapError, CoreId, DomainId, Home};

use crate::domain::{Domain, ReachError};
use crate::env::Env;
use crate::process::{DomainStatus, ProcessError, Processes, Program, Waited};

/// Who spawns: a program, or whoever runs the system.
pub trait Client {
    /// The client of the system.
    fn system(&self) -> &Domain;

    /// Where its dispatchers live.
    fn home(&self) -> &Home;

    /// Runs its dispatchers until `future` is ready.
    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

impl Client for Env {
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

/// A program to start.
///
/// ```no_run
/// use flounder::CoreId;
/// use flounder_domain::{Env, ExitStatus, Spawn};
///
/// fn blocking(env: Env) -> ExitStatus {
///     let child = Spawn::program("hello").arg("--loud").core(CoreId(1)).start(&env).block();
///     let status = child.and_then(|child| child.wait().block());
///     status.map_or(ExitStatus::FAILURE, ExitStatus)
/// }
///
/// async fn asynchronous(env: Env) -> ExitStatus {
///     match Spawn::program("hello").env("LANG", "C").start(&env).await {
///         Ok(child) => child.wait().await.map_or(ExitStatus::FAILURE, ExitStatus),
///         Err(error) => {
///             eprintln!("{error}"); // can't start `hello` on core 0: …
///             ExitStatus::FAILURE
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing starts before `start`"]
pub struct Spawn {
    name: String,
    core: CoreId,
    program: Program,
    caps: Vec<Cap>,
}

/// What takes time: await it, or block on it.
#[must_use = "nothing happens before it is awaited or blocked on"]
pub struct Pending<'c, C, F> {
    client: &'c C,
    future: F,
}

impl<C: Client, F: Future> Pending<'_, C, F> {
    /// Runs the client's dispatchers until it is done. For programs with a thread of their own.
    ///
    /// # Panics
    ///
    /// If called from a handler.
    pub fn block(self) -> F::Output {
        self.client.block_on(self.future)
    }
}

impl<C, F: Future> IntoFuture for Pending<'_, C, F> {
    type Output = F::Output;
    type IntoFuture = F;

    fn into_future(self) -> F {
        self.future
    }
}

impl<C, F> fmt::Debug for Pending<'_, C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// Why a child didn't start, or didn't do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// It didn't start.
    #[error("can't start `{program}` on core {core}: {why}")]
    NotStarted {
        /// The program, as it was asked for.
        program: String,
        /// The core.
        core: CoreId,
        /// Why.
        why: Why,
    },
    /// Something was asked of a child that runs or ran.
    #[error("can't {what} domain {domain} (`{program}` on core {core}): {why}")]
    NotDone {
        /// What was asked.
        what: &'static str,
        /// The domain.
        domain: DomainId,
        /// Its program.
        program: String,
        /// The core it was spawned on.
        core: CoreId,
        /// Why.
        why: Why,
    },
}

/// What stands behind a [`ChildError`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The process manager can't be reached.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// It refused or didn't answer.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The caps for the child can't be handed on.
    #[error("a cap for it can't be handed on: {0}")]
    Cap(#[from] CapError),
}

impl Spawn {
    /// The program called `name`: a path, or a name to be searched for along `PATH`, first among the
    /// modules. On core 0, with its name as its only argument and no environment.
    pub fn program(name: impl Into<String>) -> Self {
        let name = name.into();
        let (program, core) = (Program::new(name.clone()), CoreId(0));
        Self { name, core, program, caps: Vec::new() }
    }

    /// With one more argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.program = self.program.arg(arg);
        self
    }

    /// With one more variable in its environment.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.program = self.program.env(key, value);
        self
    }

    /// On this core.
    pub fn core(mut self, core: CoreId) -> Self {
        self.core = core;
        self.program = self.program.core(core);
        self
    }

    /// With one more cap, which moves to it: the first is in slot 0 of the `CNode` that its arguments
    /// name, the second in slot 1.
    pub fn cap(mut self, cap: Cap) -> Self {
        self.caps.push(cap);
        self
    }

    /// With a `CNode` of inherited capabilities, which moves to it.
    pub fn inherit(mut self, cnode: Cap) -> Self {
        self.program = self.program.inherit(cnode);
        self
    }

    /// Ending when its spawner ends.
    pub fn end_with_spawner(mut self) -> Self {
        self.program = self.program.end_with_spawner();
        self
    }

    /// Starts it. The errors are [`ChildError::NotStarted`].
    pub fn start<C: Client>(
        self,
        client: &C,
    ) -> Pending<'_, C, impl Future<Output = Result<Child<'_, C>, ChildError>>> {
        Pending { client, future: self.run(client) }
    }

    async fn run<C: Client>(self, client: &C) -> Result<Child<'_, C>, ChildError> {
        let Self { name, core, program, caps } = self;
        let started = async {
            let program = if caps.is_empty() { program } else { with_caps(program, caps, client)? };
            let processes = client.system().processes().await?;
            let cap = processes.spawn(program).await?;
            let id = cap.identify()?.domain.unwrap_or(DomainId::NONE);
            Ok::<_, Why>((processes, cap, id))
        };
        match started.await {
            Ok((processes, cap, id)) => Ok(Child { client, processes, cap, id, name, core }),
            Err(why) => Err(ChildError::NotStarted { program: name, core, why }),
        }
    }
}

fn with_caps<C: Client>(program: Program, caps: Vec<Cap>, client: &C) -> Result<Program, Why> {
    let cnode = client.home().holder().cnode();
    for (slot, cap) in caps.into_iter().enumerate() {
        cnode.put(slot, cap).map_err(|(_, error)| error)?;
    }
    Ok(program.arg_caps(cnode))
}

/// A domain that was started. Dropping this doesn't end it; it gives up the cap that lets it be waited
/// for and killed.
pub struct Child<'c, C> {
    client: &'c C,
    processes: Processes,
    cap: Cap,
    id: DomainId,
    name: String,
    core: CoreId,
}

impl<C: Client> Child<'_, C> {
    /// Its domain.
    #[must_use]
    pub fn id(&self) -> DomainId {
        self.id
    }

    /// The cap to it, with the rights WAIT and KILL.
    #[must_use]
    pub fn cap(&self) -> &Cap {
        &self.cap
    }

    /// Gives the handle up for the cap.
    #[must_use]
    pub fn into_cap(self) -> Cap {
        self.cap
    }

    /// Waits until it has ended: its status.
    pub fn wait(&self) -> Pending<'_, C, impl Future<Output = Result<u8, ChildError>>> {
        self.pending("wait for", self.processes.wait(&self.cap))
    }

    /// Tells whether it has ended, without waiting for that.
    pub fn try_wait(&self) -> Pending<'_, C, impl Future<Output = Result<Waited, ChildError>>> {
        self.pending("wait for", self.processes.try_wait(&self.cap))
    }

    /// Ends it, and waits until nothing of it executes any more.
    pub fn kill(&self) -> Pending<'_, C, impl Future<Output = Result<(), ChildError>>> {
        self.pending("kill", self.processes.kill(&self.cap))
    }

    /// How it stands.
    pub fn status(&self) -> Pending<'_, C, impl Future<Output = Result<DomainStatus, ChildError>>> {
        self.pending("look at", self.processes.status(self.id, Some(&self.cap)))
    }

    fn pending<T>(
        &self,
        what: &'static str,
        asked: impl Future<Output = Result<T, ProcessError>>,
    ) -> Pending<'_, C, impl Future<Output = Result<T, ChildError>>> {
        let future = async move {
            asked.await.map_err(|error| ChildError::NotDone {
                what,
                domain: self.id,
                program: self.name.clone(),
                core: self.core,
                why: error.into(),
            })
        };
        Pending { client: self.client, future }
    }
}

impl<C> fmt::Debug for Child<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, core, .. } = self;
        write!(f, "domain {id} (`{name}` on core {core})")
    }
}
