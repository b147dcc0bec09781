//! Monitor 0's binding to the process manager: the interface `proc_mgmt`, as the only client that may
//! add a spawnd.
//!
//! The process manager made the binding and chose its outbox. News of a full core, or of every core,
//! can be more than that holds and must not be lost, so they wait here.

use flounder::{AnyBinding, BindingError, CoreId, Ctx, Half};
use flounder_idl::proc_mgmt::{
    AddSpawnd, Binding, FenceSpawnd, Interface as ProcMgmtInterface, RemoveSpawnd, RxVtbl,
    Shutdown, ShutdownDone, SurvivorEnded,
};

use super::Monitor;
use crate::event::{Event, SpawndNews, ToProcMgmt};
use crate::log;
use crate::outbox::{Outbox, PROC_MGMT_OUTBOX_MAX};
use crate::peers::Generation;

const TABLE: RxVtbl<Monitor> =
    RxVtbl { shutdown_done: on_shutdown_done, fence_spawnd: on_fence_spawnd, ..RxVtbl::UNHANDLED };

/// The binding to the process manager, once it is given and until it is gone.
#[derive(Default)]
pub(super) struct ProcMgmt {
    link: Option<Link>,
}

/// The binding, and what finds it full.
struct Link {
    binding: Binding<Monitor>,
    outbox: Outbox<ToProcMgmt>,
}

impl ProcMgmt {
    /// Claims the monitor's end; false if it is no such end.
    pub(super) fn claim(&mut self, ctx: &Ctx<Monitor>, half: Half) -> bool {
        match ctx.connect::<ProcMgmtInterface>(half, &TABLE) {
            Ok(binding) => {
                binding.set_error_handler(on_error);
                self.link = Some(Link { binding, outbox: Outbox::new(PROC_MGMT_OUTBOX_MAX) });
                true
            }
            Err(error) => {
                log::warn!("the process manager's end: {error}");
                false
            }
        }
    }

    /// Tells the process manager; false if it doesn't read, and is given up.
    pub(super) fn tell(&mut self, message: ToProcMgmt) -> bool {
        let Some(Link { binding, outbox }) = &mut self.link else { return true };
        if outbox.send(message, |message| send(binding, message)).is_err() {
            log::warn!("the process manager doesn't read, its binding is closed");
            self.link = None;
            return false;
        }
        self.await_room();
        true
    }

    /// Goes on when there is room. One registration is enough for all that waits.
    fn await_room(&self) {
        if let Some(Link { binding, outbox }) = &self.link
            && !outbox.is_empty()
        {
            let _ = binding.register_send(|monitor, _| monitor.proc_mgmt.use_room());
        }
    }

    fn use_room(&mut self) {
        if let Some(Link { binding, outbox }) = &mut self.link {
            outbox.flush(|message| send(binding, message));
            self.await_room();
        }
    }
}

/// Sends, or hands the message back if the channel is full. If it is closed, the error handler tells.
fn send(binding: &Binding<Monitor>, message: ToProcMgmt) -> Result<(), ToProcMgmt> {
    if !binding.can_send() && !binding.is_closed() {
        return Err(message);
    }
    let sent = match message {
        ToProcMgmt::Shutdown => binding.shutdown(Shutdown {}).is_ok(),
        ToProcMgmt::Spawnd(SpawndNews::Add { core, generation, iref }) => {
            let (core, generation) = (core.0, generation.0);
            binding.add_spawnd(AddSpawnd { core, generation, iref }).is_ok()
        }
        ToProcMgmt::Spawnd(SpawndNews::Remove { core, generation, survivors, more }) => {
            let survivors = survivors.into_iter().map(|domain| domain.0).collect();
            let (core, generation) = (core.0, generation.0);
            binding.remove_spawnd(RemoveSpawnd { core, generation, survivors, more }).is_ok()
        }
        ToProcMgmt::Spawnd(SpawndNews::SurvivorEnded { core, domain }) => {
            binding.survivor_ended(SurvivorEnded { core: core.0, domain: domain.0 }).is_ok()
        }
    };
    debug_assert!(sent || binding.is_closed(), "there was room");
    Ok(())
}

fn on_shutdown_done(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    ShutdownDone { wedged }: ShutdownDone,
) {
    if let Some(ctx) = binding.ctx() {
        monitor.handle(&ctx, Event::ShutdownDone { wedged });
    }
}

fn on_fence_spawnd(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    FenceSpawnd { core, generation }: FenceSpawnd,
) {
    if let Some(ctx) = binding.ctx() {
        let (core, generation) = (CoreId(core), Generation(generation));
        monitor.handle(&ctx, Event::FenceSpawnd { core, generation });
    }
}

fn on_error(monitor: &mut Monitor, binding: &Binding<Monitor>, error: BindingError) {
    log::debug!("process manager: {error}");
    if !error.is_fatal() {
        return;
    }
    monitor.proc_mgmt.link = None;
    if let Some(ctx) = binding.ctx() {
        monitor.handle(&ctx, Event::ProcMgmtGone);
    }
}
