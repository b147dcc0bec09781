//! The two threads of a core, each with its loop.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{Builder, JoinHandle};

use flounder::{Cap, CoreId, Waitset};

use crate::jobs::ProgramJob;
use crate::platform::Shared;
use crate::program_loop::ProgramLoop;
use crate::report::{LoopKind, Report};
use crate::system_loop::{CoreSetup, SystemLoop};

/// Starts the thread of a core's program loop. It reports its mailbox, and its end.
pub(crate) fn start_program_loop(
    core: CoreId,
    cpu: Option<usize>,
    shared: Shared,
) -> std::io::Result<JoinHandle<()>> {
    start(LoopKind::Program, core, cpu, shared, move |waitset, shared| {
        let (dispatcher, jobs) =
            ProgramLoop::start(waitset, shared.kernel.holder(), shared.config.observers.clone());
        let _ = shared.reports.send(Report::ProgramLoop { core, jobs });
        // Dispatchers contain their panics. A waker that a program made by hand has none: its panic
        // costs the turn it had and nobody's program.
        while let Err(payload) = catch_unwind(AssertUnwindSafe(|| dispatcher.run())) {
            flounder::discard(payload);
        }
    })
}

/// Starts the thread of a core's system loop. It reports its mailbox, and its end.
pub(crate) fn start_system_loop(
    core: CoreId,
    cpu: Option<usize>,
    shared: Shared,
    program_loop: flounder::Mailbox<ProgramJob>,
    process_manager: Cap,
) -> std::io::Result<JoinHandle<()>> {
    start(LoopKind::System, core, cpu, shared, move |waitset, shared| {
        let setup = CoreSetup { core, cpu, shared: shared.clone(), program_loop, process_manager };
        let (dispatcher, jobs, desk) = SystemLoop::start(waitset, setup);
        let _ = shared.reports.send(Report::SystemLoop { core, jobs, desk });
        dispatcher.run();
    })
}

fn start(
    kind: LoopKind,
    core: CoreId,
    cpu: Option<usize>,
    shared: Shared,
    run: impl FnOnce(&Waitset, &Shared) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let name = format!("{}.{core}", kind.name());
    Builder::new().name(name.clone()).spawn(move || {
        let reports = shared.reports.clone();
        let waitset = cpu.map_or(Ok(()), flounder::thread::pin_to).and_then(|()| {
            let waitset = Waitset::with_clock(Rc::new(shared.clock), None);
            waitset.open().map(|()| waitset)
        });
        match waitset {
            Err(source) => {
                let _ = reports.send(Report::NotStarted { core, source });
            }
            Ok(waitset) => {
                let run = AssertUnwindSafe(|| run(&waitset, &shared));
                if let Err(payload) = catch_unwind(run) {
                    let what = format!("the {name} loop panicked: {}", message(&*payload));
                    let _ = reports.send(Report::Failed { what });
                    flounder::discard(payload);
                }
            }
        }
        drop(shared);
        let _ = reports.send(Report::LoopEnded { core, kind });
    })
}

/// What a panic said.
fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}
