//! What was seen, as trace events: a slice for every message that was handled, an arrow from where it
//! was sent.

use std::collections::{BTreeMap, BTreeSet};

use flounder::observe::{Bound, Seen};
use flounder::{CoreId, Time};
use serde_json::Value;

use crate::file::{TraceEvent, TraceFile, phase};
use crate::record::{Event, What};
use crate::recording::{Passage, Track, passages, received, sent};

/// What a message that is sent outside of any turn is shown as, at most: an arrow needs a slice to
/// start from.
const SEND_NS: u64 = 200;

/// The file of what these tracks saw.
pub(crate) fn export(tracks: &[&Track]) -> TraceFile {
    let known = Known { passages: passages(tracks), ends: ends(tracks) };
    let mut events = metadata(tracks);
    let mut other = BTreeMap::new();
    for (track, tid) in tracks.iter().zip(1..) {
        let mut writer = Writer::new(track, tid, &known);
        writer.write();
        events.append(&mut writer.events);
        if track.forgotten > 0 {
            let what = format!("events of {} that are missing", track.label);
            other.insert(what, track.forgotten.into());
        }
    }
    TraceFile { events, unit: Some("ns".to_owned()), other }
}

/// What is known of all tracks together.
struct Known<'a> {
    passages: BTreeSet<Passage>,
    /// Who has which end of which channel.
    ends: BTreeMap<(u64, u8), &'a str>,
}

fn ends<'a>(tracks: &[&'a Track]) -> BTreeMap<(u64, u8), &'a str> {
    let bindings = tracks
        .iter()
        .flat_map(|track| track.bindings.iter().map(|binding| (binding, track.label.as_str())));
    let ends = bindings.filter_map(|(binding, label)| Some((binding.end?, label)));
    ends.map(|(end, label)| ((end.channel, end.side), label)).collect()
}

fn pid(core: CoreId) -> u64 {
    u64::from(core.0) + 1
}

/// What cores and tracks are called, and in which order they stand.
fn metadata(tracks: &[&Track]) -> Vec<TraceEvent> {
    let cores: BTreeSet<CoreId> = tracks.iter().map(|track| track.core).collect();
    let cores = cores
        .into_iter()
        .map(|core| meta("process_name", (pid(core), 0), ("name", format!("core {core}").into())));
    let tracks = tracks.iter().zip(1_u64..).flat_map(|(track, tid)| {
        let place = (pid(track.core), tid);
        let label = track.label.as_str();
        [
            meta("thread_name", place, ("name", label.into())),
            meta("thread_sort_index", place, ("sort_index", tid.into())),
        ]
    });
    cores.chain(tracks).collect()
}

fn meta(name: &str, (pid, tid): (u64, u64), (key, value): (&str, Value)) -> TraceEvent {
    let (name, ph) = (name.to_owned(), phase::METADATA.to_owned());
    let args = BTreeMap::from([(key.to_owned(), value)]);
    TraceEvent { name, ph, pid, tid, args, ..TraceEvent::default() }
}

/// Writes the events of one track, in the order of time.
struct Writer<'a> {
    track: &'a Track,
    tid: u64,
    known: &'a Known<'a>,
    events: Vec<TraceEvent>,
    /// The slice of the turn that isn't over, by its place, and when it began.
    turn: Option<(usize, Time)>,
}

impl<'a> Writer<'a> {
    fn new(track: &'a Track, tid: u64, known: &'a Known<'a>) -> Self {
        Self { track, tid, known, events: Vec::new(), turn: None }
    }

    fn write(&mut self) {
        let events = &self.track.events;
        for (index, event) in events.iter().enumerate() {
            let Some(binding) = self.track.binding(event) else { continue };
            match &event.what {
                What::Received(seen) => self.received(binding, seen),
                What::Handled(at) => self.turn_ends(*at),
                What::Sent(seen) => self.sent(binding, seen, events.get(index + 1)),
            }
        }
        if let Some(last) = events.last() {
            self.turn_ends(last.what.at());
        }
    }

    fn received(&mut self, binding: &Bound, seen: &Seen) {
        // A handler that panicked has not come to its end.
        self.turn_ends(seen.at);
        self.turn = Some((self.events.len(), seen.at));
        self.slice("handler", binding, seen, 0);
        self.flow(phase::FLOW_END, binding, seen, received(binding, seen));
    }

    fn turn_ends(&mut self, at: Time) {
        if let Some((index, began)) = self.turn.take() {
            self.events[index].dur = Some(micros(nanos_between(began, at)));
        }
    }

    fn sent(&mut self, binding: &Bound, seen: &Seen, next: Option<&Event>) {
        let passage = sent(binding, seen);
        if passage.is_none_or(|passage| !self.known.passages.contains(&passage)) {
            self.lost(binding, seen);
            return;
        }
        if self.turn.is_none() {
            let free = next.map_or(SEND_NS, |next| nanos_between(seen.at, next.what.at()));
            self.slice("send", binding, seen, free.min(SEND_NS));
        }
        self.flow(phase::FLOW_START, binding, seen, passage);
    }

    /// A message that nobody was seen to receive: its channel was closed before.
    fn lost(&mut self, binding: &Bound, seen: &Seen) {
        let event = self.event(phase::INSTANT, "lost", binding, seen);
        self.events.push(TraceEvent { s: Some("t".to_owned()), ..event });
    }

    fn slice(&mut self, cat: &str, binding: &Bound, seen: &Seen, nanos: u64) {
        let event = self.event(phase::SLICE, cat, binding, seen);
        let args = self.args(binding, seen);
        self.events.push(TraceEvent { dur: Some(micros(nanos)), args, ..event });
    }

    fn flow(&mut self, ph: &str, binding: &Bound, seen: &Seen, passage: Option<Passage>) {
        let passage = passage.filter(|passage| self.known.passages.contains(passage));
        let Some(Passage { channel, from, index }) = passage else { return };
        let event = self.event(ph, "message", binding, seen);
        let bp = (ph == phase::FLOW_END).then(|| "e".to_owned());
        self.events.push(TraceEvent { id: Some(format!("{channel}.{from}.{index}")), bp, ..event });
    }

    fn event(&self, ph: &str, cat: &str, binding: &Bound, seen: &Seen) -> TraceEvent {
        TraceEvent {
            name: name(binding, seen),
            ph: ph.to_owned(),
            pid: pid(self.track.core),
            tid: self.tid,
            ts: Some(micros(seen.at.as_nanos())),
            cat: Some(cat.to_owned()),
            ..TraceEvent::default()
        }
    }

    fn args(&self, binding: &Bound, seen: &Seen) -> BTreeMap<String, Value> {
        let other = binding.end.map(|end| (end.channel, 1 - end.side));
        let peer = other.and_then(|other| self.known.ends.get(&other).copied());
        let peer = peer.map_or_else(|| binding.peer.to_string(), str::to_owned);
        let declared = seen.number.and_then(|number| binding.descriptor.message(number));
        let args = [
            ("peer", Some(peer.into())),
            ("driver", Some(binding.driver.into())),
            ("message", seen.number.map(Value::from)),
            ("bytes_max", declared.map(|declared| declared.bytes_max.into())),
            ("call", seen.call.map(|call| call.number().into())),
        ];
        let said = args.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        said.collect()
    }
}

/// What a message is called.
fn name(binding: &Bound, seen: &Seen) -> String {
    let interface = binding.descriptor.name;
    let declared = seen.number.map(|number| binding.descriptor.message(number));
    match declared {
        Some(Some(declared)) => format!("{interface}.{}", declared.name),
        Some(None) => format!("{interface}: undeclared"),
        None => format!("{interface}: no response"),
    }
}

fn nanos_between(earlier: Time, later: Time) -> u64 {
    later.as_nanos().saturating_sub(earlier.as_nanos())
}

/// Microseconds as the format wants them. Exact for 26 days.
#[expect(clippy::cast_precision_loss, reason = "a trace is shorter than 2^51 nanoseconds")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
