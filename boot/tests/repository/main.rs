//! What holds for the repository as a whole: which crate sees which, which file may name what, and
//! that the documents tell the truth about the files they speak of.

mod crates;
mod documents;
mod files;
mod sources;
