//! Counts the instructions of a call and its answer over `local`, which no load of the machine
//! changes: a regression of the way of a message shows where a clock would tell nothing.

use crate::run::{Ended, failed, limited};
use crate::step::Outcome;
use crate::steps::RUNNER;

/// What makes as many calls as it is told, between two loops of one thread, under callgrind.
const COMMAND: &str = "cargo run --release --locked -p flounder --example round_trips";
const CALLGRIND: &str = "valgrind --tool=callgrind --callgrind-out-file=/dev/null";
/// A small number of calls and a large one: the difference is free of what starting costs.
const CALLS: [u64; 2] = [1_000, 11_000];
/// The most instructions a call and its answer may take. Measured: see `docs/proof.md`. The rest is
/// for other compilers.
const INSTRUCTIONS_MAX: u64 = 4_500;

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    let seconds_max = seconds_max / CALLS.len() as u64;
    let (mut counted, under) = (Vec::new(), [(RUNNER, CALLGRIND.to_owned())]);
    for calls in CALLS.map(|calls| calls.to_string()) {
        let words = COMMAND.split(' ').chain([calls.as_str()]).map(str::to_owned);
        match limited(name, &words.collect::<Vec<_>>(), &under, seconds_max) {
            Ok(Ended::ByItself(true, log)) => counted.extend(collected(&log)),
            Ok(Ended::ByItself(false, log)) => return failed("a call failed", &log),
            Ok(Ended::TooLate(log)) => return failed("took too long", &log),
            Err(error) => return failed(&error.to_string(), ""),
        }
    }
    let &[few, many] = counted.as_slice() else {
        return failed("callgrind tells no count", "");
    };
    let each = many.saturating_sub(few) / (CALLS[1] - CALLS[0]);
    let figures = format!("{each} instructions a call over local, at most {INSTRUCTIONS_MAX}");
    if each <= INSTRUCTIONS_MAX { Outcome::Ok(figures) } else { failed(&figures, "") }
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
