//! What it takes to start a program and wait for its end, beside what the host takes for the same.
//!
//! A system of one core has the first CPU, where programs run too; the client has the other. std's
//! `Command`, on that other one, is `posix_spawn` and `waitpid`.

use std::process::Command;
use std::time::Duration;

use flounder::CoreId;
use flounder_boot::{Config, Modules, Output, System};
use flounder_domain::{Env, ExitStatus, Processes, Program};

use crate::race::Outcome;
use crate::sample::{Samples, Slice};

/// The program of the host that does least.
const TRUE: &str = "/bin/true";

/// How long a client that stays awake looks for its answer before it sleeps: longer than any takes.
const AWAKE: Duration = Duration::from_millis(100);

/// Starts and waits for a program of the host, as std does it.
pub(crate) fn command(slice: Slice) -> Outcome<Samples> {
    on_own_thread(slice, move || {
        let mut failed = Ok(());
        let samples = slice.measure(1, || {
            let status = Command::new(TRUE).env_clear().status();
            failed = std::mem::replace(&mut failed, Ok(())).and(status.map(drop));
        });
        failed?;
        Ok(samples)
    })
}

/// Starts and waits for a program of the host through the process manager.
pub(crate) fn host_program(slice: Slice) -> Outcome<Samples> {
    through_manager(slice, AWAKE, || Program::new(TRUE))
}

/// Starts and joins a thread on the first CPU.
pub(crate) fn pinned_thread(slice: Slice) -> Outcome<Samples> {
    on_own_thread(slice, move || {
        let mut failed = Ok(());
        let samples = slice.measure(1, || {
            let thread = flounder::thread::spawn("rival", Some(slice.here), || ());
            let joined = thread.and_then(|thread| thread.join().unwrap_or(Ok(())));
            failed = std::mem::replace(&mut failed, Ok(())).and(joined);
        });
        failed?;
        Ok(samples)
    })
}

/// Starts and waits for a Rust program that has a thread.
pub(crate) fn blocking_module(slice: Slice) -> Outcome<Samples> {
    through_manager(slice, AWAKE, || Program::new("/modules/blocking"))
}

/// Starts and waits for a Rust program on a program loop.
pub(crate) fn asynchronous_module(slice: Slice) -> Outcome<Samples> {
    through_manager(slice, AWAKE, || Program::new("/modules/asynchronous"))
}

/// The same, with a client that sleeps while it waits.
pub(crate) fn asynchronous_module_asleep(slice: Slice) -> Outcome<Samples> {
    through_manager(slice, Duration::ZERO, || Program::new("/modules/asynchronous"))
}

fn on_own_thread(
    slice: Slice,
    run: impl FnOnce() -> Outcome<Samples> + Send + 'static,
) -> Outcome<Samples> {
    let thread = flounder::thread::spawn("own", Some(slice.there), run)?;
    thread.join().map_err(|_| "the measuring side panicked")??
}

fn through_manager(
    slice: Slice,
    awake: Duration,
    program: impl Fn() -> Program + Send + 'static,
) -> Outcome<Samples> {
    let modules = Modules::new()
        .blocking("blocking", |_: Env| ExitStatus::SUCCESS)
        .asynchronous("asynchronous", async |_: Env| ExitStatus::SUCCESS);
    let config = Config::new().cores(1.try_into()?).output(Output::Null);
    let system = System::boot(config, modules)?;
    let operators = system.operators();
    let samples = on_own_thread(slice, move || {
        let operator = operators.operator(CoreId(0))?;
        operator.home().waitset().spin_before_sleep(awake);
        let processes = operator.block_on(operator.system().processes())?;
        let mut failed = Ok(());
        let samples = slice.measure(1, || {
            let waited = operator.block_on(start_and_wait(&processes, program()));
            failed = std::mem::replace(&mut failed, Ok(())).and(waited);
        });
        failed?;
        drop(operator);
        Ok(samples)
    })?;
    system.shutdown()?;
    Ok(samples)
}

async fn start_and_wait(processes: &Processes, program: Program) -> Outcome<()> {
    let domain = processes.spawn(program).await?;
    let status = processes.wait(&domain).await?;
    if status == 0 { Ok(()) } else { Err(format!("status {status}").into()) }
}
