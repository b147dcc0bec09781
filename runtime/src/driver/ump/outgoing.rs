//! The sending direction: how many messages are under way, and the pieces that wait for slots.
//!
//! A channel holds as many messages as was asked for, however many slots they take. Pieces that find
//! the ring full wait in a backlog, and so does what is sent behind them, until a receiver that has
//! emptied the ring has emptied the backlog, too. The sender needs no turn for it: what was accepted
//! arrives, whatever its sender does next.
//!
//! A direction has no ring until it needs one. Before, nothing is different from a ring that is full:
//! what is sent waits in the backlog. The first message stays there, if it is small, because many
//! bindings are spoken over once; with the next, the sender makes the memory and leaves it in the
//! backlog, beside the pieces that the receiver finds under the same lock. So the ring needs no
//! publication of its own and no order: what a sender has written into it before the receiver has it, was
//! written before something was left under that lock. A channel that is kept full from its second message
//! on goes on with the backlog, until its receiver has emptied it once. A message that is sent or received later pays with a look
//! whether a pointer is null that is loaded anyway, and that never is again.

use std::cell::{Cell, OnceCell};
use std::collections::VecDeque;

use super::form::{Head, Words};
use super::ring::{Piece, RingTx};
use super::slot::{HeapLane, Lane};
use crate::kernel::Cap;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, Queue, as_written, lock};
use crate::wire::INLINE_BYTES;

/// A first message of more pieces has a ring at once: so many are what the smallest backlog holds.
const FIRST_PIECES_MAX: usize = 4;

/// What goes beside the slots of one direction.
#[derive(Debug)]
pub(super) struct Beside<const SLOTS: usize, const WORDS: usize> {
    /// The capabilities of each message that has some, there before its last piece.
    pub(super) caps: Queue<Vec<Cap>>,
    left: Mutex<Left<SLOTS, WORDS>>,
    /// How many pieces are in the backlog. Changed under its lock only.
    waiting: AtomicUsize,
    /// How many pieces were ever taken out of it. Changed under its lock only.
    taken: AtomicU64,
}

/// What a sender has left for its receiver.
#[derive(Debug)]
struct Left<const SLOTS: usize, const WORDS: usize> {
    pieces: VecDeque<Waiting<WORDS>>,
    /// The memory of the ring, until the receiver takes it.
    lane: Option<HeapLane<SLOTS, WORDS>>,
}

/// The backlog, locked.
pub(super) struct Backlog<'a, const SLOTS: usize, const WORDS: usize> {
    left: MutexGuard<'a, Left<SLOTS, WORDS>>,
    beside: &'a Beside<SLOTS, WORDS>,
}

impl<const SLOTS: usize, const WORDS: usize> Backlog<'_, SLOTS, WORDS> {
    /// Takes the memory of the ring, if it is new.
    pub(super) fn take_lane(&mut self) -> Option<HeapLane<SLOTS, WORDS>> {
        if as_written() { self.left.lane.take() } else { None }
    }

    /// Takes the first piece, and puts the capabilities that come with it behind those that came before.
    pub(super) fn pop(&mut self) -> Option<Piece<WORDS>> {
        let Waiting { piece, caps } = self.left.pieces.pop_front()?;
        // First: who sees an empty backlog sends its own.
        self.beside.push_caps(caps);
        let taken = &self.beside.taken;
        // Release pairs with the load in `taken`; the lock orders the addition.
        taken.store(taken.load(Ordering::Relaxed) + 1, Ordering::Release);
        self.tell();
        Some(piece)
    }

    /// Adds pieces, with the capabilities of the message that ends with the last, and the memory of
    /// the ring, if it is new.
    fn leave(
        &mut self,
        lane: Option<HeapLane<SLOTS, WORDS>>,
        pieces: impl Iterator<Item = Piece<WORDS>>,
        caps: Vec<Cap>,
    ) {
        if lane.is_some() {
            self.left.lane = lane;
        }
        self.left.pieces.extend(pieces.map(|piece| Waiting { piece, caps: Vec::new() }));
        if let Some(last) = self.left.pieces.back_mut() {
            last.caps = caps;
        }
        self.tell();
    }

    /// Publishes how many pieces there are.
    fn tell(&self) {
        // Release pairs with the load in `has_backlog`: a sender that sees an empty backlog writes
        // behind what was taken out of it, capabilities too.
        self.beside.waiting.store(self.left.pieces.len(), Ordering::Release);
    }
}

/// A piece that waits for a slot.
#[derive(Debug)]
pub(super) struct Waiting<const WORDS: usize> {
    pub(super) piece: Piece<WORDS>,
    /// Those of the message that ends with the piece.
    pub(super) caps: Vec<Cap>,
}

impl<const SLOTS: usize, const WORDS: usize> Beside<SLOTS, WORDS> {
    pub(super) fn new() -> Arc<Self> {
        let left = Mutex::new(Left { pieces: VecDeque::new(), lane: None });
        let (waiting, taken) = (AtomicUsize::new(0), AtomicU64::new(0));
        Arc::new(Self { caps: Queue::new(), left, waiting, taken })
    }

    /// The pieces that wait for slots.
    pub(super) fn backlog(&self) -> Backlog<'_, SLOTS, WORDS> {
        Backlog { left: lock(&self.left), beside: self }
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

/// The sender's end of a ring, once there is one.
pub(super) type HeapRingTx<const SLOTS: usize, const WORDS: usize> =
    RingTx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS>;

/// The sending direction of an end.
#[derive(Debug)]
pub(super) struct Outgoing<const SLOTS: usize, const WORDS: usize> {
    ring: OnceCell<HeapRingTx<SLOTS, WORDS>>,
    beside: Arc<Beside<SLOTS, WORDS>>,
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
    /// The sending end of a direction that holds `capacity` messages.
    pub(super) fn new(beside: Arc<Beside<SLOTS, WORDS>>, capacity: usize) -> Self {
        Self {
            ring: OnceCell::new(),
            beside,
            sent: Cell::new(0),
            taken: Cell::new(0),
            ends: (0..capacity).map(|_| Cell::new(0)).collect(),
            next: Cell::new(0),
        }
    }

    #[inline]
    pub(super) fn ring(&self) -> Option<&HeapRingTx<SLOTS, WORDS>> {
        self.ring.get()
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
        self.received() >= pieces || {
            self.look();
            self.received() >= pieces
        }
    }

    /// How many pieces are known to be received.
    #[inline]
    fn received(&self) -> u64 {
        self.ring().map_or(0, RingTx::received) + self.taken.get()
    }

    /// Looks how many pieces are received.
    #[inline(never)]
    fn look(&self) {
        if let Some(ring) = self.ring() {
            ring.look();
        }
        self.taken.set(self.beside.taken());
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
        let Some(ring) = self.ring() else { return false };
        if count > WORDS || self.is_behind() || ring.room(1) == 0 {
            return false;
        }
        let rest = &bytes.as_chunks().0[..count - in_head];
        ring.write(head.number, &words[..in_head], rest, acknowledged);
        self.count(1);
        true
    }

    /// Sends a message: what finds no slot waits.
    pub(super) fn send(&self, head: Head, bytes: &[u8], caps: Vec<Cap>, acknowledged: u64) {
        let words = Words::new(head, bytes, caps.len());
        let pieces = words.pieces::<WORDS>();
        let lane = self.make_ring(pieces);
        // A new ring is left beside one piece, at least.
        let most = pieces - usize::from(lane.is_some());
        let at_once = self.room(most);
        let all = at_once == pieces;
        let (before, after) = if all && as_written() { (caps, vec![]) } else { (vec![], caps) };
        self.beside.push_caps(before);
        if let Some(ring) = self.ring() {
            ring.write_all(at_once, acknowledged, |index| words.piece(index));
        }
        if all {
            self.beside.push_caps(after);
        } else {
            let rest = (at_once..pieces).map(|index| words.piece(index));
            self.beside.backlog().leave(lane, rest, after);
        }
        self.count(pieces as u64);
    }

    /// Makes the ring for a message of so many pieces, if there is none and it is time for one. What
    /// is returned is to be left for the receiver.
    fn make_ring(&self, pieces: usize) -> Option<HeapLane<SLOTS, WORDS>> {
        let is_first = self.sent.get() == 0 && pieces <= FIRST_PIECES_MAX;
        if is_first || self.ring().is_some() {
            return None;
        }
        let lane = Lane::on_heap();
        self.begin(Arc::clone(&lane));
        Some(lane)
    }

    /// Uses a ring in this memory from now on, unless there is one. Its receiver must do so, too.
    pub(super) fn begin(&self, lane: HeapLane<SLOTS, WORDS>) {
        self.ring.get_or_init(|| RingTx::new(lane));
    }

    /// How many of `wanted` pieces may be written into the ring now.
    fn room(&self, wanted: usize) -> usize {
        match self.ring() {
            Some(ring) if !self.is_behind() => ring.room(wanted),
            _ => 0,
        }
    }

    /// True if what is sent now must wait behind what waits already.
    #[inline]
    fn is_behind(&self) -> bool {
        self.beside.has_backlog() && as_written()
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
