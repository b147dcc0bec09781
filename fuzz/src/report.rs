//! What is said about a target: a line for people, an object for programs.

use std::fmt;

use serde::Serialize;

/// A target and what was found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) target: &'static str,
    pub(crate) seed: u64,
    pub(crate) inputs: u64,
    pub(crate) seconds: f64,
    pub(crate) per_second: u64,
    /// What didn't hold, each with the file that shows it.
    pub(crate) findings: Vec<String>,
}

impl Report {
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, inputs, seconds, per_second, findings } = self;
        write!(
            f,
            "{target:<9} seed {seed}: {inputs} inputs in {seconds:.1} s, {per_second} per second, \
             {} findings",
            findings.len()
        )?;
        findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}
