//! The lifecycle table of client requests, cell by cell, where a client can get there.
//!
//! Each line: what is asked, in which state of the domain; what is told at once (`-`: nothing yet);
//! how the domain stands then; what the spawnds are ordered; what is told once they obeyed. The
//! domain runs on core 0, asked is from another binding with a cap of all rights; states from
//! `StopPend` on were reached by `exit(7)`.

use flounder::{Cap, DomainId, ErrVal, Rights};
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::DomainState::{self, Cleaned, Nil, Running, StopPend, Stopped};

use crate::world::{World, ready};

#[derive(Clone, Copy, PartialEq, Debug)]
enum At {
    /// The null cap.
    Null,
    /// A cap of another type.
    Frame,
    /// A Domain cap without the right.
    Weak,
    NoEntry,
    In(DomainState),
    Wedged,
}
use At::{Frame, In, NoEntry, Null, Weak, Wedged};

#[derive(Clone, Copy, Debug)]
enum Ask {
    /// To core 1.
    Span,
    /// To this core.
    SpanTo(u8),
    Kill,
    ExitOwn,
    ExitOther,
    Wait,
    Nohang,
}
use Ask::{ExitOther, ExitOwn, Kill, Nohang, Span, SpanTo, Wait};

type Cell = (Ask, At, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CELLS: &[Cell] = &[
    (Span, Null,         "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Span, Frame,        "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Span, Weak,         "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Span, NoEntry,      "DOMAIN_TABLE_FIND",  "Running",           "", "DOMAIN_TABLE_FIND"),
    (Span, In(Nil),      "DOMAIN_NOT_RUNNING", "Nil",               "spawn@0", "DOMAIN_NOT_RUNNING"),
    (Span, In(Running),  "-",                  "Running",           "span@1", "OK"),
    (SpanTo(0), In(Running), "ALREADY_SPANNED", "Running",          "", "ALREADY_SPANNED"),
    (SpanTo(9), In(Running), "INVALID_SPAWND", "Running",           "", "INVALID_SPAWND"),
    (SpanTo(255), In(Running), "INVALID_SPAWND", "Running",         "", "INVALID_SPAWND"),
    (Span, In(StopPend), "DOMAIN_NOT_RUNNING", "StopPend Exited 7", "kill@0", "DOMAIN_NOT_RUNNING"),
    (Span, In(Stopped),  "DOMAIN_NOT_RUNNING", "Stopped Exited 7",  "cleanup@0", "DOMAIN_NOT_RUNNING"),
    (Span, In(Cleaned),  "DOMAIN_NOT_RUNNING", "Cleaned Exited 7",  "", "DOMAIN_NOT_RUNNING"),

    (Kill, Null,         "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Kill, Frame,        "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Kill, Weak,         "DOMAIN_CAP_HASH",    "Running",           "", "DOMAIN_CAP_HASH"),
    (Kill, NoEntry,      "DOMAIN_TABLE_FIND",  "Running",           "", "DOMAIN_TABLE_FIND"),
    (Kill, In(Nil),      "-",                  "Nil Killed 9",      "spawn@0", "OK"),
    (Kill, In(Running),  "-",                  "StopPend Killed 9", "kill@0", "OK"),
    (Kill, In(StopPend), "-",                  "StopPend Exited 7", "kill@0", "OK"),
    (Kill, Wedged,       "KILL",               "StopPend Exited 7", "", "KILL"),
    (Kill, In(Stopped),  "DOMAIN_NOT_RUNNING", "Stopped Exited 7",  "cleanup@0", "DOMAIN_NOT_RUNNING"),
    (Kill, In(Cleaned),  "DOMAIN_NOT_RUNNING", "Cleaned Exited 7",  "", "DOMAIN_NOT_RUNNING"),

    (ExitOwn, Null,         "", "Running",           "", ""),
    (ExitOwn, Frame,        "", "Running",           "", ""),
    (ExitOwn, Weak,         "", "Running",           "", ""),
    (ExitOwn, NoEntry,      "", "Running",           "", ""),
    (ExitOwn, In(Nil),      "", "Nil Exited 3",      "spawn@0", ""),
    (ExitOwn, In(Running),  "", "StopPend Exited 3", "kill@0", ""),
    (ExitOwn, In(StopPend), "", "StopPend Exited 7", "kill@0", ""),
    (ExitOwn, In(Stopped),  "", "Stopped Exited 7",  "cleanup@0", ""),
    (ExitOwn, In(Cleaned),  "", "Cleaned Exited 7",  "", ""),

    (ExitOther, Null,         "", "Running",           "", ""),
    (ExitOther, Weak,         "", "Running",           "", ""),
    (ExitOther, NoEntry,      "", "Running",           "", ""),
    (ExitOther, In(Nil),      "", "Nil",               "spawn@0", ""),
    (ExitOther, In(Running),  "", "Running",           "", ""),
    (ExitOther, In(StopPend), "", "StopPend Exited 7", "kill@0", ""),
    (ExitOther, In(Stopped),  "", "Stopped Exited 7",  "cleanup@0", ""),
    (ExitOther, In(Cleaned),  "", "Cleaned Exited 7",  "", ""),

    (Wait, Null,         "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Wait, Frame,        "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Wait, Weak,         "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Wait, NoEntry,      "DOMAIN_TABLE_FIND 0", "Running",           "", "DOMAIN_TABLE_FIND 0"),
    (Wait, In(Nil),      "-",                   "Nil",               "spawn@0", "-"),
    (Wait, In(Running),  "-",                   "Running",           "", "-"),
    (Wait, In(StopPend), "-",                   "StopPend Exited 7", "kill@0", "OK 7"),
    (Wait, Wedged,       "-",                   "StopPend Exited 7", "", "-"),
    (Wait, In(Stopped),  "OK 7",                "Stopped Exited 7",  "cleanup@0", "OK 7"),
    (Wait, In(Cleaned),  "OK 7",                "Cleaned Exited 7",  "", "OK 7"),

    (Nohang, Null,         "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Nohang, Frame,        "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Nohang, Weak,         "DOMAIN_CAP_HASH 0",   "Running",           "", "DOMAIN_CAP_HASH 0"),
    (Nohang, NoEntry,      "DOMAIN_TABLE_FIND 0", "Running",           "", "DOMAIN_TABLE_FIND 0"),
    (Nohang, In(Nil),      "DOMAIN_ALIVE 255",    "Nil",               "spawn@0", "DOMAIN_ALIVE 255"),
    (Nohang, In(Running),  "DOMAIN_ALIVE 255",    "Running",           "", "DOMAIN_ALIVE 255"),
    (Nohang, In(StopPend), "DOMAIN_ALIVE 255",    "StopPend Exited 7", "kill@0", "DOMAIN_ALIVE 255"),
    (Nohang, In(Stopped),  "OK 7",                "Stopped Exited 7",  "cleanup@0", "OK 7"),
    (Nohang, In(Cleaned),  "OK 7",                "Cleaned Exited 7",  "", "OK 7"),
];

#[test]
fn every_request_in_every_state() {
    for cell in CELLS {
        check(cell);
    }
}

fn check(cell: &Cell) {
    let &(ask, at, at_once, stands, ordered, later) = cell;
    let world = World::new();
    let spawner = world.operator();
    let mut spawning = world.spawn(&spawner, 0);
    let state = match at {
        In(state) => state,
        Wedged => StopPend,
        Null | Frame | Weak | NoEntry => Running,
    };
    let (id, _caps) = if state == Nil {
        (DomainId(1), None)
    } else {
        let order = world.answer(0, RequestKind::Spawn, ErrVal::OK);
        world.bring(order.domain, &order.own, state);
        (order.domain, Some((order.own, ready(&mut spawning))))
    };
    if at == Wedged {
        world.answer(0, RequestKind::Kill, flounder::ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
    }
    let mut asked = request(&world, ask, id, &cap(&world, at, id));
    let told = world.told(&mut asked);
    let seen = (told.as_str(), world.stands(id), world.orders());
    assert_eq!(seen, (at_once, stands.to_owned(), ordered.to_owned()), "{ask:?} {at:?}");
    world.obey();
    let told = if told == "-" { world.told(&mut asked) } else { told };
    assert_eq!(told, later, "{ask:?} {at:?}, once the spawnds obeyed");
}

fn cap(world: &World, at: At, id: DomainId) -> Cap {
    match at {
        Null => Cap::NULL,
        Frame => world.kernel.holder().frame(16).unwrap(),
        Weak => world.mint(id, Rights::NONE),
        NoEntry => world.mint(DomainId(999), Rights::DOMAIN),
        In(_) | Wedged => world.mint(id, Rights::DOMAIN),
    }
}

fn request(world: &World, ask: Ask, id: DomainId, cap: &Cap) -> crate::world::Asked {
    let client = world.operator();
    match ask {
        Span => world.span(&client, cap, 1),
        SpanTo(core) => world.span(&client, cap, core),
        Kill => world.kill(&client, cap),
        Wait => world.wait(&client, cap, false),
        Nohang => world.wait(&client, cap, true),
        ExitOwn => exits(world, id, cap),
        ExitOther => exits(world, DomainId(77), cap),
    }
}

fn exits(world: &World, id: DomainId, cap: &Cap) -> crate::world::Asked {
    world.exit(&world.program(id), cap, 3);
    Box::pin(std::future::ready(String::new()))
}

#[test]
fn status_and_list_follow_the_state() {
    for state in [Nil, Running, StopPend, Stopped, Cleaned] {
        let world = World::new();
        let operator = world.operator();
        let mut spawning = world.spawn(&operator, 0);
        let id = DomainId(1);
        let caps = (state != Nil).then(|| {
            let own = world.answer(0, RequestKind::Spawn, ErrVal::OK).own;
            world.bring(id, &own, state);
            (own, ready(&mut spawning))
        });
        let answer = world.status(&operator, id, &Cap::NULL);
        assert!(answer.err.is_ok() && answer.entry.state == state, "{answer:?}");
        let listed = if state == Cleaned { vec![] } else { vec![id.0] };
        assert_eq!(world.list(&operator, 0), (listed, false));
        drop(caps);
    }
}
