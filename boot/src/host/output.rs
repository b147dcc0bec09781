//! Where what processes print goes: where this process prints, nowhere, or into a file for each
//! domain.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write, pipe};
use std::path::PathBuf;

use flounder::DomainId;
use rustix::io::ioctl_fionbio;

use super::stdio::Stdio;

/// How much is moved from a process to its file at a time: a quarter of what a pipe holds.
const CHUNK_BYTES: usize = 16 * 1024;

/// How many chunks are looked for once the process is gone. A pipe can be made to hold a mebibyte;
/// more can only come from somebody whom the process gave its end.
const LAST_CHUNKS_MAX: usize = 65;

/// Where what host programs print goes. They have nothing to read: their standard input is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Output {
    /// To standard output and error of this process.
    #[default]
    Inherit,
    /// Nowhere.
    Null,
    /// Into a file for each domain, called after its number and `.out`: standard output and error
    /// in the order in which they come. When a wait for the domain is answered, all of it is there.
    Files {
        /// Where the files are made. What has the name of one is overwritten.
        folder: PathBuf,
        /// How long a file gets. What a program prints beyond that is dropped, and the program
        /// hears nothing of it.
        bytes_max: u64,
    },
}

/// Where the output of a process is read, and where it is put.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) reader: PipeReader,
    pub(super) keeper: Keeper,
}

/// The file of a domain.
#[derive(Debug)]
pub(super) struct Keeper {
    file: File,
    /// How many bytes it still takes.
    left: u64,
}

impl Output {
    /// Opens what a process of `domain` gets, and what to do with its output.
    pub(super) fn open(&self, domain: DomainId) -> io::Result<(Stdio, Option<Sink>)> {
        match self {
            Self::Inherit => Ok((Stdio::inherited()?, None)),
            Self::Null => Ok((Stdio::null()?, None)),
            Self::Files { folder, bytes_max } => {
                let file = File::create(folder.join(format!("{domain}.out")))?;
                let (reader, writer) = pipe()?;
                // Only this end: the program's own stays as programs expect it.
                ioctl_fionbio(&reader, true)?;
                let stdio = Stdio::printing_to(writer.into())?;
                let keeper = Keeper { file, left: *bytes_max };
                Ok((stdio, Some(Sink { reader, keeper })))
            }
        }
    }
}

/// What a look at a process's output found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// Something: there may be more.
    Some,
    /// Nothing now.
    Nothing,
    /// Nothing, for ever.
    End,
}

impl Keeper {
    /// Moves a chunk of what is there into the file.
    pub(super) fn pump(&mut self, mut reader: &PipeReader) -> Found {
        let mut chunk = [0; CHUNK_BYTES];
        match reader.read(&mut chunk) {
            Ok(0) => Found::End,
            Ok(bytes) => {
                self.keep(&chunk[..bytes]);
                Found::Some
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Found::Nothing,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Found::Some,
            Err(_) => Found::End,
        }
    }

    /// Moves what is left of a process that has ended.
    pub(super) fn finish(&mut self, reader: &PipeReader) {
        for _ in 0..LAST_CHUNKS_MAX {
            if self.pump(reader) != Found::Some {
                return;
            }
        }
    }

    fn keep(&mut self, chunk: &[u8]) {
        let bytes = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
        self.left -= bytes as u64;
        if self.file.write_all(&chunk[..bytes]).is_err() {
            // A full disk is a limit too.
            self.left = 0;
        }
    }
}
