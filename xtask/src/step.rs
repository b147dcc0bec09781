//! What a step is, and how it went.

use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::figures::Figures;
use crate::{instructions, mutants, regressions, run};

/// How much time there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tier {
    /// Minutes for each step. What CI takes of it is under eight minutes in all, with what is built.
    Quick,
    /// Hours.
    Long,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quick => "quick",
            Self::Long => "long",
        })
    }
}

/// What holds for all steps of a run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) tier: Tier,
    pub(crate) seed: u64,
    pub(crate) cpus: usize,
}

/// One thing that is checked.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it checks, for people.
    pub(crate) what: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) work: Work,
    /// The most time it may take, in seconds, in the order of the tiers.
    pub(crate) seconds_max: [u64; 2],
}

/// What a step can't do without.
#[derive(Debug)]
pub(crate) enum Need {
    /// A file of the repository.
    File(&'static str),
    /// A command that succeeds, and what is missing if it doesn't.
    Tool(&'static str, &'static str),
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// It runs a command.
    Command(Run),
    /// It plants defects and expects the models to find each.
    Mutants,
    /// It puts defects back and expects the test of each to fail.
    Regressions,
    /// It counts instructions.
    Instructions,
}

/// A command, and what to tell of its output.
///
/// `{seed}` stands for the run's seed, `{count}` for how much is to be done.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// The words of the command, with a blank between each two.
    pub(crate) command: &'static str,
    /// How much is to be done, in the order of the tiers.
    pub(crate) count: [u64; 2],
    pub(crate) figures: Figures,
}

/// How a step went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// What it promises holds; its figures.
    Ok(String),
    /// It can't run here.
    Skipped(String),
    /// What it promises doesn't hold, or took too long.
    Failed {
        why: String,
        /// The end of what it printed.
        log: String,
    },
}

impl Step {
    pub(crate) fn run(&self, plan: &Plan) -> Outcome {
        if let Some(missing) = self.needs.iter().find_map(Need::missing) {
            return Outcome::Skipped(missing);
        }
        let limit = self.seconds_max[plan.tier as usize];
        match &self.work {
            Work::Command(command) => run::command(self.name, command, plan, limit),
            Work::Mutants => mutants::run(self.name, limit),
            Work::Regressions => regressions::run(self.name, limit),
            Work::Instructions => instructions::run(self.name, limit),
        }
    }
}

impl Need {
    /// What is missing, if something is.
    fn missing(&self) -> Option<String> {
        match *self {
            Self::File(path) => {
                (!Path::new(path).exists()).then(|| format!("there is no `{path}`"))
            }
            Self::Tool(command, missing) => {
                let mut words = command.split(' ');
                let output = Command::new(words.next()?).args(words).output();
                let is_there = output.is_ok_and(|output| output.status.success());
                (!is_there).then(|| missing.to_owned())
            }
        }
    }
}
