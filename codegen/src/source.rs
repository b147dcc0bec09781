//! The texts a run looks at, and places in them.
//!
//! The library reads no files: whoever calls it hands texts over under the name that errors show.

use std::fmt;

/// Names a file of [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(u32);

/// A stretch of bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` to before `end`.
    ///
    /// # Panics
    ///
    /// If an offset is over [`Sources::FILE_BYTES_MAX`], which no text reaches.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let offset = |at| u32::try_from(at).expect("files are shorter than 4 GiB");
        Self { file, start: offset(start), end: offset(end) }
    }
}

/// A place as people write it: both numbers start at 1, columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One text.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Where the bytes stopped being UTF-8 or were cut, if so; `text` ends there.
    pub(crate) invalid_at: Option<usize>,
    /// Why there is no text, if there is none.
    pub(crate) unreadable: Option<String>,
    /// Where the lines start.
    lines: Vec<u32>,
}

/// The texts of a run, numbered in the order in which they were added.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// A file of more bytes is cut there and reported: offsets are 32 bits, and the largest
    /// published interface has 20 kB.
    pub const FILE_BYTES_MAX: usize = 16 << 20;

    /// No texts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text. `path` is what errors show and what the interface's name is compared with.
    ///
    /// # Panics
    ///
    /// If there are 2^32 texts already.
    pub fn add(&mut self, path: impl Into<String>, bytes: &[u8]) -> FileId {
        let id = u32::try_from(self.files.len()).expect("fewer than 2^32 files in a run");
        let cut = bytes.len() > Self::FILE_BYTES_MAX;
        let bytes = &bytes[..bytes.len().min(Self::FILE_BYTES_MAX)];
        let (text, invalid_at) = match str::from_utf8(bytes) {
            Ok(text) => (text, cut.then_some(bytes.len())),
            Err(error) => {
                let valid = &bytes[..error.valid_up_to()];
                (str::from_utf8(valid).unwrap_or_default(), Some(valid.len()))
            }
        };
        let ends = (1..).zip(text.bytes()).filter(|(_, byte)| *byte == b'\n');
        let lines = [0].into_iter().chain(ends.map(|(next, _)| next)).collect();
        let (path, text) = (path.into(), text.to_owned());
        self.files.push(Source { path, text, invalid_at, unreadable: None, lines });
        FileId(id)
    }

    /// Adds a text that can't be read: `why` is reported in its place, and whatever the other texts
    /// miss may be in it.
    ///
    /// # Panics
    ///
    /// If there are 2^32 texts already.
    pub fn add_unreadable(&mut self, path: impl Into<String>, why: impl Into<String>) -> FileId {
        let id = self.add(path, &[]);
        self.files[id.0 as usize].unreadable = Some(why.into());
        id
    }

    /// Whether there is a text that can't be read.
    #[must_use]
    pub fn has_unreadable(&self) -> bool {
        self.files.iter().any(|file| file.unreadable.is_some())
    }

    /// The name under which the text was added.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.get(file).path
    }

    /// The text.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.get(file).text
    }

    /// The file's name without folders and without `.if`.
    #[must_use]
    pub fn stem(&self, file: FileId) -> &str {
        let name = self.path(file).rsplit(['/', '\\']).next().unwrap_or_default();
        name.strip_suffix(".if").unwrap_or(name)
    }

    /// Where `span` starts.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let text = self.text(span.file);
        let mut start = text.len().min(span.start as usize);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let lines = &self.get(span.file).lines;
        let line = lines.partition_point(|first| *first as usize <= start);
        let before = &text[lines[line - 1] as usize..start];
        let column = before.trim_start_matches('\u{FEFF}').chars().count() + 1;
        Position { line, column }
    }

    /// Where `span` starts, `file:line:col`.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.path(span.file), self.position(span))
    }

    pub(crate) fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let mut sources = Sources::new();
        let file = sources.add("a/ü.if", "\u{FEFF}é b\r\n\n ü".as_bytes());
        let at = |start| sources.position(Span { file, start, end: start }).to_string();
        assert_eq!([at(0), at(3), at(6), at(11), at(99)], ["1:1", "1:1", "1:3", "3:2", "3:3"]);
        assert_eq!(sources.stem(file), "ü");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_remembered() {
        let mut sources = Sources::new();
        let file = sources.add("x", b"ab\xffcd");
        assert_eq!((sources.text(file), sources.get(file).invalid_at), ("ab", Some(2)));
    }
}
