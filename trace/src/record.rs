//! The observer that remembers what it sees, on the thread where it happens.
//!
//! What is seen goes into a buffer that is its thread's own; a full one is handed over as a whole, so
//! that a message costs a look at the clock and a few words, and no lock.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};

use flounder::observe::{Bound, Observe, Observer, Seen};
use flounder::{Clock, CoreId, MonotonicClock, Time};

use crate::Recording;

/// How much one track remembers unless the recorder says otherwise: 48 MB, the messages of some seconds of a busy dispatcher. What
/// comes later is counted and forgotten.
pub const EVENTS_PER_TRACK_MAX: usize = 1 << 20;

/// So many events go from a thread to the recording at once: 100 kB, which allocators still give out
/// without asking the system each time.
const BUFFER: usize = 1 << 11;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The binding, by its place in its track.
    pub(crate) binding: u32,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Sent(Seen),
    Received(Seen),
    Handled(Time),
}

/// What a thread hands over.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) bindings: Vec<Bound>,
    /// What carries the messages of a binding, by its place in its track.
    pub(crate) drivers: Vec<(u32, &'static str)>,
    pub(crate) events: Vec<Event>,
    /// How many events were forgotten.
    pub(crate) forgotten: u64,
}

/// A track that begins.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) core: CoreId,
    pub(crate) label: String,
    pub(crate) pieces: Receiver<Piece>,
}

/// Makes observers that write into one recording, on any thread.
#[derive(Clone, Debug)]
pub struct Recorder {
    clock: MonotonicClock,
    tracks: Sender<Begun>,
    events_per_track_max: usize,
    one_in: NonZeroU32,
}

impl Recorder {
    /// A recorder and what it records, from now on.
    #[must_use]
    pub fn start() -> (Self, Recording) {
        let (tracks, begun) = channel();
        let clock = MonotonicClock::new();
        let events_per_track_max = EVENTS_PER_TRACK_MAX;
        let one_in = NonZeroU32::MIN;
        (Self { clock, tracks, events_per_track_max, one_in }, Recording::new(begun))
    }

    /// With one message in so many, of each direction of a channel: both ends agree which, so that
    /// every arrow that is there is whole. The others cost next to nothing.
    #[must_use]
    pub fn one_in(self, messages: NonZeroU32) -> Self {
        Self { one_in: messages, ..self }
    }

    /// With tracks that remember so many events each.
    #[must_use]
    pub fn events_per_track_max(self, events: usize) -> Self {
        Self { events_per_track_max: events, ..self }
    }

    /// A track for the dispatchers of this name on this core. It ends when the last of their
    /// bindings is gone, and those who made them.
    #[must_use]
    pub fn track(&self, core: CoreId, label: &str) -> Rc<dyn Observe> {
        let (sender, pieces) = channel();
        // If nobody wants the trace any more, it is forgotten.
        let _ = self.tracks.send(Begun { core, label: label.to_owned(), pieces });
        Rc::new(TrackHandle(Rc::new(Track {
            clock: self.clock,
            one_in: self.one_in.get().into(),
            bindings: Cell::new(0),
            room: Cell::new(self.events_per_track_max),
            piece: RefCell::new(Piece::with_room()),
            pieces: sender,
        })))
    }
}

impl Piece {
    fn with_room() -> Self {
        Self { events: Vec::with_capacity(BUFFER), ..Self::default() }
    }
}

/// What the bindings of a track share.
struct Track {
    clock: MonotonicClock,
    one_in: u64,
    bindings: Cell<u32>,
    /// How many events the track still takes.
    room: Cell<usize>,
    piece: RefCell<Piece>,
    pieces: Sender<Piece>,
}

impl Track {
    #[inline]
    fn push(&self, event: Event) {
        let mut piece = self.piece.borrow_mut();
        let Some(room) = self.room.get().checked_sub(1) else {
            piece.forgotten += 1;
            return;
        };
        self.room.set(room);
        piece.events.push(event);
        if piece.events.len() == BUFFER {
            let full = std::mem::replace(&mut *piece, Piece::with_room());
            let _ = self.pieces.send(full);
        }
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        let _ = self.pieces.send(self.piece.take());
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Track").field("bindings", &self.bindings.get()).finish_non_exhaustive()
    }
}

struct TrackHandle(Rc<Track>);

impl Observe for TrackHandle {
    fn bound(&self, binding: Bound) -> Option<Box<dyn Observer>> {
        let number = self.0.bindings.get();
        self.0.bindings.set(number.checked_add(1)?);
        self.0.piece.borrow_mut().bindings.push(binding);
        Some(Box::new(OfBinding { track: Rc::clone(&self.0), number }))
    }
}

/// Remembers the messages of one binding.
struct OfBinding {
    track: Rc<Track>,
    number: u32,
}

impl OfBinding {
    #[inline]
    fn push(&self, what: What) {
        self.track.push(Event { binding: self.number, what });
    }
}

impl Observer for OfBinding {
    fn now(&self, index: u64) -> Option<Time> {
        let Track { clock, one_in, .. } = &*self.track;
        (*one_in == 1 || index.is_multiple_of(*one_in)).then(|| clock.now())
    }

    fn carried_by(&self, driver: &'static str) {
        self.track.piece.borrow_mut().drivers.push((self.number, driver));
    }

    fn sent(&self, seen: Seen) {
        self.push(What::Sent(seen));
    }

    fn received(&self, seen: Seen) {
        self.push(What::Received(seen));
    }

    fn handled(&self) {
        self.push(What::Handled(self.track.clock.now()));
    }
}
