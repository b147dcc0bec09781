//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use flounder_fuzz::{TARGETS, Target};

/// All targets, one after the other.
const ALL: &str = "all";

/// Looks for inputs of the compiler for which something doesn't hold that must
#[derive(Clone, Parser, Debug)]
#[command(name = "flounder-fuzz", version)]
pub(crate) struct Args {
    /// What must hold
    #[arg(long, value_name = "NAME", default_value = ALL, value_parser = names())]
    pub(crate) target: String,

    /// How long to look, for each target
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,

    /// How many inputs to try at most, for each target
    #[arg(long, value_name = "COUNT", default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) inputs: u64,

    /// The same seed tries the same inputs in the same order
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print one JSON object per target
    #[arg(long)]
    pub(crate) json: bool,

    /// Where findings are saved
    #[arg(long, value_name = "DIR", default_value = "fuzz/artifacts")]
    pub(crate) artifacts: PathBuf,

    /// Try this file only
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
}

impl Args {
    pub(crate) fn targets(&self) -> impl Iterator<Item = Target> {
        TARGETS.into_iter().filter(|target| self.target == ALL || self.target == target.name)
    }
}

fn names() -> impl TypedValueParser<Value = String> {
    let names = TARGETS.iter().map(|target| target.name).chain([ALL]);
    PossibleValuesParser::new(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn targets_are_chosen_by_name() {
        Args::command().debug_assert();
        let count = |target| {
            Args::try_parse_from(["flounder-fuzz", "--target", target])
                .map_or(0, |args| args.targets().count())
        };
        assert_eq!((count("all"), count("fmt"), count("nothing")), (TARGETS.len(), 1, 0));
    }
}
