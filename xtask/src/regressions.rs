//! Defects of the service from which this system comes, put back one by one: the test that is named
//! after a defect must fail with it, and pass without.
//!
//! The tests are built once with all defects in, and a process has the one it is started with.

mod table;

use std::io;
use std::time::{Duration, Instant};

use self::table::{REGRESSIONS, Regression};
use crate::figures::passed;
use crate::run::{Ended, failed, limited};
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
    let end = Instant::now() + Duration::from_secs(seconds_max);
    let packages = ["flounder-monitor", "flounder-spawnd", "flounder-procmgmt"];
    let build: Vec<_> =
        packages.iter().flat_map(|&package| ["-p", package]).chain(["--no-run"]).collect();
    match cargo(name, &build, None, seconds_max) {
        Ok(Ended::ByItself(true, _)) => {}
        Ok(Ended::ByItself(false, log) | Ended::TooLate(log)) => {
            return failed("the tests aren't built", &log);
        }
        Err(error) => return failed(&format!("{TESTS}: {error}"), ""),
    }
    let table: Vec<_> = REGRESSIONS.iter().map(|row| (row, row.outcome(name, end))).collect();
    let caught = table.iter().filter(|(_, missed)| missed.is_none()).count();
    let figures = format!("caught {caught} of {}", REGRESSIONS.len());
    for (row, missed) in &table {
        let missed = missed.as_ref().map(|why| format!("MISSED, {why}: ")).unwrap_or_default();
        println!("    {:<36} {missed}{} {}", row.defect, row.package, row.test);
    }
    if caught == REGRESSIONS.len() { Outcome::Ok(figures) } else { failed(&figures, "") }
}

fn cargo(name: &str, words: &[&str], defect: Option<&str>, seconds: u64) -> io::Result<Ended> {
    let words: Vec<_> = TESTS.split(' ').chain(words.iter().copied()).map(str::to_owned).collect();
    let settings = ENVIRONMENT.into_iter().chain(defect.map(|defect| (DEFECT, defect)));
    let environment: Vec<_> = settings.map(|(name, value)| (name, value.to_owned())).collect();
    limited(name, &words, &environment, seconds)
}

impl Regression {
    /// `None` if the test passes, and fails with the defect; else what is wrong.
    fn outcome(&self, name: &str, end: Instant) -> Option<String> {
        let left = || end.saturating_duration_since(Instant::now()).as_secs();
        match self.test_with(name, None, left()) {
            Ok(Ended::ByItself(true, log)) if passed(&log) == 1 => {}
            Ok(Ended::ByItself(true, _)) => return Some("there is no such test".to_owned()),
            Ok(Ended::ByItself(false, _)) => return Some("it fails without the defect".to_owned()),
            Ok(Ended::TooLate(_)) => return Some("there was no time to run it".to_owned()),
            Err(error) => return Some(error.to_string()),
        }
        match self.test_with(name, Some(self.defect), left()) {
            Ok(Ended::ByItself(true, _)) => Some("it passes with the defect".to_owned()),
            Ok(Ended::TooLate(_)) if left() == 0 => Some("there was no time to run it".to_owned()),
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
