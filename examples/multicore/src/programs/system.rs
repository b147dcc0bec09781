//! Programs that ask the system for more: a name, another core, a place they have no right to.

use flounder::platform::Entry;
use flounder::{AnyBinding, BindOptions, CoreId};
use flounder_domain::{Env, ExitStatus};
use flounder_idl::proc_mgmt::AddSpawnd;
use flounder_idl::spawn;

use super::{Ending, Trouble, number};
use crate::steps::code_name;
use crate::witness_client::Witness;
use flounder_multicore::witness::{Interface, RxVtbl, Saw};

/// The Frame that a dispatcher on another core is born with.
const DISPATCHER_FRAME_BYTES: usize = 4096;

/// A generation that no real spawnd reaches in a system's life.
const FALSE_GENERATION: u64 = 1 << 40;

/// How much work the span entry does: the sum of 1 to this many.
const SUMMANDS: u32 = 1_000;

/// Looks up a name that may not be there yet, binds to whoever has it, and tells it so.
pub(super) async fn seek(env: &Env) -> Ending {
    let name = env.arg(1).ok_or(Trouble::Arguments)?;
    let witness = Witness::of(env).await?;
    let names = env.system().names().await?;
    let unknown = names.lookup(name).await.is_err();
    witness.saw(if unknown { "unknown" } else { "known" }).await?;
    let iref = names.wait_for(name).await?;
    let dispatcher = env.dispatcher(());
    let binding = env
        .system()
        .monitor()
        .bind::<Interface, ()>(&dispatcher.ctx(), iref, BindOptions::new(), &RxVtbl::UNHANDLED)
        .await?;
    binding.call(Saw { what: "found".into() }).await?;
    Ok(ExitStatus::SUCCESS)
}

/// Extends itself to the core of its first argument, tells the answer and what the other core
/// computed, and goes on until it is let go.
pub(super) async fn span(env: &Env) -> Ending {
    let witness = Witness::of(env).await?;
    let processes = env.system().processes().await?;
    let core = CoreId(number(env, 1)?);
    let holder = env.home().holder();
    let (vroot, frame) = (holder.vnode(env.id()), holder.frame(DISPATCHER_FRAME_BYTES)?);
    let answer = processes.span(env.domain_cap(), core, vroot, frame).await;
    witness.saw(code_name(&answer.map_err(|error| error.errval()))).await?;
    witness.hold().await?;
    Ok(ExitStatus::SUCCESS)
}

/// What the program does on the other core: some work, and word of it.
pub(super) async fn work_there(env: &Env) -> Ending {
    let Entry::Span { dispframe, .. } = env.entry() else { return Err(Trouble::Arguments) };
    let sum: u32 = (1..=SUMMANDS).sum();
    dispframe.write_at(0, &sum.to_le_bytes())?;
    let mut bytes = [0; 4];
    dispframe.read_at(0, &mut bytes)?;
    let witness = Witness::of(env).await?;
    witness.saw(u32::from_le_bytes(bytes).to_string()).await?;
    Ok(ExitStatus::SUCCESS)
}

/// Tells the process manager, over its own binding, that it is the spawnd of a core. Tells how many
/// came to be served by it.
pub(super) async fn pose_as_spawnd(env: &Env) -> Ending {
    let witness = Witness::of(env).await?;
    let processes = env.system().processes().await?;
    let false_spawnd = env.dispatcher(0_u32);
    let iref = env
        .system()
        .monitor()
        .export::<spawn::Interface, u32>(
            &false_spawnd.ctx(),
            &spawn::RxVtbl::UNHANDLED,
            |clients, _| {
                *clients += 1;
                Ok(())
            },
        )
        .await
        .map_err(flounder_domain::NameError::Refused)?;
    for index in 1..env.args().len() {
        let core = number(env, index)?;
        let claim = AddSpawnd { core, generation: FALSE_GENERATION, iref };
        let sent = processes.binding().send_when_room(claim).await;
        sent.map_err(|_| Trouble::Rpc(flounder::RpcError::Closed))?;
    }
    // Messages of one binding are handled in order: when this is answered, the claims were read.
    processes.list().await?;
    witness.hold().await?;
    witness.saw(false_spawnd.with(|clients| *clients).to_string()).await?;
    Ok(ExitStatus::SUCCESS)
}
