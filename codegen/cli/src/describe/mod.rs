//! `flounder describe`.

mod json;
mod table;

use flounder_codegen::Sources;
use flounder_codegen::files::FileError;

use crate::args::Describe;
use crate::inputs;
use crate::run::{Outcome, print};

/// Prints what the interfaces declare.
///
/// # Errors
///
/// If a file can't be read.
pub(crate) fn run(command: &Describe) -> Result<Outcome, FileError> {
    let mut sources = Sources::new();
    let format = command.findings.format;
    let Some(description) = inputs::describe(&command.inputs, &mut sources, format)? else {
        return Ok(Outcome::Findings);
    };
    let text = if command.json { json::json } else { table::table };
    print(&text(&description, &sources));
    Ok(Outcome::Clean)
}
