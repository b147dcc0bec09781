//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cases;

/// Measures what bindings cost beside the bare channels under them.
#[derive(Clone, Parser, Debug)]
#[command(name = "bench", version)]
pub(crate) struct Args {
    /// Print one JSON object per line and variant instead of a table
    #[arg(long)]
    pub(crate) json: bool,

    /// Measure shorter: under 45 seconds in all
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measure this case only
    #[arg(long, value_name = "CASE", value_parser = case_names(), hide_possible_values = true)]
    pub(crate) only: Option<String>,

    /// Draw the medians of the case into FILE, as SVG
    #[arg(long, value_name = "FILE", requires = "only")]
    pub(crate) chart: Option<PathBuf>,

    /// Print the names of the cases and what they measure
    #[arg(long)]
    pub(crate) list: bool,
}

fn case_names() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(cases::CASES.iter().map(|case| case.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together_and_knows_its_cases() {
        Args::command().debug_assert();
        let parse = |case: &str| Args::try_parse_from(["bench", "--only", case]);
        assert_eq!(parse("B1").unwrap().only.as_deref(), Some("B1"));
        assert!(parse("B0").is_err());
    }
}
