//! How clients find the process manager: an iref, and the name it is registered under.

use flounder::{AnyBinding, ClaimError, Ctx, ErrCode, ErrVal, Half, Iref, mutant};
use flounder_domain::{Monitor, NameService, PROC_MGMT_NAME, ReachError};
use flounder_idl::proc_mgmt::Interface;

use super::ProcMgmt;
use super::clients::CALLS_PER_BINDING_MAX;
use super::handlers::{CLIENT, MONITOR, client_failed};
use crate::log;

/// Exports the service and registers it, in a task on `names` that holds the name from then on.
pub(super) fn announce(monitor: &Monitor, ctx: &Ctx<ProcMgmt>, names: Ctx<()>) {
    let (ctx, registrar) = (ctx.clone(), monitor.clone());
    let connect = move |_, half| connect(&ctx, half);
    monitor.export_with::<Interface>(connect, move |iref| match iref {
        Ok(iref) => names.clone().spawn_local(async move {
            match register(&registrar, &names, iref).await {
                Ok(name) => hold(name).await,
                Err(error) => log::error!("the process manager has no name: {error}"),
            }
        }),
        Err(error) => log::error!("the process manager can't be exported: {error}"),
    });
}

async fn register(monitor: &Monitor, ctx: &Ctx<()>, iref: Iref) -> Result<NameService, ReachError> {
    let names = NameService::bind(monitor, ctx).await?;
    names.register(PROC_MGMT_NAME, iref).await?;
    Ok(names)
}

/// Keeps the registration until the dispatcher ends.
async fn hold(name: NameService) {
    std::future::pending::<()>().await;
    drop(name);
}

/// Takes a client's half, unless it may have more calls open than a client needs.
fn connect(ctx: &Ctx<ProcMgmt>, half: Half) -> Result<(), ErrVal> {
    if half.options().calls_max_of().get() > CALLS_PER_BINDING_MAX {
        return Err(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS.into());
    }
    let table = if mutant!("anybody-is-the-monitor") { &MONITOR } else { &CLIENT };
    let binding = ctx.accept::<Interface>(half, table).map_err(|e: ClaimError| ErrVal::from(e))?;
    binding.set_error_handler(client_failed);
    ctx.with(|state| state.clients.admit(&binding)).map_err(|code| {
        AnyBinding::close(&binding);
        code.into()
    })
}
