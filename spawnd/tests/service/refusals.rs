//! What a spawnd refuses, and that a refusal changes nothing.

use crate::world::{Call, Heard, Peer, World, revoked};
use flounder::{Cap, DomainId, ErrCode, ErrVal, TxError};
use flounder_idl::spawn::{
    CleanupRequest, KillRequest, RequestKind, SpanRequest, SpawnReply, SpawnRequest,
    SpawnWithCapsRequest,
};
use flounder_spawnd::machine::Config;

const OK: ErrCode = ErrCode::OK;
const ARGS: ErrCode = ErrCode::SPAWN_ERR_GET_CMDLINE_ARGS;
const PAGE: ErrCode = ErrCode::SPAWN_ERR_ARGSPG_OVERFLOW;
const LOAD: ErrCode = ErrCode::SPAWN_ERR_LOAD;
const RUN: ErrCode = ErrCode::SPAWN_ERR_RUN;
const SPAN: ErrCode = ErrCode::SPAWN_ERR_SPAN;
const NOTFOUND: ErrCode = ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND;

/// Makes a cap in the world of one case.
type CapOf = fn(&World) -> Cap;

/// A buffer of strings.
fn strings(count: usize, string: &str) -> Vec<u8> {
    format!("{string}\0").repeat(count).into_bytes()
}

fn with_buffers(world: &World, argvbuf: Vec<u8>, envbuf: Vec<u8>) -> SpawnRequest {
    SpawnRequest { argvbuf, envbuf, ..world.spawn(1, 10) }
}

#[test]
fn bad_arguments() {
    let table = [
        ("no NUL at the end of argv", b"echo".to_vec(), vec![], ARGS),
        ("no NUL at the end of env", vec![], b"A=1".to_vec(), ARGS),
        ("129 arguments", strings(129, "x"), vec![], ARGS),
        ("129 empty environment strings", vec![], strings(129, ""), ARGS),
        ("an empty environment string", vec![], strings(1, ""), ARGS),
        ("no KEY=VALUE", vec![], b"LANG\0".to_vec(), ARGS),
        ("an empty key", vec![], b"=C\0".to_vec(), ARGS),
        ("a key twice", vec![], b"A=1\0A=2\0".to_vec(), ARGS),
        ("a full page", strings(1, &"x".repeat(2047)), strings(1, &"A=".repeat(1000)), OK),
        ("over the page", strings(128, "123456789012345"), strings(1, &"A=".repeat(1000)), PAGE),
    ];
    for (what, argvbuf, envbuf, code) in table {
        let world = World::new();
        let request = with_buffers(&world, argvbuf, envbuf);
        let told = world.peer().told(&world, request);
        assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, code)], "{what}");
    }
}

#[test]
fn bad_paths() {
    let table = [
        ("", None, LOAD),
        ("/modules/nobody", None, LOAD),
        ("/modules", None, LOAD),
        ("bin/echo", None, LOAD),
        ("/bin", None, LOAD),
        ("/bin/bash", None, LOAD),
        ("nobody", None, LOAD),
        ("echo", Some("PATH=/usr/bin"), LOAD),
        ("echo", Some("PATH=/modules"), OK),
        ("echo", None, OK),
    ];
    for (path, search, code) in table {
        for kind in [RequestKind::Spawn, RequestKind::Span] {
            if search.is_some() && kind == RequestKind::Span {
                continue; // a span entry has no environment
            }
            let world = World::new();
            let manager = world.peer();
            let path = path.to_owned();
            if kind == RequestKind::Span {
                manager.ask(SpanRequest { path, ..world.span(1, 10) });
            } else {
                let envbuf = search.map_or_else(Vec::new, |search| strings(1, search));
                manager.ask(SpawnRequest { path, envbuf, ..world.spawn(1, 10) });
            }
            assert_eq!(manager.heard(&world), [Heard::Reply(1, kind, code)]);
            let calls: &[Call] = if code == OK { &[Call::Start(10)] } else { &[] };
            assert_eq!(world.platform.calls(), calls);
        }
    }
}

#[test]
fn bad_caps_of_a_program() {
    let cases: [fn(&World) -> SpawnWithCapsRequest; 4] = [
        |world| SpawnWithCapsRequest {
            inheritcn_cap: world.frame(1),
            ..world.spawn_with_caps(1, 10)
        },
        |world| SpawnWithCapsRequest { argcn_cap: world.frame(1), ..world.spawn_with_caps(1, 10) },
        |world| SpawnWithCapsRequest {
            inheritcn_cap: revoked(&world.kernel.holder().cnode()),
            ..world.spawn_with_caps(1, 10)
        },
        |world| SpawnWithCapsRequest {
            argcn_cap: revoked(&world.kernel.holder().cnode()),
            ..world.spawn_with_caps(1, 10)
        },
    ];
    for (index, request) in cases.into_iter().enumerate() {
        let world = World::new();
        let told = world.peer().told(&world, request(&world));
        assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, RUN)], "case {index}");
        assert_eq!(world.platform.calls(), [], "case {index}");
    }
}

#[test]
fn bad_caps_of_a_span() {
    let cases: [(&str, CapOf, CapOf); 6] = [
        ("no vroot", |_| Cap::NULL, |world| world.frame(4096)),
        ("another domain's vroot", |world| vnode(world, 11), |world| world.frame(4096)),
        ("a Frame as vroot", |world| world.frame(4096), |world| world.frame(4096)),
        ("a revoked vroot", |world| revoked(&vnode(world, 10)), |world| world.frame(4096)),
        ("no dispframe", |world| vnode(world, 10), |_| Cap::NULL),
        ("a small dispframe", |world| vnode(world, 10), |world| world.frame(4095)),
    ];
    for (what, vroot, dispframe) in cases {
        let world = World::new();
        let (vroot, dispframe) = (vroot(&world), dispframe(&world));
        let request = SpanRequest { vroot, dispframe, ..world.span(1, 10) };
        let told = world.peer().told(&world, request);
        assert_eq!(told, [Heard::Reply(1, RequestKind::Span, SPAN)], "{what}");
        assert_eq!(world.platform.calls(), [], "{what}");
    }
}

fn vnode(world: &World, domain: u64) -> Cap {
    world.kernel.holder().vnode(DomainId(domain))
}

#[test]
fn bad_domains() {
    let mut config = Config::default();
    config.domains_max = 1;
    let world = World::with(config);
    let manager = world.peer();
    let full = ErrCode::SPAWN_ERR_DOMAIN_ALLOCATE;
    let running = ErrCode::SPAWN_ERR_DOMAIN_RUNNING;
    let table = [
        (manager.told(&world, world.kill(1, 10)), RequestKind::Kill, NOTFOUND),
        (manager.told(&world, world.cleanup(1, 10)), RequestKind::Cleanup, NOTFOUND),
        (manager.told(&world, world.spawn(1, 10)), RequestKind::Spawn, OK),
        (manager.told(&world, world.spawn(1, 10)), RequestKind::Spawn, full),
        (manager.told(&world, world.spawn(1, 11)), RequestKind::Spawn, full),
        (manager.told(&world, world.cleanup(1, 10)), RequestKind::Cleanup, running),
    ];
    for (told, kind, code) in table {
        assert_eq!(told, [Heard::Reply(1, kind, code)]);
    }
}

#[test]
fn what_is_too_large_is_not_sent() {
    let world = World::new();
    let manager = world.peer();
    let path = "x".repeat(2048);
    let refused = manager.binding.spawn_request(SpawnRequest { path, ..world.spawn(1, 10) });
    assert!(matches!(refused, Err(TxError::Argument(..))));
    let refused = manager.binding.spawn_request(with_buffers(&world, vec![0; 2049], Vec::new()));
    assert!(matches!(refused, Err(TxError::Argument(..))));
}

/// Every request, with this cap for the process manager's.
fn ask_everything(world: &World, peer: &Peer, cap: CapOf) -> Vec<Heard> {
    peer.ask(SpawnRequest { procmng_cap: cap(world), ..world.spawn(1, 10) });
    peer.ask(SpawnWithCapsRequest { procmng_cap: cap(world), ..world.spawn_with_caps(2, 10) });
    peer.ask(SpanRequest { procmng_cap: cap(world), ..world.span(3, 10) });
    peer.ask(KillRequest { procmng_cap: cap(world), ..world.kill(4, 20) });
    peer.ask(CleanupRequest { procmng_cap: cap(world), ..world.cleanup(5, 20) });
    peer.heard(world)
}

#[test]
fn nobody_commands_without_the_cap() {
    let unidentifiable = ErrCode::SPAWN_ERR_IDENTIFY_PROC_MNGR_CAP;
    let cases: [(&str, CapOf, ErrCode); 4] = [
        ("null", |_| Cap::NULL, unidentifiable),
        ("revoked", |world| revoked(&world.cap()), unidentifiable),
        ("a Frame", |world| world.frame(1), ErrCode::SPAWN_ERR_NOT_PROC_MNGR),
        ("a Domain", |world| world.spawn(0, 20).domain_cap, ErrCode::SPAWN_ERR_NOT_PROC_MNGR),
    ];
    for (what, cap, code) in cases {
        let world = World::new();
        let (manager, stranger) = (world.peer(), world.peer());
        manager.told(&world, world.spawn(9, 20));
        world.platform.calls();
        let expected = [
            Heard::Reply(1, RequestKind::Spawn, code),
            Heard::Reply(2, RequestKind::Spawn, code),
            Heard::Reply(3, RequestKind::Span, code),
            Heard::Reply(4, RequestKind::Kill, code),
            Heard::Reply(5, RequestKind::Cleanup, code),
        ];
        assert_eq!(ask_everything(&world, &stranger, cap), expected, "a stranger with {what}");
        assert_eq!(manager.heard(&world), []);
        assert_eq!(ask_everything(&world, &manager, cap), expected, "the manager with {what}");
        assert_eq!(world.platform.calls(), []);
    }
}

#[test]
fn a_stranger_may_not_send_what_only_a_spawnd_sends() {
    let world = World::new();
    let (manager, stranger) = (world.peer(), world.peer());
    manager.told(&world, world.spawn(1, 10));
    stranger.ask(SpawnReply { request: 1, kind: RequestKind::Kill, err: ErrVal::OK });
    assert_eq!((stranger.heard(&world), manager.heard(&world)), (vec![], vec![]));
}
