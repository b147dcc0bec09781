//! Counts the instructions of a call and its answer, over `local` and between dispatchers of one loop.
//! No load of the machine changes them: a regression of the way of a message shows where a clock
//! would tell nothing.

use crate::run::{Ended, failed, limited};
use crate::step::Outcome;
use crate::steps::RUNNER;

/// What makes as many calls as it is told, on one thread, under callgrind.
const COMMAND: &str = "cargo run --release --locked -p flounder --example round_trips";
const CALLGRIND: &str = "valgrind --tool=callgrind --callgrind-out-file=/dev/null";
/// A small number of calls and a large one: the difference is free of what starting costs.
const CALLS: [u64; 2] = [1_000, 11_000];
/// The drivers, and the most instructions that a call and its answer may take over each. Measured: see
/// `docs/proof.md`. The rest is for other compilers.
const INSTRUCTIONS_MAX: [(&str, u64); 2] = [("local", 3_900), ("direct", 1_900)];

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    let seconds_max = seconds_max / (CALLS.len() * INSTRUCTIONS_MAX.len()) as u64;
    let mut figures = Vec::new();
    let mut is_met = true;
    for (driver, max) in INSTRUCTIONS_MAX {
        match count(name, driver, seconds_max) {
            Ok(each) => {
                figures.push(format!("{each} instructions a call over {driver}, at most {max}"));
                is_met &= each <= max;
            }
            Err(failure) => return failure,
        }
    }
    let figures = figures.join("; ");
    if is_met { Outcome::Ok(figures) } else { failed(&figures, "") }
}

/// The instructions of one call over `driver`.
fn count(name: &str, driver: &str, seconds_max: u64) -> Result<u64, Outcome> {
    let (mut counted, under) = (Vec::new(), [(RUNNER, CALLGRIND.to_owned())]);
    for calls in CALLS.map(|calls| calls.to_string()) {
        let words = COMMAND.split(' ').chain([driver, calls.as_str()]).map(str::to_owned);
        match limited(name, &words.collect::<Vec<_>>(), &under, seconds_max) {
            Ok(Ended::ByItself(true, log)) => counted.extend(collected(&log)),
            Ok(Ended::ByItself(false, log)) => return Err(failed("a call failed", &log)),
            Ok(Ended::TooLate(log)) => return Err(failed("took too long", &log)),
            Err(error) => return Err(failed(&error.to_string(), "")),
        }
    }
    let &[few, many] = counted.as_slice() else {
        return Err(failed("callgrind tells no count", ""));
    };
    Ok(many.saturating_sub(few) / (CALLS[1] - CALLS[0]))
}

/// The instructions that callgrind has counted.
fn collected(log: &str) -> Option<u64> {
    let (_, count) = log.rsplit_once("Collected :")?;
    count.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_count_is_found() {
    assert_eq!(collected("==1== Events    : Ir\n==1== Collected : 123\n==1==\n"), Some(123));
    assert_eq!(collected("nothing"), None);
}
