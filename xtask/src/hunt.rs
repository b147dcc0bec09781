//! What the steps share that plant defects: the time there is, and how many defects were found.

use std::io;
use std::time::{Duration, Instant};

use crate::run::{Ended, failed};
use crate::step::Outcome;

/// A hunt for planted defects.
pub(crate) struct Hunt {
    end: Instant,
    caught: usize,
    all: usize,
}

impl Hunt {
    /// A hunt that takes so many seconds at most, builds included.
    pub(crate) fn of(seconds_max: u64) -> Self {
        Self { end: Instant::now() + Duration::from_secs(seconds_max), caught: 0, all: 0 }
    }

    pub(crate) fn seconds_left(&self) -> u64 {
        self.end.saturating_duration_since(Instant::now()).as_secs()
    }

    /// Counts a defect, and prints it with what was to find it, and why that didn't.
    pub(crate) fn count(&mut self, defect: &str, missed: Option<String>, finder: &str) {
        self.all += 1;
        self.caught += usize::from(missed.is_none());
        let missed = missed.map(|why| format!("MISSED, {why}: ")).unwrap_or_default();
        println!("    {defect:<52} {missed}{finder}");
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let Self { caught, all, .. } = self;
        let figures = format!("caught {caught} of {all}");
        if caught == all { Outcome::Ok(figures) } else { failed(&figures, "") }
    }
}

/// Whether a build went well.
///
/// # Errors
///
/// How the step ends that can't do without what `command` builds.
pub(crate) fn built(ended: io::Result<Ended>, command: &str) -> Result<(), Outcome> {
    match ended {
        Ok(Ended::ByItself(true, _)) => Ok(()),
        Ok(Ended::ByItself(false, log) | Ended::TooLate(log)) => {
            Err(failed(&format!("isn't built: {command}"), &log))
        }
        Err(error) => Err(failed(&format!("{command}: {error}"), "")),
    }
}
