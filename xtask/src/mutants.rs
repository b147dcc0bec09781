//! Defects that the models must find: each is planted by the place of an operation, and the model that
//! watches over it must fail.
//!
//! The models are built once. A defect is named by the function and the words in the line, so that it
//! follows its line; one that has lost its place is a failure, not a pass.

use std::fs;
use std::io;

use crate::run::{Ended, failed, limited};
use crate::step::Outcome;

/// A defect, and the model that finds it.
struct Mutant {
    /// What goes wrong, for people.
    what: &'static str,
    defect: &'static str,
    file: &'static str,
    /// The line is the first with these words after the one with this.
    after: &'static str,
    words: &'static str,
    model: &'static str,
}

const LINK: &str = "runtime/src/driver/link.rs";
const READY: &str = "runtime/src/waitset/ready.rs";

const MUTANTS: &[Mutant] = &[
    Mutant {
        what: "a sender doesn't see whether the receiver sleeps",
        defect: "gone",
        file: LINK,
        after: "fn ring_if(",
        words: "fence(",
        model: "a_send_races_with_asking_for_a_packet",
    },
    Mutant {
        what: "who falls asleep doesn't see what was just sent",
        defect: "gone",
        file: LINK,
        after: "fn wish(",
        words: "fence(",
        model: "a_send_races_with_asking_for_a_packet",
    },
    Mutant {
        what: "who waits for room doesn't say so",
        defect: "gone",
        file: LINK,
        after: "fn wish(",
        words: "flag.store(",
        model: "a_receive_races_with_asking_for_room",
    },
    Mutant {
        what: "the end of a link is seen before what was sent",
        defect: "relaxed",
        file: LINK,
        after: "fn is_closed(",
        words: "closed.load(",
        model: "what_was_sent_before_closing_is_received",
    },
    Mutant {
        what: "closing a link closes nothing",
        defect: "gone",
        file: LINK,
        after: "fn close(",
        words: "closed.swap(",
        model: "closing_races_with_asking_for_room",
    },
    Mutant {
        what: "a ringer doesn't see that the loop sleeps",
        defect: "gone",
        file: READY,
        after: "fn wake(",
        words: "fence(",
        model: "a_wake_races_with_falling_asleep",
    },
    Mutant {
        what: "a loop doesn't see what was rung as it fell asleep",
        defect: "gone",
        file: READY,
        after: "fn fall_asleep(",
        words: "fence(",
        model: "a_wake_races_with_falling_asleep",
    },
    Mutant {
        what: "a ring lists its source and raises no flag",
        defect: "gone",
        file: READY,
        after: "fn push(",
        words: "any.store(",
        model: "a_ring_races_with_falling_asleep",
    },
    Mutant {
        what: "a second ring publishes nothing",
        defect: "relaxed",
        file: READY,
        after: "fn ring(",
        words: "queued.swap(",
        model: "two_ring_the_same_bell",
    },
    Mutant {
        what: "a source that had its turn can't be rung again",
        defect: "gone",
        file: READY,
        after: "fn answer(",
        words: "queued.swap(",
        model: "two_ring_the_same_bell",
    },
    Mutant {
        what: "a call's future is woken and not polled",
        defect: "gone",
        file: "runtime/src/dispatcher.rs",
        after: "fn set(",
        words: "woken.store(",
        model: "an_answer_races_with_falling_asleep_for_it",
    },
    Mutant {
        what: "an answer goes into a link that never closes",
        defect: "gone",
        file: LINK,
        after: "fn close(",
        words: "closed.swap(",
        model: "an_answer_races_with_closing",
    },
    Mutant {
        what: "the end of a domain leaves its bindings",
        defect: "gone",
        file: "runtime/src/kernel/holder.rs",
        after: "fn end(",
        words: "alive.swap(",
        model: "the_end_of_a_domain_races_with_binding",
    },
    Mutant {
        what: "a revocation leaves what is being copied",
        defect: "gone",
        file: "runtime/src/kernel/derivation.rs",
        after: "fn step(",
        words: "word.fetch_add(",
        model: "a_copy_races_with_a_revocation_above",
    },
    Mutant {
        what: "a killed program isn't",
        defect: "gone",
        file: "runtime/src/kill.rs",
        after: "pub fn throw(",
        words: "thrown.store(",
        model: "a_program_is_killed_while_it_falls_asleep",
    },
];

/// How the models are built and run, all but the defect and the model.
const MODELS: &str = "cargo test --release --locked -p flounder --lib";
const ENVIRONMENT: [(&str, &str); 2] =
    [("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", "target/loom")];
/// Puts the defect in.
const DEFECT: &str = "FLOUNDER_DEFECT";
/// A model that finds its defect does so within seconds; one that runs on has missed it.
const MODEL_SECONDS_MAX: u64 = 120;

pub(crate) fn run(name: &str, seconds_max: u64) -> Outcome {
    match cargo(name, "--no-run", None, seconds_max) {
        Ok(Ended::ByItself(true, _)) => {}
        Ok(Ended::ByItself(false, log) | Ended::TooLate(log)) => {
            return failed("the models aren't built", &log);
        }
        Err(error) => return failed(&format!("{MODELS}: {error}"), ""),
    }
    let table: Vec<_> = MUTANTS.iter().map(|mutant| (mutant, mutant.outcome(name))).collect();
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
    fn outcome(&self, name: &str) -> Option<String> {
        let source = fs::read_to_string(self.file).unwrap_or_default();
        let Some(line) = self.line_in(&source) else {
            return Some(format!("no `{}` after `{}` in {}", self.words, self.after, self.file));
        };
        let defect = format!("{}@{}:{line}", self.defect, self.file);
        match cargo(name, self.model, Some(defect), MODEL_SECONDS_MAX) {
            Ok(Ended::ByItself(false, log)) if log.contains("panicked at") => None,
            Ok(Ended::ByItself(false, _)) => Some("the model doesn't run".to_owned()),
            Ok(Ended::ByItself(true, _)) => Some("the model passes".to_owned()),
            Ok(Ended::TooLate(_)) => Some(format!("no end after {MODEL_SECONDS_MAX} s")),
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
            assert!(models.contains(&format!("fn {}(", mutant.model)), "{}", mutant.model);
        }
    }

    const MODEL_FILES: [&str; 4] = [
        "runtime/src/interleavings.rs",
        "runtime/src/driver/interleavings.rs",
        "runtime/src/kernel/interleavings.rs",
        "runtime/src/waitset/interleavings.rs",
    ];
}
