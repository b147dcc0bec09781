//! What the drivers that queue packets share: bells, closing, and the end itself.
//!
//! Bells ring only for those who asked. A receiver that finds nothing, and won't keep looking, *arms*
//! its side and looks once more; a sender publishes its packet and looks whether the peer is armed.
//! The handshake is Dekker's: a sequentially consistent fence between the write and the look, on both
//! sides.
//!
//! The sender's fence is what costs most of a message. So a receiver that takes many packets without
//! arming says that it is *hot*. Senders have the light fence of a [pair](crate::sync::light) then, and
//! look only whether that is still so. Before it arms, a hot receiver cools down and has the heavy fence
//! of the pair, a system call; from then on senders have fences again. One that sleeps for each packet
//! is never hot and makes no such call.
//!
//! Room is announced the other way round, but a fence for every packet that is taken would be wasted:
//! who takes packets looks again and again whether room is wanted, and has a fence before the last
//! look, when it arms.

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;

use crate::channel::{Header, Packet};
use crate::driver::reserved::Reserved;
use crate::driver::{Carrier, Closer, End, Naps, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use crate::sync::{Arc, Mutex, have_heavy, heavy, light, lock};
use crate::waitset::Bell;

/// So many packets in a row make an end hot: a heavy fence takes about as long as so many others. A
/// model has no time for so many.
pub(super) const HOT_AFTER: u64 = if cfg!(loom) { 2 } else { 64 };

/// Where the one sender of a bounded queue puts packets.
pub(crate) trait PipeTx {
    type Packet;

    /// True if there is room for one packet more than `besides`.
    fn has_room(&self, besides: usize) -> bool;

    /// Puts `packet` at the end, or hands it back if the queue is full.
    fn push(&self, packet: Self::Packet) -> Result<(), Self::Packet>;
}

/// Where the one receiver of a bounded queue takes them.
pub(crate) trait PipeRx {
    type Packet;

    fn is_empty(&self) -> bool;

    fn pop(&self) -> Option<Self::Packet>;
}

/// Nobody owns the side yet.
const NOWHERE: usize = 0;
/// Its owner may run on several CPUs.
const ANYWHERE: usize = 1;

/// Which CPU the loop of a bell needs, as a number above [`ANYWHERE`].
fn needs(bell: &Bell) -> usize {
    bell.cpu().map_or(ANYWHERE, |cpu| cpu + ANYWHERE + 1)
}

/// What both ends share beside the packets.
#[derive(Debug, Default)]
struct Link {
    sides: [Side; 2],
    closed: AtomicBool,
}

/// One end, as the other sees it. On cache lines of its own: it is written when its owner sleeps.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Side {
    bell: Mutex<Option<Arc<Bell>>>,
    /// What its owner is called in traces.
    label: Mutex<Option<Arc<str>>>,
    /// The CPU that its owner needs, as [`needs`] tells it.
    cpu: AtomicUsize,
    /// Its owner looks for packets, and will have a heavy fence before it sleeps.
    hot: AtomicBool,
    /// Its owner sleeps until there is a packet or the channel is closed.
    wants_packet: AtomicBool,
    /// Its owner waits for room to send.
    wants_room: AtomicBool,
    /// How often its owner asked for the bell at the next packet.
    sleeps: AtomicU64,
    /// How often it was rung for one.
    wakes: AtomicU64,
}

impl Side {
    #[inline]
    fn is_hot(&self) -> bool {
        // Relaxed: the fences in `ring_for_packet` and `cool_down` order it.
        self.hot.load(Ordering::Relaxed)
    }

    /// Publishes that its owner looks no more and wishes for a packet, before what is looked at next.
    #[inline(never)]
    fn cool_down(&self) {
        self.hot.store(false, Ordering::Relaxed);
        self.wants_packet.store(true, Ordering::Relaxed);
        // Pairs with the light fence in `ring_for_packet`: the look that comes now finds the packets
        // of senders who saw a hot end there. And with the other fence, for those who didn't.
        heavy();
    }

    fn ring(&self) {
        // The bell is cloned, not rung under the lock.
        let bell = lock(&self.bell).clone();
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    /// Rings if the owner asked for a packet, once per asking.
    #[inline]
    fn ring_for_packet(&self) {
        if self.is_hot() {
            // Pairs with the fence in `cool_down`: now it may be hot no more.
            light();
            if self.is_hot() {
                return;
            }
        }
        // Pairs with the fences in `wish` and `cool_down`.
        fence(Ordering::SeqCst);
        if self.wants_packet.load(Ordering::Relaxed)
            && self.wants_packet.swap(false, Ordering::Relaxed)
        {
            // Relaxed: a figure that orders nothing.
            self.wakes.fetch_add(1, Ordering::Relaxed);
            self.ring();
        }
    }

    /// True if the owner is seen to have asked for room, once per asking.
    #[inline]
    fn wants_room(&self) -> bool {
        self.wants_room.load(Ordering::Relaxed) && self.wants_room.swap(false, Ordering::Relaxed)
    }
}

/// Publishes a wish before what is looked at next.
fn wish(flag: &AtomicBool) {
    flag.store(true, Ordering::Relaxed);
    // Pairs with the fences in `ring_for_packet` and, for room, in the peer's wish for a packet.
    fence(Ordering::SeqCst);
}

/// Takes back a published wish if it is `granted` already. False if it is.
fn keep_unless(granted: bool, flag: &AtomicBool) -> bool {
    if granted {
        flag.store(false, Ordering::Relaxed);
    }
    !granted
}

impl Link {
    #[inline]
    fn is_closed(&self) -> bool {
        // Pairs with the swap in `close`: what its caller sent before is seen.
        self.closed.load(Ordering::Acquire)
    }

    fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
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
        // Relaxed: a hint, which orders nothing.
        self.own().cpu.store(needs(&bell), Ordering::Relaxed);
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
        self.peer().ring_for_packet();
    }

    /// Rings if the peer is seen to wait for room. Who has made room looks again before it sleeps, in
    /// what it gives to [`OwnSide::ask_for_packet`].
    #[inline]
    pub(crate) fn ring_for_room(&self) {
        self.ring_for_room_after(|| ());
    }

    /// The same, where room is only seen once it is published.
    #[inline]
    pub(crate) fn ring_for_room_after(&self, publish: impl FnOnce()) {
        let peer = self.peer();
        if peer.wants_room() {
            publish();
            peer.ring();
        }
    }

    /// True unless the peer is there and may run on another CPU.
    pub(crate) fn shares_cpu(&self) -> bool {
        // Relaxed: hints, which order nothing.
        let [own, peer] = [self.own(), self.peer()].map(|side| side.cpu.load(Ordering::Relaxed));
        own == NOWHERE || peer == NOWHERE || (own == peer && own != ANYWHERE)
    }

    /// How often this side asked for the bell, and how often the other was rung for it.
    pub(crate) fn naps(&self) -> Naps {
        // Relaxed: figures that order nothing.
        Naps {
            sleeps: self.own().sleeps.load(Ordering::Relaxed),
            wakes: self.peer().wakes.load(Ordering::Relaxed),
        }
    }

    /// Asks for the bell when there is room, unless there is some.
    pub(crate) fn ask_for_room(&self, is_there: impl FnOnce() -> bool) -> bool {
        let wish_for_room = &self.own().wants_room;
        wish(wish_for_room);
        keep_unless(is_there(), wish_for_room)
    }
}

/// A side as the end has it that takes its packets.
#[derive(Debug)]
pub(crate) struct OwnSide {
    side: LinkSide,
    /// How many packets were taken since it last armed.
    streak: Cell<u64>,
}

impl OwnSide {
    /// The two sides of a new link.
    pub(crate) fn pair() -> (Self, Self) {
        let own = |side| Self { side, streak: Cell::new(0) };
        let (first, second) = LinkSide::pair();
        (own(first), own(second))
    }

    /// Takes note of a packet that was taken.
    #[inline]
    pub(crate) fn took(&self) {
        let streak = self.streak.get() + 1;
        self.streak.set(streak);
        if streak == HOT_AFTER {
            self.heat();
        }
    }

    /// Lets senders be without fences, if there are others that do for them.
    #[inline(never)]
    fn heat(&self) {
        // Relaxed: who sees it late has fences for longer.
        self.own().hot.store(have_heavy(), Ordering::Relaxed);
    }

    /// Asks for the bell at the next packet, unless there is one.
    pub(crate) fn ask_for_packet(&self, is_there: impl FnOnce() -> bool) -> bool {
        self.streak.set(0);
        let own = self.own();
        if own.is_hot() {
            own.cool_down();
        } else {
            wish(&own.wants_packet);
        }
        let asked = keep_unless(is_there(), &own.wants_packet);
        if asked {
            // Relaxed: a figure that orders nothing.
            own.sleeps.fetch_add(1, Ordering::Relaxed);
        }
        asked
    }
}

impl Deref for OwnSide {
    type Target = LinkSide;

    fn deref(&self) -> &LinkSide {
        &self.side
    }
}

impl Closer for LinkSide {
    fn close(&self) {
        self.link.close();
    }
}

/// One end of a channel made of two queues.
pub struct LinkEnd<Tx, Rx> {
    tx: Tx,
    rx: Rx,
    link: OwnSide,
    /// How much of the room is kept for sends to come.
    reserved: Reserved,
}

/// Makes the two ends of a channel over the queues of its two directions.
pub(crate) fn link_pair<Tx, Rx>(
    there: (Tx, Rx),
    back: (Tx, Rx),
) -> (LinkEnd<Tx, Rx>, LinkEnd<Tx, Rx>) {
    let (first, second) = OwnSide::pair();
    let end = |tx, rx, link| LinkEnd { tx, rx, link, reserved: Reserved::default() };
    (end(there.0, back.1, first), end(back.0, there.1, second))
}

impl<Tx: PipeTx, Rx: PipeRx> Carrier for LinkEnd<Tx, Rx> {
    fn attach(&self, bell: Arc<Bell>) {
        self.link.attach(bell);
    }

    fn introduce(&self, label: Arc<str>) {
        self.link.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.link.peer_label()
    }

    #[inline]
    fn has_packet(&self) -> bool {
        self.link.ring_for_room();
        !self.rx.is_empty() || self.link.is_closed()
    }

    fn arm(&self) -> bool {
        self.link.ask_for_packet(|| self.has_packet())
    }

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

    #[inline]
    fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(LinkSide::clone(&self.link))
    }

    fn naps(&self) -> Naps {
        self.link.naps()
    }

    fn shares_cpu(&self) -> bool {
        self.link.shares_cpu()
    }
}

impl<I, Tx, Rx> End<I> for LinkEnd<Tx, Rx>
where
    I: Interface,
    Tx: PipeTx<Packet = Packet<I::Message>> + 'static,
    Rx: PipeRx<Packet = Packet<I::Message>> + 'static,
{
    #[inline]
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let packet = Packet::Message { header, message: message.into_message() };
        End::<I>::send_packet(self, packet).map_err(|refused| refused.map(unpack::<I, T>))
    }

    #[inline]
    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        if self.link.is_closed() {
            return Err(Refused::Closed(packet));
        }
        if self.reserved.count() > 0 && !self.has_room() {
            return Err(Refused::Full(packet));
        }
        self.tx.push(packet).map_err(Refused::Full)?;
        self.link.ring_for_packet();
        Ok(())
    }

    #[inline]
    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        // Closed is looked at before the queue: what was sent before closing is found after it.
        let closed = self.link.is_closed();
        let Some(packet) = self.rx.pop() else {
            return Err(if closed { RecvError::Closed } else { RecvError::Empty });
        };
        self.link.took();
        self.link.ring_for_room();
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
        self.link.close();
    }
}

impl<Tx, Rx> fmt::Debug for LinkEnd<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = self.link.is_closed();
        f.debug_struct("LinkEnd")
            .field("side", &self.link.side.side)
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}
