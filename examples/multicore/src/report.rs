//! What came of a run, as `--json` prints it.

use std::time::Duration;

use serde::Serialize;

use flounder_multicore::census::Leaked;

/// What came of one run: boot, steps, shutdown.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// How many cores there were.
    pub(crate) cores: u16,
    /// How host programs are held together with what they start.
    pub(crate) host_programs: String,
    /// How many systems before had left something, which was ended.
    pub(crate) stale: u32,
    /// The steps in the order in which they were played.
    pub(crate) steps: Vec<StepReport>,
    /// What was left after shutdown.
    pub(crate) leaked: Leaked,
    /// What failed outside the steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<String>,
    /// True if every step is, nothing leaked and nothing else failed.
    pub(crate) ok: bool,
}

/// What came of one step.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StepReport {
    /// Its fixed name.
    pub(crate) name: &'static str,
    /// Whether all was as it must be.
    pub(crate) ok: bool,
    /// What was seen, or what was wrong.
    pub(crate) detail: String,
    /// How long it took, in microseconds.
    pub(crate) micros: u64,
    /// A table for the end of the story.
    #[serde(skip)]
    pub(crate) table: Vec<String>,
}

/// What came of several runs: one of them in full, the first that failed or else the last.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Runs {
    /// That run.
    #[serde(flatten)]
    pub(crate) shown: Report,
    /// How many runs there were.
    #[serde(rename = "runs")]
    pub(crate) count: u32,
    /// How many of them failed.
    pub(crate) failed: u32,
    /// The seed of the order of the run that is shown, to run it again alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shuffle: Option<u64>,
}

/// A time in microseconds, as reports tell it.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
