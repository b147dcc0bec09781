//! One end of a channel over two lanes.

use std::cell::Cell;
use std::fmt;

use super::form::{HEAD_WORDS_MAX, Head, Subject, Words};
use super::incoming::Incoming;
use super::outgoing::{Beside, Outgoing};
use super::ring::Piece;
use super::slot::Lane;
use crate::channel::{Header, Packet};
use crate::driver::link::LinkSide;
use crate::driver::{Carrier, Closer, End, Naps, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::Bell;
use crate::wire::{INLINE_BYTES, WireError, Writer};

/// One end of a `ump` channel.
pub struct UmpEnd<const SLOTS: usize, const WORDS: usize> {
    tx: Outgoing<SLOTS, WORDS>,
    rx: Incoming<SLOTS, WORDS>,
    link: LinkSide,
    /// How much of the room is kept for sends to come.
    reserved: Cell<usize>,
    /// What the last long message was written in, for the next one.
    memory: Cell<Vec<u8>>,
}

impl<const SLOTS: usize, const WORDS: usize> UmpEnd<SLOTS, WORDS> {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(super) fn pair(capacity: usize) -> (Self, Self) {
        let lanes = [Lane::on_heap(), Lane::on_heap()];
        let besides = [Beside::new(), Beside::new()];
        let end = |link, there: usize| Self {
            tx: Outgoing::new(Arc::clone(&lanes[there]), Arc::clone(&besides[there]), capacity),
            rx: Incoming::new(Arc::clone(&lanes[1 - there]), Arc::clone(&besides[1 - there])),
            link,
            reserved: Cell::new(0),
            memory: Cell::default(),
        };
        let (first, second) = LinkSide::pair();
        (end(first, 0), end(second, 1))
    }

    /// Says why nothing can be sent, if nothing can be.
    #[inline]
    fn refuse<T>(&self, message: T) -> Result<T, Refused<T>> {
        if self.link.is_closed() {
            Err(Refused::Closed(message))
        } else if self.has_room() {
            Ok(message)
        } else {
            Err(Refused::Full(message))
        }
    }

    /// Sends what was written, for which there is room.
    #[inline]
    fn put(&self, subject: Subject, mut writer: Writer) {
        let length = u32::try_from(writer.length()).unwrap_or(u32::MAX);
        let acknowledged = self.rx.received();
        let piece =
            writer.small().and_then(|bytes| only_piece(Head { subject, length, caps: 0 }, bytes));
        if !piece.is_some_and(|piece| self.tx.send_piece(&piece, acknowledged)) {
            let caps = writer.take_caps();
            let count = u32::try_from(caps.len()).unwrap_or(u32::MAX);
            let head = Head { subject, length, caps: count };
            self.tx.send(&Words::new(head, writer.bytes()), caps, acknowledged);
        }
        self.memory.set(writer.into_memory());
        self.link.ring_for_packet();
        if self.tx.has_backlog() {
            self.advance();
        }
    }

    /// Sends pieces that wait, and asks for a turn when there is room for more of them.
    #[cold]
    fn advance(&self) {
        loop {
            let acknowledged = self.rx.received();
            if self.tx.advance(acknowledged, || self.link.is_closed()) {
                self.link.ring_for_packet();
            }
            let has_slot = || self.tx.ring().room(1) > 0 || self.link.is_closed();
            if !self.tx.has_backlog() || self.link.ask_for_room(has_slot) || self.link.is_closed() {
                return;
            }
        }
    }

    /// Receives while the channel is open.
    #[inline]
    fn receive_open<I: Interface>(&self) -> Result<Option<Packet<I::Message>>, WireError> {
        let before = self.rx.received();
        let found = self.rx.receive::<I>(self.tx.ring());
        if self.rx.received() != before {
            self.rx.acknowledge();
            self.link.ring_for_room();
        }
        found
    }
}

/// The packet as one piece, if it fits.
#[inline]
fn only_piece<const WORDS: usize>(head: Head, bytes: &[u8; INLINE_BYTES]) -> Option<Piece<WORDS>> {
    let (head_words, first) = head.words();
    if WORDS < HEAD_WORDS_MAX || Head::count(head_words[0]) > WORDS {
        return None;
    }
    let mut words = [0; WORDS];
    words[..HEAD_WORDS_MAX].copy_from_slice(&head_words);
    for (word, bytes) in words[first..].iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    Some(Piece { number: head.number(), words })
}

impl<const SLOTS: usize, const WORDS: usize> Carrier for UmpEnd<SLOTS, WORDS> {
    fn attach(&self, bell: Arc<Bell>) {
        self.link.attach(bell);
    }

    fn introduce(&self, label: Arc<str>) {
        self.link.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.link.peer_label()
    }

    fn naps(&self) -> Naps {
        self.link.naps()
    }

    #[inline]
    fn has_packet(&self) -> bool {
        !self.rx.is_empty() || self.link.is_closed()
    }

    fn arm(&self) -> bool {
        self.link.ask_for_packet(|| self.has_packet())
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.tx.has_room(self.reserved.get())
    }

    fn reserve(&self) -> bool {
        let has_room = self.has_room();
        if has_room {
            self.reserved.set(self.reserved.get() + 1);
        }
        has_room
    }

    fn unreserve(&self) {
        debug_assert!(self.reserved.get() > 0, "what is given back was reserved");
        self.reserved.set(self.reserved.get().saturating_sub(1));
    }

    fn arm_room(&self) -> bool {
        self.link.ask_for_room(|| self.has_room() || self.link.is_closed())
    }

    fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(self.link.clone())
    }
}

impl<I: Interface, const SLOTS: usize, const WORDS: usize> End<I> for UmpEnd<SLOTS, WORDS> {
    #[inline]
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let message = self.refuse(message)?;
        let mut writer = Writer::with_memory(self.memory.take());
        message.encode(&mut writer);
        self.put(Subject::Message { number: T::NUMBER, header }, writer);
        Ok(())
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        let packet = self.refuse(packet)?;
        let mut writer = Writer::with_memory(self.memory.take());
        let subject = match packet {
            Packet::Message { header, message } => {
                let number = I::number(&message);
                I::encode(message, &mut writer);
                Subject::Message { number, header }
            }
            Packet::CallFailed { call, failure } => Subject::CallFailed { call, failure },
        };
        self.put(subject, writer);
        Ok(())
    }

    #[inline]
    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        if self.tx.has_backlog() {
            self.advance();
        }
        if let Some(packet) = self.receive_open::<I>().map_err(RecvError::Wire)? {
            return Ok(packet);
        }
        if !self.link.is_closed() {
            return Err(RecvError::Empty);
        }
        // What was sent before closing is found after it, also what found no slot.
        let found = self.rx.receive_rest::<I>().map_err(RecvError::Wire)?;
        found.ok_or(RecvError::Closed)
    }
}

impl<const SLOTS: usize, const WORDS: usize> Drop for UmpEnd<SLOTS, WORDS> {
    fn drop(&mut self) {
        Closer::close(&self.link);
    }
}

impl<const SLOTS: usize, const WORDS: usize> fmt::Debug for UmpEnd<SLOTS, WORDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UmpEnd")
            .field("closed", &self.link.is_closed())
            .field("received", &self.rx.received())
            .finish_non_exhaustive()
    }
}
