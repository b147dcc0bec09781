//! What the trace event format asks of a file, and what we promise besides: that every arrow has two
//! ends, each in a slice, and that everything has a name.
//!
//! It looks at plain JSON, so that a file of anybody's can be checked and our own types hide nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::file::phase;

/// Why a file is no trace, or no good one.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no list of events.
    #[error("there is no list `traceEvents`")]
    NoEvents,
    /// An event lacks what its phase must have.
    #[error("event {index}: `{key}` is missing or not {what}")]
    Key {
        /// The event.
        index: usize,
        /// What it lacks.
        key: &'static str,
        /// What it must be.
        what: &'static str,
    },
    /// An event is of a phase that we don't write.
    #[error("event {index}: phase `{phase}` is none of ours")]
    Phase {
        /// The event.
        index: usize,
        /// Its phase.
        phase: String,
    },
    /// A core or a track has no name.
    #[error("event {index}: its core or its track has no name")]
    Nameless {
        /// The first event there.
        index: usize,
    },
    /// An event is earlier than the one before on its track.
    #[error("event {index}: it is earlier than the one before on its track")]
    Order {
        /// The event.
        index: usize,
    },
    /// A slice begins before another ends and ends after it.
    #[error("event {index}: its slice is neither in the one before nor after it")]
    Overlap {
        /// The event.
        index: usize,
    },
    /// An arrow has not exactly one start and one end of the same name, in this order.
    #[error("flow {id}: it has not one start and then one end of the same name")]
    Flow {
        /// The flow.
        id: String,
    },
    /// The end of an arrow is in no slice, so that viewers drop it.
    #[error("event {index}: no slice of its track holds it")]
    Loose {
        /// The event.
        index: usize,
    },
}

/// What is in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many cores have tracks.
    pub cores: usize,
    /// How many tracks there are.
    pub tracks: usize,
    /// How many slices.
    pub slices: usize,
    /// How many messages whose both ends were seen.
    pub messages: usize,
    /// How many messages that nobody was seen to receive.
    pub lost: usize,
}

/// Checks a trace file.
///
/// # Errors
///
/// All that is wrong with it.
pub fn check(file: &Value) -> Result<Summary, Vec<Problem>> {
    let Some(events) = file["traceEvents"].as_array() else {
        return Err(vec![Problem::NoEvents]);
    };
    let mut checker = Checker::default();
    for event in events {
        checker.name(event);
    }
    for (index, event) in events.iter().enumerate() {
        checker.event(index, event);
    }
    checker.finish()
}

type Place = (u64, u64);

/// A start or an end of an arrow.
struct FlowEnd {
    name: String,
    at: f64,
}

#[derive(Default)]
struct Checker {
    named_cores: BTreeSet<u64>,
    named_tracks: BTreeSet<Place>,
    tracks: BTreeMap<Place, Track>,
    starts: BTreeMap<String, Vec<FlowEnd>>,
    ends: BTreeMap<String, Vec<FlowEnd>>,
    summary: Summary,
    problems: Vec<Problem>,
}

/// A track as far as it was looked at.
#[derive(Default)]
struct Track {
    last: f64,
    /// When the slices end that are open, the outermost first.
    open: Vec<f64>,
}

/// Times are thousandths of a microsecond: less than half of one is an error of rounding.
const ROUNDING: f64 = 0.0005;

/// The keys of an event of a phase, beside those of all: what each must be.
fn keys(phase: &str) -> Option<&'static [(&'static str, Kind)]> {
    Some(match phase {
        phase::METADATA => &[("args", Kind::Object)],
        phase::SLICE => &[("ts", Kind::Time), ("dur", Kind::Time)],
        phase::FLOW_START | phase::FLOW_END => {
            &[("ts", Kind::Time), ("id", Kind::Text), ("cat", Kind::Text)]
        }
        phase::INSTANT => &[("ts", Kind::Time), ("s", Kind::Text)],
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Time,
    Object,
}

impl Kind {
    fn what(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a whole number",
            Self::Time => "a time from 0",
            Self::Object => "an object",
        }
    }

    fn is(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_u64(),
            Self::Time => value.as_f64().is_some_and(|time| time >= 0.0),
            Self::Object => value.is_object(),
        }
    }
}

const OF_ALL: &[(&str, Kind)] =
    &[("name", Kind::Text), ("ph", Kind::Text), ("pid", Kind::Number), ("tid", Kind::Number)];

fn place(event: &Value) -> Place {
    (event["pid"].as_u64().unwrap_or(0), event["tid"].as_u64().unwrap_or(0))
}

impl Checker {
    /// Notes what metadata names.
    fn name(&mut self, event: &Value) {
        if event["ph"] != phase::METADATA || !event["args"]["name"].is_string() {
            return;
        }
        let place = place(event);
        if event["name"] == "process_name" {
            self.named_cores.insert(place.0);
        } else if event["name"] == "thread_name" {
            self.named_tracks.insert(place);
        }
    }

    fn event(&mut self, index: usize, event: &Value) {
        let phase = event["ph"].as_str().unwrap_or_default();
        let Some(own) = keys(phase) else {
            self.problems.push(Problem::Phase { index, phase: phase.to_owned() });
            return;
        };
        let lacks: Vec<_> =
            OF_ALL.iter().chain(own).filter(|(key, kind)| !kind.is(&event[*key])).collect();
        if !lacks.is_empty() {
            let problem = |&&(key, kind): &&(&'static str, Kind)| Problem::Key {
                index,
                key,
                what: kind.what(),
            };
            self.problems.extend(lacks.iter().map(problem));
        } else if phase != phase::METADATA {
            self.on_track(index, phase, event);
        }
    }

    fn on_track(&mut self, index: usize, phase: &str, event: &Value) {
        let (place, at) = (place(event), event["ts"].as_f64().unwrap_or(0.0));
        let is_new = !self.tracks.contains_key(&place);
        let is_named = self.named_cores.contains(&place.0) && self.named_tracks.contains(&place);
        if is_new && !is_named {
            self.problems.push(Problem::Nameless { index });
        }
        let track = self.tracks.entry(place).or_default();
        if at < track.last {
            self.problems.push(Problem::Order { index });
        }
        track.last = at;
        track.open.retain(|&end| at <= end + ROUNDING);
        match phase {
            phase::SLICE => self.slice(index, place, at, event["dur"].as_f64().unwrap_or(0.0)),
            phase::INSTANT => self.summary.lost += 1,
            _ => self.flow(index, place, at, event),
        }
    }

    fn slice(&mut self, index: usize, place: Place, at: f64, span: f64) {
        self.summary.slices += 1;
        let track = self.tracks.entry(place).or_default();
        // One that begins as another ends comes after it.
        track.open.retain(|&end| at + ROUNDING < end);
        if track.open.last().is_some_and(|&end| at + span > end + ROUNDING) {
            self.problems.push(Problem::Overlap { index });
        }
        track.open.push(at + span);
    }

    fn flow(&mut self, index: usize, place: Place, at: f64, event: &Value) {
        if self.tracks.get(&place).is_none_or(|track| track.open.is_empty()) {
            self.problems.push(Problem::Loose { index });
        }
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let flow_end = FlowEnd { name: text("name"), at };
        let is_start = event["ph"] == phase::FLOW_START;
        let side = if is_start { &mut self.starts } else { &mut self.ends };
        side.entry(text("id")).or_default().push(flow_end);
    }

    fn finish(mut self) -> Result<Summary, Vec<Problem>> {
        let ids: BTreeSet<&String> = self.starts.keys().chain(self.ends.keys()).collect();
        let is_whole = |id: &String| match (self.starts.get(id), self.ends.get(id)) {
            (Some(starts), Some(ends)) => match (starts.as_slice(), ends.as_slice()) {
                ([start], [end]) => start.name == end.name && start.at <= end.at,
                _ => false,
            },
            _ => false,
        };
        let broken = ids.iter().filter(|id| !is_whole(id));
        self.problems.extend(broken.map(|&id| Problem::Flow { id: id.clone() }));
        self.summary.messages = ids.len();
        self.summary.cores = self.named_cores.len();
        self.summary.tracks = self.tracks.len();
        if self.problems.is_empty() { Ok(self.summary) } else { Err(self.problems) }
    }
}

#[cfg(test)]
mod tests;
