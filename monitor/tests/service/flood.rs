//! Who doesn't read what he asked for is cut off, alone.

use flounder::{AnyBinding, BindOptions, Cap, CoreId, Dispatcher, ErrCode, Half, Iref, Waitset};
use flounder_idl::intermon::{self, ConnectRequest};
use flounder_idl::monitor::{GetNameIrefRequest, Interface, RxVtbl};
use flounder_monitor::{CHILD_OUTBOX_MAX, CHILDREN_MAX, Command, LINK_OUTBOX_MAX, link_pair};

use crate::system::System;

/// How many messages a channel holds beside what waits for it.
const CAPACITY: usize = BindOptions::CAPACITY.get() as usize;

/// How many answers the monitor must keep for a child before it gives up on it.
const ANSWERS_MAX: usize = CHILD_OUTBOX_MAX + CAPACITY;

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
    let program_end = |domain| system.program_end(1, domain);
    let capacity: usize = program_end(19).options().capacity_of().get().into();
    let program_max = CHILD_OUTBOX_MAX + capacity;
    assert!(!flood(&system, program_end(20), program_max));
    assert!(flood(&system, program_end(21), program_max + 1));
    assert!(flood(&system, system.operator_end(1), ANSWERS_MAX + 1));
    assert_eq!(system.echo(&system.program(0, 30), iref), Ok("hello".into()));
}

#[test]
fn programs_that_end_without_a_word_fill_no_core() {
    let system = System::boot(1);
    for domain in 0..=CHILDREN_MAX as u64 {
        // Nobody claims it.
        drop(system.program_end(0, domain));
    }
    assert!(!system.program(0, u64::MAX).monitor.is_closed());
}

#[test]
fn a_monitor_that_doesnt_read_is_closed_at_its_limit() {
    let system = System::boot(1);
    let core = CoreId(9);
    let (half, end) = link_pair();
    system.command(CoreId(0), Command::AddLink { core, half });
    let asleep = Waitset::new();
    let dispatcher = Dispatcher::on(&asleep, system.kernel.holder(), ());
    let link = dispatcher.connect::<intermon::Interface>(end, &intermon::RxVtbl::UNHANDLED);
    let link = link.unwrap();
    for _ in 0..=LINK_OUTBOX_MAX + CAPACITY {
        assert!(!link.is_closed());
        let request = ConnectRequest { from: core.0, target: 200, endpoint: Cap::NULL };
        link.connect_request(request).unwrap();
        system.settle();
    }
    assert!(link.is_closed());
    let lost = system.echo(&system.program(0, 10), Iref::new(core, 1));
    assert_eq!(lost, Err(ErrCode::MON_ERR_INVALID_CORE.into()));
}
