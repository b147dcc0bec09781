//! Defects that the models must find: each is planted by the place of an operation, and the model that
//! watches over it must fail.
//!
//! The models of a suite are built once. A defect is named by the function and the words in the line, so that it
//! follows its line; one that has lost its place is a failure, not a pass.

mod table;

use std::fs;
use std::io;

use self::table::{Mutant, OF_ORDERS, OF_SCHEDULES};
use crate::hunt::{Hunt, built};
use crate::run::{Ended, limited};
use crate::step::Outcome;

/// Models that are built together, and the defects that they must find.
struct Suite {
    /// How they are built and run, all but the defect and the model.
    command: &'static str,
    environment: [(&'static str, &'static str); 2],
    mutants: &'static [Mutant],
}

const SUITES: [Suite; 2] = [
    Suite {
        command: "cargo test --release --locked -p flounder --lib",
        environment: [("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", "target/loom")],
        mutants: OF_ORDERS,
    },
    Suite {
        command: "cargo test --release --locked -p flounder-monitor --test shuttle",
        environment: [("RUSTFLAGS", "--cfg shuttle"), ("CARGO_TARGET_DIR", "target/shuttle")],
        mutants: OF_SCHEDULES,
    },
];

/// Puts the defect in.
const DEFECT: &str = "FLOUNDER_DEFECT";
/// A model that finds its defect does so within seconds; one that runs on has missed it.
const MODEL_SECONDS_MAX: u64 = 120;

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    let mut hunt = Hunt::of(seconds_max);
    match SUITES.iter().try_for_each(|suite| suite.hunt(name, &mut hunt)) {
        Ok(()) => hunt.outcome(),
        Err(outcome) => outcome,
    }
}

impl Suite {
    fn hunt(&self, name: &str, hunt: &mut Hunt) -> Result<(), Outcome> {
        built(self.cargo(name, "--no-run", None, hunt.seconds_left()), self.command)?;
        for mutant in self.mutants {
            let seconds = hunt.seconds_left().min(MODEL_SECONDS_MAX);
            hunt.count(mutant.what, self.misses(mutant, name, seconds), mutant.model);
        }
        Ok(())
    }

    /// `None` if the model finds the defect, else why it doesn't.
    fn misses(&self, mutant: &Mutant, name: &str, seconds: u64) -> Option<String> {
        let source = fs::read_to_string(mutant.file).unwrap_or_default();
        let Some(line) = mutant.line_in(&source) else {
            let Mutant { words, after, file, .. } = mutant;
            return Some(format!("no `{words}` after `{after}` in {file}"));
        };
        let defect = format!("{}@{}:{line}", mutant.defect, mutant.file);
        match self.cargo(name, mutant.model, Some(defect), seconds) {
            Ok(Ended::ByItself(false, log)) if log.contains("panicked at") => None,
            Ok(Ended::ByItself(false, _)) => Some("the model doesn't run".to_owned()),
            Ok(Ended::ByItself(true, _)) => Some("the model passes".to_owned()),
            Ok(Ended::TooLate(_)) => Some(format!("no end after {seconds} s")),
            Err(error) => Some(error.to_string()),
        }
    }

    fn cargo(
        &self,
        name: &str,
        model: &str,
        defect: Option<String>,
        seconds: u64,
    ) -> io::Result<Ended> {
        let words: Vec<_> = self.command.split(' ').chain([model]).map(str::to_owned).collect();
        let environment = self.environment.map(|(name, value)| (name, value.to_owned()));
        let environment: Vec<_> =
            environment.into_iter().chain(defect.map(|defect| (DEFECT, defect))).collect();
        limited(name, &words, &environment, seconds)
    }
}

impl Mutant {
    /// The number of the defect's line.
    fn line_in(&self, source: &str) -> Option<usize> {
        let mut lines = source.lines().enumerate();
        lines.find(|(_, line)| line.contains(self.after))?;
        lines.find(|(_, line)| line.contains(self.words)).map(|(index, _)| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_mutant_has_its_place_and_its_model() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of it");
        let read = |path: &str| fs::read_to_string(root.join(path)).expect("it is a file of ours");
        let models = MODEL_FILES.map(read).concat();
        for mutant in SUITES.iter().flat_map(|suite| suite.mutants) {
            assert!(mutant.line_in(&read(mutant.file)).is_some(), "{}", mutant.what);
            let model = mutant.model.rsplit("::").next().unwrap_or_default();
            assert!(models.contains(&format!("fn {model}(")), "{model}");
        }
    }

    const MODEL_FILES: [&str; 7] = [
        "monitor/tests/shuttle/main.rs",
        "runtime/src/interleavings.rs",
        "runtime/src/driver/interleavings.rs",
        "runtime/src/driver/ump/interleavings.rs",
        "runtime/src/kernel/interleavings.rs",
        "runtime/src/source/interleavings.rs",
        "runtime/src/waitset/interleavings.rs",
    ];
}
