//! What the drivers that queue packets share: bells, closing, and the end itself.
//!
//! Bells ring only for those who asked. A receiver that finds nothing, and won't keep looking, *arms*
//! its side and looks once more; a sender publishes its packet and looks whether the peer is armed.
//! The same handshake, the other way round, announces room. Each is Dekker's: a sequentially
//! consistent fence between the write and the look, on both sides.

use std::cell::Cell;
use std::fmt;

use crate::channel::{Header, Packet};
use crate::driver::{Carrier, Closer, End, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::{Arc, Mutex, lock};
use crate::waitset::Bell;

/// How full a bounded queue is.
pub(crate) trait Level {
    /// How many packets fit besides those that are in it.
    fn room(&self) -> usize;
    fn is_full(&self) -> bool;
    fn is_empty(&self) -> bool;
}

/// Where the one sender of a bounded queue puts packets.
pub(crate) trait PipeTx<T>: Level {
    /// Puts `packet` at the end, or hands it back if the queue is full.
    fn push(&self, packet: T) -> Result<(), T>;
}

/// Where the one receiver of a bounded queue takes them.
pub(crate) trait PipeRx<T>: Level {
    fn pop(&self) -> Option<T>;
}

/// What both ends share beside the packets.
#[derive(Debug, Default)]
struct Link {
    sides: [Side; 2],
}

/// One end, as the other sees it.
#[derive(Debug, Default)]
struct Side {
    bell: Mutex<Option<Arc<Bell>>>,
    /// What its owner is called in traces.
    label: Mutex<Option<Arc<str>>>,
    /// Its owner sleeps until there is a packet or the channel is closed.
    wants_packet: AtomicBool,
    /// Its owner waits for room to send.
    wants_room: AtomicBool,
    closed: AtomicBool,
}

impl Side {
    fn ring(&self) {
        // The bell is cloned, not rung under the lock.
        let bell = lock(&self.bell).clone();
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    /// Rings if the owner asked by `wish`, once per asking.
    #[inline]
    fn ring_if(&self, wish: &AtomicBool) {
        // Pairs with the fence in `wish`.
        fence(Ordering::SeqCst);
        if wish.load(Ordering::Relaxed) && wish.swap(false, Ordering::Relaxed) {
            self.ring();
        }
    }
}

/// True if there is room besides what is reserved.
fn has_room(tx: &impl Level, reserved: usize) -> bool {
    if reserved == 0 { !tx.is_full() } else { tx.room() > reserved }
}

/// Publishes a wish unless `granted` is already true when it is looked at once more.
fn ask(flag: &AtomicBool, granted: impl FnOnce() -> bool) -> bool {
    wish(flag);
    if granted() {
        flag.store(false, Ordering::Relaxed);
        return false;
    }
    true
}

/// Publishes a wish before what is looked at next.
fn wish(flag: &AtomicBool) {
    flag.store(true, Ordering::Relaxed);
    // Pairs with the fence in `ring_if`.
    fence(Ordering::SeqCst);
}

impl Link {
    #[inline]
    fn is_closed(&self) -> bool {
        // Pairs with the swap in `close`: what its caller sent before is seen.
        self.sides.iter().any(|side| side.closed.load(Ordering::Acquire))
    }

    fn close(&self, side: usize) {
        if !self.sides[side].closed.swap(true, Ordering::AcqRel) {
            self.sides.iter().for_each(Side::ring);
        }
    }
}

/// One side of a link, to close it from any thread, and for ends that carry packets their own way.
#[derive(Clone, Debug)]
pub(crate) struct LinkSide {
    link: Arc<Link>,
    side: usize,
}

impl LinkSide {
    /// The two sides of a new link.
    pub(crate) fn pair() -> (Self, Self) {
        let link = Arc::new(Link::default());
        (Self { link: Arc::clone(&link), side: 0 }, Self { link, side: 1 })
    }

    fn own(&self) -> &Side {
        &self.link.sides[self.side]
    }

    fn peer(&self) -> &Side {
        &self.link.sides[1 - self.side]
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    pub(crate) fn attach(&self, bell: Arc<Bell>) {
        *lock(&self.own().bell) = Some(bell);
    }

    pub(crate) fn introduce(&self, label: Arc<str>) {
        *lock(&self.own().label) = Some(label);
    }

    pub(crate) fn peer_label(&self) -> Option<Arc<str>> {
        lock(&self.peer().label).clone()
    }

    /// Rings if the peer waits for a packet. What it shall find must be published before.
    #[inline]
    pub(crate) fn ring_for_packet(&self) {
        let peer = self.peer();
        peer.ring_if(&peer.wants_packet);
    }

    /// Rings if the peer waits for room. What makes room must be published before.
    #[inline]
    pub(crate) fn ring_for_room(&self) {
        let peer = self.peer();
        peer.ring_if(&peer.wants_room);
    }

    /// Asks for the bell at the next packet, unless there is one.
    pub(crate) fn ask_for_packet(&self, is_there: impl FnOnce() -> bool) -> bool {
        ask(&self.own().wants_packet, is_there)
    }

    /// Asks for the bell when there is room, unless there is some.
    pub(crate) fn ask_for_room(&self, is_there: impl FnOnce() -> bool) -> bool {
        ask(&self.own().wants_room, is_there)
    }
}

impl Closer for LinkSide {
    fn close(&self) {
        self.link.close(self.side);
    }
}

/// One end of a channel made of two queues.
pub struct LinkEnd<Tx, Rx> {
    tx: Tx,
    rx: Rx,
    link: Arc<Link>,
    side: usize,
    /// How much of the room is kept for sends to come.
    reserved: Cell<usize>,
}

/// Makes the two ends of a channel over the queues of its two directions.
pub(crate) fn link_pair<Tx, Rx>(
    there: (Tx, Rx),
    back: (Tx, Rx),
) -> (LinkEnd<Tx, Rx>, LinkEnd<Tx, Rx>) {
    let link = Arc::new(Link::default());
    let end = |tx, rx, side| {
        let link = Arc::clone(&link);
        LinkEnd { tx, rx, link, side, reserved: Cell::new(0) }
    };
    (end(there.0, back.1, 0), end(back.0, there.1, 1))
}

impl<Tx, Rx> LinkEnd<Tx, Rx> {
    fn own(&self) -> &Side {
        &self.link.sides[self.side]
    }

    fn peer(&self) -> &Side {
        &self.link.sides[1 - self.side]
    }
}

impl<Tx: Level, Rx: Level> Carrier for LinkEnd<Tx, Rx> {
    fn attach(&self, bell: Arc<Bell>) {
        *lock(&self.own().bell) = Some(bell);
    }

    fn introduce(&self, label: Arc<str>) {
        *lock(&self.own().label) = Some(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        lock(&self.peer().label).clone()
    }

    fn has_packet(&self) -> bool {
        !self.rx.is_empty() || self.link.is_closed()
    }

    fn arm(&self) -> bool {
        ask(&self.own().wants_packet, || self.has_packet())
    }

    fn has_room(&self) -> bool {
        has_room(&self.tx, self.reserved.get())
    }

    fn reserve(&self) -> bool {
        let has_room = has_room(&self.tx, self.reserved.get());
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
        ask(&self.own().wants_room, || {
            has_room(&self.tx, self.reserved.get()) || self.link.is_closed()
        })
    }

    fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(LinkSide { link: Arc::clone(&self.link), side: self.side })
    }
}

impl<I, Tx, Rx> End<I> for LinkEnd<Tx, Rx>
where
    I: Interface,
    Tx: PipeTx<Packet<I::Message>> + 'static,
    Rx: PipeRx<Packet<I::Message>> + 'static,
{
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let packet = Packet::Message { header, message: message.into_message() };
        End::<I>::send_packet(self, packet).map_err(|refused| refused.map(unpack::<I, T>))
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        if self.link.is_closed() {
            return Err(Refused::Closed(packet));
        }
        if self.reserved.get() > 0 && !has_room(&self.tx, self.reserved.get()) {
            return Err(Refused::Full(packet));
        }
        self.tx.push(packet).map_err(Refused::Full)?;
        let peer = self.peer();
        peer.ring_if(&peer.wants_packet);
        Ok(())
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        // Closed is looked at before the queue: what was sent before closing is found after it.
        let closed = self.link.is_closed();
        let Some(packet) = self.rx.pop() else {
            return Err(if closed { RecvError::Closed } else { RecvError::Empty });
        };
        let peer = self.peer();
        peer.ring_if(&peer.wants_room);
        Ok(packet)
    }
}

/// The message of a packet that holds one of type `T`.
pub(crate) fn unpack<I: Interface, T: Payload<I>>(packet: Packet<I::Message>) -> T {
    match packet {
        Packet::Message { message, .. } => match T::from_message(message) {
            Ok(message) => message,
            Err(_) => unreachable!("a refused packet comes back as it was"),
        },
        Packet::CallFailed { .. } => unreachable!("a refused packet comes back as it was"),
    }
}

impl<Tx, Rx> Drop for LinkEnd<Tx, Rx> {
    fn drop(&mut self) {
        self.link.close(self.side);
    }
}

impl<Tx, Rx> fmt::Debug for LinkEnd<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = self.link.is_closed();
        f.debug_struct("LinkEnd")
            .field("side", &self.side)
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}
