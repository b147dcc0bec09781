//! The receiving direction: pieces put together, checked, and read as messages.
//!
//! Nothing is read twice from memory that the peer can write: a slot is copied, and the copy checked.

use std::cell::{Cell, OnceCell, RefCell};

use super::form::{HEAD_WORDS_MAX, Head, MORE, NUMBER_MIN, bytes_max};
use super::outgoing::{Backlog, Beside, HeapRingTx};
use super::ring::{Disorder, Published, RingRx};
use super::slot::{HeapLane, WORD_BYTES};
use crate::channel::Packet;
use crate::driver::RecvError;
use crate::interface::Interface;
use crate::kernel::Cap;
use crate::sync::Arc;
use crate::wire::{Reader, WireError};

/// The receiving direction of an end.
#[derive(Debug)]
pub(super) struct Incoming<const SLOTS: usize, const WORDS: usize> {
    /// There once the sender has left its memory beside what it sent.
    ring: OnceCell<HeapRingRx<SLOTS, WORDS>>,
    beside: Arc<Beside<SLOTS, WORDS>>,
    /// So many slots are acknowledged at once.
    batch: u64,
    /// How many words are missing of the message of which some are here.
    missing: Cell<usize>,
    partial: RefCell<Partial>,
}

/// A message of which not all pieces are here.
#[derive(Debug, Default)]
struct Partial {
    number: u16,
    /// Its words so far. The memory is kept for the next one.
    words: Vec<[u8; WORD_BYTES]>,
}

/// How many words are missing once the peer sent what is no message: nothing that follows can be
/// understood.
const BROKEN: usize = usize::MAX;

type Received<I> = Result<Packet<<I as Interface>::Message>, RecvError>;
type HeapRingRx<const SLOTS: usize, const WORDS: usize> =
    RingRx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS>;
/// The ring of the other direction, if there is one.
type BackRing<'a, const SLOTS: usize, const WORDS: usize> = Option<&'a HeapRingTx<SLOTS, WORDS>>;

impl<const SLOTS: usize, const WORDS: usize> Incoming<SLOTS, WORDS> {
    /// The receiving end of a direction that holds `capacity` messages.
    pub(super) fn new(beside: Arc<Beside<SLOTS, WORDS>>, capacity: usize) -> Self {
        // A quarter of the room at once: the sender has the rest to go on with. In models no number
        // is enough, so that each of the other occasions counts.
        let quarter = (capacity.min(SLOTS) / 4).max(1);
        let batch = if cfg!(loom) { usize::MAX } else { quarter };
        Self {
            ring: OnceCell::new(),
            beside,
            batch: batch as u64,
            missing: Cell::new(0),
            partial: RefCell::default(),
        }
    }

    /// How many slots were received.
    #[inline]
    pub(super) fn received(&self) -> u64 {
        self.ring.get().map_or(0, RingRx::copied)
    }

    /// Makes the room seen that there is.
    #[inline]
    pub(super) fn acknowledge(&self) {
        if let Some(ring) = self.ring.get() {
            ring.acknowledge();
        }
    }

    /// True if there is something to receive.
    #[inline]
    pub(super) fn has_piece(&self) -> bool {
        self.ring.get().is_some_and(RingRx::is_published) && self.missing.get() != BROKEN
    }

    /// True if the sender found no slots for pieces that follow those in the ring.
    #[inline]
    pub(super) fn has_backlog(&self) -> bool {
        self.beside.has_backlog() && self.missing.get() != BROKEN
    }

    /// The next slot, if it was published.
    #[inline]
    pub(super) fn next(&self) -> Option<Published<'_, WORDS>> {
        self.ring.get()?.next()
    }

    /// True if a slot with this first word has a whole packet.
    #[inline]
    pub(super) fn is_whole(&self, first: u64) -> bool {
        self.missing.get() == 0 && Head::count(first) <= WORDS
    }

    /// Takes the packet that is in the next slot, whose first word was read, and takes note of what
    /// the peer acknowledges of the other direction.
    #[inline]
    pub(super) fn receive<I: Interface>(
        &self,
        published: Published<'_, WORDS>,
        first: u64,
        back: BackRing<SLOTS, WORDS>,
    ) -> Received<I> {
        let mut words = [[0; WORD_BYTES]; WORDS];
        let rest = &mut words[1..Head::count(first).min(WORDS)];
        let number = published.mark.number();
        self.take(published, rest, back);
        self.read::<I>(number, first, rest)
    }

    /// Copies the words behind the first of the next slot, and takes note of its acknowledgement.
    #[inline]
    fn take(
        &self,
        Published { slot, mark }: Published<'_, WORDS>,
        to: &mut [[u8; WORD_BYTES]],
        back: BackRing<SLOTS, WORDS>,
    ) {
        if let Some(ring) = self.ring.get() {
            ring.take(slot, to);
        }
        if let Some(back) = back {
            back.note(mark);
        }
    }

    /// Takes the ring, if its sender has left it.
    fn take_ring(&self, backlog: &mut Backlog<'_, SLOTS, WORDS>) {
        if let Some(lane) = backlog.take_lane() {
            self.begin(lane);
        }
    }

    /// Uses the ring in this memory from now on, unless there is one.
    pub(super) fn begin(&self, lane: HeapLane<SLOTS, WORDS>) {
        self.ring.get_or_init(|| RingRx::new(lane, self.batch));
    }

    /// Why there is nothing to receive.
    pub(super) fn nothing(&self) -> RecvError {
        let Some(ring) = self.ring.get() else { return RecvError::Empty };
        match ring.check_unpublished() {
            Err(Disorder) if self.missing.get() != BROKEN => self.give_up(WireError::Order),
            _ => RecvError::Empty,
        }
    }

    /// Takes pieces, until there is a whole packet. The first word of the next one was read.
    pub(super) fn receive_pieces<I: Interface>(
        &self,
        first: u64,
        back: BackRing<SLOTS, WORDS>,
    ) -> Received<I> {
        if self.missing.get() == BROKEN {
            return Err(RecvError::Empty);
        }
        let mut first = Some(first);
        while let Some(published) = self.next() {
            let mut words = [[0; WORD_BYTES]; WORDS];
            words[0] = first.take().unwrap_or_else(|| published.slot.first()).to_le_bytes();
            let number = published.mark.number();
            self.take(published, &mut words[1..], back);
            if self.put_together::<I>(number, &words)? {
                return self.read_together::<I>();
            }
        }
        Err(RecvError::Empty)
    }

    /// Takes the next packet, the pieces that its sender had no slot for, too.
    pub(super) fn receive_rest<I: Interface>(&self, back: BackRing<SLOTS, WORDS>) -> Received<I> {
        let mut backlog = self.beside.backlog();
        self.take_ring(&mut backlog);
        // Under the lock, what is in the ring comes before what is in the backlog.
        if let Some(published) = self.next() {
            match self.receive_pieces::<I>(published.slot.first(), back) {
                Err(RecvError::Empty) => {}
                received => return received,
            }
        }
        if self.missing.get() == BROKEN {
            return Err(RecvError::Empty);
        }
        while let Some(piece) = backlog.pop() {
            let words = piece.words.map(u64::to_le_bytes);
            if self.put_together::<I>(piece.number, &words)? {
                return self.read_together::<I>();
            }
        }
        Err(RecvError::Empty)
    }

    /// Nothing is received any more; what came beside the slots is given back, and what waits in the
    /// backlog with the end.
    #[cold]
    fn give_up(&self, error: WireError) -> RecvError {
        self.missing.set(BROKEN);
        while self.beside.caps.pop().is_some() {}
        RecvError::Wire(error)
    }

    /// Takes a piece. True if it completes a packet.
    fn put_together<I: Interface>(
        &self,
        number: u16,
        words: &[[u8; WORD_BYTES]; WORDS],
    ) -> Result<bool, RecvError> {
        let mut partial = self.partial.borrow_mut();
        let begun = match self.missing.get() {
            0 => partial.begin::<I>(number, u64::from_le_bytes(words[0])),
            missing if number == MORE => Ok(missing),
            _ => Err(WireError::Order),
        };
        let missing = begun.map_err(|error| self.give_up(error))?;
        let here = missing.min(WORDS);
        partial.words.extend(&words[..here]);
        self.missing.set(missing - here);
        Ok(missing == here)
    }

    /// Reads the packet that was put together.
    fn read_together<I: Interface>(&self) -> Received<I> {
        let partial = self.partial.borrow();
        let Some((first, rest)) = partial.words.split_first() else {
            return Err(self.give_up(WireError::Empty));
        };
        self.read::<I>(partial.number, u64::from_le_bytes(*first), rest)
    }

    /// Reads the packet that begins with `first`.
    #[inline]
    fn read<I: Interface>(
        &self,
        number: u16,
        first: u64,
        rest: &[[u8; WORD_BYTES]],
    ) -> Received<I> {
        let second = rest.first().map_or(0, |word| u64::from_le_bytes(*word));
        if number < NUMBER_MIN {
            return match Head::failure(number, first, second) {
                Ok((call, failure)) => Ok(Packet::CallFailed { call, failure }),
                Err(error) => Err(self.give_up(error)),
            };
        }
        match self.message::<I>(number, first, rest) {
            Ok(message) => match Head::header(first, second) {
                Ok(header) => Ok(Packet::Message { header, message }),
                Err(error) => Err(self.give_up(error)),
            },
            Err(error) => Err(self.give_up(error)),
        }
    }

    #[inline]
    fn message<I: Interface>(
        &self,
        number: u16,
        first: u64,
        rest: &[[u8; WORD_BYTES]],
    ) -> Result<I::Message, WireError> {
        let bytes = rest[Head::count_in_head(first) - 1..].as_flattened();
        let bytes = bytes.get(..Head::length(first)).ok_or(WireError::Length)?;
        let mut reader = match Head::caps(first) {
            0 => Reader::of_bytes(bytes),
            count => Reader::new(bytes, self.caps(count)?),
        };
        let message = I::decode(number, &mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    /// The capabilities that came with a message that says it has `count`.
    fn caps(&self, count: usize) -> Result<Vec<Cap>, WireError> {
        let caps = self.beside.caps.pop().ok_or(WireError::Caps)?;
        if caps.len() == count { Ok(caps) } else { Err(WireError::Caps) }
    }
}

impl Partial {
    /// Begins the message whose first word is `first`. Returns how many words it has, unless its
    /// declaration has fewer.
    fn begin<I: Interface>(&mut self, number: u16, first: u64) -> Result<usize, WireError> {
        let count = Head::count(first);
        if count > HEAD_WORDS_MAX + bytes_max::<I>(number)?.div_ceil(WORD_BYTES) {
            return Err(WireError::Length);
        }
        self.words.clear();
        self.words.reserve(count);
        self.number = number;
        Ok(count)
    }
}
