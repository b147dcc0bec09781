//! The name service, from every core.

use flounder::platform::ServiceKind;
use flounder::{ErrCode, ErrVal, Iref};
use flounder_domain::{BindError, NameError, NameService};
use flounder_monitor::NAME_BINDINGS_PER_PEER_MAX;

use crate::system::System;

fn refused(code: ErrCode) -> NameError {
    NameError::Refused(code.into())
}

#[test]
fn names_are_registered_looked_up_listed_and_removed() {
    use ErrCode::{NAME_ERR_EXISTS, NAME_ERR_INVALID, NAME_ERR_NOT_OWNER, NAME_ERR_UNKNOWN};
    let system = System::boot(3);
    let (one, two) = (system.program(1, 10), system.program(2, 20));
    let ((ann, _a), (bob, _b)) = (system.names(&one.monitor), system.names(&two.monitor));
    let (first, second) = (system.export(&one), system.export(&two));
    assert_eq!(system.finish(ann.register("echo/1", first)), Ok(()));
    assert_eq!(system.finish(bob.register("echo/2", second)), Ok(()));
    assert_eq!(system.finish(bob.lookup("echo/1")), Ok(first));
    assert_eq!(system.finish(bob.wait_for("echo/1")), Ok(first));
    let listed = vec![("echo/1".to_owned(), first), ("echo/2".to_owned(), second)];
    assert_eq!(system.finish(ann.list()), Ok(listed));

    let taken = system.finish(bob.register("echo/1", second));
    assert_eq!(taken, Err(refused(NAME_ERR_EXISTS)));
    assert_eq!(system.finish(bob.remove("echo/1")), Err(refused(NAME_ERR_NOT_OWNER)));
    assert_eq!(system.finish(bob.lookup("")), Err(refused(NAME_ERR_INVALID)));
    assert_eq!(system.finish(bob.wait_for("no name")), Err(refused(NAME_ERR_INVALID)));
    assert_eq!(system.finish(ann.remove("echo/1")), Ok(()));
    assert_eq!(system.finish(bob.lookup("echo/1")), Err(refused(NAME_ERR_UNKNOWN)));
}

#[test]
fn who_waits_is_answered_when_the_name_is_registered() {
    let system = System::boot(3);
    let (one, two) = (system.program(1, 10), system.program(2, 20));
    let ((ann, _a), (bob, _b)) = (system.names(&one.monitor), system.names(&two.monitor));
    let mut waits = std::pin::pin!(bob.wait_for("echo"));
    assert_eq!(system.try_finish(waits.as_mut()), None);
    let iref = system.export(&one);
    assert_eq!(system.finish(ann.register("echo", iref)), Ok(()));
    assert_eq!(system.finish(waits), Ok(iref));
}

#[test]
fn names_and_waits_go_with_their_client() {
    let system = System::boot(3);
    let (one, two) = (system.program(1, 10), system.program(2, 20));
    let (bob, _b) = system.names(&two.monitor);
    let iref = system.export(&one);
    for _ in 0..2 {
        let (ann, _dispatcher) = system.names(&one.monitor);
        assert_eq!(system.finish(ann.register("echo", iref)), Ok(()));
        assert_eq!(system.try_finish(ann.wait_for("later")), None);
        drop(ann);
        system.settle();
        assert_eq!(system.finish(bob.lookup("echo")), Err(refused(ErrCode::NAME_ERR_UNKNOWN)));
        assert_eq!(system.finish(bob.register("later", iref)), Ok(()));
        assert_eq!(system.finish(bob.remove("later")), Ok(()));
    }
}

#[test]
fn reserved_names_are_for_services() {
    let system = System::boot(2);
    let (program, operator) = (system.program(1, 10), system.operator(1));
    let spawnd = system.service(1, ServiceKind::Spawnd);
    let err = Err(refused(ErrCode::NAME_ERR_RESERVED));
    for (monitor, expected) in
        [(&program.monitor, err), (&operator.monitor, err), (&spawnd, Ok(()))]
    {
        let (names, _dispatcher) = system.names(monitor);
        assert_eq!(system.finish(names.register("spawn.1", Iref(7))), expected);
    }
}

#[test]
fn the_bindings_of_a_domain_have_a_limit() {
    let system = System::boot(1);
    let (greedy, other) = (system.program(0, 10), system.program(0, 20));
    let dispatcher = system.home().dispatcher(());
    let bind = || system.finish(NameService::bind(&greedy.monitor, &dispatcher.ctx()));
    let mut bindings: Vec<_> = (0..NAME_BINDINGS_PER_PEER_MAX).map(|_| bind().unwrap()).collect();
    let err = ErrVal::from(ErrCode::NAME_ERR_LIMIT).push(ErrCode::FLOUNDER_ERR_BIND_REFUSED);
    assert_eq!(bind().map(drop).map_err(BindError::errval), Err(err));
    system.names(&other.monitor);
    bindings.pop();
    system.settle();
    assert!(bind().is_ok());
}
