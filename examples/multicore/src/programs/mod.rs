//! The programs that the steps spawn.
//!
//! Most exist twice, under `NAME` as a blocking program and under `NAME-async` as one on the program
//! loop: what they do is the same `async fn`.

mod caps;
mod life;
mod system;

use flounder::platform::Entry;
use flounder::{Cap, CapError, RpcError};
use flounder_boot::Modules;
use flounder_domain::{BindError, Env, ExitStatus, NameError, ProcessError, ReachError};

pub(crate) use life::PANIC_MESSAGE;

/// The status of a program that could not do its part, and none that a step expects.
const TROUBLE: ExitStatus = ExitStatus(111);

/// Why a program could not do its part.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Rpc(#[from] RpcError),
    #[error(transparent)]
    Cap(#[from] CapError),
    #[error("the program was started without what it needs")]
    Arguments,
}

/// How a program ends.
type Ending = Result<ExitStatus, Trouble>;

/// All programs.
pub(crate) fn modules() -> Modules {
    let modules = Modules::new();
    let modules = both(modules, "greeter", async |env| life::greet(env).await);
    let modules = both(modules, "exit", async |env| Ok(ExitStatus(number(env, 1)?)));
    let modules = both(modules, "nested", async |env| life::exit_nested(env).await);
    let modules = both(modules, "holder", async |env| life::hold(env).await);
    let modules = both(modules, "panicker", async |env| life::panic(env).await);
    let modules = both(modules, "sharer", async |env| caps::share(env).await);
    let modules = both(modules, "waiter", async |env| caps::wait(env).await);
    let modules = both(modules, "killer", async |env| caps::kill(env).await);
    let modules = both(modules, "seeker", async |env| system::seek(env).await);
    let modules = both(modules, "impostor", async |env| system::pose_as_spawnd(env).await);
    modules
        .blocking("spanner", |env: Env| env.block_on(ended(system::span(&env))))
        .spanning("spanner", |env: Env| env.block_on(ended(system::work_there(&env))))
}

/// Registers a program twice: blocking, and asynchronous under the name with `-async`.
fn both(
    modules: Modules,
    name: &str,
    main: impl AsyncFn(&Env) -> Ending + Copy + Send + Sync + 'static,
) -> Modules {
    modules.blocking(name, move |env: Env| env.block_on(ended(main(&env)))).asynchronous(
        &format!("{name}-async"),
        move |env: Env| async move { ended(main(&env)).await },
    )
}

async fn ended(main: impl Future<Output = Ending>) -> ExitStatus {
    main.await.unwrap_or(TROUBLE)
}

/// The argument at `index` as a number.
fn number(env: &Env, index: usize) -> Result<u8, Trouble> {
    env.arg(index).and_then(|arg| arg.parse().ok()).ok_or(Trouble::Arguments)
}

/// A copy of the cap in this slot of what the arguments name.
fn argument_cap(env: &Env, slot: usize) -> Result<Cap, Trouble> {
    match env.entry() {
        Entry::Main { argcn, .. } => Ok(argcn.copy_from(slot)?),
        Entry::Span { .. } => Err(Trouble::Arguments),
    }
}

/// A copy of the cap in this slot of what was inherited.
fn inherited_cap(env: &Env, slot: usize) -> Result<Cap, Trouble> {
    match env.entry() {
        Entry::Main { inheritcn, .. } => Ok(inheritcn.copy_from(slot)?),
        Entry::Span { .. } => Err(Trouble::Arguments),
    }
}
