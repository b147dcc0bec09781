//! One suite for every interconnect driver: what differs is speed, never meaning.
//!
//! Each row is a promise of a binding, each column a driver. `cargo test -p flounder --test
//! conformance -- --nocapture` prints the table.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod room;
#[cfg(test)]
mod setup;

use std::panic::{AssertUnwindSafe, catch_unwind};

use setup::{DRIVERS, Setup};

/// The interface as this crate has it.
#[allow(clippy::result_large_err, reason = "a refused send hands its message back")]
pub mod near {
    include!("../probe/probe.rs");
}

/// The same interface as another crate would have it: the same messages, other types.
#[allow(clippy::result_large_err, reason = "a refused send hands its message back")]
pub mod far {
    include!("../probe/probe.rs");
}

/// A promise, and what checks it.
type Row = (&'static str, fn(&Setup));

#[test]
fn every_driver_keeps_every_promise() {
    let tables = [messages::ROWS, room::ROWS, calls::ROWS, closing::ROWS];
    let mut broken = Vec::new();
    for (promise, check) in tables.into_iter().flatten() {
        print!("{promise:<68}");
        for driver in DRIVERS {
            let kept = catch_unwind(AssertUnwindSafe(|| check(driver))).is_ok();
            print!(" {:<9}", if kept { driver.name } else { "BROKEN" });
            if !kept {
                broken.push(format!("{}: {promise}", driver.name));
            }
        }
        println!();
    }
    assert!(broken.is_empty(), "broken promises:\n{}", broken.join("\n"));
}
