//! A calculator service and a client of it, in two domains on two cores.
//!
//! This crate is a tutorial: copy it and change it. Read the files in this order:
//!
//! 1. `numbers.if`: types,
//! 2. `calculator.if`: the interface, which imports them,
//! 3. `build.rs`: makes Rust of both,
//! 4. `src/service.rs`: a program that answers,
//! 5. `src/client.rs`: a program that asks,
//! 6. this file: a system that runs the two.

use std::error::Error;
use std::process::ExitCode;

use flounder::CoreId;
use flounder_boot::{Config, Modules, Operator, System};
use flounder_domain::Spawn;

use crate::interface::calculator::{Interface, Retire, RxVtbl};

mod client;
mod service;

/// What `build.rs` made: the interface, and the types that it imports.
mod interface {
    flounder::include_interfaces!(numbers, calculator);
}

/// Step 6: boots a system, runs both programs and stops the system again.
fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A module is a program that can be spawned. A blocking one gets a thread of its own, an
    // asynchronous one shares a thread with others of its core.
    let modules = Modules::new()
        .blocking("service", |env| service::main(&env))
        .asynchronous("client", client::main);
    let system = System::boot(Config::new().cores(2.try_into()?), modules)?;
    println!("system: {} cores are up", system.layout().len());

    // The operator is how a thread outside talks to the system. Everything it holds goes when it
    // drops, which must be before the shutdown.
    let operator = system.operator(CoreId(0))?;
    let status = operator.block_on(run(&operator))?;
    drop(operator);

    let report = system.shutdown()?;
    let nothing_left = report.is_clean();
    println!("system: stopped, {}", if nothing_left { "nothing is left" } else { "not cleanly" });
    Ok(ExitCode::from(if nothing_left { status } else { 1 }))
}

/// Spawns the service and the client, and ends the service once the client is done. Returns the
/// client's exit status.
async fn run(operator: &Operator) -> Result<u8, Box<dyn Error>> {
    // A child is a cap: the right to wait for the domain and to kill it. What takes time is awaited
    // here; a program with a thread of its own can say `.block()` instead.
    let service = Spawn::program("/modules/service").core(CoreId(0)).start(operator).await?;
    let client = Spawn::program("/modules/client").core(CoreId(1)).start(operator).await?;
    let status = client.wait().await?;
    println!("system: the client ended with status {status}");

    // The operator can bind to services too. It receives no messages, so it handles none.
    let own = operator.dispatcher(());
    let binding = operator.system().bind::<Interface, ()>(&own, service::NAME, &RxVtbl::UNHANDLED);
    binding.await?.retire(Retire {})?;
    let service_status = service.wait().await?;
    println!("system: the service ended with status {service_status}");
    Ok(status.max(service_status))
}
