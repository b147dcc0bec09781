//! Exports and binds, on one core and between cores.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::platform::ServiceKind;
use flounder::{
    Badge, BindOptions, CoreId, Counts, Dispatcher, DomainId, ErrCode, ErrVal, Half, Iref, Role,
};
use flounder_domain::convert::{endpoint_of, fingerprint_to_wire};
use flounder_idl::monitor::{
    self, BindClientReply, BindClientRequest, BindServiceRequest, ExportReply, ExportRequest,
};
use flounder_idl::nameservice;

use crate::echo;
use crate::system::{Client, System, program_badge};

#[test]
fn a_service_sees_the_badge_that_the_clients_monitor_stamped() {
    let system = System::boot(3);
    // Core 1 and 2 have no link at birth: the first bind between them makes one.
    for (server, client) in [(0, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1)] {
        let service = system.program(server, 10);
        let iref = system.export(&service);
        assert_eq!(iref.core(), CoreId(server));
        let (program, operator) = (system.program(client, 77), system.operator(client));
        for client in [&program, &operator] {
            assert_eq!(system.echo(client, iref), Ok("hello".into()));
        }
        let operator = Badge { core: CoreId(client), domain: DomainId::NONE, role: Role::Operator };
        let seen = service.dispatcher.with(std::mem::take);
        assert_eq!(seen, [program_badge(client, 77), operator], "{client} to {server}");
    }
}

#[test]
fn two_monitors_that_connect_to_each_other_at_once_both_bind() {
    let system = System::boot(3);
    let (one, two) = (system.program(1, 11), system.program(2, 12));
    let (to_one, to_two) = (system.export(&one), system.export(&two));
    let (first, second) = (bind(&one, to_two), bind(&two, to_one));
    system.settle();
    assert_eq!((*first.borrow(), *second.borrow()), (Some(Ok(())), Some(Ok(()))));
    for _ in 0..2 {
        assert_eq!(system.echo(&one, to_two), Ok("hello".into()));
        assert_eq!(system.echo(&two, to_one), Ok("hello".into()));
    }
}

type Answer = Rc<RefCell<Option<Result<(), ErrVal>>>>;

/// Asks for a binding to an echo server, and drops it.
fn bind(client: &Client, iref: Iref) -> Answer {
    let answer = Answer::default();
    let keep = Rc::clone(&answer);
    client.monitor.bind_with::<echo::Interface>(iref, BindOptions::new(), move |bound| {
        *keep.borrow_mut() = Some(bound.map(drop));
    });
    answer
}

#[test]
fn what_cant_be_bound_is_refused_with_a_reason() {
    use ErrCode::{
        FLOUNDER_ERR_BIND_MISMATCH, FLOUNDER_ERR_BIND_REFUSED, MON_ERR_INVALID_CORE,
        MON_ERR_INVALID_IREF, NAME_ERR_LIMIT,
    };
    let system = System::boot(3);
    let service = system.program(1, 10);
    let taken_back = system.export(&service);
    service.monitor.unexport(taken_back);
    let ctx = service.dispatcher.ctx();
    let refuse = |_: &mut _, _: &_| Err(NAME_ERR_LIMIT.into());
    let export = service.monitor.export::<echo::Interface, _>(&ctx, &crate::system::ECHO, refuse);
    let refused = system.finish(export).unwrap();
    let refusal = ErrVal::from(NAME_ERR_LIMIT).push(FLOUNDER_ERR_BIND_REFUSED);
    let name_service = system.finish(service.monitor.name_iref()).unwrap();

    let cases = [
        (taken_back, MON_ERR_INVALID_IREF.into()),
        (Iref::new(CoreId(1), 99), MON_ERR_INVALID_IREF.into()),
        (Iref::new(CoreId(7), 1), MON_ERR_INVALID_CORE.into()),
        (Iref::NULL, MON_ERR_INVALID_IREF.into()),
        (refused, refusal),
        (name_service, FLOUNDER_ERR_BIND_MISMATCH.into()),
    ];
    for client in [0, 1, 2] {
        let client = system.program(client, 20);
        for (iref, err) in cases {
            assert_eq!(system.echo(&client, iref), Err(err), "{iref}");
        }
    }
    assert!(!service.monitor.is_closed());
}

/// A dispatcher that speaks to its monitor without a client's help.
struct Raw {
    binding: monitor::Binding<Heard>,
    dispatcher: Dispatcher<Heard>,
}

#[derive(Default)]
struct Heard {
    exported: Vec<ExportReply>,
    asked: Vec<BindServiceRequest>,
    bound: Vec<BindClientReply>,
}

const RAW: monitor::RxVtbl<Heard> = monitor::RxVtbl {
    export_reply: |heard, _, reply| heard.exported.push(reply),
    bind_service_request: |heard, _, request| heard.asked.push(request),
    bind_client_reply: |heard, _, reply| heard.bound.push(reply),
    ..monitor::RxVtbl::UNHANDLED
};

impl Raw {
    fn claim(system: &System, end: Half) -> Self {
        let dispatcher = system.home().dispatcher(Heard::default());
        let binding = dispatcher.connect::<monitor::Interface>(end, &RAW).unwrap();
        Self { binding, dispatcher }
    }

    fn export(&self, system: &System) -> Iref {
        let request = ExportRequest {
            request: 5,
            fingerprint: fingerprint_to_wire(echo::FINGERPRINT),
            interface_name: "echo".into(),
        };
        self.binding.export_request(request).unwrap();
        system.settle();
        self.dispatcher.with(|heard| heard.exported.remove(0)).iref
    }

    fn bind(&self, iref: Iref, endpoint: flounder::Cap) {
        let request = BindClientRequest {
            request: 6,
            iref,
            fingerprint: fingerprint_to_wire(echo::FINGERPRINT),
            interface_name: "echo".into(),
            endpoint,
        };
        self.binding.bind_client_request(request).unwrap();
    }
}

#[test]
fn a_service_that_dies_before_it_answers_fails_the_bind() {
    let system = System::boot(3);
    let closed = ErrVal::from(ErrCode::FLOUNDER_ERR_PEER_CLOSED).push(ErrCode::FLOUNDER_ERR_BIND);
    for client in [1, 2] {
        let service = Raw::claim(&system, system.program_end(1, 10));
        let iref = service.export(&system);
        let client = system.program(client, 20);
        let answer = bind(&client, iref);
        system.settle();
        assert_eq!(*answer.borrow(), None);
        assert_eq!(service.dispatcher.with(|heard| heard.asked.len()), 1);
        drop(service);
        system.settle();
        assert_eq!(*answer.borrow(), Some(Err(closed)));
    }
}

#[test]
fn a_client_that_dies_during_the_bind_harms_nobody() {
    let system = System::boot(3);
    let service = system.program(1, 10);
    let iref = system.export(&service);
    for core in [1, 2] {
        // It dies after so many turns: before its monitor hears of it, before the service does, …
        for turns in 0..20 {
            let client = system.program(core, 20);
            bind(&client, iref);
            for _ in 0..turns {
                system.waitset.poll(1);
            }
            drop(client);
            system.settle();
            assert_eq!(system.echo(&system.program(2, 30), iref), Ok("hello".into()));
        }
    }
}

#[test]
fn a_client_cant_revoke_the_end_it_gave_away_in_the_services_hands() {
    let system = System::boot(2);
    let service = system.program(1, 10);
    let iref = system.export(&service);
    for core in [0, 1] {
        for turns in 0..20 {
            let client = Raw::claim(&system, system.program_end(core, 20));
            let holder = client.dispatcher.holder();
            let (_own, end) = flounder::pair::<echo::Interface>(BindOptions::new());
            let endpoint = endpoint_of(end, &holder);
            client.bind(iref, endpoint.copy().unwrap());
            for _ in 0..turns {
                system.waitset.poll(1);
            }
            // Refused once the half is taken: nothing is left to revoke.
            let _ = endpoint.revoke();
            system.settle();
            assert!(!service.monitor.is_closed(), "after {turns} turns");
        }
    }
    assert_eq!(system.echo(&system.program(0, 30), iref), Ok("hello".into()));
}

#[test]
fn an_end_that_is_none_is_refused() {
    let system = System::boot(2);
    let service = system.program(1, 10);
    let iref = system.export(&service);
    let client = Raw::claim(&system, system.program_end(0, 20));
    let holder = client.dispatcher.holder();
    let (half, _other) = flounder::pair::<nameservice::Interface>(BindOptions::new());
    let refusal = |code: ErrCode| ErrVal::from(code).push(ErrCode::FLOUNDER_ERR_BIND_REFUSED);
    let cases = [
        (flounder::Cap::NULL, ErrCode::FLOUNDER_ERR_RX_CAP.into()),
        (holder.frame(16).unwrap(), ErrCode::FLOUNDER_ERR_RX_CAP.into()),
        (holder.endpoint(Box::new(7)), ErrCode::FLOUNDER_ERR_RX_CAP.into()),
        // It claims to speak echo: the service's own claim finds out.
        (endpoint_of(half, &holder), refusal(ErrCode::FLOUNDER_ERR_BIND_MISMATCH)),
    ];
    for (endpoint, err) in cases {
        client.bind(iref, endpoint);
        system.settle();
        let reply = client.dispatcher.with(|heard| heard.bound.remove(0));
        assert_eq!((reply.request, reply.err), (6, err));
    }
}

#[test]
fn a_lost_core_answers_every_bind() {
    let mut system = System::boot(3);
    let service = Raw::claim(&system, system.program_end(2, 10));
    let iref = service.export(&system);
    let (client, echo) = (system.program(1, 20), system.program(2, 30));
    let echo = system.export(&echo);
    assert!(bind(&client, echo).borrow().is_none());
    let answer = bind(&client, iref);
    system.settle();
    assert_eq!(*answer.borrow(), None);
    system.monitors[2] = None;
    system.settle();
    let closed = ErrVal::from(ErrCode::FLOUNDER_ERR_PEER_CLOSED).push(ErrCode::FLOUNDER_ERR_BIND);
    assert_eq!(*answer.borrow(), Some(Err(closed)));
    assert_eq!(system.echo(&client, iref), Err(ErrCode::MON_ERR_INVALID_CORE.into()));
    assert!(system.service(2, ServiceKind::Spawnd).is_closed());
}

#[test]
fn nothing_is_left_when_all_is_dropped() {
    let system = System::boot(3);
    let kernel = system.kernel.clone();
    let before = kernel.counts();
    let service = system.program(1, 10);
    let iref = system.export(&service);
    for client in [0, 1, 2] {
        let client = system.program(client, 20);
        assert_eq!(system.echo(&client, iref), Ok("hello".into()));
        let (names, _dispatcher) = system.names(&client.monitor);
        system.finish(names.register("echo", iref)).unwrap();
        assert_eq!(system.try_finish(names.wait_for("nobody")), None);
    }
    drop(service);
    system.settle();
    // The first bind between cores 1 and 2 made a link, with two ends, for good.
    let links = 2;
    let after = Counts { bindings: before.bindings + links, ..before };
    assert_eq!(kernel.counts(), after, "clients leave nothing in a running system");
    drop(system);
    assert_eq!(kernel.counts(), Counts::default());
}
