//! What was seen, once all is over.

use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;

use flounder::observe::{Bound, Seen};
use flounder::{CoreId, Time};

use crate::export;
use crate::file::TraceFile;
use crate::record::{Begun, Event, What};

/// What a [`Recorder`](crate::Recorder) records.
#[derive(Debug)]
pub struct Recording {
    begun: Receiver<Begun>,
}

/// What the dispatchers of one name saw.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) core: CoreId,
    pub(crate) label: String,
    pub(crate) bindings: Vec<Bound>,
    pub(crate) events: Vec<Event>,
    pub(crate) forgotten: u64,
}

/// Names a message: its channel, the side that sent it, its place in that direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Passage {
    pub(crate) channel: u64,
    pub(crate) from: u8,
    pub(crate) index: u64,
}

impl Recording {
    pub(crate) fn new(begun: Receiver<Begun>) -> Self {
        Self { begun }
    }

    /// Ends the recording, and returns what was seen. Tracks whose dispatchers still live, as those
    /// of a program that can't be stopped do, lack what they saw last.
    #[must_use]
    pub fn finish(self) -> TraceFile {
        let tracks: Vec<Track> = self.begun.try_iter().map(Track::of).collect();
        let seen = tracks.iter().filter(|track| !track.events.is_empty());
        export::export(&seen.collect::<Vec<_>>())
    }
}

impl Track {
    fn of(Begun { core, label, pieces }: Begun) -> Self {
        let mut track =
            Self { core, label, bindings: Vec::new(), events: Vec::new(), forgotten: 0 };
        for piece in pieces.try_iter() {
            track.bindings.extend(piece.bindings);
            for (number, driver) in piece.drivers {
                if let Some(binding) = track.bindings.get_mut(number as usize) {
                    binding.driver = driver;
                }
            }
            track.events.extend(piece.events);
            track.forgotten += piece.forgotten;
        }
        track
    }

    pub(crate) fn binding(&self, event: &Event) -> Option<&Bound> {
        self.bindings.get(event.binding as usize)
    }
}

impl What {
    /// When it happened.
    pub(crate) fn at(self) -> Time {
        match self {
            Self::Sent(seen) | Self::Received(seen) => seen.at,
            Self::Handled(at) => at,
        }
    }
}

/// The message that one end sent.
pub(crate) fn sent(binding: &Bound, seen: &Seen) -> Option<Passage> {
    let end = binding.end?;
    Some(Passage { channel: end.channel, from: end.side, index: seen.index })
}

/// The message that one end received.
pub(crate) fn received(binding: &Bound, seen: &Seen) -> Option<Passage> {
    let end = binding.end?;
    Some(Passage { channel: end.channel, from: 1 - end.side, index: seen.index })
}

/// The messages of which both ends were seen.
pub(crate) fn passages(tracks: &[&Track]) -> BTreeSet<Passage> {
    let (mut there, mut here) = (BTreeSet::new(), BTreeSet::new());
    for track in tracks {
        for event in &track.events {
            let Some(binding) = track.binding(event) else { continue };
            match &event.what {
                What::Sent(seen) => there.extend(sent(binding, seen)),
                What::Received(seen) => here.extend(received(binding, seen)),
                What::Handled(_) => {}
            }
        }
    }
    there.intersection(&here).copied().collect()
}
