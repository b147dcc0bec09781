//! A race: contestants measured in turns, slice by slice over several rounds, so that whatever the
//! machine does meanwhile happens to all of them. The limit, two bare atomics, is always one of them.

use std::error::Error;

use crate::report::Row;
use crate::rivals::atomics;
use crate::sample::{Samples, Slice, median, wander};

/// What may go wrong, on either thread.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures one slice of a contestant.
pub(crate) type Run = fn(Slice) -> Outcome<Samples>;

/// Somebody who takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    /// Whom it is compared with in each round, if with anybody.
    pub(crate) against: Option<&'static str>,
    pub(crate) goal: Option<Goal>,
}

/// What a contestant is to reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Goal {
    /// At most this ratio.
    pub(crate) ratio: f64,
    /// At most this median as well.
    pub(crate) p50_ns: Option<f64>,
}

impl Goal {
    /// At most this ratio.
    pub(crate) const fn ratio(ratio: f64) -> Self {
        Self { ratio, p50_ns: None }
    }

    fn is_met(self, ratio: f64, p50_ns: f64) -> bool {
        ratio <= self.ratio && self.p50_ns.is_none_or(|most| p50_ns <= most)
    }
}

impl Contestant {
    /// One that is there to be compared with.
    pub(crate) const fn rival(name: &'static str, run: Run) -> Self {
        Self { name, run, against: None, goal: None }
    }

    /// One that is compared with another.
    pub(crate) const fn against(self, against: &'static str) -> Self {
        Self { against: Some(against), ..self }
    }

    /// One that has a goal.
    pub(crate) const fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

/// The bare atomics on two cache lines: nothing that crosses cores is faster.
pub(crate) const LIMIT: Contestant = Contestant::rival("bare atomics", atomics::polled);

/// A limit that wanders by more than this share makes a run doubtful.
const WANDER_MAX: f64 = 0.2;

/// The medians and high quantiles of one contestant, a pair per round.
#[derive(Clone, PartialEq, Debug, Default)]
struct Rounds {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// The rows of a race, and a note if its limit wandered.
pub(crate) fn race(
    case: &'static str,
    contestants: &[Contestant],
    rounds: usize,
    slice: Slice,
) -> Outcome<(Vec<Row>, Option<String>)> {
    let contestants: Vec<Contestant> = [LIMIT].iter().chain(contestants).copied().collect();
    let mut measured = vec![Rounds::default(); contestants.len()];
    for index in order(contestants.len(), rounds) {
        let samples = (contestants[index].run)(slice)?;
        let (Some(p50), Some(p99)) = (samples.p50(), samples.p99()) else {
            return Err(format!("{}: nothing was measured", contestants[index].name).into());
        };
        measured[index].p50.push(p50);
        measured[index].p99.push(p99);
    }
    let rows = contestants.iter().zip(&measured).map(|(contestant, own)| {
        let against = contestants.iter().position(|c| Some(c.name) == contestant.against);
        row(case, contestant, own, against.map(|index| &measured[index]))
    });
    Ok((rows.collect(), limit_note(case, &measured[0].p50)))
}

/// Who is measured when: all of them once a round, each round beginning with the next one.
fn order(contestants: usize, rounds: usize) -> impl Iterator<Item = usize> {
    let round = move |first| (0..contestants).map(move |index| (first + index) % contestants);
    (0..rounds).flat_map(round)
}

fn row(case: &'static str, contestant: &Contestant, own: &Rounds, other: Option<&Rounds>) -> Row {
    let ratio = other.and_then(|other| {
        let pairs = own.p50.iter().zip(&other.p50);
        median(&pairs.map(|(own, other)| own / other).collect::<Vec<_>>())
    });
    let p50_ns = median(&own.p50);
    let met = contestant.goal.zip(ratio).zip(p50_ns);
    Row {
        case,
        variant: contestant.name.into(),
        p50_ns,
        p99_ns: median(&own.p99),
        ratio_to: contestant.against,
        ratio,
        goal: contestant.goal.map(|goal| goal.ratio),
        met: met.map(|((goal, ratio), p50_ns)| goal.is_met(ratio, p50_ns)),
        rounds: own.p50.len(),
    }
}

fn limit_note(case: &str, limit: &[f64]) -> Option<String> {
    let wander = wander(limit).filter(|&wander| wander > WANDER_MAX)?;
    let percent = wander * 100.0;
    Some(format!("{case}: the limit wandered by {percent:.0} %, so that its figures are doubtful"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contestants_take_turns_and_begin_in_turns() {
        let order: Vec<usize> = order(3, 3).collect();
        assert_eq!(order, [0, 1, 2, 1, 2, 0, 2, 0, 1]);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let rounds = |p50: &[f64]| Rounds { p50: p50.to_vec(), p99: p50.to_vec() };
        let (own, other) = (rounds(&[10.0, 40.0, 90.0]), rounds(&[10.0, 20.0, 30.0]));
        let contestant = Contestant::rival("call", atomics::polled).against("other");
        let row = row("B1", &contestant.goal(Goal::ratio(2.0)), &own, Some(&other));
        assert_eq!((row.p50_ns, row.ratio, row.goal), (Some(40.0), Some(2.0), Some(2.0)));
        assert_eq!((row.met, row.rounds), (Some(true), 3));
    }

    #[test]
    fn a_goal_in_nanoseconds_must_be_reached_too() {
        let goal = Goal { ratio: 1.0, p50_ns: Some(100.0) };
        for (ratio, p50_ns, met) in [(1.0, 100.0, true), (0.5, 101.0, false), (1.1, 50.0, false)] {
            assert_eq!(goal.is_met(ratio, p50_ns), met, "{ratio} {p50_ns}");
        }
    }

    #[test]
    fn a_limit_that_wanders_is_noted() {
        assert_eq!(limit_note("B1", &[100.0, 110.0, 119.0]), None);
        let note = limit_note("B1", &[100.0, 100.0, 390.0]).unwrap();
        assert!(note.starts_with("B1: the limit wandered by 290 %"), "{note}");
    }
}
