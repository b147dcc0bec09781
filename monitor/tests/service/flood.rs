//! Who doesn't read what he asked for is cut off, alone.

use flounder::{AnyBinding, BindOptions, Dispatcher, Half, Waitset};
use flounder_idl::monitor::{GetNameIrefRequest, Interface, RxVtbl};
use flounder_monitor::CHILD_OUTBOX_MAX;

use crate::system::System;

/// How many answers the monitor must keep for a child before it gives up on it.
const ANSWERS_MAX: usize = CHILD_OUTBOX_MAX + BindOptions::CAPACITY.get() as usize;

/// Asks `count` times and never looks at an answer. Returns whether the monitor cut it off.
fn flood(system: &System, end: Half, count: usize) -> bool {
    let asleep = Waitset::new();
    let dispatcher = Dispatcher::on(&asleep, system.kernel.holder(), ());
    let binding = dispatcher.connect::<Interface>(end, &RxVtbl::UNHANDLED).unwrap();
    for request in 0..count as u64 {
        binding.get_name_iref_request(GetNameIrefRequest { request }).unwrap();
        system.settle();
    }
    binding.is_closed()
}

#[test]
fn a_child_that_doesnt_read_is_closed_at_its_limit() {
    let system = System::boot(2);
    let service = system.program(1, 10);
    let iref = system.export(&service);
    assert!(!flood(&system, system.program_end(1, 20), ANSWERS_MAX));
    assert!(flood(&system, system.program_end(1, 21), ANSWERS_MAX + 1));
    assert!(flood(&system, system.operator_end(1), ANSWERS_MAX + 1));
    assert_eq!(system.echo(&system.program(0, 30), iref), Ok("hello".into()));
}
