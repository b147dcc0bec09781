//! The races that decide whether a cap lives, in every order that the memory model allows.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p flounder --lib interleavings`, and a
//! `CARGO_TARGET_DIR` of its own.

use loom::thread;

use super::{Cap, CapError, Holder, Kernel};
use crate::sync::Arc;

/// Runs `stop` beside two copies in a row, then checks that no copy is usable.
fn nothing_survives(stop: fn(&Holder, &Cap)) {
    loom::model(move || {
        let holder = Kernel::new().holder();
        let top = holder.frame(1).expect("one byte is a valid size");
        let cap = top.copy().expect("nothing was revoked yet");
        let copier = thread::spawn(move || cap.copy().and_then(|copy| copy.copy()));
        stop(&holder, &top);
        let late = top.copy();
        let copy = copier.join().expect("the copier panics never");
        assert!(copy.map_or(true, |copy| copy.identify() == Err(CapError::Revoked)));
        assert_eq!(late.is_ok(), holder.is_alive());
    });
}

#[test]
fn a_copy_races_with_a_revocation_above() {
    nothing_survives(|_, top| top.revoke().expect("the top is usable"));
}

#[test]
fn a_copy_races_with_its_holders_end() {
    nothing_survives(|holder, _| holder.end());
}

#[test]
fn a_cap_is_deleted_while_one_below_is_copied() {
    loom::model(|| {
        let holder = Kernel::new().holder();
        let middle = holder.frame(1).expect("one byte is a valid size");
        let below = middle.copy().expect("nothing was revoked yet");
        let copier = thread::spawn(move || below.copy());
        middle.revoke().expect("the middle is usable");
        middle.delete();
        let copy = copier.join().expect("the copier panics never");
        assert!(copy.map_or(true, |copy| copy.identify() == Err(CapError::Revoked)));
    });
}

#[test]
fn an_endpoint_is_taken_by_one_of_two() {
    loom::model(|| {
        let endpoint = Kernel::new().holder().endpoint(Box::new(Arc::new(1)));
        let copy = endpoint.copy().expect("nothing was taken yet");
        let taker = thread::spawn(move || endpoint.take_endpoint().is_ok());
        let here = copy.take_endpoint().is_ok();
        assert!(here != taker.join().expect("the taker panics never"));
    });
}
