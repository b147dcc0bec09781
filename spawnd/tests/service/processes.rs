//! Executables of the host: what is handed to the platform, and what is refused before.

use flounder::platform::{Completion, ProgramEnd, StartFailure};
use flounder::{Cap, CapKind, CoreId, DomainId, ErrCode};
use flounder_idl::spawn::{
    ExitCause, RequestKind, SpanRequest, SpawnRequest, SpawnWithCapsRequest,
};

use crate::world::{Call, Heard, World, revoked};

const OK: ErrCode = ErrCode::OK;
const RUN: ErrCode = ErrCode::SPAWN_ERR_RUN;
const SPAN: ErrCode = ErrCode::SPAWN_ERR_SPAN;
const HOME: CoreId = CoreId(3);

/// Makes a cap in the world of one case.
type CapOf = fn(&World) -> Cap;

fn shell(world: &World, path: &str, envbuf: &[u8]) -> SpawnRequest {
    SpawnRequest { path: path.into(), envbuf: envbuf.into(), ..world.spawn(1, 10) }
}

#[test]
fn a_process_gets_what_the_request_says() {
    for (path, envbuf) in [("/bin/sh", &b"Z=1\0A=2\0"[..]), ("sh", b"Z=1\0A=2\0PATH=/x:/bin\0")] {
        let world = World::new();
        let manager = world.peer();
        let told = manager.told(&world, shell(&world, path, envbuf));
        assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, OK)]);
        assert_eq!(world.platform.calls(), [Call::StartProcess(10)]);
        world.platform.with_process(10, |process| {
            assert_eq!(process.path.to_str(), Some("/bin/sh"));
            assert_eq!(process.argv, ["echo", "hello"]);
            assert_eq!(process.env[..2], [("Z".into(), "1".into()), ("A".into(), "2".into())]);
            let own = process.domain_cap.identify().expect("it is usable");
            assert_eq!((own.kind, own.domain), (CapKind::Domain, Some(DomainId(10))));
        });
    }
}

#[test]
fn how_a_process_ended_is_told_in_one_byte() {
    let table = [
        (ProgramEnd::Exited(0), ExitCause::Exited, 0),
        (ProgramEnd::Exited(255), ExitCause::Exited, 255),
        (ProgramEnd::Signalled(9), ExitCause::Crashed, 137),
        (ProgramEnd::Signalled(64), ExitCause::Crashed, 192),
        (ProgramEnd::Signalled(255), ExitCause::Crashed, 255),
    ];
    for (end, cause, status) in table {
        let world = World::new();
        let manager = world.peer();
        manager.told(&world, shell(&world, "/bin/sh", b""));
        world.ended(10, end);
        assert_eq!(manager.heard(&world), [Heard::Exited(10, cause, status)], "{end:?}");
    }
}

#[test]
fn a_start_that_fails_is_answered_with_why() {
    for (why, code) in [(StartFailure::Load, ErrCode::SPAWN_ERR_LOAD), (StartFailure::Run, RUN)] {
        let world = World::new();
        let manager = world.peer();
        world.platform.hold();
        assert_eq!(manager.told(&world, shell(&world, "/bin/sh", b"")), []);
        world.complete(Completion::StartFailed { domain: DomainId(10), why });
        assert_eq!(manager.heard(&world), [Heard::Reply(1, RequestKind::Spawn, code)]);
    }
}

#[test]
fn caps_can_only_be_handed_to_a_process_if_there_are_none() {
    let full = |world: &World| {
        let cnode = world.kernel.holder().cnode();
        cnode.put(0, world.frame(1)).expect("there is room");
        cnode
    };
    let table: [(&str, CapOf, ErrCode); 5] = [
        ("null", |_| Cap::NULL, OK),
        ("an empty CNode", |world| world.kernel.holder().cnode(), OK),
        ("a CNode with a cap", full, RUN),
        ("a Frame", |world| world.frame(1), RUN),
        ("a revoked CNode", |world| revoked(&world.kernel.holder().cnode()), RUN),
    ];
    for (what, cap, code) in table {
        for is_argcn in [false, true] {
            let world = World::new();
            let empty = world.kernel.holder().cnode();
            let (inheritcn_cap, argcn_cap) =
                if is_argcn { (empty, cap(&world)) } else { (cap(&world), empty) };
            let path = "/bin/sh".to_owned();
            let request = SpawnWithCapsRequest {
                path,
                inheritcn_cap,
                argcn_cap,
                ..world.spawn_with_caps(1, 10)
            };
            let told = world.peer().told(&world, request);
            assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, code)], "{what}");
            let calls: &[Call] = if code == OK { &[Call::StartProcess(10)] } else { &[] };
            assert_eq!(world.platform.calls(), calls, "{what}");
        }
    }
}

#[test]
fn a_span_of_a_process_names_where_it_was_started() {
    let own: CapOf = |world| world.kernel.holder().dispatcher(HOME, DomainId(10));
    let table: [(&str, CapOf, CapOf, ErrCode); 6] = [
        ("its Dispatcher", |_| Cap::NULL, own, OK),
        ("and its VNode", |world| world.kernel.holder().vnode(DomainId(10)), own, OK),
        ("another's VNode", |world| world.kernel.holder().vnode(DomainId(11)), own, SPAN),
        ("a Frame as VNode", |world| world.frame(4096), own, SPAN),
        (
            "another's Dispatcher",
            |_| Cap::NULL,
            |world| world.kernel.holder().dispatcher(HOME, DomainId(11)),
            SPAN,
        ),
        (
            "what a module needs",
            |world| world.kernel.holder().vnode(DomainId(10)),
            |world| world.frame(4096),
            SPAN,
        ),
    ];
    for (what, vroot, dispframe, code) in table {
        let world = World::new();
        let (vroot, dispframe) = (vroot(&world), dispframe(&world));
        let request = SpanRequest { path: "/bin/sh".into(), vroot, dispframe, ..world.span(1, 10) };
        let told = world.peer().told(&world, request);
        assert_eq!(told, [Heard::Reply(1, RequestKind::Span, code)], "{what}");
        let calls: &[Call] = if code == OK { &[Call::SpanProcess(10, HOME.0)] } else { &[] };
        assert_eq!(world.platform.calls(), calls, "{what}");
    }
}
