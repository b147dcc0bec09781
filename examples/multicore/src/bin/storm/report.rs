//! What came of a storm.

use std::fmt;

use serde::Serialize;

/// Resident memory may change by this much between the first tenth of the domains and the last.
const RESIDENT_KIB_MAX: i64 = 1_024;

/// What came of a storm.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) domains: u32,
    pub(crate) live: u32,
    pub(crate) seed: u64,
    /// How host programs are held together with what they start.
    pub(crate) host_programs: String,
    pub(crate) seconds: f64,
    /// Domains per second.
    pub(crate) rate: f64,
    /// How many ended in which way.
    pub(crate) ends: Ends,
    /// Statuses, causes and answers that were not what they must be.
    pub(crate) wrong: u32,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_wrong: Option<String>,
    /// Requests that were never answered.
    pub(crate) unanswered: u32,
    /// Domains that nobody had a cap to any more and that didn't end.
    pub(crate) lingering: usize,
    /// Dead processes that nobody waited for.
    pub(crate) zombies: usize,
    /// Processes that outlived their domain.
    pub(crate) orphans: usize,
    /// How many more descriptors there are than before.
    pub(crate) descriptors: usize,
    /// How many more threads there are than before.
    pub(crate) threads: usize,
    /// Caps, bindings and domains that are left.
    pub(crate) objects: usize,
    /// How much more memory is resident than after the first tenth of the domains.
    pub(crate) resident_kib: i64,
    /// True if all of it is as it must be.
    pub(crate) ok: bool,
}

/// How many ended in which way.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Ends {
    pub(crate) exit: u32,
    pub(crate) kill: u32,
    pub(crate) signal: u32,
    pub(crate) client: u32,
    pub(crate) span: u32,
}

impl Report {
    /// Judges what was counted.
    pub(crate) fn judge(&mut self) {
        let left = self.lingering + self.zombies + self.orphans + self.descriptors + self.threads;
        self.ok = self.wrong == 0
            && self.unanswered == 0
            && left + self.objects == 0
            && self.resident_kib.abs() <= RESIDENT_KIB_MAX;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ends { exit, kill, signal, client, span } = self.ends;
        writeln!(f, "{} domains, {} at a time, seed {}", self.domains, self.live, self.seed)?;
        writeln!(f, "host programs: {}", self.host_programs)?;
        writeln!(
            f,
            "{exit} exited, {kill} were killed, {signal} died of a signal, {client} ended with \
             their client, {span} were spanned",
        )?;
        writeln!(f, "{:.1} s, {:.0} domains a second", self.seconds, self.rate)?;
        writeln!(f, "wrong: {}, unanswered: {}", self.wrong, self.unanswered)?;
        if let Some(first) = &self.first_wrong {
            writeln!(f, "the first that was wrong: {first}")?;
        }
        writeln!(
            f,
            "left behind: {} domains, {} zombies, {} orphans, {} descriptors, {} threads, {} objects",
            self.lingering,
            self.zombies,
            self.orphans,
            self.descriptors,
            self.threads,
            self.objects,
        )?;
        writeln!(f, "resident memory changed by {} KiB", self.resident_kib)?;
        f.write_str(if self.ok { "All is as it must be." } else { "Not all is as it must be." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes something of a report other than it must be.
    type Spoil = fn(&mut Report);

    #[test]
    fn anything_wrong_or_left_is_noticed() {
        let table: [(Spoil, bool); 9] = [
            (|_| (), true),
            (|report| report.resident_kib = -1_024, true),
            (|report| report.resident_kib = 1_025, false),
            (|report| report.wrong = 1, false),
            (|report| report.unanswered = 1, false),
            (|report| report.zombies = 1, false),
            (|report| report.orphans = 1, false),
            (|report| report.threads = 1, false),
            (|report| report.objects = 1, false),
        ];
        for (index, (spoil, ok)) in table.into_iter().enumerate() {
            let mut report = Report::default();
            spoil(&mut report);
            report.judge();
            assert_eq!(report.ok, ok, "case {index}");
        }
    }
}
