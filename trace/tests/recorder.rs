//! What a recorder makes of messages: which arrows there are, and what happens at its limit.

use std::rc::Rc;

use flounder::observe::{Bound, EndId, Observer, Seen};
use flounder::{
    Badge, CallId, CoreId, Descriptor, Fingerprint, MessageDescriptor, MessageKind, Time,
};
use flounder_trace::check::check;
use flounder_trace::file::{TraceFile, phase};
use flounder_trace::{Recorder, Recording};

const PING: MessageDescriptor = MessageDescriptor {
    number: 3,
    name: "ping",
    kind: MessageKind::OneWay,
    bytes_max: 8,
    arguments: &[],
};
const DESCRIPTOR: &Descriptor = &Descriptor {
    name: "toy",
    description: "",
    fingerprint: Fingerprint::new(0, 0),
    messages: &[PING],
};

/// How much a track remembers here: more than a thread hands over at once.
const EVENTS_MAX: usize = 5000;

/// Either end of a channel, on tracks of their own.
struct Ends {
    ends: [Box<dyn Observer>; 2],
    recording: Recording,
}

impl Ends {
    fn new() -> Self {
        let (recorder, recording) = Recorder::start();
        let recorder = recorder.events_per_track_max(EVENTS_MAX);
        let ends = [0, 1].map(|side| {
            let track = recorder.track(CoreId(side), &format!("end {side}"));
            let end = Some(EndId { channel: 1, side });
            let bound =
                Bound { descriptor: DESCRIPTOR, driver: "local", peer: Badge::default(), end };
            let observer = Rc::clone(&track).bound(bound);
            observer.expect("a recorder observes every binding")
        });
        Self { ends, recording }
    }

    fn finish(self) -> TraceFile {
        drop(self.ends);
        self.recording.finish()
    }
}

fn seen(index: u64, micros: u64) -> Seen {
    let call = Some(CallId::from_number(1));
    Seen { index, number: Some(3), call, at: Time::from_nanos(micros * 1000) }
}

fn count(file: &TraceFile, ph: &str) -> usize {
    file.events.iter().filter(|event| event.ph == ph).count()
}

fn checked(file: &TraceFile) {
    let problems = check(&serde_json::to_value(file).expect("it is JSON")).err();
    assert_eq!(problems, None);
}

#[test]
fn a_message_has_an_arrow_if_both_ends_were_seen() {
    let seen_by_both = Ends::new();
    seen_by_both.ends[0].sent(seen(0, 1));
    seen_by_both.ends[0].sent(seen(1, 2));
    seen_by_both.ends[1].received(seen(0, 3));
    seen_by_both.ends[1].handled();
    let file = seen_by_both.finish();
    checked(&file);
    let counts = [phase::FLOW_START, phase::FLOW_END, phase::INSTANT, phase::SLICE];
    assert_eq!(counts.map(|ph| count(&file, ph)), [1, 1, 1, 2]);
    let slice = file.events.iter().find(|event| event.cat.as_deref() == Some("handler"));
    let slice = slice.expect("a message was handled");
    assert_eq!(slice.name, "toy.ping");
    for (key, value) in [("peer", "end 0"), ("driver", "local")] {
        assert_eq!(slice.args[key], value);
    }
    assert_eq!((&slice.args["bytes_max"], &slice.args["call"]), (&8.into(), &1.into()));
}

#[test]
fn a_binding_has_the_driver_that_carried_its_messages() {
    let ends = Ends::new();
    ends.ends[0].carried_by("direct");
    for index in 0..EVENTS_MAX as u64 {
        ends.ends[0].sent(seen(index, 2 * index));
    }
    ends.ends[1].carried_by("direct");
    ends.ends[1].received(seen(0, 1));
    let file = ends.finish();
    checked(&file);
    let slices = file.events.iter().filter(|event| event.ph == phase::SLICE);
    let drivers: Vec<_> = slices.map(|slice| &slice.args["driver"]).collect();
    assert_eq!(drivers, ["direct"; 2]);
}

#[test]
fn a_handler_that_panics_ends_where_the_next_begins() {
    let ends = Ends::new();
    ends.ends[1].received(seen(0, 1));
    ends.ends[1].received(seen(1, 5));
    let file = ends.finish();
    checked(&file);
    let spans: Vec<_> = file.events.iter().filter_map(|event| event.dur).collect();
    assert_eq!(spans, [4.0, 0.0]);
}

#[test]
fn a_track_forgets_what_is_over_its_limit_and_says_so() {
    let ends = Ends::new();
    for index in 0..EVENTS_MAX as u64 + 7 {
        ends.ends[0].sent(seen(index, index));
    }
    let file = ends.finish();
    assert_eq!(count(&file, phase::INSTANT), EVENTS_MAX);
    assert_eq!(file.other["events of end 0 that are missing"], 7);
}

#[test]
fn one_message_in_so_many_is_wanted_at_both_ends() {
    let (recorder, _recording) = Recorder::start();
    let recorder = recorder.one_in(3.try_into().expect("it isn't 0"));
    let track = recorder.track(CoreId(0), "end");
    let bound =
        Bound { descriptor: DESCRIPTOR, driver: "local", peer: Badge::default(), end: None };
    let observer = track.bound(bound).expect("a recorder observes every binding");
    let wanted: Vec<_> = (0..7).filter(|&index| observer.now(index).is_some()).collect();
    assert_eq!(wanted, [0, 3, 6]);
}

#[test]
fn what_is_written_is_read_again() {
    let ends = Ends::new();
    ends.ends[0].sent(seen(0, 1));
    ends.ends[1].received(seen(0, 3));
    let file = ends.finish();
    let mut written = Vec::new();
    file.write(&mut written).expect("memory takes everything");
    let read: TraceFile = serde_json::from_slice(&written).expect("it is a trace");
    assert_eq!(read, file);
}
