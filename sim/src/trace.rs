//! Who sent what to whom: the end of a run, or all of it, for people.

use std::collections::VecDeque;
use std::fmt;

use crate::note::Note;
use crate::who::Who;

/// What happened at an end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Happening {
    Sent,
    Received,
    Closed,
    FoundClosed,
}

/// One line about a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) happening: Happening,
    pub(crate) channel: u64,
    pub(crate) own: Who,
    pub(crate) peer: Who,
    pub(crate) name: &'static str,
    pub(crate) call: u64,
    pub(crate) note: Note,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, own, peer, name, note, .. } = self;
        let call = if self.call == 0 { String::new() } else { format!(" call {}", self.call) };
        match self.happening {
            Happening::Sent => write!(f, "{own} → {peer}: {name}{note}{call}  (#{channel})"),
            Happening::Received => write!(f, "{own} takes {name}{call} of {peer}  (#{channel})"),
            Happening::Closed => write!(f, "{own} closes the channel to {peer}  (#{channel})"),
            Happening::FoundClosed => write!(f, "{own} hears that {peer} is gone  (#{channel})"),
        }
    }
}

enum Line {
    Entry(Entry),
    Text(String),
}

/// The last lines of a run.
pub(crate) struct Trace {
    lines: VecDeque<(u64, Line)>,
    /// How many lines are kept; with 0 none is written.
    lines_max: usize,
    step: u64,
}

impl Trace {
    pub(crate) fn new(lines_max: usize) -> Self {
        Self { lines: VecDeque::new(), lines_max, step: 0 }
    }

    pub(crate) fn begin(&mut self, step: u64) {
        self.step = step;
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.add(Line::Entry(entry));
    }

    /// A line about something that is no message.
    pub(crate) fn say(&mut self, text: impl FnOnce() -> String) {
        if self.lines_max > 0 {
            self.add(Line::Text(text()));
        }
    }

    fn add(&mut self, line: Line) {
        if self.lines_max == 0 {
            return;
        }
        if self.lines.len() == self.lines_max {
            self.lines.pop_front();
        }
        self.lines.push_back((self.step, line));
    }

    /// The lines, each with its step.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(step, line): &(u64, Line)| match line {
            Line::Entry(entry) => format!("{step:>7}  {entry}"),
            Line::Text(text) => format!("{step:>7}  * {text}"),
        };
        self.lines.iter().map(line).collect()
    }
}
