//! The receiving direction: pieces put together, checked, and read as messages.
//!
//! Nothing is read twice from memory that the peer can write: a slot is copied, and the copy checked.

use std::cell::{Cell, RefCell};

use super::form::{HEAD_WORDS_MAX, Head, MORE, Subject, WORD_BYTES, bytes_max};
use super::outgoing::{Beside, Waiting};
use super::ring::{Next, Piece, RingRx, RingTx};
use super::slot::HeapLane;
use crate::channel::Packet;
use crate::interface::Interface;
use crate::sync::Arc;
use crate::wire::{Reader, WireError};

/// The receiving direction of an end.
#[derive(Debug)]
pub(super) struct Incoming<const SLOTS: usize, const WORDS: usize> {
    ring: RingRx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS>,
    beside: Arc<Beside<WORDS>>,
    /// How many words are missing of the message of which some are here.
    missing: Cell<usize>,
    partial: RefCell<Partial>,
    /// The peer sent what is no message: nothing that follows can be understood.
    broken: Cell<bool>,
}

/// A message of which not all pieces are here.
#[derive(Debug, Default)]
struct Partial {
    number: u16,
    /// Its words so far. The memory is kept for the next one.
    words: Vec<[u8; WORD_BYTES]>,
}

type Found<I> = Result<Option<Packet<<I as Interface>::Message>>, WireError>;

impl<const SLOTS: usize, const WORDS: usize> Incoming<SLOTS, WORDS> {
    pub(super) fn new(lane: HeapLane<SLOTS, WORDS>, beside: Arc<Beside<WORDS>>) -> Self {
        let ring = RingRx::new(lane);
        let (missing, partial) = (Cell::new(0), RefCell::default());
        Self { ring, beside, missing, partial, broken: Cell::new(false) }
    }

    /// How many slots were received.
    #[inline]
    pub(super) fn received(&self) -> u64 {
        self.ring.copied()
    }

    /// True if there is nothing to receive now.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.broken.get() || self.ring.is_empty()
    }

    /// Publishes how many slots were received.
    #[inline]
    pub(super) fn acknowledge(&self) {
        self.ring.acknowledge();
    }

    /// Takes the next packet, if all of it is here.
    #[inline]
    pub(super) fn receive<I: Interface>(
        &self,
        back: &RingTx<HeapLane<SLOTS, WORDS>, SLOTS, WORDS>,
    ) -> Found<I> {
        self.gather::<I>(|| {
            let next = self.ring.next();
            if let Next::Piece(_, mark) = next {
                back.note(mark);
            }
            next
        })
    }

    /// The same once the channel is closed: what the sender had no slot for is taken, too.
    pub(super) fn receive_rest<I: Interface>(&self) -> Found<I> {
        let mut backlog = self.beside.backlog();
        self.gather::<I>(|| {
            // With the lock held and the channel closed, the sender adds nothing to the ring.
            let next = self.ring.next();
            let Next::Empty = next else { return next };
            let Some(Waiting { piece, caps }) = backlog.pop_front() else { return next };
            if !caps.is_empty() {
                self.beside.caps.push(caps);
            }
            Next::Rest(piece)
        })
    }

    #[inline]
    fn gather<I: Interface>(&self, mut next: impl FnMut() -> Next<WORDS>) -> Found<I> {
        if self.broken.get() {
            return Ok(None);
        }
        loop {
            let taken = match next() {
                Next::Empty => return Ok(None),
                Next::Disorder => Err(WireError::Order),
                Next::Piece(piece, _) | Next::Rest(piece) => self.take::<I>(&piece),
            };
            match taken {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => return Err(self.give_up(error)),
            }
        }
    }

    /// Nothing is received any more; what came beside the slots is given back.
    #[cold]
    fn give_up(&self, error: WireError) -> WireError {
        self.broken.set(true);
        while self.beside.caps.pop().is_some() {}
        error
    }

    /// Takes a piece. Returns the packet that it completes.
    #[inline]
    fn take<I: Interface>(&self, piece: &Piece<WORDS>) -> Found<I> {
        let count = Head::count(piece.words[0]);
        if self.missing.get() == 0 && count <= WORDS {
            let words = piece.words.map(u64::to_le_bytes);
            return self.read::<I>(piece.number, &words).map(Some);
        }
        self.put_together::<I>(piece, count)
    }

    /// Takes a piece of several; `count` is how many words there are if it is the first.
    fn put_together<I: Interface>(&self, piece: &Piece<WORDS>, count: usize) -> Found<I> {
        let mut partial = self.partial.borrow_mut();
        if self.missing.get() == 0 {
            partial.begin::<I>(piece.number, count)?;
            self.missing.set(count);
        } else if piece.number != MORE {
            return Err(WireError::Order);
        }
        let here = self.missing.get().min(WORDS);
        partial.words.extend(piece.words[..here].iter().map(|word| word.to_le_bytes()));
        self.missing.set(self.missing.get() - here);
        if self.missing.get() > 0 {
            return Ok(None);
        }
        self.read::<I>(partial.number, &partial.words).map(Some)
    }

    /// Reads the packet that begins with `words`.
    #[inline]
    fn read<I: Interface>(
        &self,
        number: u16,
        words: &[[u8; WORD_BYTES]],
    ) -> Result<Packet<I::Message>, WireError> {
        let word = |index: usize| words.get(index).copied().map_or(0, u64::from_le_bytes);
        let (head, head_words) = Head::read(number, [word(0), word(1)])?;
        let (number, header) = match head.subject {
            Subject::Message { number, header } => (number, header),
            Subject::CallFailed { call, failure } => {
                return Ok(Packet::CallFailed { call, failure });
            }
        };
        let caps = match head.caps {
            0 => Vec::new(),
            _ => self.beside.caps.pop().ok_or(WireError::Caps)?,
        };
        if caps.len() != head.caps as usize {
            return Err(WireError::Caps);
        }
        let bytes = words.get(head_words..).unwrap_or_default().as_flattened();
        let bytes = bytes.get(..head.length as usize).ok_or(WireError::Length)?;
        let mut reader = Reader::new(bytes, caps);
        let message = I::decode(number, &mut reader)?;
        reader.finish()?;
        Ok(Packet::Message { header, message })
    }
}

impl Partial {
    /// Begins a message of `count` words, unless its declaration has fewer.
    fn begin<I: Interface>(&mut self, number: u16, count: usize) -> Result<(), WireError> {
        if count > HEAD_WORDS_MAX + bytes_max::<I>(number)?.div_ceil(WORD_BYTES) {
            return Err(WireError::Length);
        }
        self.words.clear();
        self.words.reserve(count);
        self.number = number;
        Ok(())
    }
}
