//! The memory of one direction: slots, each published by a mark of its own, and a line for
//! acknowledgements.
//!
//! Every word is an atomic: a peer that breaks the protocol, in another process too, can make the
//! values wrong and nothing else.

use std::array;

use crate::sync::Arc;
use crate::sync::as_written;
use crate::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a word.
pub(super) const WORD_BYTES: usize = size_of::<u64>();

/// One cache line: words of content, and the mark that publishes them.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Slot<const WORDS: usize> {
    words: [AtomicU64; WORDS],
    mark: AtomicU64,
}

/// The slots of one direction, written by its sender only, and the line that its receiver writes. All
/// zeros are a lane on which nothing was sent.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Lane<const SLOTS: usize, const WORDS: usize> {
    slots: [Slot<WORDS>; SLOTS],
    received: Line,
}

/// A word alone on its cache lines: CPUs fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Line(AtomicU64);

/// A lane on the heap. Whatever else derefs to a lane will do, for one that is mapped.
pub(crate) type HeapLane<const SLOTS: usize, const WORDS: usize> = Arc<Lane<SLOTS, WORDS>>;

impl<const SLOTS: usize, const WORDS: usize> Lane<SLOTS, WORDS> {
    pub(crate) fn on_heap() -> HeapLane<SLOTS, WORDS> {
        const {
            assert!(SLOTS.is_power_of_two() && SLOTS as u64 <= Mark::SEQUENCES / 2);
        }
        let slot =
            |_| Slot { words: array::from_fn(|_| AtomicU64::new(0)), mark: AtomicU64::new(0) };
        let received = Line(AtomicU64::new(0));
        Arc::new(Self { slots: array::from_fn(slot), received })
    }

    /// The slot at a position; positions count all slots that were ever sent.
    #[inline]
    pub(super) fn slot(&self, position: u64) -> &Slot<WORDS> {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is a small number")]
        let index = position as usize % SLOTS;
        &self.slots[index]
    }

    /// Publishes how many slots were received, after their content was copied.
    #[inline]
    pub(super) fn acknowledge(&self, received: u64) {
        // Release pairs with the load in `acknowledged`: the slots were read before they are
        // written again.
        self.received.0.store(received, Ordering::Release);
    }

    /// How many slots the receiver says it has received.
    #[inline]
    pub(super) fn acknowledged(&self) -> u64 {
        // Acquire pairs with the store in `acknowledge`.
        self.received.0.load(Ordering::Acquire)
    }
}

impl<const WORDS: usize> Slot<WORDS> {
    /// Writes the content and publishes it.
    #[inline]
    pub(super) fn publish(&self, head: &[u64], rest: &[[u8; WORD_BYTES]], mark: Mark) {
        for (place, word) in self.words.iter().zip(head) {
            place.store(*word, Ordering::Relaxed);
        }
        for (place, word) in self.words.iter().skip(head.len()).zip(rest) {
            place.store(u64::from_le_bytes(*word), Ordering::Relaxed);
        }
        // Release pairs with the load in `mark`: whoever sees the mark sees the words. It also
        // publishes what was read before, for the acknowledgement in the mark.
        self.mark.store(mark.0, Ordering::Release);
    }

    /// The mark that was published last.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        // Acquire pairs with the store in `publish`.
        Mark(self.mark.load(Ordering::Acquire))
    }

    /// The first word, after the mark was seen.
    #[inline]
    pub(super) fn first(&self) -> u64 {
        self.words[0].load(Ordering::Relaxed)
    }

    /// Copies the words behind the first, as many as there is place for.
    #[inline]
    pub(super) fn copy_rest(&self, to: &mut [[u8; WORD_BYTES]]) {
        for (to, from) in to.iter_mut().zip(&self.words[1..]) {
            *to = from.load(Ordering::Relaxed).to_le_bytes();
        }
    }
}

/// What publishes a slot: from the lowest bit, 40 of how many slots were received in the other
/// direction, 16 of the piece's number, 8 of the slot's position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    /// The positions that a mark tells apart. A slot's next position is always another to it,
    /// because this is no divisor of the slots of a lane, which are fewer.
    const SEQUENCES: u64 = 1 << 8;
    /// The counts of slots that a mark tells apart. An acknowledgement that was read so many slots
    /// late would be taken for a new one: hours of sending at full speed, without a look at what
    /// the peer sends.
    const COUNTS: u64 = 1 << 40;

    const NUMBER_AT: u32 = 40;
    const SEQUENCE_AT: u32 = 56;

    #[inline]
    pub(super) fn new(position: u64, number: u16, received: u64) -> Self {
        let sequence = Self::sequence(position) << Self::SEQUENCE_AT;
        let number = u64::from(number) << Self::NUMBER_AT;
        Self(sequence | number | (received % Self::COUNTS))
    }

    /// A slot starts with 0, which isn't its first position's.
    #[inline]
    fn sequence(position: u64) -> u64 {
        position.wrapping_add(1) % if as_written() { Self::SEQUENCES } else { 2 }
    }

    /// True if the mark publishes the slot at this position.
    #[inline]
    pub(super) fn is_at(self, position: u64) -> bool {
        self.0 >> Self::SEQUENCE_AT == Self::sequence(position)
    }

    /// True if nothing was ever published under the mark.
    pub(super) fn is_blank(self) -> bool {
        self.0 == 0
    }

    /// Which message the slot is the first piece of, or what else it is.
    #[inline]
    pub(super) fn number(self) -> u16 {
        let [.., low, high, _] = (self.0).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// How many of `sent` slots were received in the other direction, if the count in the mark is
    /// one that can be: `known` were before.
    #[inline]
    pub(super) fn received_of(self, sent: u64, known: u64) -> Option<u64> {
        let more = (self.0 % Self::COUNTS).wrapping_sub(known) % Self::COUNTS;
        (more <= sent - known).then(|| known + more)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_a_cache_line() {
        assert_eq!((size_of::<Slot<7>>(), align_of::<Slot<7>>()), (64, 64));
    }

    #[test]
    fn a_mark_holds_what_it_was_made_of() {
        for (position, number, received) in [(0, 0, 0), (64, 3, 70), (u64::MAX, u16::MAX, 1 << 40)]
        {
            let mark = Mark::new(position, number, received);
            assert!(mark.is_at(position) && !mark.is_at(position.wrapping_add(1)));
            assert!(!mark.is_at(position.wrapping_sub(64)), "that of the lap before");
            assert_eq!(mark.number(), number);
        }
        assert!(!Mark(0).is_at(0) && !Mark(0).is_at(63) && Mark(0).is_blank());
    }

    #[test]
    fn only_an_acknowledgement_of_what_is_under_way_counts() {
        let many = 5 * Mark::COUNTS + 7;
        for (received, sent, known, expected) in [
            (0, 0, 0, Some(0)),
            (3, 5, 2, Some(3)),
            (5, 5, 2, Some(5)),
            (6, 5, 2, None),
            (1, 5, 2, None),
            (many + 1, many + 2, many, Some(many + 1)),
            (many - 1, many + 2, many, None),
        ] {
            let mark = Mark::new(0, 0, received);
            assert_eq!(mark.received_of(sent, known), expected, "{received} {sent} {known}");
        }
    }
}
