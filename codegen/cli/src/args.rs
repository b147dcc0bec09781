//! The command line, and the help that teaches it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Compiles Flounder interface files into Rust bindings
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  flounder check echo.if                       look for mistakes
  flounder gen echo.if --out src/generated     write src/generated/echo.rs
  flounder gen calc.if -i types.if --out out   use the types of another file
  flounder gen idl/*.if --out out --check      fail if the bindings in `out` are stale

Exit status: 0 all is well, 1 findings or stale bindings, 2 wrong usage or unreadable files.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for mistakes in interface files
    Check(Files),
    /// Generate bindings, one Rust file per interface and per import
    Gen(Gen),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// Interface files; one that holds only types is an import for the others
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// A file of types that the interfaces, and imports named later, may use
    #[arg(short = 'i', long = "import", value_name = "IMPORT")]
    pub(crate) imports: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gen {
    #[command(flatten)]
    pub(crate) files: Files,

    /// The folder for the bindings; it is made if it isn't there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Write nothing; name the bindings that are stale and the command that refreshes them
    #[arg(long)]
    pub(crate) check: bool,
}
