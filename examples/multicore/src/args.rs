//! The command line.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use flounder_boot::Config;
use flounder_trace::Recorder;

use crate::steps;

/// Boots the multikernel, runs through what it can do as a real client would, and tells about it.
#[derive(Clone, Parser, Debug)]
#[command(name = "multicore", version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// How many logical cores to boot
    #[arg(long, value_name = "N", default_value_t = Config::CORES, value_parser = cores())]
    pub(crate) cores: NonZeroU16,

    /// Don't pin each core's threads to its CPU
    #[arg(long)]
    pub(crate) no_pin: bool,

    /// Print one JSON object instead of the story
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the names of the steps and what they show
    #[arg(long)]
    pub(crate) list: bool,

    /// Run this step only
    #[arg(long, value_name = "NAME", value_parser = step_names(), hide_possible_values = true)]
    pub(crate) only: Option<String>,

    /// Print who sent what to whom, on standard error
    #[arg(long)]
    pub(crate) messages: bool,

    /// Write who sent what to whom, and when, into this file, for viewers such as Perfetto
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hold", "list"])]
    pub(crate) trace: Option<PathBuf>,
    /// What records that, once it is recorded
    #[arg(skip)]
    pub(crate) recorder: Option<Recorder>,

    /// Boot, run all steps and shut down this many times
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,

    /// Run the steps in an order drawn from this seed, the next run in that of the next seed
    #[arg(long, value_name = "SEED")]
    pub(crate) shuffle: Option<u64>,

    /// Let programs wait for this long and tell what that costs
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600),
          conflicts_with_all = ["only", "repeat", "shuffle"])]
    pub(crate) idle: Option<u32>,

    /// Start this many host programs, each with a daemon, tell their numbers and wait to be killed
    #[arg(long, value_name = "PROGRAMS", value_parser = clap::value_parser!(u16).range(1..=512),
          conflicts_with_all = ["only", "repeat", "shuffle", "idle"])]
    pub(crate) hold: Option<u16>,
    /// Crash a spawnd this many times, with 16 requests in flight, and count the answers
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..),
          conflicts_with_all = ["only", "repeat", "shuffle", "idle"])]
    pub(crate) crashes: Option<u32>,

    /// Have this many domains alive at once, and tell what one costs
    #[arg(long, value_name = "DOMAINS", value_parser = clap::value_parser!(u32).range(100..=1_000_000),
          conflicts_with_all = ["only", "repeat", "shuffle", "idle", "crashes"])]
    pub(crate) scale: Option<u32>,

    /// Take calls from standard input: spawn, ps, wait, kill, span, …; `help` tells them
    #[arg(long, conflicts_with_all = ["json", "only", "repeat", "shuffle", "idle", "crashes", "scale"])]
    pub(crate) shell: bool,

    /// Play the scenario in this file, see docs/scenarios.md: exit status 1 at the first difference
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["cores", "json", "only", "repeat", "shuffle", "idle", "crashes", "scale", "shell"])]
    pub(crate) scenario: Option<PathBuf>,

    /// Leak one of these, to see that it is noticed
    #[arg(long, value_name = "KIND", hide = true)]
    pub(crate) leak: Option<Leak>,

    /// Make this step hear one wrong answer, to see that it is noticed
    #[arg(long, value_name = "NAME", value_parser = step_names(), hide = true)]
    pub(crate) wrong: Option<String>,
}

/// What can be leaked on purpose.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Leak {
    /// A thread that nobody joins.
    Thread,
    /// A cap that nobody drops.
    Cap,
    /// A binding that nobody closes.
    Binding,
    /// A domain whose cap nobody drops.
    Domain,
}

/// The number of cores: core numbers are a byte.
fn cores() -> impl TypedValueParser<Value = NonZeroU16> {
    clap::value_parser!(u16).range(1..=256).try_map(NonZeroU16::try_from)
}

fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(steps::ALL.iter().map(|step| step.name))
}
