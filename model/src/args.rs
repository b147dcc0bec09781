//! The command line.

use clap::{Parser, ValueEnum};
use flounder_model::campaign::{Effort, Scope, scopes};
use flounder_model::{BoundsError, Limits};

const EXAMPLES: &str = "\
Examples:
  model                                   both models, about a minute
  model lifecycle --json                  one of them, for machines
  model --effort long                     the largest searches
  model lifecycle --bounds requests=4,domains=1,exits=1,crashes=1
                                          one search
  RUSTFLAGS='--cfg flounder_mutants' cargo run --release --bin model -- --mutants
                                          does it find what is known to be wrong?

Bounds of lifecycle: requests, domains (2 unless said otherwise), exits, crashes, failures, hangs,
deaths, room (1). Bounds of bind: requests, deaths, losses. What isn't named doesn't happen.";

/// Finds every way that things can happen to domains, or to binds, and checks each state.
///
/// A model is the machines of the services with channels, a platform and clients around them; bounds
/// say how often each thing may happen that nothing else causes. A search is exhaustive within its
/// bounds. Exits with 1 if something doesn't hold, and prints the shortest way there, or if a search
/// isn't exhaustive; with 2 if it isn't told what to do in a way that it knows.
#[derive(Clone, Parser, Debug)]
#[command(name = "model", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only this model
    #[arg(value_enum)]
    model: Option<Which>,

    /// Which of the searches that are kept in a table
    #[arg(long, value_enum, default_value = "quick")]
    effort: How,

    /// Instead one search within these bounds
    #[arg(long, value_name = "LIST", requires = "model")]
    bounds: Option<String>,

    /// End a search that finds more states: one takes about 50 bytes, and some kilobytes while it is
    /// gone on from
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().states_max)]
    states_max: u32,

    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,

    /// Put this defect back, in a build that has defects
    #[arg(long, value_name = "NAME", conflicts_with = "mutants")]
    pub(crate) mutant: Option<String>,

    /// Put each defect back in turn and tell which are found
    #[arg(long)]
    pub(crate) mutants: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Which {
    /// The process manager, spawnds and the monitors' watch over them
    Lifecycle,
    /// The monitors of three cores
    Bind,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum How {
    /// Seconds, also without optimisation; 0 for short
    #[value(alias = "0")]
    Test,
    /// About a minute; 1 for short
    #[value(alias = "1")]
    Quick,
    /// Some minutes, and a gigabyte or two; 2 for short
    #[value(alias = "2")]
    Long,
}

impl Args {
    /// The searches that were asked for.
    ///
    /// # Errors
    ///
    /// [`BoundsError`] if bounds can't be understood.
    pub(crate) fn scopes(&self) -> Result<Vec<Scope>, BoundsError> {
        if let (Some(bounds), Some(model)) = (&self.bounds, self.model) {
            return Ok(vec![match model {
                Which::Lifecycle => Scope::Lifecycle(bounds.parse()?),
                Which::Bind => Scope::Bind(bounds.parse()?),
            }]);
        }
        let effort = match self.effort {
            How::Test => Effort::Test,
            How::Quick => Effort::Quick,
            How::Long => Effort::Long,
        };
        let is_wanted = |scope: &Scope| match self.model {
            None => true,
            Some(Which::Lifecycle) => matches!(scope, Scope::Lifecycle(_)),
            Some(Which::Bind) => matches!(scope, Scope::Bind(_)),
        };
        Ok(scopes(effort).into_iter().filter(is_wanted).collect())
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { states_max: self.states_max }
    }
}
