//! `flounder doc`.

mod book;
mod html;
mod markdown;
mod text;

use flounder_codegen::files::{self, FileError};
use flounder_codegen::{Output, Sources};

use crate::args::{Doc, Format, PageFormat};
use crate::inputs;
use crate::outcome::Outcome;
use book::Book;

/// Writes a page for each interface and each name of an import.
///
/// # Errors
///
/// If a page can't be written.
pub(crate) fn run(command: &Doc) -> Result<Outcome, FileError> {
    let mut sources = Sources::new();
    let description = match inputs::describe(&command.inputs, &mut sources, Format::Human) {
        Ok(description) => description,
        Err(outcome) => return Ok(outcome),
    };
    let book = Book::new(&description, &sources);
    let all = [PageFormat::Markdown, PageFormat::Html];
    let formats = command.format.as_ref().map_or(&all[..], std::slice::from_ref);
    let outputs: Vec<_> = formats.iter().flat_map(|format| pages(&book, *format)).collect();
    files::write(&outputs, &command.out)?;
    Ok(Outcome::Clean)
}

fn pages(book: &Book<'_>, format: PageFormat) -> Vec<Output> {
    let (render, extension) = match format {
        PageFormat::Markdown => (markdown::page as fn(&Book<'_>, &book::Page<'_>) -> _, "md"),
        PageFormat::Html => (html::page as _, "html"),
    };
    let output = |page: &book::Page<'_>| Output {
        name: format!("{}.{extension}", page.stem),
        text: render(book, page),
    };
    book.pages.iter().map(output).collect()
}
