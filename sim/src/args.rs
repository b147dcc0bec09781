//! The command line.

use clap::Parser;

/// Runs the whole system under a seeded simulator and checks every message against the lifecycle.
///
/// Each seed makes worlds: the real monitors, spawnds and process manager on one thread, with virtual
/// time. Clients, programs and faults are drawn from the seed too; the same command does the same.
/// Exits with 1 if something happened that must not, with 2 if it isn't told what to do in a way that
/// it knows.
#[derive(Clone, Parser, Debug)]
#[command(name = "sim", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where all choices come from
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many seeds to run, from that one on
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,

    /// How many steps to take with each seed: turns of event loops and jobs of platforms
    #[arg(long, value_name = "STEPS", default_value_t = 200_000)]
    pub(crate) steps: u64,

    /// Only the world of this number, as a violation names it
    #[arg(long, value_name = "NUMBER")]
    pub(crate) world: Option<u64>,

    /// Print one JSON object instead of the table
    #[arg(long)]
    pub(crate) json: bool,

    /// How much to print of who sent what to whom before a violation
    #[arg(long, value_name = "LINES", default_value_t = 80)]
    pub(crate) trace_lines: usize,

    /// Don't look for a shorter way to a violation
    #[arg(long)]
    pub(crate) no_shrink: bool,

    /// Put this defect back, in a build that has defects
    #[arg(long, value_name = "NAME", conflicts_with = "mutants")]
    pub(crate) mutant: Option<String>,

    /// Put each defect back in turn and tell how soon it is noticed
    #[arg(long)]
    pub(crate) mutants: bool,
}

const EXAMPLES: &str = "\
Examples:
  sim --seed 1 --steps 1000000 --json    a million steps
  sim --seeds 100                        a hundred seeds
  sim --seed 7 --world 3                 one world of seed 7, where something was found
  RUSTFLAGS='--cfg flounder_mutants' cargo run --release --bin sim -- --mutants --seeds 10
                                         does it notice what is known to be wrong?";
