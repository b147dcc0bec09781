//! The lifecycle table of a domain's cores, as far as it needs no spawnd's end: what happens in
//! which order, how the domain stands then, what the spawnds still have to answer, and what whoever
//! asked was told.
//!
//! The domain is spawned on core 0, and somebody waits for it from the start.

use ErrCode::{
    OK, SPAWN_ERR_DOMAIN_NOTFOUND, SPAWN_ERR_DOMAIN_RUNNING, SPAWN_ERR_LOAD, SPAWN_ERR_RUN,
};
use flounder::{DomainId, ErrCode, Rights};
use flounder_idl::spawn::RequestKind::{self, Cleanup, Kill, Span, Spawn};
use flounder_idl::types::ExitCause::{self, Crashed, Exited};

use crate::world::{Asked, World, code, ready};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The spawnd of a core answers its oldest order of a kind.
    Reply(u8, RequestKind, ErrCode),
    /// The spawnd of a core reports a death.
    Died(u8, ExitCause, u8),
    AskKill,
    /// To core 1.
    AskSpan,
}
use Step::{AskKill, AskSpan, Died, Reply};

const BEGUN: Step = Reply(0, Spawn, OK);
const SPANNED: Step = Reply(1, Span, OK);
const KILLED: Step = Reply(0, Kill, OK);

type Story = (&'static [Step], &'static str, &'static str, &'static str);

#[rustfmt::skip]
const STORIES: &[Story] = &[
    // SPAWN_PEND
    (&[BEGUN], "Running", "", "spawn OK, wait -"),
    (&[Reply(0, Spawn, SPAWN_ERR_LOAD)], "DOMAIN_TABLE_FIND", "",
        "spawn SPAWN_ERR_LOAD, wait DOMAIN_TABLE_FIND 0"),
    (&[Died(0, Crashed, 139), BEGUN], "Stopped Crashed 139", "cleanup@0",
        "spawn OK, wait OK 139"),
    (&[Died(0, Exited, 3), BEGUN], "Stopped Exited 3", "cleanup@0", "spawn OK, wait OK 3"),
    (&[AskKill, BEGUN], "StopPend Killed 9", "kill@0", "spawn OK, wait -, kill -"),
    (&[AskKill, Reply(0, Spawn, SPAWN_ERR_LOAD)], "DOMAIN_TABLE_FIND", "",
        "spawn SPAWN_ERR_LOAD, wait DOMAIN_TABLE_FIND 0, kill DOMAIN_NOT_RUNNING"),
    // NONE
    (&[BEGUN, Died(1, Crashed, 139)], "Running", "", "spawn OK, wait -"),
    // SPAN_PEND
    (&[BEGUN, AskSpan, SPANNED], "Running", "", "spawn OK, wait -, span OK"),
    (&[BEGUN, AskSpan, Reply(1, Span, SPAWN_ERR_RUN)], "Running", "",
        "spawn OK, wait -, span SPAWN_ERR_SPAN"),
    (&[BEGUN, AskSpan, AskKill, SPANNED], "StopPend Killed 9", "kill@0 kill@1",
        "spawn OK, wait -, span DOMAIN_NOT_RUNNING, kill -"),
    (&[BEGUN, AskSpan, AskKill, KILLED], "StopPend Killed 9", "span@1",
        "spawn OK, wait -, span -, kill -"),
    (&[BEGUN, AskSpan, AskKill, KILLED, Reply(1, Span, SPAWN_ERR_RUN)],
        "Stopped Killed 9", "cleanup@0", "spawn OK, wait OK 9, span SPAWN_ERR_SPAN, kill OK"),
    (&[BEGUN, AskSpan, Died(1, Crashed, 134), SPANNED], "StopPend Crashed 134", "kill@0",
        "spawn OK, wait -, span OK"),
    // RUN
    (&[BEGUN, Died(0, Crashed, 134)], "Stopped Crashed 134", "cleanup@0",
        "spawn OK, wait OK 134"),
    (&[BEGUN, Died(0, Exited, 3)], "Stopped Exited 3", "cleanup@0", "spawn OK, wait OK 3"),
    (&[BEGUN, AskSpan, SPANNED, Died(1, Crashed, 134)], "StopPend Crashed 134", "kill@0",
        "spawn OK, wait -, span OK"),
    (&[BEGUN, AskSpan, SPANNED, AskKill], "StopPend Killed 9", "kill@0 kill@1",
        "spawn OK, wait -, span OK, kill -"),
    // KILL_PEND
    (&[BEGUN, AskKill, KILLED], "Stopped Killed 9", "cleanup@0", "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_DOMAIN_NOTFOUND)], "Stopped Killed 9",
        "cleanup@0", "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_DOMAIN_RUNNING)], "StopPend Killed 9", "",
        "spawn OK, wait -, kill KILL"),
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_RUN)], "StopPend Killed 9", "kill@0",
        "spawn OK, wait -, kill -"),
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_RUN), Reply(0, Kill, SPAWN_ERR_RUN),
        Reply(0, Kill, SPAWN_ERR_RUN), Reply(0, Kill, SPAWN_ERR_RUN)],
        "StopPend Killed 9", "", "spawn OK, wait -, kill KILL"),
    (&[BEGUN, AskKill, Died(0, Exited, 3)], "Stopped Killed 9", "kill@0 cleanup@0",
        "spawn OK, wait OK 9, kill OK"),
    // WEDGED
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_DOMAIN_RUNNING), Died(0, Exited, 3)],
        "Stopped Killed 9", "cleanup@0", "spawn OK, wait OK 9, kill KILL"),
    (&[BEGUN, AskKill, Reply(0, Kill, SPAWN_ERR_DOMAIN_RUNNING), AskKill],
        "StopPend Killed 9", "", "spawn OK, wait -, kill KILL, kill KILL"),
    // DEAD, CLEAN_PEND: the kill's reply comes late
    (&[BEGUN, AskKill, Died(0, Exited, 3), KILLED], "Stopped Killed 9", "cleanup@0",
        "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, Died(0, Exited, 3), Reply(0, Kill, SPAWN_ERR_RUN)], "Stopped Killed 9",
        "cleanup@0", "spawn OK, wait OK 9, kill OK"),
    // CLEAN_PEND
    (&[BEGUN, AskKill, KILLED, Reply(0, Cleanup, OK)], "Cleaned Killed 9", "",
        "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, KILLED, Reply(0, Cleanup, SPAWN_ERR_DOMAIN_NOTFOUND)],
        "Cleaned Killed 9", "", "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, KILLED, Reply(0, Cleanup, SPAWN_ERR_RUN)], "Stopped Killed 9",
        "cleanup@0", "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, KILLED, Reply(0, Cleanup, SPAWN_ERR_RUN), Reply(0, Cleanup, SPAWN_ERR_RUN),
        Reply(0, Cleanup, SPAWN_ERR_RUN), Reply(0, Cleanup, SPAWN_ERR_RUN)],
        "Cleaned Killed 9", "", "spawn OK, wait OK 9, kill OK"),
    (&[BEGUN, AskKill, KILLED, Died(0, Crashed, 134)], "Stopped Killed 9", "cleanup@0",
        "spawn OK, wait OK 9, kill OK"),
    // CLEAN
    (&[BEGUN, AskKill, KILLED, Reply(0, Cleanup, OK), Died(0, Crashed, 134)],
        "Cleaned Killed 9", "", "spawn OK, wait OK 9, kill OK"),
];

#[test]
fn every_core_state_and_event() {
    for (steps, stands, orders, told) in STORIES {
        let world = World::new();
        let id = DomainId(1);
        let cap = world.mint(id, Rights::DOMAIN);
        let client = world.operator();
        let mut spawning = world.spawn(&client, 0);
        let mut asked: Vec<(&str, Asked)> = vec![("wait", world.wait(&client, &cap, false))];
        for &step in *steps {
            match step {
                Reply(core, kind, err) => drop(world.answer(core, kind, err)),
                Died(core, cause, status) => world.died(core, id, cause, status),
                AskKill => asked.push(("kill", world.kill(&client, &cap))),
                AskSpan => asked.push(("span", world.span(&client, &cap, 1))),
            }
            world.run();
        }
        let spawned = ready(&mut spawning).unwrap().unwrap();
        assert_eq!(spawned.0.is_err(), spawned.1.is_null(), "a cap with OK and only then");
        let mut words = vec![format!("spawn {}", code(spawned.0))];
        words.extend(asked.iter_mut().map(|(what, asked)| format!("{what} {}", world.told(asked))));
        assert_eq!(
            (world.stands(id).as_str(), world.orders().as_str(), words.join(", ").as_str()),
            (*stands, *orders, *told),
            "{steps:?}"
        );
    }
}
