//! What happens, in a file: every message of the system, with times.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use flounder_trace::{Recorder, Recording};

use crate::args::Args;

/// Acts, and writes a trace of that if the command line wants one.
pub(crate) fn traced(mut args: Args, act: impl FnOnce(&Args) -> ExitCode) -> ExitCode {
    let Some(path) = args.trace.clone() else { return act(&args) };
    let (recorder, recording) = Recorder::start();
    args.recorder = Some(recorder);
    let status = act(&args);
    match write(recording, &path) {
        Ok(()) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "multicore: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn write(recording: Recording, path: &Path) -> io::Result<()> {
    recording.finish().write(BufWriter::new(File::create(path)?))
}
