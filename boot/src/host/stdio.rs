//! Where what a process prints goes.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::fcntl_dupfd_cloexec;

/// The first descriptor that is none of standard input, output and error.
const FIRST_FREE: i32 = 3;

/// What a process gets as descriptors 0, 1 and 2, each above 2 here.
#[derive(Debug)]
pub(super) struct Stdio {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    pub(super) error: OwnedFd,
}

impl Stdio {
    /// Nothing to read, and prints where this process does.
    pub(super) fn inherited() -> io::Result<Self> {
        Ok(Self {
            input: null()?,
            output: duplicate(&io::stdout())?,
            error: duplicate(&io::stderr())?,
        })
    }

    /// Nothing to read, and prints to nowhere.
    pub(super) fn null() -> io::Result<Self> {
        Ok(Self { input: null()?, output: null()?, error: null()? })
    }

    /// Nothing to read, and prints into one pipe.
    pub(super) fn printing_to(pipe: OwnedFd) -> io::Result<Self> {
        let output = above_stdio(pipe)?;
        Ok(Self { input: null()?, error: duplicate(&output)?, output })
    }

    /// What becomes descriptors 0, 1 and 2.
    pub(super) fn descriptors(&self) -> [BorrowedFd<'_>; 3] {
        [&self.input, &self.output, &self.error].map(|fd| fd.as_fd())
    }
}

fn null() -> io::Result<OwnedFd> {
    above_stdio(File::options().read(true).write(true).open("/dev/null")?.into())
}

fn duplicate(fd: &impl AsFd) -> io::Result<OwnedFd> {
    match fcntl_dupfd_cloexec(fd, FIRST_FREE) {
        // This process has closed its own.
        Err(rustix::io::Errno::BADF) => null(),
        result => Ok(result?),
    }
}

/// The same file above the descriptors that a child gets in their place.
pub(super) fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST_FREE { Ok(fd) } else { Ok(fcntl_dupfd_cloexec(&fd, FIRST_FREE)?) }
}
