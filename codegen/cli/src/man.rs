//! `flounder man`: what `--help` says, as manual pages.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;
use flounder_codegen::{Output, files};

use crate::args::Args;
use crate::outcome::{Error, Outcome};
use crate::show::print;

/// Prints the page about the command, or writes it to `folder` with those about its commands, to
/// which it refers.
///
/// # Errors
///
/// If a page can't be written.
pub(crate) fn run(folder: Option<&Path>) -> Result<Outcome, Error> {
    match folder {
        Some(folder) => drop(files::write(&pages(), folder)?),
        None => print(&page(Args::command()).text)?,
    }
    Ok(Outcome::Clean)
}

/// The page about the command, and one about each of its commands.
fn pages() -> Vec<Output> {
    let mut all = Args::command().disable_help_subcommand(true);
    // Gives each command the name by which its page calls it.
    all.build();
    let commands: Vec<_> = all.get_subcommands().cloned().map(page).collect();
    [page(all)].into_iter().chain(commands).collect()
}

fn page(command: clap::Command) -> Output {
    let man = Man::new(command);
    let mut text = Vec::new();
    // Writing to a Vec can't fail.
    let _ = man.render(&mut text);
    Output { name: man.get_filename(), text: String::from_utf8_lossy(&text).into_owned() }
}
