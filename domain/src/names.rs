//! The client of the name service.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use flounder::{AnyBinding, BindOptions, Ctx, ErrVal, Iref, RpcError, Time};
use flounder_idl::nameservice::{
    Binding, Interface, List, Lookup, Register, Remove, RxVtbl, WaitFor,
};

use crate::monitor::{BindError, Monitor};

/// Why the name service didn't do what it was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It refused.
    #[error("the name service refused: {0}")]
    Refused(ErrVal),
    /// It didn't answer.
    #[error("the name service didn't answer: {0}")]
    Rpc(#[from] RpcError),
}

/// A client of the name service. What it registers goes when it drops.
#[derive(Clone)]
pub struct NameService {
    binding: Binding<()>,
    monitor: Monitor,
    ctx: Ctx<()>,
}

impl NameService {
    /// Binds to the name service.
    ///
    /// # Errors
    ///
    /// [`BindError`] if a monitor or the name service refuses.
    pub async fn bind(monitor: &Monitor, ctx: &Ctx<()>) -> Result<Self, BindError> {
        let iref = monitor
            .name_iref()
            .await
            .map_err(|err| BindError::Refused { iref: Iref::NULL, err })?;
        let options = BindOptions::new();
        let binding = monitor.bind::<Interface, ()>(ctx, iref, options, &RxVtbl::UNHANDLED).await?;
        Ok(Self { binding, monitor: monitor.clone(), ctx: ctx.clone() })
    }

    /// Registers `iref` under `name`.
    ///
    /// # Errors
    ///
    /// [`NameError`]: the name is taken, reserved or no name, or a limit is reached.
    pub async fn register(&self, name: &str, iref: Iref) -> Result<(), NameError> {
        let answer = self.binding.call(Register { name: name.into(), iref }).await?;
        answer.err.ok().map_err(NameError::Refused)
    }

    /// Takes `name` back.
    ///
    /// # Errors
    ///
    /// [`NameError`]: the name is unknown or somebody else's.
    pub async fn remove(&self, name: &str) -> Result<(), NameError> {
        let answer = self.binding.call(Remove { name: name.into() }).await?;
        answer.err.ok().map_err(NameError::Refused)
    }

    /// The service registered under `name`.
    ///
    /// # Errors
    ///
    /// [`NameError`]: the name is unknown.
    pub async fn lookup(&self, name: &str) -> Result<Iref, NameError> {
        let answer = self.binding.call(Lookup { name: name.into() }).await?;
        answer.err.ok().map_err(NameError::Refused)?;
        Ok(answer.iref)
    }

    /// The service registered under `name`, as soon as there is one.
    ///
    /// # Errors
    ///
    /// [`NameError`]: it is no name, or a limit is reached.
    pub async fn wait_for(&self, name: &str) -> Result<Iref, NameError> {
        let answer = self.binding.call(WaitFor { name: name.into() }).await?;
        answer.err.ok().map_err(NameError::Refused)?;
        Ok(answer.iref)
    }

    /// The service registered under `name`, as soon as there is one, but no later than `deadline`, a
    /// time of the dispatcher's clock. It waits over a binding of its own, which closes with it: the
    /// name service remembers nothing of a wait that was given up.
    ///
    /// # Errors
    ///
    /// As [`NameService::wait_for`], and [`RpcError::TimedOut`].
    pub async fn wait_for_until(&self, name: &str, deadline: Time) -> Result<Iref, NameError> {
        let late = self.ctx.waitset().sleep_until(deadline);
        let waiting = async {
            let own = Self::bind(&self.monitor, &self.ctx).await;
            let own = own.map_err(|error| NameError::Refused(error.errval()))?;
            own.wait_for(name).await
        };
        let (mut late, mut waiting) = (pin!(late), pin!(waiting));
        poll_fn(|cx| match waiting.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => late.as_mut().poll(cx).map(|()| Err(RpcError::TimedOut.into())),
        })
        .await
    }

    /// All registered names in order.
    ///
    /// # Errors
    ///
    /// [`NameError::Rpc`] if the name service doesn't answer.
    pub async fn list(&self) -> Result<Vec<(String, Iref)>, NameError> {
        let mut names: Vec<(String, Iref)> = Vec::new();
        loop {
            let after = names.last().map_or_else(String::new, |(name, _)| name.clone());
            let next = self.binding.call(List { after }).await?;
            if !next.found {
                return Ok(names);
            }
            names.push((next.name, next.iref));
        }
    }
}

impl fmt::Debug for NameService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameService").field("binding", &self.binding).finish_non_exhaustive()
    }
}
