//! The two ends of a lane: the sender's and the receiver's position in it.
//!
//! After the UMP channels of Barrelfish (`ump_chan.h`; Baumann et al., "The Multikernel", SOSP 2009,
//! section 4.6): the sender knows by acknowledgements which slots it may write again, the receiver
//! by marks which it may read, so that neither looks at what the other writes until it must. An
//! acknowledgement comes in each mark of the other direction; when that isn't enough, the sender
//! looks at the receiver's line.

use std::cell::Cell;
use std::ops::Deref;

use super::slot::{Lane, Mark};

/// One piece of a message: the content of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece<const WORDS: usize> {
    pub(super) number: u16,
    pub(super) words: [u64; WORDS],
}

/// The sender's end of a lane.
#[derive(Debug)]
pub(super) struct RingTx<M, const SLOTS: usize, const WORDS: usize> {
    memory: M,
    /// How many slots were written.
    written: Cell<u64>,
    /// How many of them are known to be received.
    received: Cell<u64>,
}

impl<M, const SLOTS: usize, const WORDS: usize> RingTx<M, SLOTS, WORDS>
where
    M: Deref<Target = Lane<SLOTS, WORDS>>,
{
    pub(super) fn new(memory: M) -> Self {
        Self { memory, written: Cell::new(0), received: Cell::new(0) }
    }

    /// How many slots were written.
    #[inline]
    pub(super) fn written(&self) -> u64 {
        self.written.get()
    }

    /// True if the first `position` slots are received.
    #[inline]
    pub(super) fn has_passed(&self, position: u64) -> bool {
        self.received.get() >= position || {
            self.look();
            self.received.get() >= position
        }
    }

    /// How many slots may be written, if that is less than `wanted`; else `wanted`.
    #[inline]
    pub(super) fn room(&self, wanted: usize) -> usize {
        let room = || SLOTS - usize::try_from(self.under_way()).unwrap_or(SLOTS);
        let known = room();
        if known >= wanted {
            return wanted;
        }
        self.look();
        room().min(wanted)
    }

    /// How many slots were written and aren't known to be received: no more than there are.
    fn under_way(&self) -> u64 {
        self.written.get() - self.received.get()
    }

    /// Looks at the receiver's line.
    #[inline(never)]
    fn look(&self) {
        let received = self.memory.acknowledged();
        // Only a receiver that breaks the protocol says anything else.
        if (self.received.get()..=self.written.get()).contains(&received) {
            self.received.set(received);
        }
    }

    /// Takes note of the acknowledgement in a mark of the other direction.
    #[inline]
    pub(super) fn note(&self, mark: Mark) {
        if let Some(received) = mark.received_of(self.written.get(), self.received.get()) {
            self.received.set(received);
        }
    }

    /// Publishes a piece in the next slot, for which there must be room.
    #[inline]
    pub(super) fn write(&self, piece: &Piece<WORDS>, acknowledged: u64) {
        self.write_at(0, piece, acknowledged);
        self.written.set(self.written.get() + 1);
    }

    /// Publishes as many pieces, for which there must be room. The first is published last: who
    /// finds it finds them all, and their sender isn't disturbed while it writes.
    pub(super) fn write_all(
        &self,
        count: usize,
        acknowledged: u64,
        piece: impl Fn(usize) -> Piece<WORDS>,
    ) {
        for index in (0..count).rev() {
            self.write_at(index, &piece(index), acknowledged);
        }
        self.written.set(self.written.get() + count as u64);
    }

    #[inline]
    fn write_at(&self, ahead: usize, piece: &Piece<WORDS>, acknowledged: u64) {
        let position = self.written.get() + ahead as u64;
        let mark = Mark::new(position, piece.number, acknowledged);
        self.memory.slot(position).publish(&piece.words, mark);
    }
}

/// The receiver's end of a lane.
#[derive(Debug)]
pub(super) struct RingRx<M, const SLOTS: usize, const WORDS: usize> {
    memory: M,
    /// How many slots were copied.
    copied: Cell<u64>,
}

/// What is in the next slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next<const WORDS: usize> {
    /// Nothing yet.
    Empty,
    /// A piece, and the mark that published it.
    Piece(Piece<WORDS>, Mark),
    /// A piece that its sender had no slot for when the channel was closed.
    Rest(Piece<WORDS>),
    /// A mark that no sender leaves there.
    Disorder,
}

impl<M, const SLOTS: usize, const WORDS: usize> RingRx<M, SLOTS, WORDS>
where
    M: Deref<Target = Lane<SLOTS, WORDS>>,
{
    pub(super) fn new(memory: M) -> Self {
        Self { memory, copied: Cell::new(0) }
    }

    /// How many slots were copied.
    #[inline]
    pub(super) fn copied(&self) -> u64 {
        self.copied.get()
    }

    /// True if the next slot has nothing yet.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        let position = self.copied.get();
        let mark = self.memory.slot(position).mark();
        !mark.is_at(position) && self.is_old(mark)
    }

    /// True if the mark is what the next slot had before.
    fn is_old(&self, mark: Mark) -> bool {
        match self.copied.get().checked_sub(SLOTS as u64) {
            Some(before) => mark.is_at(before),
            None => mark.is_blank(),
        }
    }

    /// Copies the next slot, if it was published.
    #[inline]
    pub(super) fn next(&self) -> Next<WORDS> {
        let position = self.copied.get();
        let slot = self.memory.slot(position);
        let mark = slot.mark();
        if !mark.is_at(position) {
            return if self.is_old(mark) { Next::Empty } else { Next::Disorder };
        }
        let piece = Piece { number: mark.number(), words: slot.copy() };
        self.copied.set(position + 1);
        Next::Piece(piece, mark)
    }

    /// Publishes how many slots were copied.
    #[inline]
    pub(super) fn acknowledge(&self) {
        self.memory.acknowledge(self.copied.get());
    }
}
