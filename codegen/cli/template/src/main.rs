//! Service and client, each on a thread of its own that is pinned to a CPU.

use std::error::Error;

use ::demo::interface::Interface;
use ::demo::{client, service};
use flounder::{BindOptions, thread};

fn main() -> Result<(), Box<dyn Error>> {
    // A channel has two halves. Each goes to the thread that will own it.
    let (ours, theirs) = flounder::pair::<Interface>(BindOptions::new());
    let cpus = thread::allowed_cpus()?;
    let running = thread::spawn("service", cpus.last().copied(), || service::serve(theirs))?;
    thread::pin_to(cpus[0])?;

    let totals = client::sum(ours, &[1, 2, 3])?;
    println!("the client saw {totals:?}");
    let total = running.join().expect("the service doesn't panic")??;
    println!("the service ended with {total}");
    Ok(())
}
