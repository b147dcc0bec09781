//! Where what a process prints goes.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::fcntl_dupfd_cloexec;

/// The first descriptor that is none of standard input, output and error.
const FIRST_FREE: i32 = 3;

/// What a process gets as descriptors 0, 1 and 2, each above 2 here. It has nothing to read.
#[derive(Debug)]
pub(super) struct Stdio {
    /// Its own: what is open is shared with its locks and flags.
    null: OwnedFd,
    /// `None`: nowhere.
    output: Option<OwnedFd>,
    error: Option<OwnedFd>,
}

impl Stdio {
    /// Prints where this process does.
    pub(super) fn inherited() -> io::Result<Self> {
        let (output, error) = (duplicate(&io::stdout())?, duplicate(&io::stderr())?);
        Ok(Self { null: null()?, output, error })
    }

    /// Prints to nowhere.
    pub(super) fn null() -> io::Result<Self> {
        Ok(Self { null: null()?, output: None, error: None })
    }

    /// Prints into one pipe.
    pub(super) fn printing_to(pipe: OwnedFd) -> io::Result<Self> {
        let output = above_stdio(pipe)?;
        Ok(Self { null: null()?, error: duplicate(&output)?, output: Some(output) })
    }

    /// What becomes descriptors 0, 1 and 2.
    pub(super) fn descriptors(&self) -> [BorrowedFd<'_>; 3] {
        let [output, error] =
            [&self.output, &self.error].map(|fd| fd.as_ref().unwrap_or(&self.null).as_fd());
        [self.null.as_fd(), output, error]
    }
}

fn null() -> io::Result<OwnedFd> {
    above_stdio(File::options().read(true).write(true).open("/dev/null")?.into())
}

/// The same file again; `None` if this process has closed its own.
fn duplicate(fd: &impl AsFd) -> io::Result<Option<OwnedFd>> {
    match fcntl_dupfd_cloexec(fd, FIRST_FREE) {
        Err(rustix::io::Errno::BADF) => Ok(None),
        result => Ok(Some(result?)),
    }
}

/// The same file above the descriptors that a child gets in their place.
pub(super) fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST_FREE { Ok(fd) } else { Ok(fcntl_dupfd_cloexec(&fd, FIRST_FREE)?) }
}
