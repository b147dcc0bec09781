//! The direct queue: both ends on one thread, nothing shared with another but the news of closing.
//!
//! After Barrelfish's LMP, which carries messages between the dispatchers of one core. A message is an
//! event of the receiver's waitset and never a call inside the send. The queues grow as they are
//! needed, up to the capacity.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::channel::{Header, Packet};
use crate::driver::link::LinkSide;
use crate::driver::reserved::Reserved;
use crate::driver::{Carrier, Closer, End, Outlook, RecvError, Refused, refuse};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::{Bell, NearBell};

/// What both ends share.
struct Shared<M> {
    sides: [Side<M>; 2],
    /// How many packets a direction holds.
    capacity: usize,
}

/// One end, as the other sees it.
struct Side<M> {
    /// What was sent to it.
    inbox: RefCell<VecDeque<Packet<M>>>,
    bell: RefCell<Option<NearBell>>,
    /// It waits for room to send.
    wants_room: Cell<bool>,
}

impl<M> Default for Side<M> {
    fn default() -> Self {
        Self { inbox: RefCell::default(), bell: RefCell::default(), wants_room: Cell::default() }
    }
}

impl<M> Side<M> {
    fn ring(&self) {
        // Who has no bell yet has a first turn to come.
        if let Some(bell) = &*self.bell.borrow() {
            bell.ring();
        }
    }
}

/// One end of a direct queue.
pub struct DirectEnd<M> {
    shared: Rc<Shared<M>>,
    /// Closes from any thread.
    link: LinkSide,
    side: usize,
    /// How much of the room is kept for sends to come.
    reserved: Reserved,
}

impl<M> DirectEnd<M> {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(super) fn pair(capacity: usize) -> (Self, Self) {
        let shared = Rc::new(Shared { sides: [Side::default(), Side::default()], capacity });
        let (first, second) = LinkSide::pair();
        let end = |link, side| {
            let shared = Rc::clone(&shared);
            Self { shared, link, side, reserved: Reserved::default() }
        };
        (end(first, 0), end(second, 1))
    }

    fn own(&self) -> &Side<M> {
        &self.shared.sides[self.side]
    }

    fn peer(&self) -> &Side<M> {
        &self.shared.sides[1 - self.side]
    }

    #[inline]
    fn put(&self, packet: Packet<M>) {
        let peer = self.peer();
        peer.inbox.borrow_mut().push_back(packet);
        peer.ring();
    }
}

impl<M> Carrier for DirectEnd<M> {
    fn attach(&self, bell: Arc<Bell>) {
        self.link.attach(bell);
    }

    fn attach_near(&self, bell: NearBell) {
        self.own().bell.replace(Some(bell));
    }

    fn introduce(&self, label: Arc<str>) {
        self.link.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.link.peer_label()
    }

    #[inline]
    fn outlook(&self) -> Outlook {
        if self.has_packet() { Outlook::Packet } else { Outlook::Bell }
    }

    #[inline]
    fn has_packet(&self) -> bool {
        !self.own().inbox.borrow().is_empty() || self.link.is_closed()
    }

    fn arm(&self) -> bool {
        !self.has_packet()
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.peer().inbox.borrow().len() + self.reserved.count() < self.shared.capacity
    }

    fn reserve(&self) -> bool {
        self.reserved.keep(self.has_room())
    }

    fn unreserve(&self) {
        self.reserved.give_back();
    }

    fn arm_room(&self) -> bool {
        let asks = !self.has_room() && !self.link.is_closed();
        self.own().wants_room.set(asks);
        asks
    }

    #[inline]
    fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(self.link.clone())
    }
}

impl<I: Interface> End<I> for DirectEnd<I::Message> {
    #[inline]
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let message = refuse(self, message)?;
        self.put(Packet::Message { header, message: message.into_message() });
        Ok(())
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        self.put(refuse(self, packet)?);
        Ok(())
    }

    #[inline]
    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        // Closed is looked at before the queue: what was sent before closing is found after it.
        let closed = self.link.is_closed();
        let Some(packet) = self.own().inbox.borrow_mut().pop_front() else {
            return Err(if closed { RecvError::Closed } else { RecvError::Empty });
        };
        if self.peer().wants_room.take() {
            self.peer().ring();
        }
        Ok(packet)
    }
}

impl<M> Drop for DirectEnd<M> {
    fn drop(&mut self) {
        Closer::close(&self.link);
        // Nobody takes them any more, and the sender's end may stay for long.
        let lost = self.own().inbox.take();
        drop(lost);
    }
}

impl<M> fmt::Debug for DirectEnd<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectEnd")
            .field("side", &self.side)
            .field("closed", &self.link.is_closed())
            .finish_non_exhaustive()
    }
}
