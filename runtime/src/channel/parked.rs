//! Packets that were accepted but found their channel full: answers, and what the outbox holds.

use std::collections::VecDeque;

use super::packet::Packet;

/// Parked packets, in order. Bounded by the calls the peer may have open, the size of the outbox and
/// the reserved places.
#[derive(Debug)]
pub(crate) struct Parked<M> {
    packets: VecDeque<Packet<M>>,
    /// How many of the packets answer no call.
    messages: u32,
    /// How many packets ever left.
    left: u64,
}

/// A point in the order of sending; see [`Parked::mark`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark(u64);

impl<M> Default for Parked<M> {
    fn default() -> Self {
        Self { packets: VecDeque::new(), messages: 0, left: 0 }
    }
}

impl<M> Parked<M> {
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }

    /// How many parked packets answer no call.
    pub(crate) fn messages(&self) -> u32 {
        self.messages
    }

    /// Puts a packet behind the others.
    pub(crate) fn push(&mut self, packet: Packet<M>) {
        self.messages += u32::from(!packet.is_answer());
        self.packets.push_back(packet);
    }

    /// Takes the first packet, to be sent.
    pub(crate) fn pop(&mut self) -> Option<Packet<M>> {
        let packet = self.packets.pop_front()?;
        self.messages -= u32::from(!packet.is_answer());
        self.left += 1;
        Some(packet)
    }

    /// Puts the packet that was popped last back: it could not be sent.
    pub(crate) fn put_back(&mut self, packet: Packet<M>) {
        self.messages += u32::from(!packet.is_answer());
        self.left -= 1;
        self.packets.push_front(packet);
    }

    /// Takes all packets, to be dropped: they don't count as sent.
    pub(crate) fn clear(&mut self) -> VecDeque<Packet<M>> {
        self.messages = 0;
        std::mem::take(&mut self.packets)
    }

    /// The point behind everything that is parked now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.left + self.packets.len() as u64)
    }

    /// True once everything before the mark has left.
    pub(crate) fn has_passed(&self, mark: Mark) -> bool {
        self.left >= mark.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Header;
    use crate::rpc::{CallId, Failure};

    #[test]
    fn marks_pass_when_what_was_before_them_has_left() {
        let mut parked = Parked::default();
        let start = parked.mark();
        assert!(parked.has_passed(start));
        parked.push(Packet::Message { header: Header::OneWay, message: 1 });
        let first = parked.mark();
        let call = CallId::from_number(7);
        parked.push(Packet::CallFailed { call, failure: Failure::Dropped });
        let both = parked.mark();
        assert_eq!((parked.len(), parked.messages()), (2, 1));

        let packet = parked.pop().unwrap();
        assert_eq!((parked.has_passed(first), parked.has_passed(both)), (true, false));
        parked.put_back(packet);
        assert_eq!((parked.has_passed(first), parked.messages()), (false, 1));
        parked.pop().unwrap();
        parked.pop().unwrap();
        assert!(parked.has_passed(both) && parked.is_empty() && parked.messages() == 0);
        assert!(parked.pop().is_none());

        parked.push(Packet::Message { header: Header::OneWay, message: 2 });
        let lost = parked.mark();
        assert_eq!(parked.clear().len(), 1);
        assert!(!parked.has_passed(lost) && parked.has_passed(both));
    }
}
