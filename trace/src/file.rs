//! A trace file as it is written and read: the JSON object form of the [trace event format], as far
//! as we use it.
//!
//! [trace event format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A trace file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TraceFile {
    /// Everything in it. Those of one track are in the order of time.
    #[serde(rename = "traceEvents")]
    pub events: Vec<TraceEvent>,
    /// In which unit viewers show times: `ns`, since most spans are below a microsecond.
    #[serde(rename = "displayTimeUnit", default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What else is to be said.
    #[serde(rename = "otherData", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, Value>,
}

impl TraceFile {
    /// Writes the file, with a line for every event.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        let Self { events, unit, other } = self;
        out.write_all(b"{\"traceEvents\": [")?;
        for (index, event) in events.iter().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut out, event)?;
        }
        out.write_all(b"\n]")?;
        if let Some(unit) = unit {
            write!(out, ", \"displayTimeUnit\": {}", serde_json::to_string(unit)?)?;
        }
        if !other.is_empty() {
            write!(out, ", \"otherData\": {}", serde_json::to_string(other)?)?;
        }
        out.write_all(b"}\n")?;
        out.flush()
    }
}

/// One event of a trace.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TraceEvent {
    /// What it says.
    pub name: String,
    /// Its phase: what kind of event it is.
    pub ph: String,
    /// The core, from 1: viewers take process 0 for something else.
    pub pid: u64,
    /// The track, from 1.
    pub tid: u64,
    /// When it happened, in microseconds. Metadata has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<f64>,
    /// How long a slice took, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dur: Option<f64>,
    /// What it belongs to, for filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cat: Option<String>,
    /// What joins the two ends of a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `e`: the end of a flow is bound to the slice it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bp: Option<String>,
    /// How far an instant reaches: `t`, its track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<String>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Value>,
}

/// The phases we use.
pub mod phase {
    /// Says what a core or a track is called.
    pub const METADATA: &str = "M";
    /// Something that took a time.
    pub const SLICE: &str = "X";
    /// A message leaves.
    pub const FLOW_START: &str = "s";
    /// A message arrives.
    pub const FLOW_END: &str = "f";
    /// Something that took no time.
    pub const INSTANT: &str = "i";
}
