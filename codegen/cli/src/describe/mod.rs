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
/// If standard output can't be written.
pub(crate) fn run(command: &Describe) -> Result<Outcome, Error> {
    let mut sources = Sources::new();
    let format = command.findings.format;
    let description = match inputs::describe(&command.inputs, &mut sources, format) {
        Ok(description) => description,
        Err(outcome) => return Ok(outcome),
    };
    let text = if command.json { json::json } else { table::table };
    print(&text(&description, &sources))?;
    Ok(Outcome::Clean)
}
