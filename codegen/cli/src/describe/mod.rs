//! `flounder describe`.

mod json;
mod table;

use flounder_codegen::Sources;

use crate::args::Describe;
use crate::inputs;
use crate::outcome::{Error, Outcome};
use crate::show::print;

/// Prints what the interfaces declare.
///
/// # Errors
///
/// If a file can't be read, or standard output not written.
pub(crate) fn run(command: &Describe) -> Result<Outcome, Error> {
    let mut sources = Sources::new();
    let format = command.findings.format;
    let Some(description) = inputs::describe(&command.inputs, &mut sources, format)? else {
        return Ok(Outcome::Findings);
    };
    let text = if command.json { json::json } else { table::table };
    print(&text(&description, &sources))?;
    Ok(Outcome::Clean)
}
