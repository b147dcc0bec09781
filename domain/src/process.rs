//! The client of the process manager.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::rc::Rc;

use flounder::{
    AnyBinding, BindOptions, Cap, CapError, CapInfo, CoreId, Ctx, DomainId, ErrCode, ErrVal, Iref,
    RpcError,
};
use flounder_idl::proc_mgmt::{
    Binding, Exit, GetDomainlist, GetStatus, Interface, Kill, RxVtbl, Span, Spawn, SpawnWithCaps,
    Wait,
};
use flounder_idl::types::{DomainState, ExitCause};

use crate::args::{PackError, pack};
use crate::monitor::{BindError, Monitor};

/// The name under which the process manager is registered.
pub const PROC_MGMT_NAME: &str = "proc_mgmt";

/// How many calls, other than waits, may be outstanding on one binding.
pub const CALLS_MAX: u32 = 64;

/// How many waits may be outstanding beside them: one for each domain that the default quota allows.
pub const WAITS_MAX: u32 = 1_024;

/// How often a span looks whether the domain is known to run: the answer to its spawn is on its way.
const START_LOOKS_MAX: usize = 1_000;

/// The domain ends with its spawner.
const FLAG_END_WITH_SPAWNER: u8 = 1;

/// The spawner's cap has SPAN too.
const FLAG_SPANNED_BY_SPAWNER: u8 = 2;

/// Why the process manager didn't do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It refused; the codes say why, the outermost first.
    #[error("the process manager refused: {0}")]
    Refused(ErrVal),
    /// It didn't answer, or the request could not be sent.
    #[error("the process manager was not reached: {0}")]
    Rpc(#[from] RpcError),
    /// A cap can't be handed on.
    #[error("a cap can't be handed on: {0}")]
    Cap(#[from] CapError),
    /// The arguments can't be packed.
    #[error("the arguments can't be sent: {0}")]
    Arguments(#[from] PackError),
}

impl ProcessError {
    /// The code of the outermost failure.
    #[must_use]
    pub fn errval(&self) -> ErrVal {
        match self {
            Self::Refused(err) => *err,
            Self::Rpc(error) => error.code().into(),
            Self::Cap(error) => (*error).into(),
            Self::Arguments(_) => ErrCode::SPAWN_ERR_GET_CMDLINE_ARGS.into(),
        }
    }
}

/// A client of the process manager. A clone is another handle to the same binding.
#[derive(Clone)]
pub struct Processes {
    binding: Binding<()>,
    /// Calls other than waits that are outstanding.
    calls: Rc<Cell<u32>>,
}

/// What to start, and how.
///
/// ```
/// use flounder::CoreId;
/// use flounder_domain::Program;
///
/// let program = Program::new("/modules/hello").arg("--loud").env("LANG", "C").core(CoreId(1));
/// # let _ = program;
/// ```
#[derive(Debug)]
pub struct Program {
    path: String,
    argv: Vec<OsString>,
    env: Vec<OsString>,
    core: CoreId,
    flags: u8,
    inheritcn: Cap,
    argcn: Cap,
}

impl Program {
    /// The program at `path`, on core 0, with its path as its only argument and no environment.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            argv: vec![path.clone().into()],
            path,
            env: Vec::new(),
            core: CoreId(0),
            flags: 0,
            inheritcn: Cap::NULL,
            argcn: Cap::NULL,
        }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.argv.push(arg.into());
        self
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let mut variable = key.as_ref().to_owned();
        variable.push("=");
        variable.push(value);
        self.env.push(variable);
        self
    }

    /// On this core.
    #[must_use]
    pub fn core(mut self, core: CoreId) -> Self {
        self.core = core;
        self
    }

    /// Ending when its spawner ends.
    #[must_use]
    pub fn end_with_spawner(mut self) -> Self {
        self.flags |= FLAG_END_WITH_SPAWNER;
        self
    }

    /// With the right SPAN for whoever spawns it: an executable of the host can't ask itself.
    #[must_use]
    pub fn spanned_by_spawner(mut self) -> Self {
        self.flags |= FLAG_SPANNED_BY_SPAWNER;
        self
    }

    /// With a `CNode` of inherited capabilities, which moves to it.
    #[must_use]
    pub fn inherit(mut self, cnode: Cap) -> Self {
        self.inheritcn = cnode;
        self
    }

    /// With a `CNode` of capabilities that its arguments name, which moves to it.
    #[must_use]
    pub fn arg_caps(mut self, cnode: Cap) -> Self {
        self.argcn = cnode;
        self
    }
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waited {
    /// The domain ended with this status.
    Ended(u8),
    /// It is alive; only a wait without blocking says so.
    Alive,
}

/// How a domain stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DomainStatus {
    /// The domain.
    pub domain: DomainId,
    /// Its state.
    pub state: DomainState,
    /// What ended it.
    pub cause: ExitCause,
    /// The exit status, 0 while there is none.
    pub status: u8,
    /// The core it was spawned on.
    pub core: CoreId,
    /// How many cores it is on.
    pub cores: u16,
    /// How many of them can't be stopped.
    pub wedged: u16,
    /// The path it was spawned from.
    pub program: String,
    /// Its arguments, each ending in NUL; empty for those who may not see them.
    pub argvbuf: Vec<u8>,
}

/// Counts a call as long as it is outstanding.
struct Outstanding(Rc<Cell<u32>>);

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Processes {
    /// Binds to the process manager behind `iref`.
    ///
    /// # Errors
    ///
    /// [`BindError`] if a monitor or the process manager refuses.
    pub async fn bind(monitor: &Monitor, ctx: &Ctx<()>, iref: Iref) -> Result<Self, BindError> {
        const CALLS: std::num::NonZeroU32 =
            std::num::NonZeroU32::new(CALLS_MAX + WAITS_MAX).unwrap();
        let options = BindOptions::new().calls_max(CALLS);
        let binding = monitor.bind::<Interface, ()>(ctx, iref, options, &RxVtbl::UNHANDLED).await?;
        Ok(Self { binding, calls: Rc::default() })
    }

    /// Starts a program and returns its Domain cap, with the rights WAIT and KILL, and with SPAN if
    /// [`Program::spanned_by_spawner`] asked for it.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] with what the process manager or the core's spawnd says.
    pub async fn spawn(&self, program: Program) -> Result<Cap, ProcessError> {
        let (argvbuf, envbuf) = (pack(&program.argv)?, pack(&program.env)?);
        let _call = self.begin()?;
        let Program { path, core, flags, inheritcn, argcn, .. } = program;
        let (err, domain_cap) = if inheritcn.is_null() && argcn.is_null() {
            let request = Spawn { core: core.0, path, argvbuf, envbuf, flags };
            let answer = self.binding.call(request).await?;
            (answer.err, answer.domain_cap)
        } else {
            let request = SpawnWithCaps {
                core: core.0,
                path,
                argvbuf,
                envbuf,
                inheritcn_cap: inheritcn,
                argcn_cap: argcn,
                flags,
            };
            let answer = self.binding.call(request).await?;
            (answer.err, answer.domain_cap)
        };
        err.ok().map_err(ProcessError::Refused)?;
        Ok(domain_cap)
    }

    /// Extends a domain to another core. `domain` needs SPAN; `vroot` is the domain's `VNode` cap,
    /// `dispframe` a `Frame` of at least 4 KiB. For an executable of the host, `vroot` may be null
    /// and `dispframe` is the Dispatcher cap of the domain on the core where it was started.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] with what the process manager or the core's spawnd says.
    pub async fn span(
        &self,
        domain: &Cap,
        core: CoreId,
        vroot: Cap,
        dispframe: Cap,
    ) -> Result<(), ProcessError> {
        self.until_started(domain).await?;
        let _call = self.begin()?;
        let domain_cap = hand_on(domain)?;
        let request = Span { domain_cap, core: core.0, vroot, dispframe };
        let answer = self.binding.call(request).await?;
        answer.err.ok().map_err(ProcessError::Refused)
    }

    /// Waits until the process manager knows that a domain was started. It hears that from the
    /// domain's spawnd, which a program that spans right after its birth can overtake: it would be
    /// refused as not running. It is, if its spawnd is silent for longer than these looks take.
    async fn until_started(&self, domain: &Cap) -> Result<(), ProcessError> {
        let Ok(CapInfo { domain: Some(id), .. }) = domain.identify() else { return Ok(()) };
        for _ in 0..START_LOOKS_MAX {
            match self.status(id, None).await {
                Ok(DomainStatus { state: DomainState::Nil, .. }) => {}
                // Whatever else is wrong, the answer to what was asked says it.
                Ok(_) | Err(ProcessError::Refused(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends a domain and waits until nothing of it executes any more. `domain` needs KILL.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] with what the process manager says.
    pub async fn kill(&self, domain: &Cap) -> Result<(), ProcessError> {
        let _call = self.begin()?;
        let answer = self.binding.call(Kill { domain_cap: hand_on(domain)? }).await?;
        answer.err.ok().map_err(ProcessError::Refused)
    }

    /// Waits until a domain has ended and returns its status. `domain` needs WAIT.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] with what the process manager says.
    pub async fn wait(&self, domain: &Cap) -> Result<u8, ProcessError> {
        match self.wait_request(domain, false).await? {
            Waited::Ended(status) => Ok(status),
            Waited::Alive => Err(ProcessError::Refused(ErrCode::PROC_MGMT_DOMAIN_ALIVE.into())),
        }
    }

    /// Tells whether a domain has ended, without waiting for it. `domain` needs WAIT.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] with what the process manager says.
    pub async fn try_wait(&self, domain: &Cap) -> Result<Waited, ProcessError> {
        let _call = self.begin()?;
        self.wait_request(domain, true).await
    }

    async fn wait_request(&self, domain: &Cap, nohang: bool) -> Result<Waited, ProcessError> {
        let answer = self.binding.call(Wait { domain_cap: hand_on(domain)?, nohang }).await?;
        answer.err.ok().map_err(ProcessError::Refused)?;
        let is_alive = answer.err.is(ErrCode::PROC_MGMT_DOMAIN_ALIVE);
        Ok(if is_alive { Waited::Alive } else { Waited::Ended(answer.status) })
    }

    /// Tells the process manager that the caller's own domain ends with `status`. `domain` is the
    /// domain's own cap.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] if the message can't be sent.
    pub async fn exit(&self, domain: &Cap, status: u8) -> Result<(), ProcessError> {
        let exit = Exit { domain_cap: hand_on(domain)?, status };
        let sent = self.binding.send_when_room(exit).await;
        sent.map_err(|_| ProcessError::Rpc(RpcError::Closed))
    }

    /// The domains that are not cleaned up yet, in ascending order.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] if the process manager doesn't answer.
    pub async fn list(&self) -> Result<Vec<DomainId>, ProcessError> {
        let _call = self.begin()?;
        let mut domains: Vec<u64> = Vec::new();
        loop {
            let after = domains.last().copied().unwrap_or(0);
            let page = self.binding.call(GetDomainlist { after }).await?;
            domains.extend_from_slice(&page.domains);
            if !page.more || page.domains.is_empty() {
                return Ok(domains.into_iter().map(DomainId).collect());
            }
        }
    }

    /// Tells how a domain stands. With `cap`, a Domain cap of that domain, also its arguments.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] if there is no such domain.
    pub async fn status(
        &self,
        domain: DomainId,
        cap: Option<&Cap>,
    ) -> Result<DomainStatus, ProcessError> {
        let _call = self.begin()?;
        let domain_cap = cap.map_or(Ok(Cap::NULL), hand_on)?;
        let answer = self.binding.call(GetStatus { domain: domain.0, domain_cap }).await?;
        answer.err.ok().map_err(ProcessError::Refused)?;
        let entry = answer.entry;
        Ok(DomainStatus {
            domain: DomainId(entry.domain),
            state: entry.state,
            cause: entry.cause,
            status: entry.status,
            core: CoreId(entry.core),
            cores: entry.cores,
            wedged: entry.wedged,
            program: answer.program,
            argvbuf: answer.argvbuf,
        })
    }

    /// The typed binding, for what this client doesn't offer.
    #[must_use]
    pub fn binding(&self) -> &Binding<()> {
        &self.binding
    }

    fn begin(&self) -> Result<Outstanding, ProcessError> {
        if self.calls.get() >= CALLS_MAX {
            return Err(RpcError::TooManyCalls.into());
        }
        self.calls.set(self.calls.get() + 1);
        Ok(Outstanding(Rc::clone(&self.calls)))
    }
}

/// A copy to send. What can't be copied because it is null goes as the null cap: the process manager
/// answers that itself.
fn hand_on(cap: &Cap) -> Result<Cap, CapError> {
    if cap.is_null() { Ok(Cap::NULL) } else { cap.copy() }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("binding", &self.binding).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
