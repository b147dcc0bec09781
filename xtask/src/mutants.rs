//! Defects that the models must find: each is planted by the place of an operation, and the model that
//! watches over it must fail.
//!
//! The models are built once. A defect is named by the function and the words in the line, so that it
//! follows its line; one that has lost its place is a failure, not a pass.

mod table;

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use self::table::{MUTANTS, Mutant};
use crate::run::{Ended, failed, limited};
use crate::step::Outcome;

/// How the models are built and run, all but the defect and the model.
const MODELS: &str = "cargo test --release --locked -p flounder --lib";
const ENVIRONMENT: [(&str, &str); 2] =
    [("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", "target/loom")];
/// Puts the defect in.
const DEFECT: &str = "FLOUNDER_DEFECT";
/// A model that finds its defect does so within seconds; one that runs on has missed it.
const MODEL_SECONDS_MAX: u64 = 120;

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    let end = Instant::now() + Duration::from_secs(seconds_max);
    match cargo(name, "--no-run", None, seconds_max) {
        Ok(Ended::ByItself(true, _)) => {}
        Ok(Ended::ByItself(false, log) | Ended::TooLate(log)) => {
            return failed("the models aren't built", &log);
        }
        Err(error) => return failed(&format!("{MODELS}: {error}"), ""),
    }
    let table: Vec<_> = MUTANTS.iter().map(|mutant| (mutant, mutant.outcome(name, end))).collect();
    let caught = table.iter().filter(|(_, missed)| missed.is_none()).count();
    let figures = format!("caught {caught} of {}", MUTANTS.len());
    for (mutant, missed) in &table {
        let missed = missed.as_ref().map(|why| format!("MISSED, {why}: ")).unwrap_or_default();
        println!("    {:<52} {missed}{}", mutant.what, mutant.model);
    }
    if caught == MUTANTS.len() { Outcome::Ok(figures) } else { failed(&figures, "") }
}

fn cargo(name: &str, model: &str, defect: Option<String>, seconds: u64) -> io::Result<Ended> {
    let words: Vec<_> = MODELS.split(' ').chain([model]).map(str::to_owned).collect();
    let environment = ENVIRONMENT.map(|(name, value)| (name, value.to_owned()));
    let environment: Vec<_> =
        environment.into_iter().chain(defect.map(|defect| (DEFECT, defect))).collect();
    limited(name, &words, &environment, seconds)
}

impl Mutant {
    /// `None` if the model finds the defect, else why it doesn't.
    fn outcome(&self, name: &str, end: Instant) -> Option<String> {
        let source = fs::read_to_string(self.file).unwrap_or_default();
        let Some(line) = self.line_in(&source) else {
            return Some(format!("no `{}` after `{}` in {}", self.words, self.after, self.file));
        };
        let defect = format!("{}@{}:{line}", self.defect, self.file);
        let seconds =
            end.saturating_duration_since(Instant::now()).as_secs().min(MODEL_SECONDS_MAX);
        match cargo(name, self.model, Some(defect), seconds) {
            Ok(Ended::ByItself(false, log)) if log.contains("panicked at") => None,
            Ok(Ended::ByItself(false, _)) => Some("the model doesn't run".to_owned()),
            Ok(Ended::ByItself(true, _)) => Some("the model passes".to_owned()),
            Ok(Ended::TooLate(_)) => Some(format!("no end after {seconds} s")),
            Err(error) => Some(error.to_string()),
        }
    }

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
        for mutant in MUTANTS {
            assert!(mutant.line_in(&read(mutant.file)).is_some(), "{}", mutant.what);
            let model = mutant.model.rsplit("::").next().unwrap_or_default();
            assert!(models.contains(&format!("fn {model}(")), "{model}");
        }
    }

    const MODEL_FILES: [&str; 6] = [
        "runtime/src/interleavings.rs",
        "runtime/src/driver/interleavings.rs",
        "runtime/src/driver/ump/interleavings.rs",
        "runtime/src/kernel/interleavings.rs",
        "runtime/src/source/interleavings.rs",
        "runtime/src/waitset/interleavings.rs",
    ];
}
