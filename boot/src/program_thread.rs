//! The thread of a blocking program, from its first instruction to its completion.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::Sender;
use std::thread::{Builder, JoinHandle};

use flounder::platform::{Completion, ProgramEnd};
use flounder::{Home, KillSwitch, MonotonicClock, Waitset};

use crate::jobs::Completions;
use crate::modules::BlockingMain;
use crate::newborn::{KILLED, Newborn};
use crate::observers::Observers;
use crate::report::Report;

/// What a program's thread needs beside the program.
pub(crate) struct ThreadSetup {
    pub(crate) clock: MonotonicClock,
    pub(crate) kill: KillSwitch,
    pub(crate) completions: Completions,
    /// Not for reports: the system knows that a thread is there as long as it has this.
    pub(crate) alive: Sender<Report>,
    pub(crate) observers: Observers,
}

/// Starts the program's thread, on the CPU that the caller is pinned to: threads are born where their
/// makers may be. Nothing can fail any more once it is there. Its last act is to send the program's
/// end.
pub(crate) fn start(
    newborn: Newborn,
    main: BlockingMain,
    setup: ThreadSetup,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(newborn.label()).spawn(move || {
        let (domain, holder) = (newborn.domain, newborn.holder.clone());
        let ThreadSetup { clock, kill, completions, alive, observers } = setup;
        let waitset = Waitset::with_clock(Rc::new(clock), Some(kill));
        let end = run(newborn, main, waitset, observers);
        holder.end();
        completions.send(Completion::Ended { domain, end });
        drop(alive);
    })
}

/// Runs the program; all it had is dropped when this returns.
fn run(newborn: Newborn, main: BlockingMain, waitset: Waitset, observers: Observers) -> ProgramEnd {
    let is_span = newborn.is_span();
    let program = AssertUnwindSafe(move || {
        let home = Home::new(waitset.clone(), newborn.holder.clone());
        let home = observers.settle(home, newborn.core, newborn.label());
        let status = main(newborn.into_env(home));
        if is_span {
            waitset.run_until(|| false);
        }
        status
    });
    match catch_unwind(program) {
        Ok(status) => ProgramEnd::Exited(status.0),
        Err(payload) => {
            let killed = KillSwitch::is_kill(&*payload);
            flounder::discard(payload);
            if killed { ProgramEnd::Exited(KILLED) } else { ProgramEnd::Panicked }
        }
    }
}
