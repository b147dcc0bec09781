//! The interface of our own that programs tell their story over: the programs' side.

use flounder::{AnyBinding, Dispatcher, RpcError};
use flounder_domain::{Env, ReachError};
use flounder_multicore::witness::{Binding, Hold, Interface, RxVtbl, Saw};

/// The name under which the witness is registered.
pub(crate) const WITNESS_NAME: &str = "witness";

/// A program's way to the witness.
pub(crate) struct Witness {
    binding: Binding<()>,
    /// The binding lives on it.
    _dispatcher: Dispatcher<()>,
}

impl Witness {
    /// Looks the witness up and binds to it.
    pub(crate) async fn of(env: &Env) -> Result<Self, ReachError> {
        let dispatcher = env.dispatcher(());
        let ctx = dispatcher.ctx();
        let binding =
            env.system().bind::<Interface, ()>(&ctx, WITNESS_NAME, &RxVtbl::UNHANDLED).await?;
        Ok(Self { binding, _dispatcher: dispatcher })
    }

    /// Tells what the program saw.
    pub(crate) async fn saw(&self, what: impl Into<String>) -> Result<(), RpcError> {
        self.binding.call(Saw { what: what.into() }).await.map(drop)
    }

    /// Waits until whoever runs the system lets the program go on.
    pub(crate) async fn hold(&self) -> Result<(), RpcError> {
        self.binding.call(Hold {}).await.map(drop)
    }
}
