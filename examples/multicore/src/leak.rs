//! Leaks on purpose, to see that the counts notice.

use flounder::{BindOptions, CoreId};

use crate::args::Leak;
use crate::steps::{Stage, StepError};
use flounder_multicore::witness::{Interface, RxVtbl};

/// Leaks one thing, for good.
pub(crate) fn leak(kind: Leak, stage: &Stage) -> Result<(), StepError> {
    let kernel = stage.operator.home().holder().kernel();
    match kind {
        Leak::Thread => drop(std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        })),
        Leak::Cap => std::mem::forget(kernel.holder().frame(1)?),
        Leak::Binding => {
            let waitset = stage.operator.home().waitset();
            let dispatcher = flounder::Dispatcher::on(waitset, kernel.holder(), ());
            let table = &RxVtbl::UNHANDLED;
            let ends = dispatcher.loopback::<Interface>(BindOptions::new(), table, table);
            std::mem::forget((ends, dispatcher));
        }
        Leak::Domain => {
            let child = stage.operator.block_on(stage.spawn_holder("holder", CoreId(0), 0))?;
            std::mem::forget(child.cap);
        }
    }
    Ok(())
}
