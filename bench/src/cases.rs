//! The cases: what is measured against what, and what is to be reached.

use crate::allocations;
use crate::bare;
use crate::bound;
use crate::compiler;
use crate::idle;
use crate::longer;
use crate::plan::Plan;
use crate::race::{Contestant, Goal, LIMIT, Outcome, race};
use crate::report::Row;
#[cfg(feature = "peers")]
use crate::rivals::peers;
use crate::rivals::{channels, ring, sleepers};
use crate::sizes;
use crate::starts;
use crate::traced;

/// One figure and how it is measured.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) how: How,
}

/// How a case is measured.
#[derive(Debug)]
pub(crate) enum How {
    /// Contestants against each other, in so many rounds for a hundred of the plan.
    Race { contestants: &'static [Contestant], percent: usize },
    /// Something that is counted.
    Count(fn(&Plan) -> Outcome<Vec<Row>>),
    /// It can't be measured, and why.
    Absent(&'static str),
}

const CROSSBEAM: &str = "crossbeam, by hand";
const RING: &str = "ring, by hand";
const FUTEX: &str = "futex ping-pong";
const PARK: &str = "park on one CPU";
const HOT: &str = "polled, 1 binding";
const LOOP: &str = "one loop, 2 dispatchers";
const ASLEEP: &str = "asleep, 1 binding";
const COMMAND: &str = "/bin/true, std Command";
const THREAD: &str = "pinned thread";
const MOVED: &str = "u64, local";
const FEW: &str = "24 bytes, local";
const SLOT: &str = "40 bytes, local";
const LINE: &str = "64 bytes, local";
const ONE_WAY: &str = "u64 one way, local";
const LAUNCH: &str = "path and 2 KiB, local";
const MOVED_ASLEEP: &str = "u64, local, asleep";
/// What a stream is compared with.
const STREAM: &str = if cfg!(feature = "peers") { "rtrb" } else { RING };
#[cfg(not(feature = "peers"))]
const NO_PEERS: &str = "it was built without the feature `peers`";

/// Every case there is, measured or not.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "B1",
        what: "call u64 -> u64 over `local`, both sides awake",
        how: How::Race {
            contestants: &[
                Contestant::rival(CROSSBEAM, channels::crossbeam),
                Contestant::rival("crossbeam unbounded", channels::crossbeam_unbounded),
                Contestant::rival("std mpsc", channels::std_mpsc),
                Contestant::rival("binding, polled", bound::polled)
                    .against(CROSSBEAM)
                    .goal(Goal::ratio(1.25)),
                Contestant::rival("binding, spinning", bound::spinning)
                    .against(CROSSBEAM)
                    .goal(Goal::ratio(1.25)),
            ],
            percent: 100,
        },
    },
    Case {
        name: "B2",
        what: "call u64 -> u64 over `ump`, both sides awake",
        how: How::Race {
            contestants: &[
                Contestant::rival(RING, ring::call),
                Contestant::rival("ump without a loop", bare::call).against(LIMIT.name),
                Contestant::rival("binding over ump, polled", bound::polled_over_ump)
                    .against(LIMIT.name)
                    .goal(Goal::ratio(1.3)),
                Contestant::rival("the same beside the ring", bound::polled_over_ump)
                    .against(RING)
                    .goal(Goal::ratio(1.15)),
            ],
            percent: 100,
        },
    },
    Case {
        name: "B3",
        what: "one-way u64 over `ump`, both sides awake",
        how: How::Race {
            contestants: &[
                #[cfg(feature = "peers")]
                Contestant::rival("rtrb", peers::rtrb_stream),
                Contestant::rival(RING, ring::stream),
                Contestant::rival("ump without a loop", longer::stream_of_ends).against(STREAM),
                Contestant::rival("binding over ump, polled", longer::stream)
                    .against(STREAM)
                    .goal(Goal::ratio(2.0)),
            ],
            percent: 100,
        },
    },
    Case {
        name: "B4",
        what: "call with a path and 2 KiB over `ump`, both sides awake",
        how: How::Race {
            contestants: &[
                Contestant::rival(RING, longer::launch_by_hand),
                Contestant::rival("binding over ump, polled", longer::launch)
                    .against(RING)
                    .goal(Goal::ratio(1.3)),
            ],
            percent: 100,
        },
    },
    Case {
        name: "B5",
        what: "call between two dispatchers of one loop",
        how: How::Race {
            contestants: &[Contestant::rival("binding, one loop", bound::one_loop)
                .against(LIMIT.name)
                .goal(Goal { ratio: 1.0, p50_ns: Some(100.0) })],
            percent: 100,
        },
    },
    Case {
        name: "B6",
        what: "call whose sides sleep, on two CPUs and on one",
        how: How::Race {
            contestants: &[
                Contestant::rival(FUTEX, sleepers::futex_ping_pong),
                Contestant::rival("binding, asleep", bound::asleep)
                    .against(FUTEX)
                    .goal(Goal::ratio(1.1)),
                Contestant::rival(PARK, sleepers::park_on_one_cpu),
                Contestant::rival("binding, on one CPU", bound::asleep_on_one_cpu)
                    .against(PARK)
                    .goal(Goal::ratio(1.2)),
            ],
            percent: 100,
        },
    },
    Case {
        name: "B7",
        what: "call over one binding, or between two dispatchers, of many",
        how: How::Race {
            contestants: &[
                Contestant::rival(HOT, bound::polled_among::<1>),
                Contestant::rival("polled, among 10,000", bound::polled_among::<10_000>)
                    .against(HOT)
                    .goal(Goal::ratio(1.2)),
                Contestant::rival(ASLEEP, bound::asleep_among::<1>),
                Contestant::rival("asleep, among 10,000", bound::asleep_among::<10_000>)
                    .against(ASLEEP)
                    .goal(Goal::ratio(1.5)),
                Contestant::rival(LOOP, bound::one_loop),
                Contestant::rival("one loop, among 100,000", bound::one_loop_among::<100_000>)
                    .against(LOOP)
                    .goal(Goal::ratio(1.2)),
            ],
            percent: 50,
        },
    },
    Case {
        name: "B8",
        what: "heap allocations per message and per call, after warming up",
        how: How::Count(allocations::count),
    },
    TOKIO,
    Case { name: "B10", what: "an idle system of 4 cores", how: How::Count(idle::measure) },
    Case {
        name: "B11",
        what: "start a program and wait for it",
        how: How::Race {
            contestants: &[
                Contestant::rival(COMMAND, starts::command),
                Contestant::rival("/bin/true, as a domain", starts::host_program)
                    .against(COMMAND)
                    .goal(Goal::ratio(1.3)),
                Contestant::rival(THREAD, starts::pinned_thread),
                Contestant::rival("blocking module", starts::blocking_module)
                    .against(THREAD)
                    .goal(Goal::ratio(1.5)),
                Contestant::rival("asynchronous module", starts::asynchronous_module)
                    .against(THREAD)
                    .goal(Goal { ratio: 1.0, p50_ns: Some(20_000.0) }),
                Contestant::rival("the same, asleep", starts::asynchronous_module_asleep)
                    .against(THREAD),
            ],
            percent: 50,
        },
    },
    absent("B12", "simulated steps per second", "`sim --seed 1 --steps 1000000` tells"),
    Case {
        name: "B13",
        what: "check and generate all interfaces, and compile a large one",
        how: How::Count(compiler::measure),
    },
    Case {
        name: "B14",
        what: "call whose messages are recorded, against the same call",
        how: How::Race {
            contestants: &[
                Contestant::rival(HOT, bound::polled_among::<1>),
                Contestant::rival("polled, recorded", traced::polled::<1>).against(HOT),
                Contestant::rival("polled, one in 16", traced::polled::<16>)
                    .against(HOT)
                    .goal(Goal::ratio(1.05)),
                Contestant::rival(ASLEEP, bound::asleep),
                Contestant::rival("asleep, recorded", traced::asleep)
                    .against(ASLEEP)
                    .goal(Goal::ratio(1.05)),
                Contestant::rival(LOOP, bound::one_loop),
                Contestant::rival("one loop, recorded", traced::one_loop::<1>).against(LOOP),
                Contestant::rival("one loop, one in 16", traced::one_loop::<16>).against(LOOP),
            ],
            percent: 50,
        },
    },
    Case {
        name: "B15",
        what: "the same calls over `local` and over `ump`, by the size of their messages",
        how: How::Race {
            contestants: &[
                Contestant::rival(MOVED, bound::polled),
                Contestant::rival("u64, ump", bound::polled_over_ump).against(MOVED),
                Contestant::rival(FEW, sizes::few_moved),
                Contestant::rival("24 bytes, ump", sizes::few_in_a_ring).against(FEW),
                Contestant::rival(SLOT, sizes::slot_moved),
                Contestant::rival("40 bytes, ump", sizes::slot_in_a_ring).against(SLOT),
                Contestant::rival(LINE, sizes::line_moved),
                Contestant::rival("64 bytes, ump", sizes::line_in_a_ring).against(LINE),
                Contestant::rival(LAUNCH, sizes::launch_moved),
                Contestant::rival("path and 2 KiB, ump", longer::launch).against(LAUNCH),
                Contestant::rival(ONE_WAY, sizes::stream_moved),
                Contestant::rival("u64 one way, ump", longer::stream).against(ONE_WAY),
                Contestant::rival(MOVED_ASLEEP, sizes::asleep_moved),
                Contestant::rival("u64, ump, asleep", sizes::asleep_in_a_ring)
                    .against(MOVED_ASLEEP),
            ],
            percent: 50,
        },
    },
];

#[cfg(feature = "peers")]
const TOKIO_POLLED: &str = "tokio, polled";
#[cfg(feature = "peers")]
const TOKIO_ASLEEP: &str = "tokio, asleep";

#[cfg(feature = "peers")]
const TOKIO: Case = Case {
    name: "B9",
    what: "call against tokio's mpsc and oneshot channels",
    how: How::Race {
        contestants: &[
            Contestant::rival(TOKIO_POLLED, peers::tokio_polled),
            Contestant::rival("binding, polled", bound::polled).against(TOKIO_POLLED),
            Contestant::rival("binding over ump, polled", bound::polled_over_ump)
                .against(TOKIO_POLLED),
            Contestant::rival(TOKIO_ASLEEP, peers::tokio_asleep),
            Contestant::rival("binding, asleep", bound::asleep).against(TOKIO_ASLEEP),
        ],
        percent: 100,
    },
};
#[cfg(not(feature = "peers"))]
const TOKIO: Case = absent("B9", "call against tokio's channels", NO_PEERS);

const fn absent(name: &'static str, what: &'static str, why: &'static str) -> Case {
    Case { name, what, how: How::Absent(why) }
}

/// The rows of a case, and what else is to be said.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) rows: Vec<Row>,
    pub(crate) note: Option<String>,
}

impl Case {
    /// Measures the case, or says why it can't be.
    pub(crate) fn measure(&self, plan: &Plan) -> Outcome<Measured> {
        let name = self.name;
        let skipped = |why: &str| Measured {
            rows: Vec::new(),
            note: Some(format!("{name}: not measured, {why}")),
        };
        match &self.how {
            How::Absent(why) => Ok(skipped(why)),
            How::Count(count) => Ok(Measured { rows: count(plan)?, note: None }),
            How::Race { contestants, percent } => match plan.slice() {
                None => Ok(skipped("the limit needs two CPUs and this process may use one")),
                Some(slice) => {
                    let rounds = (plan.rounds * percent).div_ceil(100);
                    let (rows, note) = race(name, contestants, rounds, slice)?;
                    Ok(Measured { rows, note })
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_numbered_and_compare_with_contestants_of_their_own() {
        for (index, case) in CASES.iter().enumerate() {
            assert_eq!(case.name, format!("B{}", index + 1));
            let How::Race { contestants, .. } = &case.how else { continue };
            let names: Vec<_> = contestants.iter().chain([&LIMIT]).map(|c| c.name).collect();
            for contestant in *contestants {
                let against = contestant.against;
                assert!(against.is_none_or(|name| names.contains(&name)), "{against:?}");
                assert!(contestant.goal.is_none() || against.is_some());
            }
        }
    }

    #[test]
    fn with_one_cpu_a_race_is_skipped_and_says_so() {
        let plan = Plan { cpus: vec![3], ..Plan::full(Vec::new()) };
        let measured = CASES[0].measure(&plan).unwrap();
        assert!(measured.rows.is_empty() && measured.note.unwrap().contains("two CPUs"));
    }
}
