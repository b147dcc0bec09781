//! Interconnect drivers: what carries a binding's messages.
//!
//! A driver is a type that implements [`Driver`]; generated code names none, so a driver may live in
//! any crate. What differs between drivers is speed, never meaning.

mod bytes;
mod choice;
mod direct;
mod link;
mod local;
mod loopback;
mod near;
mod observed;
mod reserved;
mod tapped;
mod ump;

#[cfg(all(test, loom))]
pub(crate) mod interleavings;

use std::any::Any;
use std::fmt;

pub use self::bytes::Bytes;
pub(crate) use self::bytes::BytesEnd;
pub(crate) use self::choice::takes_ring;
pub(crate) use self::direct::Direct;
pub use self::local::Local;
pub use self::loopback::Loopback;
pub(crate) use self::near::{Near, NearEnd};
pub(crate) use self::observed::ObservedEnd;
pub(crate) use self::tapped::Tapped;
pub use self::ump::Ump;
use crate::channel::{Header, Packet};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::{Bell, NearBell};
use crate::wire::WireError;

/// An interconnect driver.
pub trait Driver: Sized + 'static {
    /// The driver's name, for people.
    const NAME: &'static str;
    /// One end of a channel for `I`, claimed by its owner.
    type End<I: Interface>: End<I>;
}

/// What an end does besides carrying messages: bells, room, closing.
///
/// Closing is symmetric: after either end is closed, sends are refused on both; what was sent
/// before still arrives.
pub trait Carrier: fmt::Debug {
    /// Says which bell to ring when there is something to do. Replaces an earlier one.
    fn attach(&self, bell: Arc<Bell>);

    /// Tells the peer what the owner of this end is called in traces.
    fn introduce(&self, label: Arc<str>) {
        drop(label);
    }

    /// What the owner of the other end is called in traces, if it has said so.
    fn peer_label(&self) -> Option<Arc<str>> {
        None
    }

    /// Says which bell to ring from the same thread, beside [`Carrier::attach`]. Only a queue within
    /// one thread has a use for it.
    fn attach_near(&self, bell: NearBell) {
        drop(bell);
    }

    /// The name of what carries the messages now, if that isn't the driver itself.
    fn carried_by(&self) -> Option<&'static str> {
        None
    }

    /// What is to be done for the next packet.
    fn outlook(&self) -> Outlook {
        if self.has_packet() { Outlook::Packet } else { Outlook::Look }
    }

    /// True if the peer can't do anything while this side spins.
    fn shares_cpu(&self) -> bool {
        true
    }

    /// How often this side slept, and woke its peer.
    fn naps(&self) -> Naps {
        Naps::default()
    }

    /// True if there is a packet, or the channel is closed: then receive. It may be asked again and
    /// again, instead of arming.
    fn has_packet(&self) -> bool;

    /// Asks for the bell at the next packet. False if there is one already, or the channel is
    /// closed: then receive again. Whoever stops receiving asks, unless the channel is closed: a
    /// sender that waits for room may rely on it.
    fn arm(&self) -> bool;

    /// True if the next send isn't refused as full.
    fn has_room(&self) -> bool;

    /// Keeps one place free of the room there is, for a send to come. False if there is no room.
    fn reserve(&self) -> bool;

    /// Gives a reserved place back, or gives it to the next send.
    fn unreserve(&self);

    /// Asks for the bell as soon as there is room. False if there is room already, or the channel
    /// is closed.
    fn arm_room(&self) -> bool;

    /// True once either end is closed.
    fn is_closed(&self) -> bool;

    /// What closes the channel from any thread, for when the domain that holds this end dies.
    fn closer(&self) -> Arc<dyn Closer>;
}

/// What a receiver has to do for the next packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outlook {
    /// There is one, or the channel is closed: receive.
    Packet,
    /// There is none: look again, or arm.
    Look,
    /// There is none, and the bell will ring for the next without arming.
    Bell,
}

/// How often one side of a channel slept, and woke the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Naps {
    /// How often it asked for its bell, because it had found nothing for long.
    pub sleeps: u64,
    /// How often it rang the bell that its peer had asked for.
    pub wakes: u64,
}

/// One end of a channel. There is one sender and one receiver per direction.
pub trait End<I: Interface>: Carrier + 'static {
    /// Puts a message into the channel, or hands it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the channel is full or closed.
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>>;

    /// Puts a packet into the channel, or hands it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the channel is full or closed.
    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>>;

    /// Takes the next packet out of the channel.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if there is none, and why.
    fn receive(&self) -> Result<Packet<I::Message>, RecvError>;
}

/// Closes a channel from one of its sides, and rings the bells of both.
pub trait Closer: Send + Sync {
    /// Closes the channel. Closing again does nothing.
    fn close(&self);
}

/// Why a channel took nothing; what was to be sent comes back.
#[derive(Debug)]
pub enum Refused<T> {
    /// The channel is full.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

impl<T> Refused<T> {
    /// The same refusal of what `f` makes of it.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Refused<U> {
        match self {
            Self::Full(value) => Refused::Full(f(value)),
            Self::Closed(value) => Refused::Closed(f(value)),
        }
    }
}

/// Why nothing was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvError {
    /// There is nothing now.
    Empty,
    /// The peer is gone and all it sent was taken.
    Closed,
    /// The peer sent bytes that are no message.
    Wire(WireError),
}

/// An end without its driver's type, for everything but sending messages.
pub(crate) trait AnyEnd<I: Interface>: fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    fn carrier(&self) -> &dyn Carrier;
    fn driver(&self) -> &'static str;
    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>>;
    fn receive(&self) -> Result<Packet<I::Message>, RecvError>;
    fn has_packet(&self) -> bool;
    fn outlook(&self) -> Outlook;
}

/// Ties an end to its driver, so that the driver's name is known.
///
/// On cache lines of its own, and on the neighbours that processors fetch with them: both ends are
/// made at once, one beside the other, and each is written by another core for every message.
#[repr(align(128))]
pub(crate) struct EndOf<D: Driver, I: Interface>(pub(crate) D::End<I>);

impl<D: Driver, I: Interface> fmt::Debug for EndOf<D, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<D: Driver, I: Interface> AnyEnd<I> for EndOf<D, I> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn carrier(&self) -> &dyn Carrier {
        &self.0
    }

    fn driver(&self) -> &'static str {
        self.0.carried_by().unwrap_or(D::NAME)
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        self.0.send_packet(packet)
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        self.0.receive()
    }

    fn has_packet(&self) -> bool {
        self.0.has_packet()
    }

    fn outlook(&self) -> Outlook {
        self.0.outlook()
    }
}

/// Says why nothing can be sent at an end, if nothing can be.
#[inline]
pub(crate) fn refuse<T>(end: &impl Carrier, message: T) -> Result<T, Refused<T>> {
    if end.is_closed() {
        Err(Refused::Closed(message))
    } else if end.has_room() {
        Ok(message)
    } else {
        Err(Refused::Full(message))
    }
}
