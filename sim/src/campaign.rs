//! Worlds by the thousand: what the command `sim` runs.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::coverage::{Coverage, all_cells};
use crate::fault::Mark;
use crate::random::mix;
use crate::shrink;
use crate::workload::Workload;
use crate::world::{Progress, Stats, Violation, WorldError};

/// How many steps a world lives before it is healed and ended. Long enough for every state,
/// short enough that what went wrong can be read.
const STEPS_PER_WORLD: u64 = 6_000;

/// What a campaign does.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Where all choices come from.
    pub seed: u64,
    /// How many steps to take, in as many worlds as that needs.
    pub steps: u64,
    /// Only the world of this number, if one is named.
    pub world: Option<u64>,
    /// How many lines of trace to keep for a violation.
    pub trace_lines: usize,
    /// Whether to look for a shorter way to a violation.
    pub shrink: bool,
}

/// What a campaign found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Steps, messages, requests and faults of all worlds.
    pub stats: Stats,
    /// How many worlds there were.
    pub worlds: u64,
    /// A digest of everything that happened.
    pub trace_hash: u64,
    /// The first violation, which ends a campaign.
    pub failure: Option<Failure>,
    coverage: Coverage,
}

/// A violation, and how to get to it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The world it happened in: `--seed` and `--world` lead there again.
    pub world: u64,
    /// What happened.
    pub violation: Violation,
    /// How many actions of the workload there were, and those that are needed.
    pub actions: usize,
    /// The actions of the shortest way that was found, with their numbers.
    pub needed: Vec<(u64, String)>,
}

/// How one world went.
pub(crate) struct Outcome {
    pub(crate) stats: Stats,
    pub(crate) hash: u64,
    pub(crate) coverage: Coverage,
    pub(crate) violation: Option<Violation>,
    pub(crate) done: Vec<(u64, String)>,
}

/// What one world is run with.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) steps: u64,
    pub(crate) left_out: BTreeSet<u64>,
    /// After so many actions the world is healed and ended.
    pub(crate) actions_max: u64,
    pub(crate) trace_lines: usize,
}

impl Campaign {
    /// Runs it to its end, or to the first violation.
    ///
    /// ```
    /// use flounder_sim::Campaign;
    ///
    /// let campaign = Campaign { seed: 1, steps: 2_000, world: None, trace_lines: 0, shrink: true };
    /// let findings = campaign.run();
    /// assert!(findings.failure.is_none());
    /// assert_eq!(campaign.run().trace_hash, findings.trace_hash);
    /// ```
    #[must_use]
    pub fn run(&self) -> Findings {
        let mut findings = Findings {
            stats: Stats::default(),
            worlds: 0,
            trace_hash: mix(self.seed),
            failure: None,
            coverage: Coverage::default(),
        };
        let first = self.world.unwrap_or(0);
        for world in first.. {
            let left = self.steps.saturating_sub(findings.stats.steps);
            if left == 0 || findings.failure.is_some() || self.world.is_some_and(|it| it < world) {
                break;
            }
            let outcome = run_world(&self.plan(world));
            findings.take(&outcome);
            if outcome.violation.is_some() {
                findings.failure = self.explain(world);
            }
        }
        findings
    }

    /// The last world of a campaign is as long as the others, so that it can be found again.
    fn plan(&self, world: u64) -> Plan {
        Plan {
            seed: mix(mix(self.seed).wrapping_add(world)),
            steps: STEPS_PER_WORLD,
            left_out: BTreeSet::new(),
            actions_max: u64::MAX,
            trace_lines: 0,
        }
    }

    /// Runs a world that failed once more, with its trace, on the shortest way that is found.
    fn explain(&self, world: u64) -> Option<Failure> {
        let mut plan = self.plan(world);
        plan.trace_lines = self.trace_lines.max(1);
        let whole = run_world(&plan);
        let actions = whole.done.len();
        let shortest = if self.shrink { shrink::shortest(&plan, whole) } else { whole };
        let violation = shortest.violation?;
        Some(Failure { world, violation, actions, needed: shortest.done })
    }
}

impl Findings {
    fn take(&mut self, outcome: &Outcome) {
        self.worlds += 1;
        self.trace_hash = mix(self.trace_hash.rotate_left(9) ^ outcome.hash);
        self.coverage.add(&outcome.coverage);
        let (all, one) = (&mut self.stats, outcome.stats);
        all.steps += one.steps;
        all.sent += one.sent;
        all.received += one.received;
        all.calls += one.calls;
        all.requests += one.requests;
        all.faults += one.faults;
    }

    /// Takes in what another campaign reached.
    pub fn merge(&mut self, other: &Self) {
        self.coverage.add(&other.coverage);
    }

    /// Every cell of the lifecycle's tables, as row and column, and how often it was reached.
    #[must_use]
    pub fn cells(&self) -> Vec<(&'static str, &'static str, u64)> {
        let times = |(row, column)| (row, column, self.coverage.times(row, column));
        all_cells().into_iter().map(times).collect()
    }

    /// Every kind of fault, and how often it happened.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, u64)> {
        let times = |mark: Mark| (format!("{mark:?}"), self.coverage.marked(mark));
        Mark::ALL.into_iter().map(times).collect()
    }
}

/// Runs one world from its boot to its orderly end.
pub(crate) fn run_world(plan: &Plan) -> Outcome {
    let ran = catch_unwind(AssertUnwindSafe(|| live(plan)));
    ran.unwrap_or_else(|payload| {
        let what = payload.downcast_ref::<String>().cloned();
        let what = what.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
        let what = format!("a panic outside of any service: {}", what.unwrap_or_default());
        let violation = Violation { step: 0, what, trace: Vec::new() };
        Outcome {
            stats: Stats::default(),
            hash: 0,
            coverage: Coverage::default(),
            violation: Some(violation),
            done: Vec::new(),
        }
    })
}

fn live(plan: &Plan) -> Outcome {
    let made = Workload::new(plan.seed, plan.left_out.clone(), plan.trace_lines);
    let (mut world, mut workload) = match made {
        Ok(made) => made,
        Err(error) => return stillborn(&error),
    };
    let lived = (|| {
        let (mut action, mut due) = (0, 0);
        while world.stats().steps < plan.steps {
            let now = world.stats().steps;
            if now >= due {
                if action >= plan.actions_max {
                    break;
                }
                workload.act(&mut world, action);
                action += 1;
                due = now + workload.gap(action);
            }
            if world.step()? == Progress::Rest {
                due = 0;
            }
        }
        world.quiesce()?;
        workload.leave(&mut world);
        world.quiesce()
    })();
    workload.leave(&mut world);
    let (hash, mut stats) = (world.trace_hash(), world.stats());
    let net = Rc::clone(&world.shared.net);
    let violation = lived.err().or_else(|| match world.end() {
        Ok(end) => {
            stats = end;
            None
        }
        Err(violation) => Some(violation),
    });
    let coverage = net.state.borrow().coverage.clone();
    Outcome { stats, hash, coverage, violation, done: std::mem::take(&mut workload.done) }
}

fn stillborn(error: &WorldError) -> Outcome {
    let violation = match error {
        WorldError::Violation(violation) => violation.clone(),
        other => Violation { step: 0, what: other.to_string(), trace: Vec::new() },
    };
    Outcome {
        stats: Stats::default(),
        hash: 0,
        coverage: Coverage::default(),
        violation: Some(violation),
        done: Vec::new(),
    }
}
