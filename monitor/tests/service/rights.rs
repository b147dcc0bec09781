//! What only the child that a monitor started may ask, and only once.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::platform::ServiceKind;
use flounder::{BindOptions, DomainId, ErrCode};
use flounder_domain::Monitor;
use flounder_idl::proc_mgmt;

use crate::system::System;

#[test]
fn services_start_in_order_and_are_told_of_at_the_process_manager() {
    let system = System::boot(3);
    let started: Vec<_> = system.platforms.iter().map(|platform| platform.order.take()).collect();
    let spawnd = (ServiceKind::Spawnd, 1);
    assert_eq!(started, [vec![(ServiceKind::ProcMgmt, 1), spawnd], vec![spawnd], vec![spawnd]]);
    let mut news = system.news();
    news.sort();
    assert_eq!(
        news,
        ["add 0 life 1 at 0x00000002", "add 1 life 1 at 0x01000001", "add 2 life 1 at 0x02000001",]
    );
}

#[test]
fn a_stranger_may_nothing_that_is_a_services() {
    let system = System::boot(2);
    system.news();
    let spawnd = ServiceKind::Spawnd;
    let strangers = [
        ("a program", system.program(1, 10).monitor),
        ("an operator", system.operator(1).monitor),
        ("a program on core 0", system.program(0, 11).monitor),
        ("spawnd, a second time", system.service(1, spawnd)),
        ("spawnd of core 0, a second time", system.service(0, spawnd)),
        ("the process manager, a second time", system.service(0, ServiceKind::ProcMgmt)),
    ];
    for (name, stranger) in &strangers {
        tell_all(&system, stranger);
        assert_eq!(system.news(), Vec::<String>::new(), "{name}");
        assert!(!stranger.is_closed());
        let is_spawnd = name.starts_with("spawnd");
        let expected = if is_spawnd { Ok(()) } else { Err(ErrCode::MON_ERR_NOT_PERMITTED.into()) };
        assert_eq!(alloc(&system, stranger), expected, "{name}");
    }
}

/// Exports something and says that it is spawnd; offers a binding of its own to the process manager.
fn tell_all(system: &System, monitor: &Monitor) {
    let teller = monitor.clone();
    let refuse = |_, _| Err(ErrCode::FLOUNDER_ERR_BIND.into());
    monitor.export_with::<proc_mgmt::Interface>(refuse, move |iref| {
        teller.set_spawn_iref(iref.unwrap());
    });
    let (own, monitors) = flounder::pair::<proc_mgmt::Interface>(BindOptions::new());
    let dispatcher = system.home().dispatcher(());
    let binding = dispatcher.connect::<proc_mgmt::Interface>(own, &proc_mgmt::RxVtbl::UNHANDLED);
    monitor.set_proc_mgmt_ep(monitors);
    system.settle();
    assert!(flounder::AnyBinding::is_closed(&binding.unwrap()), "the monitor dropped its end");
}

fn alloc(system: &System, monitor: &Monitor) -> Result<(), flounder::ErrVal> {
    let answer = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&answer);
    monitor.alloc_monitor_ep(DomainId(5), move |half| *keep.borrow_mut() = Some(half.map(drop)));
    system.settle();
    let answer = answer.borrow_mut().take();
    answer.expect("it is answered")
}
