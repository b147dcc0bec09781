//! The two ends of a lane: the sender's and the receiver's position in it.
//!
//! After the UMP channels of Barrelfish (`ump_chan.h`; Baumann et al., "The Multikernel", SOSP 2009,
//! section 4.6): the sender knows by acknowledgements which slots it may write again, the receiver
//! by marks which it may read, so that neither looks at what the other writes until it must. An
//! acknowledgement comes in each mark of the other direction; when that isn't enough, the sender
//! looks at the receiver's line.

use std::cell::Cell;
use std::ops::Deref;

use super::slot::{Lane, Mark, Slot, WORD_BYTES};
use crate::sync::as_written;

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

    /// How many slots are known to be received.
    #[inline]
    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// How many slots may be written, if that is less than `wanted`; else `wanted`.
    #[inline]
    pub(super) fn room(&self, wanted: usize) -> usize {
        let slots = if as_written() { SLOTS } else { SLOTS + 1 };
        let room = || slots - usize::try_from(self.under_way()).unwrap_or(slots);
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
    pub(super) fn look(&self) {
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
    pub(super) fn write(
        &self,
        number: u16,
        head: &[u64],
        rest: &[[u8; WORD_BYTES]],
        acknowledged: u64,
    ) {
        let position = self.written.get();
        let mark = Mark::new(position, number, acknowledged);
        self.memory.slot(position).publish(head, rest, mark);
        self.written.set(position + 1);
    }

    /// Publishes as many pieces, for which there must be room. The first is published last: who
    /// finds it finds them all, and their sender isn't disturbed while it writes.
    pub(super) fn write_all(
        &self,
        count: usize,
        acknowledged: u64,
        piece: impl Fn(usize) -> Piece<WORDS>,
    ) {
        let start = self.written.get();
        for index in (0..count).rev() {
            let position = start + index as u64;
            let Piece { number, words } = piece(index);
            let mark = Mark::new(position, number, acknowledged);
            self.memory.slot(position).publish(&words, &[], mark);
        }
        self.written.set(start + count as u64);
    }
}

/// The receiver's end of a lane.
#[derive(Debug)]
pub(super) struct RingRx<M, const SLOTS: usize, const WORDS: usize> {
    memory: M,
    /// How many slots were copied.
    copied: Cell<u64>,
    /// How many the line says were.
    told: Cell<u64>,
    /// So many more are told of at once.
    batch: u64,
}

/// The next slot, which was published.
pub(super) struct Published<'a, const WORDS: usize> {
    pub(super) slot: &'a Slot<WORDS>,
    pub(super) mark: Mark,
}

/// A mark that no sender leaves there.
pub(super) struct Disorder;

impl<M, const SLOTS: usize, const WORDS: usize> RingRx<M, SLOTS, WORDS>
where
    M: Deref<Target = Lane<SLOTS, WORDS>>,
{
    /// The receiver's end. While there is more to receive it acknowledges so many slots at once: a
    /// sender that waits for room looks at the line, and each time it is written then takes as long as
    /// a message.
    pub(super) fn new(memory: M, batch: u64) -> Self {
        Self { memory, copied: Cell::new(0), told: Cell::new(0), batch }
    }

    /// How many slots were copied.
    #[inline]
    pub(super) fn copied(&self) -> u64 {
        self.copied.get()
    }

    /// True if the next slot has something. If not, all before it are acknowledged.
    #[inline]
    pub(super) fn is_published(&self) -> bool {
        self.next().is_some()
    }

    /// The next slot, if it was published. If not, all before it are acknowledged.
    #[inline]
    pub(super) fn next(&self) -> Option<Published<'_, WORDS>> {
        let position = self.copied.get();
        let slot = self.memory.slot(position);
        let mark = slot.mark();
        if mark.is_at(position) {
            return Some(Published { slot, mark });
        }
        self.acknowledge();
        None
    }

    /// Acknowledges all slots that were copied.
    #[inline]
    pub(super) fn acknowledge(&self) {
        let copied = self.copied.get();
        if self.told.replace(copied) != copied {
            self.memory.acknowledge(copied);
        }
    }

    /// Why the next slot isn't published: nothing was sent yet.
    ///
    /// # Errors
    ///
    /// [`Disorder`] if the slot has another mark than before.
    pub(super) fn check_unpublished(&self) -> Result<(), Disorder> {
        let position = self.copied.get();
        let mark = self.memory.slot(position).mark();
        let is_old = match position.checked_sub(SLOTS as u64) {
            Some(before) => mark.is_at(before),
            None => mark.is_blank(),
        };
        // It may have been published since.
        if is_old || mark.is_at(position) { Ok(()) } else { Err(Disorder) }
    }

    /// Copies the words behind the first of the next slot and goes on to the one behind it. The slot
    /// is acknowledged with others.
    #[inline]
    pub(super) fn take(&self, slot: &Slot<WORDS>, to: &mut [[u8; WORD_BYTES]]) {
        let copied = self.copied.get() + 1;
        if !as_written() {
            self.memory.acknowledge(copied);
        }
        slot.copy_rest(to);
        self.copied.set(copied);
        if copied - self.told.get() >= self.batch {
            self.acknowledge();
        }
    }
}
