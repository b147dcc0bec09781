//! The command line, and the help that teaches it.

mod help;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use flounder_codegen::{Code, Levels};

use crate::changes;
use crate::name::Name;

/// Compiles Flounder interface files into Rust bindings
#[derive(Debug, Parser)]
#[command(name = "flounder", version, propagate_version = true, after_help = help::EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for mistakes in interface files
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Generate bindings, one Rust file per interface and per import
    #[command(after_help = help::GEN)]
    Gen(Gen),
    /// Tell what interface files declare: numbers, sizes, fingerprints, places
    #[command(after_help = help::DESCRIBE)]
    Describe(Describe),
    /// Bring interface files into the usual layout
    #[command(after_help = help::FMT)]
    Fmt(Fmt),
    /// Tell which changes between two versions break whom, and how to do them compatibly
    #[command(after_help = help::BREAKING)]
    Breaking(Breaking),
    /// Write a page for each interface: messages, types, numbers, sizes
    #[command(after_help = help::DOC)]
    Doc(Doc),
    /// Make a crate with an interface, a service and a client
    #[command(after_help = help::NEW)]
    New(New),
    /// Tell what an error or a warning means, with a wrong and a right example
    #[command(after_help = help::EXPLAIN)]
    Explain {
        /// The code, `E012`; without one all are listed
        #[arg(value_parser = Topic::parse)]
        code: Option<Topic>,
    },
    /// Print what makes a shell complete this command
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write it with a page for each command
    #[command(after_help = help::MAN)]
    Man {
        /// The folder for the pages, `flounder.1`, `flounder-check.1` and so on; it is made if it
        /// isn't there
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// What can be explained.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    /// An error or a warning.
    Finding(Code),
    /// A change that breaks somebody.
    Change(changes::Code),
}

impl Topic {
    fn parse(text: &str) -> Result<Self, String> {
        let finding = Code::find(text).map(Self::Finding);
        let topic = finding.or_else(|| changes::Code::find(text).map(Self::Change));
        topic.ok_or_else(|| "`flounder explain` lists the codes there are".to_owned())
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Interface files, in any order; one that holds only types is an import for the others
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// A file of types that the interfaces, and imports named later, may use
    #[arg(short = 'i', long = "import", value_name = "IMPORT")]
    pub(crate) imports: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) lints: Lints,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    #[command(flatten)]
    pub(crate) findings: Findings,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    #[command(flatten)]
    pub(crate) findings: Findings,

    /// Print JSON; docs/describe.md says what its keys mean
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Breaking {
    /// The old version: a file or a folder of them; may be given several times
    #[arg(long, required = true, value_name = "FILE|DIR")]
    pub(crate) against: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// Which changes are told
    #[arg(long, value_enum, default_value_t = Level::All)]
    pub(crate) level: Level,

    #[command(flatten)]
    pub(crate) findings: Findings,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Doc {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// The folder for the pages; it is made if it isn't there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// What the pages are; without it, both
    #[arg(long, value_enum)]
    pub(crate) format: Option<PageFormat>,
}

/// What a page is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum PageFormat {
    /// For whatever shows Markdown
    Markdown,
    /// For browsers
    Html,
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What the crate, its interface and its folder are called
    #[arg(value_parser = Name::parse)]
    pub(crate) name: Name,

    /// The checkout with the runtime and the compiler; without it, the one this command was built
    /// from
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
}

/// Which changes are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Level {
    /// All that break anybody
    All,
    /// Those that running programs notice
    Wire,
    /// Those that sources have to follow
    Source,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Findings")]
pub(crate) struct Findings {
    /// How findings look
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// What is reported.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Findings")]
pub(crate) struct Lints {
    /// Make an error of a warning, `W001`, or of all `warnings`
    #[arg(long, value_name = "CODE", value_parser = Lint::parse)]
    pub(crate) deny: Vec<Lint>,

    /// Report a warning that is off by default, such as `W004` for `int`
    #[arg(long, value_name = "CODE", value_parser = warning)]
    pub(crate) warn: Vec<Code>,

    /// Don't report a warning
    #[arg(long, value_name = "CODE", value_parser = warning)]
    pub(crate) allow: Vec<Code>,

    /// Warn, and go on, if an interface isn't named like its file
    #[arg(long)]
    pub(crate) allow_name_mismatch: bool,
}

/// How findings look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// With the lines of the file they are about
    Human,
    /// One line each: `file:line:col: error[E030]: message`
    Short,
    /// One JSON object a line: severity, code, message, file, line, column, `end_line`, `end_column`,
    /// start, end (bytes), help, related
    Json,
}

/// What can be denied.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lint {
    Warnings,
    One(Code),
}

impl Lint {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "warnings" { Ok(Self::Warnings) } else { warning(text).map(Self::One) }
    }
}

fn warning(text: &str) -> Result<Code, String> {
    Code::find(text).filter(|code| code.is_warning()).ok_or_else(|| {
        let known = Code::ALL.iter().filter(|code| code.is_warning()).map(|code| code.number());
        format!("the warnings are {}", known.collect::<Vec<_>>().join(", "))
    })
}

impl Lints {
    pub(crate) fn levels(&self) -> Levels {
        let mut levels = Levels::new();
        if self.allow_name_mismatch {
            levels.set(Code::NameMismatch, flounder_codegen::Level::Warn);
        }
        let warn = self.warn.iter().map(|code| (*code, flounder_codegen::Level::Warn));
        let allow = self.allow.iter().map(|code| (*code, flounder_codegen::Level::Allow));
        for (code, level) in warn.chain(allow) {
            levels.set(code, level);
        }
        for lint in &self.deny {
            match lint {
                Lint::Warnings => levels.deny_warnings(),
                Lint::One(code) => drop(levels.set(*code, flounder_codegen::Level::Deny)),
            }
        }
        levels
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fmt {
    /// Interface files, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Change nothing; name the files that aren't formatted
    #[arg(long)]
    pub(crate) check: bool,

    /// Change nothing; show what would change
    #[arg(long)]
    pub(crate) diff: bool,

    /// How syntax errors look
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gen {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    #[command(flatten)]
    pub(crate) findings: Findings,

    /// The folder for the bindings; it is made if it isn't there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Write nothing; name the bindings that are stale and the command that refreshes them
    #[arg(long)]
    pub(crate) check: bool,
}
