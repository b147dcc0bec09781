//! The sending direction: how many messages are under way, and the pieces that wait for slots.
//!
//! A channel holds as many messages as was asked for, however many slots they take. Pieces that find
//! the ring full wait in a backlog and follow as slots are acknowledged. The backlog is behind a lock
//! because what is left in it when the channel closes is taken by the receiver; until then only the
//! sender touches it.

use std::cell::Cell;
use std::collections::VecDeque;

use super::form::{Head, Words};
use super::ring::{Piece, RingTx};
use super::slot::HeapLane;
use crate::kernel::Cap;
use crate::sync::{Arc, Mutex, MutexGuard, Queue, as_written, lock};
use crate::wire::INLINE_BYTES;

/// What goes beside the slots of one direction.
#[derive(Debug)]
pub(super) struct Beside<const WORDS: usize> {
    /// The capabilities of each message that has some, there before its last piece.
    pub(super) caps: Queue<Vec<Cap>>,
    backlog: Mutex<VecDeque<Waiting<WORDS>>>,
}

/// A piece that waits for a slot.
#[derive(Debug)]
pub(super) struct Waiting<const WORDS: usize> {
    pub(super) piece: Piece<WORDS>,
    /// Those of the message that ends with the piece.
    pub(super) caps: Vec<Cap>,
}

impl<const WORDS: usize> Beside<WORDS> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { caps: Queue::new(), backlog: Mutex::new(VecDeque::new()) })
    }

    /// The pieces that wait for slots.
    pub(super) fn backlog(&self) -> MutexGuard<'_, VecDeque<Waiting<WORDS>>> {
        lock(&self.backlog)
    }

    pub(super) fn push_caps(&self, caps: Vec<Cap>) {
        if !caps.is_empty() {
            self.caps.push(caps);
        }
    }
}

/// The sending direction of an end.
#[derive(Debug)]
pub(super) struct Outgoing<const SLOTS: usize, const WORDS: usize> {
    ring: RingTx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS>,
    beside: Arc<Beside<WORDS>>,
    /// How many pieces wait.
    waiting: Cell<usize>,
    /// Behind which position each of the latest messages ends, as many as the channel holds.
    ends: Box<[Cell<u64>]>,
    /// Where in `ends` the oldest of them is, which is the next one's place.
    next: Cell<usize>,
}

impl<const SLOTS: usize, const WORDS: usize> Outgoing<SLOTS, WORDS> {
    pub(super) fn new(
        lane: HeapLane<SLOTS, WORDS>,
        beside: Arc<Beside<WORDS>>,
        capacity: usize,
    ) -> Self {
        Self {
            ring: RingTx::new(lane),
            beside,
            waiting: Cell::new(0),
            ends: (0..capacity).map(|_| Cell::new(0)).collect(),
            next: Cell::new(0),
        }
    }

    #[inline]
    pub(super) fn ring(&self) -> &RingTx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS> {
        &self.ring
    }

    /// True if there is room for another message besides those that are `reserved`: then as many
    /// of the oldest are received.
    #[inline]
    pub(super) fn has_room(&self, reserved: usize) -> bool {
        let capacity = self.ends.len();
        let index = self.next.get() + reserved;
        let index = if index < capacity { index } else { index - capacity };
        reserved < capacity && self.ring.has_passed(self.ends[index].get())
    }

    /// True if pieces wait for slots.
    #[inline]
    pub(super) fn has_backlog(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Sends a message that is one piece, without capabilities, if there is a slot for it and
    /// nothing waits.
    #[inline]
    pub(super) fn send_small(
        &self,
        head: Head,
        (bytes, length): (&[u8; INLINE_BYTES], u32),
        acknowledged: u64,
    ) -> bool {
        let (words, in_head) = head.words(length, 0);
        let count = Head::count(words[0]);
        if count > WORDS || self.has_backlog() || self.ring.room(1) == 0 {
            return false;
        }
        let rest = &bytes.as_chunks().0[..count - in_head];
        self.ring.write(head.number, &words[..in_head], rest, acknowledged);
        self.count();
        true
    }

    /// Sends a message: what finds no slot waits.
    pub(super) fn send(&self, head: Head, bytes: &[u8], caps: Vec<Cap>, acknowledged: u64) {
        let words = Words::new(head, bytes, caps.len());
        let pieces = words.pieces::<WORDS>();
        let at_once = if self.has_backlog() { 0 } else { self.ring.room(pieces) };
        if at_once == pieces {
            let (before, after) = if as_written() { (caps, vec![]) } else { (vec![], caps) };
            self.beside.push_caps(before);
            self.ring.write_all(pieces, acknowledged, |index| words.piece(index));
            self.beside.push_caps(after);
        } else {
            self.ring.write_all(at_once, acknowledged, |index| words.piece(index));
            let rest = at_once..pieces;
            self.waiting.set(self.waiting.get() + rest.len());
            let mut backlog = self.beside.backlog();
            backlog.extend(rest.map(|index| Waiting { piece: words.piece(index), caps: vec![] }));
            if let Some(last) = backlog.back_mut() {
                last.caps = caps;
            }
        }
        self.count();
    }

    /// Counts the message whose pieces were written, or wait.
    #[inline]
    fn count(&self) {
        let next = self.next.get();
        self.ends[next].set(self.ring.written() + self.waiting.get() as u64);
        self.next.set(if next + 1 < self.ends.len() { next + 1 } else { 0 });
    }

    /// Sends pieces that wait, while there are slots, unless the channel `is_closed`: then they
    /// are the receiver's. True if any was sent.
    pub(super) fn advance(&self, acknowledged: u64, is_closed: impl FnOnce() -> bool) -> bool {
        let mut backlog = self.beside.backlog();
        let room = if is_closed() { 0 } else { self.ring.room(backlog.len()) };
        for Waiting { piece, caps } in backlog.drain(..room) {
            self.beside.push_caps(caps);
            self.ring.write(piece.number, &piece.words, &[], acknowledged);
        }
        self.waiting.set(backlog.len());
        room > 0
    }
}
