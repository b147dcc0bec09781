//! The command line.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use clap::builder::PossibleValuesParser;

use crate::step::{Plan, Step, Tier};
use crate::steps::STEPS;

const EXAMPLES: &str = "\
Examples:
  cargo xtask                        what a change must pass besides the tests of its crate
  cargo xtask quick --without tests  the same where the tests were run already
  cargo xtask long                   the same for as long as it finds something, over night
  cargo xtask loom mutants           two steps, as briefly as in `quick`
  cargo xtask hostile --seed 7       a run once more, with what it has drawn

A step prints one line: its name, how it went, how long it took, its figures. One that can't run here
is skipped and says why. What a step has printed is in target/xtask/STEP.log. The command fails if a
step does.";

/// Checks the promises of the multikernel
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// `quick` or `long`, for all steps, or names of steps
    #[arg(value_name = "WHAT", default_value = "quick", value_parser = words(), hide_possible_values = true)]
    what: Vec<String>,

    /// Of these steps, run only this one; may be repeated
    #[arg(long, value_name = "STEP", value_parser = names(), hide_possible_values = true)]
    only: Vec<String>,

    /// Leave this step out; may be repeated
    #[arg(long, value_name = "STEP", value_parser = names(), hide_possible_values = true)]
    without: Vec<String>,

    /// Give named steps the time of `long`
    #[arg(long)]
    long: bool,

    /// What random choices are drawn from, instead of the time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print the steps and what they check
    #[arg(long)]
    pub(crate) list: bool,
}

fn names() -> PossibleValuesParser {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().into()
}

fn words() -> PossibleValuesParser {
    ["quick", "long"]
        .into_iter()
        .chain(STEPS.iter().map(|step| step.name))
        .collect::<Vec<_>>()
        .into()
}

impl Args {
    fn has(&self, word: &str) -> bool {
        self.what.iter().any(|what| what == word)
    }

    /// The steps that were asked for, in the order of the table.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &'static Step> {
        let all = self.has("quick") || self.has("long");
        STEPS.iter().filter(move |step| {
            let is_named = |names: &[String]| names.iter().any(|name| name == step.name);
            (all || self.has(step.name))
                && (self.only.is_empty() || is_named(&self.only))
                && !is_named(&self.without)
        })
    }

    pub(crate) fn plan(&self) -> Plan {
        let tier = if self.long || self.has("long") { Tier::Long } else { Tier::Quick };
        // Seconds are few enough to be typed again.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Plan { tier, seed: self.seed.unwrap_or(now), cpus }
    }
}
