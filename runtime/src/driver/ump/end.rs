//! One end of a channel over two lanes.

use std::cell::RefCell;
use std::fmt;

use super::form::Head;
use super::incoming::Incoming;
use super::outgoing::{Beside, Outgoing};
use crate::channel::{Header, Packet};
use crate::driver::link::{LinkSide, OwnSide};
use crate::driver::reserved::Reserved;
use crate::driver::{Carrier, Closer, End, Naps, RecvError, Refused, refuse};
use crate::interface::{Interface, Payload};
use crate::sync::{Arc, as_written};
use crate::waitset::Bell;
use crate::wire::Writer;

/// One end of a `ump` channel.
pub struct UmpEnd<const SLOTS: usize, const WORDS: usize> {
    tx: Outgoing<SLOTS, WORDS>,
    rx: Incoming<SLOTS, WORDS>,
    link: OwnSide,
    /// How much of the room is kept for sends to come.
    reserved: Reserved,
    /// What messages are written in, one after the other.
    writer: RefCell<Writer>,
}

impl<const SLOTS: usize, const WORDS: usize> UmpEnd<SLOTS, WORDS> {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(in crate::driver) fn pair(capacity: usize) -> (Self, Self) {
        let besides = [Beside::new(), Beside::new()];
        let end = |link, there: usize| Self {
            tx: Outgoing::new(Arc::clone(&besides[there]), capacity),
            rx: Incoming::new(Arc::clone(&besides[1 - there]), capacity),
            link,
            reserved: Reserved::default(),
            writer: RefCell::default(),
        };
        let (first, second) = OwnSide::pair();
        (end(first, 0), end(second, 1))
    }

    /// Sends what was written, for which there is room.
    #[inline]
    fn put(&self, head: Head, writer: &mut Writer) {
        let small = writer.small();
        if !small.is_some_and(|small| self.tx.send_small(head, small, self.rx.received())) {
            self.put_pieces(head, writer);
        }
        self.link.ring_for_packet();
    }

    /// Sends what was written in pieces, or later.
    #[inline(never)]
    fn put_pieces(&self, head: Head, writer: &mut Writer) {
        let caps = writer.take_caps();
        self.tx.send(head, writer.bytes(), caps, self.rx.received());
    }

    /// Receives when the next slot has no whole message; its first word was read.
    #[inline(never)]
    fn receive_pieces<I: Interface>(&self, first: u64) -> Result<Packet<I::Message>, RecvError> {
        match self.rx.receive_pieces::<I>(first, self.tx.ring()) {
            Err(RecvError::Empty) => self.receive_nothing::<I>(),
            received => received,
        }
    }

    /// Receives when nothing was published.
    #[inline(never)]
    fn receive_nothing<I: Interface>(&self) -> Result<Packet<I::Message>, RecvError> {
        let (nothing, is_closed) = (self.rx.nothing(), self.link.is_closed());
        if nothing != RecvError::Empty || !(is_closed || self.rx.has_backlog()) {
            return Err(nothing);
        }
        if !as_written() {
            return Err(RecvError::Closed);
        }
        // What was sent before closing is found after it, also what found no slot.
        match self.rx.receive_rest::<I>(self.tx.ring()) {
            Err(RecvError::Empty) if is_closed => Err(RecvError::Closed),
            received => {
                self.link.ring_for_room_after(|| self.rx.acknowledge());
                received
            }
        }
    }
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

    fn shares_cpu(&self) -> bool {
        self.link.shares_cpu()
    }

    #[inline]
    fn has_packet(&self) -> bool {
        self.link.ring_for_room_after(|| self.rx.acknowledge());
        self.rx.has_piece() || self.rx.has_backlog() || self.link.is_closed()
    }

    fn arm(&self) -> bool {
        // Before the fence that comes now: a peer that asks for room behind it finds what there is.
        if as_written() {
            self.rx.acknowledge();
        }
        self.link.ask_for_packet(|| self.has_packet())
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.tx.has_room(self.reserved.count())
    }

    fn reserve(&self) -> bool {
        self.reserved.keep(self.has_room())
    }

    fn unreserve(&self) {
        self.reserved.give_back();
    }

    fn arm_room(&self) -> bool {
        self.link.ask_for_room(|| self.has_room() || self.link.is_closed())
    }

    fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(LinkSide::clone(&self.link))
    }
}

impl<I: Interface, const SLOTS: usize, const WORDS: usize> End<I> for UmpEnd<SLOTS, WORDS> {
    #[inline]
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let message = refuse(self, message)?;
        let mut writer = self.writer.borrow_mut();
        writer.begin();
        message.encode(&mut writer);
        self.put(Head::of_message(T::NUMBER, header), &mut writer);
        Ok(())
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        let packet = refuse(self, packet)?;
        let mut writer = self.writer.borrow_mut();
        writer.begin();
        let head = match packet {
            Packet::Message { header, message } => {
                let number = I::number(&message);
                I::encode(message, &mut writer);
                Head::of_message(number, header)
            }
            Packet::CallFailed { call, failure } => Head::of_failure(call, failure),
        };
        self.put(head, &mut writer);
        Ok(())
    }

    #[inline]
    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        let Some(published) = self.rx.next() else {
            return self.receive_nothing::<I>();
        };
        self.link.took();
        let first = published.slot.first();
        let received = if self.rx.is_whole(first) {
            self.rx.receive::<I>(published, first, self.tx.ring())
        } else {
            self.receive_pieces::<I>(first)
        };
        self.link.ring_for_room_after(|| self.rx.acknowledge());
        received
    }
}

impl<const SLOTS: usize, const WORDS: usize> Drop for UmpEnd<SLOTS, WORDS> {
    fn drop(&mut self) {
        self.link.close();
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

#[cfg(all(test, not(loom)))]
#[path = "hostile.rs"]
mod hostile;
