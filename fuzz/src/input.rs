//! How bytes become the files of a run.

use flounder_codegen::{Code, FileId, Level, Levels, Request, Sources};

/// Between the files of an input that holds several.
pub const SEPARATOR: &str = "\n//---\n";

/// The files of an input, in a run.
pub(crate) struct Input {
    pub(crate) sources: Sources,
    pub(crate) files: Vec<FileId>,
}

impl Input {
    /// All bytes as one file.
    pub(crate) fn whole(data: &[u8]) -> Self {
        let mut sources = Sources::new();
        let files = vec![sources.add("a.if", data)];
        Self { sources, files }
    }

    /// The files between separators, in this folder.
    pub(crate) fn parts(data: &[u8], folder: &str) -> Self {
        let (mut sources, mut files, mut rest) = (Sources::new(), Vec::new(), data);
        loop {
            let end = find(rest, SEPARATOR.as_bytes());
            let part = &rest[..end.unwrap_or(rest.len())];
            let path = format!("{folder}{}.if", name(part, files.len()));
            files.push(sources.add(path, part));
            match end {
                Some(end) => rest = &rest[end + SEPARATOR.len()..],
                None => return Self { sources, files },
            }
        }
    }

    pub(crate) fn request(&self) -> Request {
        Request { files: self.files.clone(), imports: Vec::new() }
    }
}

/// Levels at which a file may have any name, so that mutations reach what comes after that check.
pub(crate) fn levels() -> Levels {
    let mut levels = Levels::new();
    levels.set(Code::NameMismatch, Level::Warn);
    levels
}

/// The name of the interface in a file, or one for a file of types.
fn name(data: &[u8], index: usize) -> String {
    const INTERFACE: &str = "interface ";
    let start = find(data, INTERFACE.as_bytes()).map(|at| at + INTERFACE.len());
    let rest = start.map_or(&[][..], |start| &data[start..]);
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name: Vec<u8> = rest.iter().take_while(is_letter).copied().collect();
    match String::from_utf8(name) {
        Ok(name) if !name.is_empty() => name,
        _ => format!("types{index}"),
    }
}

fn find(data: &[u8], needle: &[u8]) -> Option<usize> {
    data.windows(needle.len()).position(|window| window == needle)
}
