//! The watch as a table of what happens and what it wants, and random lives of spawnds.

use super::*;
use proptest::prelude::*;

const CHILD: ChildKey = ChildKey(7);

#[derive(Clone, Debug)]
enum Happens {
    /// A spawnd of the next generation was started.
    Begun,
    /// The newest timer is due.
    Timer,
    /// A timer is due that is not the newest.
    OldTimer,
    /// It answers the newest heartbeat.
    Answers,
    /// It answers one that it wasn't asked.
    Invents,
    /// Its binding is closed.
    Closed,
    /// The process manager wants that generation to end.
    Fence(u64),
    /// The platform says that this generation ended, but for these domains.
    Ended(u64, Vec<u64>),
    /// One of those ends.
    Left(u64),
}

use Happens::{Answers, Begun, Closed, Ended, Fence, Invents, Left, OldTimer, Timer as Due};

fn config() -> WatchConfig {
    WatchConfig {
        heartbeat_period: Duration::from_millis(100),
        heartbeats_missed_max: 2,
        grace: Duration::from_millis(50),
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        restarts_max: 4,
    }
}

struct World {
    watch: Watch,
    begun: u64,
}

impl World {
    fn new() -> Self {
        Self { watch: Watch::new(config()), begun: 0 }
    }

    fn happen(&mut self, happens: &Happens) -> Vec<Order> {
        let (watch, mut out) = (&mut self.watch, Vec::new());
        match happens {
            Begun => {
                self.begun += 1;
                watch.begun(CHILD, Generation(self.begun), &mut out);
            }
            Due => watch.timer(TimerId(watch.timers), &mut out),
            OldTimer => watch.timer(TimerId(watch.timers.wrapping_sub(1)), &mut out),
            Answers => watch.answered(CHILD, RequestId(watch.heartbeats)),
            Invents => watch.answered(CHILD, RequestId(watch.heartbeats + 1)),
            Closed => watch.child_gone(CHILD, &mut out),
            Fence(generation) => watch.fence(Generation(*generation), &mut out),
            Ended(generation, left) => {
                let left: Vec<_> = left.iter().copied().map(DomainId).collect();
                watch.ended(Generation(*generation), &left, &mut out);
            }
            Left(domain) => watch.survivor_ended(DomainId(*domain), &mut out),
        }
        out
    }
}

fn told(orders: &[Order]) -> String {
    let orders: Vec<_> = orders
        .iter()
        .map(|order| match order {
            Order::Heartbeat { request, .. } => format!("ask {}", request.0),
            Order::Fence(generation) => format!("fence {}", generation.0),
            Order::Gone { generation, survivors } => {
                let survivors: Vec<_> = survivors.iter().map(|domain| domain.0).collect();
                format!("gone {} {survivors:?}", generation.0)
            }
            Order::Ended(domain) => format!("ended {domain}"),
            Order::Start(generation) => format!("start {}", generation.0),
            Order::GiveUp => "give up".to_owned(),
            Order::Arm { after, .. } => format!("in {}", after.as_millis()),
        })
        .collect();
    orders.join(", ")
}

/// What happens one after the other, and what is wanted of each.
type Case<'a> = (&'a str, &'a [(Happens, &'a str)]);

fn check(cases: &[Case<'_>]) {
    for (name, steps) in cases {
        let mut world = World::new();
        for (index, (happens, expected)) in steps.iter().enumerate() {
            let orders = world.happen(happens);
            assert_eq!(told(&orders), *expected, "{name}: step {index}, {happens:?}");
        }
    }
}

#[test]
fn heartbeats() {
    check(&[
        (
            "it is asked, and asked again once it has answered",
            &[
                (Begun, "in 100"),
                (Due, "ask 1, in 100"),
                (Answers, ""),
                (Due, "ask 2, in 100"),
                (OldTimer, ""),
            ],
        ),
        (
            "an answer that comes late is in time",
            &[
                (Begun, "in 100"),
                (Due, "ask 1, in 100"),
                (Due, "in 100"),
                (Answers, ""),
                (Due, "ask 2, in 100"),
                (Due, "in 100"),
                (Due, "fence 1"),
            ],
        ),
        (
            "an answer that nobody asked for is none",
            &[
                (Begun, "in 100"),
                (Due, "ask 1, in 100"),
                (Invents, ""),
                (Due, "in 100"),
                (Due, "fence 1"),
                (Due, ""),
                (Ended(1, vec![]), "gone 1 [], in 1"),
                (Due, "start 2"),
                (Begun, "in 100"),
            ],
        ),
    ]);
}

#[test]
fn ends() {
    check(&[
        (
            "it crashes, and what it started ends in time",
            &[
                (Begun, "in 100"),
                (Ended(1, vec![3, 5]), "in 50"),
                (Left(5), ""),
                (Left(9), "ended 9"),
                (Left(3), "gone 1 [], in 1"),
                (OldTimer, ""),
                (Due, "start 2"),
            ],
        ),
        (
            "something survives it",
            &[
                (Begun, "in 100"),
                (Ended(1, vec![3, 5]), "in 50"),
                (Left(5), ""),
                (Due, "gone 1 [3], in 1"),
                (Left(3), "ended 3"),
                (Due, "start 2"),
            ],
        ),
        (
            "its binding closes",
            &[
                (Begun, "in 100"),
                (Closed, "fence 1"),
                (Closed, ""),
                (Ended(1, vec![]), "gone 1 [], in 1"),
                (Ended(1, vec![]), ""),
            ],
        ),
        (
            "the process manager wants it gone, and only the one there is",
            &[
                (Fence(1), ""),
                (Begun, "in 100"),
                (Fence(0), ""),
                (Fence(2), ""),
                (Fence(1), "fence 1"),
                (Fence(1), ""),
                (Ended(2, vec![]), ""),
                (Ended(1, vec![]), "gone 1 [], in 1"),
                (Fence(1), ""),
                (Due, "start 2"),
                (Begun, "in 100"),
                (Fence(1), ""),
            ],
        ),
    ]);
}

#[test]
fn successors() {
    check(&[
        (
            "it fails again and again",
            &[
                (Begun, "in 100"),
                (Ended(1, vec![]), "gone 1 [], in 1"),
                (Due, "start 2"),
                (Begun, "in 100"),
                (Ended(2, vec![]), "gone 2 [], in 2"),
                (Due, "start 3"),
                (Begun, "in 100"),
                (Ended(3, vec![]), "gone 3 [], in 4"),
                (Due, "start 4"),
                (Begun, "in 100"),
                (Ended(4, vec![]), "gone 4 [], in 4"),
                (Due, "start 5"),
                (Begun, "in 100"),
                (Ended(5, vec![]), "gone 5 [], give up"),
                (Due, ""),
            ],
        ),
        (
            "one that answered is not another failure in a row",
            &[
                (Begun, "in 100"),
                (Ended(1, vec![]), "gone 1 [], in 1"),
                (Due, "start 2"),
                (Begun, "in 100"),
                (Due, "ask 1, in 100"),
                (Answers, ""),
                (Ended(2, vec![]), "gone 2 [], in 1"),
            ],
        ),
    ]);
}

#[test]
fn the_default_gives_a_spawnd_ten_seconds() {
    let config = WatchConfig::default();
    assert_eq!(config.heartbeat_period * config.heartbeats_missed_max, Duration::from_secs(10));
    let waited: Duration = (1..=config.restarts_max).map(|n| config.backoff(n)).sum();
    assert!(waited > Duration::from_secs(30) && waited < Duration::from_secs(60), "{waited:?}");
    assert_eq!(config.backoff(u32::MAX), config.backoff_max, "no shift is too far");
}

fn happens() -> impl Strategy<Value = Happens> {
    let left = prop::collection::vec(0..4_u64, 0..3);
    prop_oneof![
        Just(Due),
        Just(Due),
        Just(OldTimer),
        Just(Answers),
        Just(Invents),
        Just(Closed),
        (0..6_u64).prop_map(Fence),
        (0..4_u64).prop_map(Left),
        (0..6_u64, left.clone()).prop_map(|(generation, left)| Ended(generation, left)),
        left.prop_map(|left| Ended(u64::MAX, left)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: a generation is started once the one before is gone, it is fenced at most
    /// once and gone exactly once before the next, and there is always a timer that leads on, unless
    /// the platform owes word of an end or the watch has given up.
    #[test]
    fn every_generation_ends_before_the_next(steps in prop::collection::vec(happens(), 0..60)) {
        let mut world = World::new();
        world.happen(&Begun);
        let (mut fenced, mut gone, mut given_up) = (0, 0, false);
        for step in steps {
            // The newest generation is as likely to end as any other number.
            let step = match step {
                Ended(u64::MAX, left) => Ended(world.begun, left),
                other => other,
            };
            for order in world.happen(&step) {
                match order {
                    Order::Fence(generation) => {
                        prop_assert_eq!(generation.0, world.begun);
                        prop_assert!(fenced < world.begun && gone < world.begun);
                        fenced = world.begun;
                    }
                    Order::Gone { generation, .. } => {
                        prop_assert_eq!(generation.0, world.begun);
                        prop_assert!(gone < world.begun);
                        gone = world.begun;
                    }
                    Order::Start(generation) => {
                        prop_assert_eq!((generation.0, gone), (world.begun + 1, world.begun));
                        world.happen(&Begun);
                    }
                    Order::GiveUp => given_up = true,
                    Order::Heartbeat { .. } | Order::Ended(_) | Order::Arm { .. } => {}
                }
            }
        }
        prop_assert_eq!(given_up, world.watch.state == State::GivenUp);
        // From here on the platform does its part.
        world.happen(&Ended(world.begun, vec![]));
        let started = (0..3).any(|_| {
            let orders = world.happen(&Due);
            orders.iter().any(|order| matches!(order, Order::Start(_)))
        });
        let given_up = world.watch.state == State::GivenUp;
        prop_assert!(started || given_up, "{:?}", world.watch);
    }
}
