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
use crate::driver::{Carrier, Closer, End, Outlook, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::{Bell, NearBell};

/// One side of a channel, as both see it.
struct Side<M> {
    /// What was sent to it.
    inbox: RefCell<VecDeque<Packet<M>>>,
    /// How many packets that may hold.
    capacity: usize,
    /// How much of the peer's inbox is kept for sends to come.
    reserved: Reserved,
    bell: RefCell<Option<NearBell>>,
    /// It waits for room to send.
    wants_room: Cell<bool>,
    /// Closes from any thread.
    link: LinkSide,
    /// Whether the queue carries the messages of its channel.
    usage: Cell<Usage>,
}

/// Whether a queue carries the messages of its channel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// It may: the ends haven't met.
    Open,
    /// It never will: messages went over a driver.
    Never,
    /// It does.
    Carries,
}

impl<M> Side<M> {
    fn new(link: LinkSide, capacity: usize) -> Rc<Self> {
        Rc::new(Self {
            inbox: RefCell::default(),
            capacity,
            reserved: Reserved::default(),
            bell: RefCell::default(),
            wants_room: Cell::default(),
            link,
            usage: Cell::new(Usage::Open),
        })
    }

    #[inline]
    fn ring(&self) {
        // Who has no bell yet has a first turn to come.
        if let Some(bell) = &*self.bell.borrow() {
            bell.ring();
        }
    }
}

/// The hot part of an end: what its channel sends and receives with, past the table of its driver.
pub(crate) struct Direct<M> {
    own: Rc<Side<M>>,
    peer: Rc<Side<M>>,
}

impl<M> Direct<M> {
    /// True if the queue carries the messages of its channel.
    #[inline]
    pub(crate) fn carries(&self) -> bool {
        self.own.usage.get() == Usage::Carries
    }

    /// Puts a message into the channel, or hands it back.
    #[inline]
    pub(crate) fn send<I, T>(&self, header: Header, message: T) -> Result<(), Refused<T>>
    where
        I: Interface<Message = M>,
        T: Payload<I>,
    {
        let message = self.refuse(message)?;
        self.put(header, message.into_message());
        Ok(())
    }

    /// Hands a value back that can't be sent now.
    #[inline]
    fn refuse<T>(&self, value: T) -> Result<T, Refused<T>> {
        if self.is_closed() {
            Err(Refused::Closed(value))
        } else if self.has_room() {
            Ok(value)
        } else {
            Err(Refused::Full(value))
        }
    }

    // Not a whole packet: its parts may come in registers, and be written where they stay.
    #[inline]
    fn put(&self, header: Header, message: M) {
        self.peer.inbox.borrow_mut().push_back(Packet::Message { header, message });
        self.peer.ring();
    }

    /// Takes the next packet out of the channel.
    #[inline]
    pub(crate) fn receive(&self) -> Result<Packet<M>, RecvError> {
        // Closed is looked at before the queue: what was sent before closing is found after it.
        let closed = self.is_closed();
        if self.peer.wants_room.get() {
            self.tell_of_room();
        }
        let packet = self.own.inbox.borrow_mut().pop_front();
        packet.ok_or(if closed { RecvError::Closed } else { RecvError::Empty })
    }

    /// What is to be done for the next packet.
    #[inline]
    pub(crate) fn outlook(&self) -> Outlook {
        if self.has_packet() { Outlook::Packet } else { Outlook::Bell }
    }

    /// Rings the peer that waits for room, if there is about to be some: it looks in its next turn.
    #[cold]
    fn tell_of_room(&self) {
        if !self.own.inbox.borrow().is_empty() && self.peer.wants_room.take() {
            self.peer.ring();
        }
    }

    #[inline]
    fn has_packet(&self) -> bool {
        !self.own.inbox.borrow().is_empty() || self.is_closed()
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.peer.inbox.borrow().len() + self.own.reserved.count() < self.peer.capacity
    }

    #[inline]
    fn is_closed(&self) -> bool {
        self.own.link.is_closed()
    }
}

impl<M> Clone for Direct<M> {
    fn clone(&self) -> Self {
        Self { own: Rc::clone(&self.own), peer: Rc::clone(&self.peer) }
    }
}

/// One end of a direct queue. Dropping it closes the channel.
pub struct DirectEnd<M>(Direct<M>);

impl<M> DirectEnd<M> {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(super) fn pair(capacity: usize) -> (Self, Self) {
        let (first, second) = LinkSide::pair();
        let (first, second) = (Side::new(first, capacity), Side::new(second, capacity));
        let end = |own, peer| Self(Direct { own: Rc::clone(own), peer: Rc::clone(peer) });
        (end(&first, &second), end(&second, &first))
    }

    /// The hot part.
    pub(super) fn direct(&self) -> &Direct<M> {
        &self.0
    }

    /// Whether the queue carries the messages of its channel.
    #[inline]
    pub(super) fn usage(&self) -> Usage {
        self.0.own.usage.get()
    }

    /// Says for both ends whether the queue carries the messages of its channel.
    #[inline]
    pub(super) fn set_usage(&self, usage: Usage) {
        self.0.own.usage.set(usage);
        self.0.peer.usage.set(usage);
    }
}

impl<M> Carrier for DirectEnd<M> {
    fn attach(&self, bell: Arc<Bell>) {
        self.0.own.link.attach(bell);
    }

    fn attach_near(&self, bell: NearBell) {
        self.0.own.bell.replace(Some(bell));
    }

    fn introduce(&self, label: Arc<str>) {
        self.0.own.link.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.0.own.link.peer_label()
    }

    fn outlook(&self) -> Outlook {
        self.0.outlook()
    }

    fn has_packet(&self) -> bool {
        self.0.has_packet()
    }

    fn arm(&self) -> bool {
        !self.has_packet()
    }

    fn has_room(&self) -> bool {
        self.0.has_room()
    }

    fn reserve(&self) -> bool {
        self.0.own.reserved.keep(self.has_room())
    }

    fn unreserve(&self) {
        self.0.own.reserved.give_back();
    }

    fn arm_room(&self) -> bool {
        let asks = !self.has_room() && !self.is_closed();
        self.0.own.wants_room.set(asks);
        asks
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(self.0.own.link.clone())
    }
}

impl<I: Interface> End<I> for DirectEnd<I::Message> {
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        self.0.send::<I, T>(header, message)
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        let packet = self.0.refuse(packet)?;
        self.0.peer.inbox.borrow_mut().push_back(packet);
        self.0.peer.ring();
        Ok(())
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        self.0.receive()
    }
}

impl<M> Drop for DirectEnd<M> {
    fn drop(&mut self) {
        Closer::close(&self.0.own.link);
        // Nobody takes them any more, and the sender's end may stay for long.
        let lost = self.0.own.inbox.take();
        drop(lost);
    }
}

impl<M> fmt::Debug for DirectEnd<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectEnd").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
