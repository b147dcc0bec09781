//! Looks at a trace file: whether it is right and what is in it, or a part of it as a picture.
//!
//! ```text
//! trace check out.json
//! trace picture out.json --svg picture.svg --from 1200 --span 400
//! ```

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use flounder_trace::check::check;
use flounder_trace::file::TraceFile;
use flounder_trace::picture::{Window, draw};

/// Looks at a trace file.
#[derive(Parser, Debug)]
#[command(name = "trace", version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Say whether it is a right trace, and what is in it
    Check {
        /// The trace
        file: PathBuf,
    },
    /// Draw a part of it
    Picture {
        /// The trace
        file: PathBuf,
        /// Where the picture goes; without, on standard output
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
        /// Where the part begins, in microseconds
        #[arg(long, value_name = "MICROS", default_value_t = 0.0)]
        from: f64,
        /// How long it is, in microseconds; without, up to the end
        #[arg(long, value_name = "MICROS")]
        span: Option<f64>,
        /// How wide the lanes are, in pixels
        #[arg(long, value_name = "PIXELS", default_value_t = 1000)]
        width: u32,
    },
}

fn main() -> ExitCode {
    match act(Args::parse().what) {
        Ok(is_right) => ExitCode::from(u8::from(!is_right)),
        Err(error) => {
            let _ = writeln!(io::stderr(), "trace: {error}");
            ExitCode::from(2)
        }
    }
}

/// False if the trace is not right.
fn act(what: What) -> Result<bool, Box<dyn Error>> {
    match what {
        What::Check { file } => checked(&file),
        What::Picture { file, svg, from, span, width } => {
            let trace: TraceFile = serde_json::from_str(&read(&file)?)?;
            let picture = draw(&trace, Window { from, span, width })?;
            match svg {
                Some(path) => fs::write(path, picture)?,
                None => io::stdout().write_all(picture.as_bytes())?,
            }
            Ok(true)
        }
    }
}

fn read(file: &Path) -> Result<String, Box<dyn Error>> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn checked(file: &Path) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    match check(&serde_json::from_str(&read(file)?)?) {
        Ok(summary) => {
            let (cores, tracks) = (summary.cores, summary.tracks);
            let (slices, messages, lost) = (summary.slices, summary.messages, summary.lost);
            writeln!(
                out,
                "{cores} cores, {tracks} tracks, {slices} slices, {messages} messages; {lost} more \
                 that nobody received"
            )?;
            Ok(true)
        }
        Err(problems) => {
            for problem in problems {
                writeln!(out, "{problem}")?;
            }
            Ok(false)
        }
    }
}
