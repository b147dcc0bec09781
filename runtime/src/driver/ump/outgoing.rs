//! The sending direction: how many messages are under way, and the pieces that wait for slots.
//!
//! A channel holds as many messages as was asked for, however many slots they take. Pieces that find
//! the ring full wait in a backlog, and so does what is sent behind them, until a receiver that has
//! emptied the ring has emptied the backlog, too. The sender needs no turn for it: what was accepted
//! arrives, whatever its sender does next.

use std::cell::Cell;
use std::collections::VecDeque;

use super::form::{Head, Words};
use super::ring::{Piece, RingTx};
use super::slot::HeapLane;
use crate::kernel::Cap;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, Queue, as_written, lock};
use crate::wire::INLINE_BYTES;

/// What goes beside the slots of one direction.
#[derive(Debug)]
pub(super) struct Beside<const WORDS: usize> {
    /// The capabilities of each message that has some, there before its last piece.
    pub(super) caps: Queue<Vec<Cap>>,
    backlog: Mutex<VecDeque<Waiting<WORDS>>>,
    /// How many pieces are in the backlog. Changed under its lock only.
    waiting: AtomicUsize,
    /// How many pieces were ever taken out of it. Changed under its lock only.
    taken: AtomicU64,
}

/// The backlog, locked.
pub(super) struct Backlog<'a, const WORDS: usize> {
    pieces: MutexGuard<'a, VecDeque<Waiting<WORDS>>>,
    beside: &'a Beside<WORDS>,
}

impl<const WORDS: usize> Backlog<'_, WORDS> {
    /// Takes the first piece.
    pub(super) fn pop(&mut self) -> Option<Waiting<WORDS>> {
        let first = self.pieces.pop_front()?;
        let taken = &self.beside.taken;
        // Release pairs with the load in `taken`; the lock orders the addition.
        taken.store(taken.load(Ordering::Relaxed) + 1, Ordering::Release);
        self.tell();
        Some(first)
    }

    /// Adds pieces, with the capabilities of the message that ends with the last.
    fn extend(&mut self, pieces: impl Iterator<Item = Piece<WORDS>>, caps: Vec<Cap>) {
        self.pieces.extend(pieces.map(|piece| Waiting { piece, caps: Vec::new() }));
        if let Some(last) = self.pieces.back_mut() {
            last.caps = caps;
        }
        self.tell();
    }

    /// Publishes how many pieces there are.
    fn tell(&self) {
        // Release pairs with the load in `has_backlog`: a sender that sees an empty backlog writes
        // behind what was taken out of it.
        self.beside.waiting.store(self.pieces.len(), Ordering::Release);
    }
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
        let (waiting, taken) = (AtomicUsize::new(0), AtomicU64::new(0));
        Arc::new(Self { caps: Queue::new(), backlog: Mutex::new(VecDeque::new()), waiting, taken })
    }

    /// The pieces that wait for slots.
    pub(super) fn backlog(&self) -> Backlog<'_, WORDS> {
        Backlog { pieces: lock(&self.backlog), beside: self }
    }

    /// True if pieces wait for slots.
    #[inline]
    pub(super) fn has_backlog(&self) -> bool {
        // Acquire pairs with the store in `tell`.
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// How many pieces were ever taken out of the backlog.
    fn taken(&self) -> u64 {
        // Acquire pairs with the store in `pop`.
        self.taken.load(Ordering::Acquire)
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
    /// How many pieces were sent, through the ring or the backlog.
    sent: Cell<u64>,
    /// How many of them are known to be taken out of the backlog.
    taken: Cell<u64>,
    /// Behind which piece each of the latest messages ends, as many as the channel holds.
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
            sent: Cell::new(0),
            taken: Cell::new(0),
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
        reserved < capacity && self.has_passed(self.ends[index].get())
    }

    /// True if the first `pieces` pieces are received.
    #[inline]
    fn has_passed(&self, pieces: u64) -> bool {
        self.ring.received() + self.taken.get() >= pieces || {
            self.ring.look();
            self.taken.set(self.beside.taken());
            self.ring.received() + self.taken.get() >= pieces
        }
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
        if count > WORDS || self.beside.has_backlog() || self.ring.room(1) == 0 {
            return false;
        }
        let rest = &bytes.as_chunks().0[..count - in_head];
        self.ring.write(head.number, &words[..in_head], rest, acknowledged);
        self.count(1);
        true
    }

    /// Sends a message: what finds no slot waits.
    pub(super) fn send(&self, head: Head, bytes: &[u8], caps: Vec<Cap>, acknowledged: u64) {
        let words = Words::new(head, bytes, caps.len());
        let pieces = words.pieces::<WORDS>();
        let at_once = if self.beside.has_backlog() { 0 } else { self.ring.room(pieces) };
        let all = at_once == pieces;
        let (before, after) = if all && as_written() { (caps, vec![]) } else { (vec![], caps) };
        self.beside.push_caps(before);
        self.ring.write_all(at_once, acknowledged, |index| words.piece(index));
        if all {
            self.beside.push_caps(after);
        } else {
            let rest = (at_once..pieces).map(|index| words.piece(index));
            self.beside.backlog().extend(rest, after);
        }
        self.count(pieces as u64);
    }

    /// Counts a message of so many pieces.
    #[inline]
    fn count(&self, pieces: u64) {
        self.sent.set(self.sent.get() + pieces);
        let next = self.next.get();
        self.ends[next].set(self.sent.get());
        self.next.set(if next + 1 < self.ends.len() { next + 1 } else { 0 });
    }
}
