//! Every state with every event, and the stories that need more than one event.

use flounder::{DomainId, ErrCode, ErrVal};

use super::slot::State;
use super::*;

const DOMAIN: DomainId = DomainId(1);

/// A payload that says only whether it is a dispatcher.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) is_dispatcher: bool,
}

impl Payload for Load {
    type Endpoint = ();

    fn is_dispatcher(&self) -> bool {
        self.is_dispatcher
    }
}

const EVENTS: [&str; 13] = [
    "spawn",
    "host",
    "span",
    "kill",
    "cleanup",
    "endpoint",
    "no-endpoint",
    "started",
    "failed",
    "broke",
    "ended",
    "timer",
    "stop",
];

/// The event of that name for [`DOMAIN`].
fn event(name: &str, request: u64) -> Event<Load> {
    let domain = DOMAIN;
    let program = Load { is_dispatcher: name != "host" };
    let order = match name {
        "spawn" | "host" => Order::Spawn { domain, program },
        "span" => Order::Span { domain, program },
        "kill" => Order::Kill { domain },
        "cleanup" => Order::Cleanup { domain },
        "endpoint" => return Event::MonitorEndpoint { domain, result: Ok(()) },
        "no-endpoint" => {
            return Event::MonitorEndpoint { domain, result: Err(ErrCode::MON_ERR_LIMIT.into()) };
        }
        "started" => return Event::Started { domain },
        "failed" => return Event::StartFailed { domain, why: StartError::Load },
        "broke" => return Event::StartBroke { domain, why: StartError::Span },
        "ended" => {
            return Event::Ended { domain, death: Death { cause: Cause::Exited, status: 7 } };
        }
        "timer" => return Event::Timer { domain },
        "stop" => return Event::Stop,
        _ => panic!("no event is called {name}"),
    };
    Event::Request { request: RequestId(request), order }
}

fn show_effect(effect: &Effect<Load>) -> String {
    match effect {
        Effect::AskMonitorEndpoint { .. } => "ask".into(),
        Effect::Start { .. } => "start".into(),
        Effect::Kill { .. } => "kill!".into(),
        Effect::ArmGrace { .. } => "arm".into(),
        Effect::DisarmGrace { .. } => "disarm".into(),
        Effect::Release { .. } => "release".into(),
        Effect::Overrun => "overrun".into(),
        Effect::Stopped { survivors } => format!("stopped({})", survivors.len()),
    }
}

fn show_owed(owed: &Owed) -> String {
    match owed {
        Owed::Reply { request, kind, err } => {
            let code = err.top().map_or("?", ErrCode::name);
            let code = code.strip_prefix("SPAWN_ERR_").unwrap_or(code);
            format!("{kind:?}#{request}:{code}").to_lowercase()
        }
        Owed::Exited { death, .. } => format!("exited:{}", death.status),
    }
}

/// What one event did: effects, then what is owed, then the state it led to.
fn step(machine: &mut Machine<Load>, event: Event<Load>) -> String {
    let ignored = machine.counts().ignored;
    let mut effects = Effects::new();
    machine.handle(event, &mut effects);
    let mut words: Vec<String> = effects.iter().map(show_effect).collect();
    while let Some(owed) = machine.next_owed() {
        words.push(show_owed(owed));
        machine.sent();
    }
    if machine.counts().ignored > ignored {
        words.push("ignored".into());
    }
    words.push(format!("-> {}", state(machine)));
    words.join(" ")
}

fn state(machine: &Machine<Load>) -> &'static str {
    match machine.slots.get(DOMAIN) {
        None => "none",
        Some(State::WaitingEndpoint { .. }) => "waiting",
        Some(State::Starting { .. }) => "starting",
        Some(State::Running) => "running",
        Some(State::Killing { .. }) => "killing",
        Some(State::Undoing { .. }) => "undoing",
        Some(State::Wedged) => "wedged",
        Some(State::Stray) => "stray",
        Some(State::Ended) => "ended",
    }
}

/// The machine after these events, the first of which is request 1, and so on.
fn machine(events: &[&str]) -> Machine<Load> {
    let mut machine = Machine::new(Config::default());
    for (name, request) in events.iter().zip(1..) {
        step(&mut machine, event(name, request));
    }
    machine
}

/// A state, the events that lead there, and what every event does in it; an event that isn't named
/// is ignored. The event is request 9.
type Row = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const CELLS: [Row; 9] = [
    (
        "none",
        &[],
        &[
            ("spawn", "ask -> waiting"),
            ("host", "start -> starting"),
            ("span", "ask -> waiting"),
            ("kill", "kill#9:domain_notfound -> none"),
            ("cleanup", "cleanup#9:domain_notfound -> none"),
            ("stop", "stopped(0) -> none"),
        ],
    ),
    (
        "waiting",
        &["spawn"],
        &[
            ("spawn", "spawn#9:domain_allocate -> waiting"),
            ("host", "spawn#9:domain_allocate -> waiting"),
            ("span", "span#9:domain_allocate -> waiting"),
            ("kill", "-> waiting"),
            ("cleanup", "cleanup#9:domain_running -> waiting"),
            ("endpoint", "start -> starting"),
            ("no-endpoint", "spawn#1:run -> none"),
            ("stop", "stopped(0) spawn#1:run -> none"),
        ],
    ),
    (
        "starting",
        &["span", "endpoint"],
        &[
            ("spawn", "spawn#9:domain_allocate -> starting"),
            ("host", "spawn#9:domain_allocate -> starting"),
            ("span", "span#9:domain_allocate -> starting"),
            ("kill", "-> starting"),
            ("cleanup", "cleanup#9:domain_running -> starting"),
            ("started", "span#1:ok -> running"),
            ("failed", "span#1:load -> none"),
            ("broke", "kill! arm -> undoing"),
            ("ended", "span#1:ok exited:7 -> ended"),
            ("stop", "arm -> undoing"),
        ],
    ),
    (
        "running",
        &["spawn", "endpoint", "started"],
        &[
            ("spawn", "spawn#9:domain_allocate -> running"),
            ("host", "spawn#9:domain_allocate -> running"),
            ("span", "span#9:domain_allocate -> running"),
            ("kill", "kill! arm -> killing"),
            ("cleanup", "cleanup#9:domain_running -> running"),
            ("ended", "exited:7 -> ended"),
            ("stop", "kill! arm -> killing"),
        ],
    ),
    (
        "killing",
        &["host", "started", "kill"],
        &[
            ("spawn", "spawn#9:domain_allocate -> killing"),
            ("host", "spawn#9:domain_allocate -> killing"),
            ("span", "span#9:domain_allocate -> killing"),
            ("kill", "-> killing"),
            ("cleanup", "cleanup#9:domain_running -> killing"),
            ("ended", "disarm kill#3:ok -> ended"),
            ("timer", "kill#3:domain_running -> wedged"),
            ("stop", "-> killing"),
        ],
    ),
    (
        "undoing",
        &["host", "broke"],
        &[
            ("spawn", "spawn#9:domain_allocate -> undoing"),
            ("host", "spawn#9:domain_allocate -> undoing"),
            ("span", "span#9:domain_allocate -> undoing"),
            ("kill", "-> undoing"),
            ("cleanup", "cleanup#9:domain_running -> undoing"),
            ("started", "kill! -> undoing"),
            ("failed", "disarm spawn#1:span -> none"),
            ("broke", "kill! -> undoing"),
            ("ended", "disarm release spawn#1:span -> none"),
            ("timer", "spawn#1:span -> stray"),
            ("stop", "-> undoing"),
        ],
    ),
    (
        "wedged",
        &["host", "started", "kill", "timer"],
        &[
            ("spawn", "spawn#9:domain_allocate -> wedged"),
            ("host", "spawn#9:domain_allocate -> wedged"),
            ("span", "span#9:domain_allocate -> wedged"),
            ("kill", "kill#9:domain_running -> wedged"),
            ("cleanup", "cleanup#9:domain_running -> wedged"),
            ("ended", "exited:7 -> ended"),
            ("stop", "stopped(1) -> wedged"),
        ],
    ),
    (
        "stray",
        &["host", "broke", "timer"],
        &[
            ("spawn", "spawn#9:domain_allocate -> stray"),
            ("host", "spawn#9:domain_allocate -> stray"),
            ("span", "span#9:domain_allocate -> stray"),
            ("kill", "kill#9:domain_running -> stray"),
            ("cleanup", "cleanup#9:domain_running -> stray"),
            ("started", "kill! -> stray"),
            ("failed", "-> none"),
            ("broke", "kill! -> stray"),
            ("ended", "release -> none"),
            ("stop", "stopped(1) -> stray"),
        ],
    ),
    (
        "ended",
        &["host", "started", "ended"],
        &[
            ("spawn", "spawn#9:domain_allocate -> ended"),
            ("host", "spawn#9:domain_allocate -> ended"),
            ("span", "span#9:domain_allocate -> ended"),
            ("kill", "kill#9:ok -> ended"),
            ("cleanup", "release cleanup#9:ok -> none"),
            ("stop", "stopped(0) -> ended"),
        ],
    ),
];

#[test]
fn every_state_takes_every_event() {
    for (before, events, cells) in CELLS {
        assert_eq!(state(&machine(events)), before);
        for name in EVENTS {
            let ignored = format!("ignored -> {before}");
            let cell = cells.iter().find(|(event, _)| *event == name);
            let expected = cell.map_or(ignored.as_str(), |(_, outcome)| outcome);
            let outcome = step(&mut machine(events), event(name, 9));
            assert_eq!(outcome, expected, "{name} in {before}");
        }
        assert!(cells.iter().all(|(event, _)| EVENTS.contains(event)), "an event is misspelt");
    }
}

/// Runs a story: every event, the first of which is request 1, with what it does.
fn check(story: &[(&str, &str)]) {
    let mut machine = Machine::new(Config::default());
    for ((name, expected), request) in story.iter().zip(1..) {
        let outcome = step(&mut machine, event(name, request));
        assert_eq!(outcome, *expected, "event {request}, {name}, of {story:?}");
    }
}

#[test]
fn kills_before_the_start_is_answered_wait_for_it() {
    let before = [("spawn", "ask -> waiting"), ("kill", "-> waiting")];
    let starting = [("endpoint", "start -> starting"), ("kill", "-> starting")];
    let tails: [&[(&str, &str)]; 6] = [
        &[
            ("started", "kill! arm spawn#1:ok -> killing"),
            ("ended", "disarm kill#2:ok kill#4:ok -> ended"),
        ],
        &[("ended", "spawn#1:ok kill#2:ok kill#4:ok -> ended"), ("started", "ignored -> ended")],
        &[("failed", "spawn#1:load kill#2:domain_notfound kill#4:domain_notfound -> none")],
        &[
            ("broke", "kill! arm -> undoing"),
            ("kill", "-> undoing"),
            (
                "ended",
                "disarm release spawn#1:span kill#2:domain_notfound kill#4:domain_notfound \
                 kill#6:domain_notfound -> none",
            ),
        ],
        &[
            ("broke", "kill! arm -> undoing"),
            ("timer", "spawn#1:span kill#2:domain_running kill#4:domain_running -> stray"),
        ],
        &[
            ("stop", "arm -> undoing"),
            ("started", "kill! -> undoing"),
            (
                "ended",
                "disarm release stopped(0) spawn#1:run kill#2:domain_notfound \
                 kill#4:domain_notfound -> none",
            ),
        ],
    ];
    for tail in tails {
        check(&[&before[..], &starting[..], tail].concat());
    }
    check(
        &[&before[..], &[("no-endpoint", "spawn#1:run kill#2:domain_notfound -> none")]].concat(),
    );
}

#[test]
fn every_killer_is_answered_and_giving_up_is_final() {
    check(&[
        ("host", "start -> starting"),
        ("started", "spawn#1:ok -> running"),
        ("kill", "kill! arm -> killing"),
        ("kill", "-> killing"),
        ("timer", "kill#3:domain_running kill#4:domain_running -> wedged"),
        ("kill", "kill#6:domain_running -> wedged"),
        ("timer", "ignored -> wedged"),
        ("ended", "exited:7 -> ended"),
        ("kill", "kill#9:ok -> ended"),
        ("cleanup", "release cleanup#10:ok -> none"),
        ("cleanup", "cleanup#11:domain_notfound -> none"),
        ("ended", "ignored -> none"),
    ]);
}

#[test]
fn a_stop_ends_what_runs_and_starts_nothing() {
    check(&[
        ("host", "start -> starting"),
        ("started", "spawn#1:ok -> running"),
        ("stop", "kill! arm -> killing"),
        ("stop", "-> killing"),
        ("kill", "-> killing"),
        ("timer", "stopped(1) kill#5:domain_running -> wedged"),
        ("ended", "exited:7 -> ended"),
        ("cleanup", "release cleanup#8:ok -> none"),
        ("spawn", "spawn#9:run -> none"),
        ("stop", "-> none"),
    ]);
}

#[test]
fn a_refusal_of_the_monitor_stays_below_ours() {
    let mut machine = machine(&["spawn"]);
    machine.handle(event("no-endpoint", 0), &mut Effects::new());
    let err = ErrVal::from(ErrCode::MON_ERR_LIMIT).push(ErrCode::SPAWN_ERR_RUN);
    let (request, kind) = (RequestId(1), RequestKind::Spawn);
    assert_eq!(machine.next_owed(), Some(&Owed::Reply { request, kind, err }));
}

#[test]
fn a_busy_binding_delays_and_loses_nothing() {
    let mut machine = Machine::new(Config::default());
    for (name, request) in ["host", "ended", "kill", "cleanup", "kill"].iter().zip(1..) {
        machine.handle(event(name, request), &mut Effects::new());
    }
    let mut told = Vec::new();
    while let Some(owed) = machine.next_owed() {
        assert_eq!(machine.next_owed(), Some(owed), "looking takes nothing away");
        told.push(show_owed(owed));
        machine.sent();
    }
    let expected =
        ["spawn#1:ok", "exited:7", "kill#3:ok", "cleanup#4:ok", "kill#5:domain_notfound"];
    assert_eq!(told, expected);
    machine.sent();
    assert_eq!((machine.owed(), machine.domains()), (0, 0));
}

#[test]
fn the_table_has_a_limit() {
    let config = Config { domains_max: 2, ..Config::default() };
    let mut machine = Machine::new(config);
    let mut spawn = |domain| {
        let order =
            Order::Spawn { domain: DomainId(domain), program: Load { is_dispatcher: false } };
        step(&mut machine, Event::Request { request: RequestId(domain), order })
    };
    assert_eq!(spawn(8), "start -> none");
    assert_eq!(spawn(1), "start -> starting");
    assert_eq!(spawn(9), "spawn#9:domain_allocate -> starting");
    step(&mut machine, event("ended", 0));
    step(&mut machine, event("cleanup", 2));
    assert_eq!(machine.domains(), 1);
    assert_eq!(step(&mut machine, event("host", 3)), "start -> starting");
}

#[test]
fn more_than_255_domains_start_each() {
    let mut machine = Machine::new(Config::default());
    for domain in 2..302 {
        let (id, program) = (DomainId(domain), Load { is_dispatcher: false });
        let order = Order::Spawn { domain: id, program };
        let started = step(&mut machine, Event::Request { request: RequestId(domain), order });
        assert_eq!(started, "start -> none", "{domain}");
    }
    assert_eq!(machine.domains(), 300);
}

#[test]
fn unanswered_requests_have_a_limit() {
    let config = Config { requests_max: 2, ..Config::default() };
    let mut machine = Machine::new(config);
    let mut send = |name| {
        let mut effects = Effects::new();
        machine.handle(event(name, 1), &mut effects);
        (machine.owed(), effects.iter().map(show_effect).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(send("host"), (0, "start".into()));
    assert_eq!(send("kill"), (0, String::new()));
    assert_eq!(send("kill"), (0, "overrun".into()));
    assert_eq!(send("ended"), (2, String::new()));
    assert_eq!(send("cleanup"), (2, "overrun".into()));
    machine.sent();
    let refused = Event::Refused {
        request: RequestId(2),
        kind: RequestKind::Span,
        code: ErrCode::SPAWN_ERR_SPAN,
    };
    assert_eq!(step(&mut machine, refused), "kill#1:ok span#2:span -> ended");
    assert_eq!(machine.counts().overruns, 2);
}
