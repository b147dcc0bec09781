//! Host programs that wait until they are killed, each with a daemon that left its session and its
//! parent: for whoever wants to see what becomes of them if the system, its guard or both are killed.

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::io;
use std::time::Duration;

use flounder::CoreId;
use flounder_boot::Guard;
use flounder_domain::Program;
use serde::Serialize;

use crate::args::Args;
use crate::run::Plan;
use flounder_multicore::census::processes;

/// What each program does.
const SCRIPT: &str = "(setsid sleep 100000 &); exec sleep 100000";

/// How many processes that makes for each.
const PROCESSES_EACH: usize = 2;

/// The pause between two looks whether all of them are there.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// Who there is.
#[derive(Debug, Serialize)]
pub(crate) struct Held {
    /// The process of the system.
    system: u32,
    /// Whether its parent is its guard.
    guarded: bool,
    /// What was started, and what that started.
    processes: Vec<u32>,
}

/// Starts the programs, tells, and waits for ever.
pub(crate) fn hold(
    args: &Args,
    guard: Option<&Guard>,
    programs: u16,
    tell: impl FnOnce(&Held),
) -> Result<Infallible, Box<dyn std::error::Error>> {
    let plan = Plan::of(args, guard, None);
    let guarded = guard.is_some();
    let system = plan.boot()?;
    let operator = system.operator(CoreId(0))?;
    operator.block_on(async {
        let client = operator.system().processes().await?;
        let mut domains = Vec::new();
        for (_, layout) in (0..programs).zip(system.layout().iter().cycle()) {
            let program =
                Program::new("/bin/sh").arg("-c").arg(SCRIPT).env("PATH", "/usr/bin:/bin");
            domains.push(client.spawn(program.core(layout.core)).await?);
        }
        // What these leave is kept for the next programs, of which there are none.
        for layout in system.layout() {
            let ended = client.spawn(Program::new("/bin/true").core(layout.core)).await?;
            client.wait(&ended).await?;
        }
        let wanted = PROCESSES_EACH * usize::from(programs);
        let mut found = sleeping(guarded)?;
        while found.len() != wanted {
            operator.home().waitset().sleep(LOOK_PAUSE).await;
            found = sleeping(guarded)?;
        }
        tell(&Held { system: std::process::id(), guarded, processes: found });
        match pending::<Infallible>().await {}
    })
}

/// The processes that have come where they wait; on their way there are others for a moment.
fn sleeping(guarded: bool) -> io::Result<Vec<u32>> {
    let mut found = processes(guarded)?;
    found.retain(|pid| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n")
    });
    Ok(found)
}
