//! Lives of programs, seen by the process manager over its binding and by the platform.

use std::time::Duration;

use crate::world::{Call, Heard, World};
use flounder::platform::{Completion, Entry, Image, ProgramEnd, StartFailure};
use flounder::{Cap, CapKind, DomainId, ErrCode};
use flounder_idl::spawn::{ExitCause, RequestKind, SpawnWithCapsRequest};

const OK: ErrCode = ErrCode::OK;

#[test]
fn a_program_starts_exits_and_is_cleaned_up() {
    let world = World::new();
    let manager = world.peer();
    let told = manager.told(&world, world.spawn(1, 10));
    assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, OK)]);
    world.platform.with_program(10, |program| {
        assert_eq!(program.image, Image::Module("echo".into()));
        assert_eq!(program.argv, ["echo", "hello"]);
        assert_eq!(program.env, [("LANG".into(), "C".into())]);
        assert_eq!(program.domain_cap.identify().unwrap().domain, Some(DomainId(10)));
        assert_eq!(program.monitor.descriptor().name, "monitor");
    });
    world.ended(10, ProgramEnd::Exited(3));
    assert_eq!(manager.heard(&world), [Heard::Exited(10, ExitCause::Exited, 3)]);
    let told = manager.told(&world, world.kill(2, 10));
    assert_eq!(told, [Heard::Reply(2, RequestKind::Kill, OK)], "nothing of it executes");
    let told = manager.told(&world, world.cleanup(3, 10));
    assert_eq!(told, [Heard::Reply(3, RequestKind::Cleanup, OK)]);
    assert_eq!(world.platform.calls(), [Call::Start(10), Call::Release(10)]);
}

#[test]
fn a_panic_is_a_crash() {
    let world = World::new();
    let manager = world.peer();
    manager.told(&world, world.spawn(1, 10));
    world.ended(10, ProgramEnd::Panicked);
    assert_eq!(manager.heard(&world), [Heard::Exited(10, ExitCause::Crashed, 134)]);
}

#[test]
fn caps_are_moved_into_the_program() {
    let world = World::new();
    let manager = world.peer();
    let holder = world.kernel.holder();
    let request = SpawnWithCapsRequest {
        inheritcn_cap: holder.cnode(),
        argcn_cap: Cap::NULL,
        ..world.spawn_with_caps(1, 10)
    };
    manager.told(&world, request);
    manager.told(&world, world.span(2, 11));
    world.platform.with_program(10, |program| match &program.entry {
        Entry::Main { inheritcn, argcn } => {
            assert_eq!(inheritcn.identify().unwrap().kind, CapKind::CNode);
            assert!(argcn.is_null());
        }
        entry @ Entry::Span { .. } => panic!("{entry:?}"),
    });
    world.platform.with_program(11, |program| match &program.entry {
        Entry::Span { vroot, dispframe } => {
            assert_eq!(vroot.identify().unwrap().domain, Some(DomainId(11)));
            assert_eq!(dispframe.frame_bytes(), Ok(4096));
        }
        entry @ Entry::Main { .. } => panic!("{entry:?}"),
    });
}

#[test]
fn a_span_is_answered_as_one() {
    let world = World::new();
    let manager = world.peer();
    let told = manager.told(&world, world.span(1, 10));
    assert_eq!(told, [Heard::Reply(1, RequestKind::Span, OK)]);
    assert_eq!(world.platform.calls(), [Call::Start(10)]);
}

#[test]
fn every_killer_is_answered_once_the_program_has_ended() {
    let world = World::new();
    let manager = world.peer();
    manager.told(&world, world.spawn(1, 10));
    assert_eq!(manager.told(&world, world.kill(2, 10)), []);
    assert_eq!(manager.told(&world, world.kill(3, 10)), []);
    assert_eq!(world.platform.calls(), [Call::Start(10), Call::Kill(10)]);
    world.ended(10, ProgramEnd::Exited(0));
    let answers = [2, 3].map(|request| Heard::Reply(request, RequestKind::Kill, OK));
    assert_eq!(manager.heard(&world), answers);
    assert_eq!(world.waitset.next_timer(), None, "the grace time is called off");
}

#[test]
fn what_outlives_its_grace_time_is_given_up_and_reported_when_it_ends() {
    let world = World::new();
    let manager = world.peer();
    manager.told(&world, world.spawn(1, 10));
    manager.told(&world, world.kill(2, 10));
    world.advance(Duration::from_millis(1_999));
    assert_eq!(manager.heard(&world), []);
    world.advance(Duration::from_millis(1));
    let running = ErrCode::SPAWN_ERR_DOMAIN_RUNNING;
    assert_eq!(manager.heard(&world), [Heard::Reply(2, RequestKind::Kill, running)]);
    let told = manager.told(&world, world.kill(3, 10));
    assert_eq!(told, [Heard::Reply(3, RequestKind::Kill, running)], "that was final");
    let told = manager.told(&world, world.cleanup(4, 10));
    assert_eq!(told, [Heard::Reply(4, RequestKind::Cleanup, running)]);
    world.ended(10, ProgramEnd::Exited(0));
    assert_eq!(manager.heard(&world), [Heard::Exited(10, ExitCause::Exited, 0)]);
}

#[test]
fn a_start_is_answered_before_the_death_is_reported() {
    let domain = DomainId(10);
    let ended = Completion::Ended { domain, end: ProgramEnd::Exited(5) };
    let histories = [vec![ended], vec![Completion::Started { domain }, ended]];
    for history in histories {
        let world = World::new();
        let manager = world.peer();
        world.platform.hold();
        assert_eq!(manager.told(&world, world.spawn(1, 10)), []);
        for completion in &history {
            world.platform.complete(*completion);
        }
        let expected =
            [Heard::Reply(1, RequestKind::Spawn, OK), Heard::Exited(10, ExitCause::Exited, 5)];
        assert_eq!(manager.heard(&world), expected, "{history:?}");
    }
}

#[test]
fn a_kill_that_comes_early_waits_for_the_start() {
    let world = World::new();
    let manager = world.peer();
    world.platform.hold();
    manager.ask(world.spawn(1, 10));
    assert_eq!(manager.told(&world, world.kill(2, 10)), []);
    world.complete(Completion::Started { domain: DomainId(10) });
    assert_eq!(manager.heard(&world), [Heard::Reply(1, RequestKind::Spawn, OK)]);
    assert_eq!(world.platform.calls(), [Call::Start(10), Call::Kill(10)]);
    world.ended(10, ProgramEnd::Exited(0));
    assert_eq!(manager.heard(&world), [Heard::Reply(2, RequestKind::Kill, OK)]);
}

#[test]
fn what_the_platform_could_not_start_leaves_nothing() {
    let table = [
        (StartFailure::Load, ErrCode::SPAWN_ERR_LOAD),
        (StartFailure::Run, ErrCode::SPAWN_ERR_RUN),
        (StartFailure::Span, ErrCode::SPAWN_ERR_SPAN),
    ];
    for (why, code) in table {
        let world = World::new();
        let manager = world.peer();
        world.platform.hold();
        manager.told(&world, world.span(1, 10));
        world.complete(Completion::StartFailed { domain: DomainId(10), why });
        assert_eq!(manager.heard(&world), [Heard::Reply(1, RequestKind::Span, code)]);
        let told = manager.told(&world, world.kill(2, 10));
        let unknown = ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND;
        assert_eq!(told, [Heard::Reply(2, RequestKind::Kill, unknown)]);
    }
}

/// Keeps the monitor from giving endpoints.
type Trouble = fn(&World);

#[test]
fn without_an_endpoint_nothing_starts() {
    let troubles: [(&str, Trouble); 2] = [
        ("a monitor that refuses", |world| world.monitor.refuse(ErrCode::MON_ERR_INVALID_IREF)),
        ("a monitor that is gone", |world| world.monitor.close()),
    ];
    for (what, trouble) in troubles {
        let world = World::new();
        let manager = world.peer();
        trouble(&world);
        world.turn();
        let told = manager.told(&world, world.spawn(1, 10));
        assert_eq!(told, [Heard::Reply(1, RequestKind::Spawn, ErrCode::SPAWN_ERR_RUN)], "{what}");
        assert_eq!(world.platform.calls(), [], "{what}");
    }
}

#[test]
fn more_starts_than_the_monitor_takes_at_a_time_wait_their_turn() {
    let world = World::new();
    let manager = world.peer();
    world.monitor.hold();
    for domain in 1..=100 {
        assert_eq!(manager.told(&world, world.spawn(domain, domain)), []);
    }
    assert_eq!(world.monitor.held(), flounder_domain::REQUESTS_MAX);
    world.monitor.answer();
    world.turn();
    assert_eq!(world.monitor.held(), 100 - flounder_domain::REQUESTS_MAX);
    world.monitor.answer();
    let replies: Vec<_> = (1..=100).map(|id| Heard::Reply(id, RequestKind::Spawn, OK)).collect();
    assert_eq!(manager.heard(&world), replies);
}
