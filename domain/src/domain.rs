//! A client of the whole system: monitor, name service, process manager.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::{
    BindOptions, ClaimError, Ctx, Dispatcher, ErrVal, Half, Home, Interface, Iref, Time,
};

use crate::monitor::{BindError, Monitor};
use crate::names::{NameError, NameService};
use crate::process::{PROC_MGMT_NAME, Processes};

/// Why a service of the system is not reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReachError {
    /// Its name could not be looked up.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It could not be bound to.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// A client of the whole system. Bindings to services are made at first use and kept.
#[derive(Debug)]
pub struct Domain {
    monitor: Monitor,
    names: RefCell<Option<NameService>>,
    processes: RefCell<Option<Processes>>,
    /// The bindings live on it.
    dispatcher: Rc<Dispatcher<()>>,
}

impl Domain {
    /// Claims the end of a monitor binding that a dispatcher is born with.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if it is no such end.
    pub fn claim(monitor: Half, home: &Home) -> Result<Self, ClaimError> {
        let monitor = Monitor::claim(monitor, home)?;
        let dispatcher = Rc::new(home.dispatcher(()));
        Ok(Self { monitor, names: RefCell::default(), processes: RefCell::default(), dispatcher })
    }

    /// The core's monitor.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The name service.
    ///
    /// # Errors
    ///
    /// [`BindError`] if it can't be bound to.
    pub async fn names(&self) -> Result<NameService, BindError> {
        if let Some(names) = &*self.names.borrow() {
            return Ok(names.clone());
        }
        let names = NameService::bind(&self.monitor, &self.dispatcher.ctx()).await?;
        // Of two first uses at once, the earlier one is kept.
        Ok(self.names.borrow_mut().get_or_insert(names).clone())
    }

    /// The process manager.
    ///
    /// # Errors
    ///
    /// [`ReachError`] if it can't be found or bound to.
    pub async fn processes(&self) -> Result<Processes, ReachError> {
        if let Some(processes) = &*self.processes.borrow() {
            return Ok(processes.clone());
        }
        let iref = self.names().await?.wait_for(PROC_MGMT_NAME).await?;
        let processes = Processes::bind(&self.monitor, &self.dispatcher.ctx(), iref).await?;
        Ok(self.processes.borrow_mut().get_or_insert(processes).clone())
    }

    /// Waits for the service called `name` and binds to it, on the dispatcher of `ctx`.
    ///
    /// # Errors
    ///
    /// [`ReachError`] if it can't be found or bound to.
    pub async fn bind<I: Interface, S: 'static>(
        &self,
        ctx: &Ctx<S>,
        name: &str,
        rx_vtbl: &I::RxVtbl<S>,
    ) -> Result<I::Binding<S>, ReachError> {
        let iref = self.names().await?.wait_for(name).await?;
        Ok(self.monitor.bind::<I, S>(ctx, iref, BindOptions::new(), rx_vtbl).await?)
    }

    /// Waits for the service called `name`, but no later than `deadline`, and binds to it, on the
    /// dispatcher of `ctx`.
    ///
    /// # Errors
    ///
    /// As [`Domain::bind`], and [`RpcError::TimedOut`](flounder::RpcError).
    pub async fn bind_until<I: Interface, S: 'static>(
        &self,
        ctx: &Ctx<S>,
        name: &str,
        rx_vtbl: &I::RxVtbl<S>,
        deadline: Time,
    ) -> Result<I::Binding<S>, ReachError> {
        let iref = self.names().await?.wait_for_until(name, deadline).await?;
        Ok(self.monitor.bind::<I, S>(ctx, iref, BindOptions::new(), rx_vtbl).await?)
    }

    /// Exports a service that speaks `I`, on the dispatcher of `ctx`, and registers it under
    /// `name`. `connect` is called with each client's binding and may refuse it; see
    /// [`Monitor::export`]. The name goes when this `Domain` drops.
    ///
    /// # Errors
    ///
    /// [`ReachError`] if the monitor or the name service refuses.
    pub async fn serve<I: Interface, S: 'static>(
        &self,
        ctx: &Ctx<S>,
        name: &str,
        rx_vtbl: &'static I::RxVtbl<S>,
        connect: fn(&mut S, &I::Binding<S>) -> Result<(), ErrVal>,
    ) -> Result<Iref, ReachError> {
        let iref = self.monitor.export::<I, S>(ctx, rx_vtbl, connect).await;
        let iref = iref.map_err(NameError::Refused)?;
        self.names().await?.register(name, iref).await?;
        Ok(iref)
    }
}
