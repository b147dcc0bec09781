//! The client of the name service.

use flounder::{AnyBinding, BindOptions, Ctx, ErrVal, Iref, RpcError};
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
#[derive(Clone, Debug)]
pub struct NameService {
    binding: Binding<()>,
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
        Ok(Self { binding })
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
