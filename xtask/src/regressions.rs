//! Defects of the service from which this system comes, put back one by one: the test that is named
//! after a defect must fail with it, and pass without.
//!
//! The tests are built once with all defects in, and a process has the one it is started with.

mod table;

use std::io;

use self::table::{REGRESSIONS, Regression};
use crate::figures::passed;
use crate::hunt::{Hunt, built};
use crate::run::{Ended, limited};
use crate::step::Outcome;

/// How the tests are built and run, all but the test.
const TESTS: &str = "cargo test --locked";
const ENVIRONMENT: [(&str, &str); 2] =
    [("RUSTFLAGS", "--cfg flounder_mutants"), ("CARGO_TARGET_DIR", "target/mutants")];
/// Puts the defect in.
const DEFECT: &str = "FLOUNDER_MUTANT";
/// A test that takes longer hangs: that is how some defects show.
const TEST_SECONDS_MAX: u64 = 60;

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    let mut hunt = Hunt::of(seconds_max);
    match hunt_all(name, &mut hunt) {
        Ok(()) => hunt.outcome(),
        Err(outcome) => outcome,
    }
}

fn hunt_all(name: &str, hunt: &mut Hunt) -> Result<(), Outcome> {
    let packages = ["flounder-monitor", "flounder-spawnd", "flounder-procmgmt"];
    let build: Vec<_> =
        packages.iter().flat_map(|&package| ["-p", package]).chain(["--no-run"]).collect();
    built(cargo(name, &build, None, hunt.seconds_left()), TESTS)?;
    for row in REGRESSIONS {
        let missed = row.misses(name, hunt);
        hunt.count(row.defect, missed, &format!("{} {}", row.package, row.test));
    }
    Ok(())
}

fn cargo(name: &str, words: &[&str], defect: Option<&str>, seconds: u64) -> io::Result<Ended> {
    let words: Vec<_> = TESTS.split(' ').chain(words.iter().copied()).map(str::to_owned).collect();
    let settings = ENVIRONMENT.into_iter().chain(defect.map(|defect| (DEFECT, defect)));
    let environment: Vec<_> = settings.map(|(name, value)| (name, value.to_owned())).collect();
    limited(name, &words, &environment, seconds)
}

impl Regression {
    /// `None` if the test passes, and fails with the defect; else what is wrong.
    fn misses(&self, name: &str, hunt: &Hunt) -> Option<String> {
        match self.test_with(name, None, hunt.seconds_left()) {
            Ok(Ended::ByItself(true, log)) if passed(&log) == 1 => {}
            Ok(Ended::ByItself(true, _)) => return Some("there is no such test".to_owned()),
            Ok(Ended::ByItself(false, _)) => return Some("it fails without the defect".to_owned()),
            Ok(Ended::TooLate(_)) => return Some("there was no time to run it".to_owned()),
            Err(error) => return Some(error.to_string()),
        }
        match self.test_with(name, Some(self.defect), hunt.seconds_left()) {
            Ok(Ended::ByItself(true, _)) => Some("it passes with the defect".to_owned()),
            Ok(Ended::TooLate(_)) if hunt.seconds_left() == 0 => {
                Some("there was no time to run it".to_owned())
            }
            Ok(Ended::ByItself(false, _) | Ended::TooLate(_)) => None,
            Err(error) => Some(error.to_string()),
        }
    }

    fn test_with(&self, name: &str, defect: Option<&str>, left: u64) -> io::Result<Ended> {
        let target: &[&str] = match self.target {
            "lib" => &["--lib"],
            target => &["--test", target],
        };
        let words = [&["-p", self.package], target, &["--", "--exact", self.test]].concat();
        cargo(name, &words, defect, left.min(TEST_SECONDS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The simulator's list of what can be put back; its worlds are too small for some.
    const LIST: &str = "sim/src/mutants.rs";

    #[test]
    fn every_defect_has_its_test() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of it");
        let list = fs::read_to_string(root.join(LIST)).expect("it is a file of ours");
        let (_, list) = list.split_once("const ALL").expect("the list is there");
        let is_name = |word: &&str| word.contains('-') && !word.contains(' ');
        let listed: BTreeSet<_> = list.split('"').filter(is_name).collect();
        let defects: BTreeSet<_> = REGRESSIONS.iter().map(|row| row.defect).collect();
        assert!(defects.is_superset(&listed), "{:?}", listed.difference(&defects));
    }
}
