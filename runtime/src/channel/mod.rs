//! One end of a connection without the state of its dispatcher: sending, calls, replies, closing.
//!
//! Reply tokens and call futures hold a channel; so does every clone of a binding. Wakers are woken
//! and values of the program dropped only while nothing is borrowed: either may lead back here.

mod packet;
mod parked;
mod queue;
mod receive;
mod send;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll};

pub use self::packet::{Header, Packet};
pub(crate) use self::parked::Mark;
use self::parked::Parked;
pub(crate) use self::queue::Place;
use self::queue::RoomQueue;
pub(crate) use self::receive::Received;
pub use self::send::send;
use crate::driver::{AnyEnd, Closer, Direct, Naps};
use crate::error::RpcError;
use crate::half::Opened;
use crate::interface::Interface;
use crate::kernel::{Holder, HolderWatch, Tally};
use crate::observe::Watch;
use crate::options::{Badge, BindOptions};
use crate::rpc::{CallId, Calls};
use crate::sync::{Arc, Weak};
use crate::waitset::{NearBell, WeakWaitset};

/// How often something happened on a binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct BindingStats {
    /// The name of the interconnect driver.
    pub driver: &'static str,
    /// Messages accepted for sending, responses included.
    pub sent: u64,
    /// Messages received, responses included.
    pub received: u64,
    /// Responses to calls whose future was dropped.
    pub late_responses: u64,
    /// How often this side stopped looking for messages and asked for its bell.
    pub sleeps: u64,
    /// How often a message rang the bell that the peer had asked for.
    pub wakes: u64,
}

/// One end of a connection.
pub struct Channel<I: Interface> {
    end: Box<dyn AnyEnd<I>>,
    /// The direct queue inside of the end, if it has one.
    direct: Option<Direct<I::Message>>,
    tx_vtbl: &'static I::TxVtbl,
    peer: Badge,
    options: BindOptions,
    holder: Holder,
    waitset: WeakWaitset,
    /// Replaced when the binding moves to another waitset.
    bell: RefCell<NearBell>,
    calls: RefCell<Calls<I::Message>>,
    /// Calls of the peer that are not answered yet.
    unanswered: Cell<u32>,
    parked: RefCell<Parked<I::Message>>,
    /// Who waits for room to send.
    room_queue: RefCell<RoomQueue>,
    sent: Cell<u64>,
    received: Cell<u64>,
    closed: Cell<bool>,
    /// Something else than packets may wait for a turn: what is parked, who waits for room, events of
    /// the binding. One look tells most turns and sends that nothing does.
    crowded: Cell<bool>,
    /// What the own dispatcher is called in traces.
    label: Option<Arc<str>>,
    /// What observes it, if anything does.
    watch: Option<Rc<Watch>>,
    /// Counts the binding until it is closed.
    tally: Cell<Option<Tally>>,
    /// Closes the channel from outside when the holder ends.
    _closer: Arc<CloseWithHolder>,
}

struct CloseWithHolder(Arc<dyn Closer>);

impl HolderWatch for CloseWithHolder {
    fn holder_ended(&self) {
        self.0.close();
    }
}

/// What a channel is made of.
pub(crate) struct ChannelParts<I: Interface> {
    pub(crate) opened: Opened<I>,
    pub(crate) peer: Badge,
    pub(crate) options: BindOptions,
    pub(crate) holder: Holder,
    pub(crate) waitset: WeakWaitset,
    pub(crate) bell: NearBell,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) watch: Option<Rc<Watch>>,
}

impl<I: Interface> Channel<I> {
    pub(crate) fn new(parts: ChannelParts<I>) -> Rc<Self> {
        let ChannelParts { opened, peer, options, holder, waitset, bell, label, watch } = parts;
        let Opened { end, tx_vtbl, direct } = opened;
        let closer = Arc::new(CloseWithHolder(end.carrier().closer()));
        let weak: Weak<CloseWithHolder> = Arc::downgrade(&closer);
        holder.watch(weak);
        end.carrier().attach(Arc::clone(bell.bell()));
        end.carrier().attach_near(bell.clone());
        if let Some(label) = &label {
            end.carrier().introduce(Arc::clone(label));
        }
        // What was sent before the bell was there is found by a first turn.
        bell.ring();
        Rc::new(Self {
            end,
            direct,
            tx_vtbl,
            peer,
            options,
            tally: Cell::new(Some(holder.kernel().count_binding())),
            holder,
            waitset,
            bell: RefCell::new(bell),
            calls: RefCell::default(),
            unanswered: Cell::new(0),
            parked: RefCell::default(),
            room_queue: RefCell::default(),
            sent: Cell::new(0),
            received: Cell::new(0),
            closed: Cell::new(false),
            crowded: Cell::new(false),
            label,
            watch,
            _closer: closer,
        })
    }

    /// What the other end is called in traces: as it introduced itself, else by its badge.
    pub(crate) fn peer_name(&self) -> Arc<str> {
        let introduced = self.end.carrier().peer_label();
        introduced.unwrap_or_else(|| self.peer.to_string().into())
    }

    /// The direct queue, if it carries the messages.
    #[inline]
    fn near(&self) -> Option<&Direct<I::Message>> {
        self.direct.as_ref().filter(|direct| direct.carries())
    }

    pub(crate) fn watch(&self) -> Option<&Rc<Watch>> {
        self.watch.as_ref()
    }

    pub(crate) fn peer(&self) -> Badge {
        self.peer
    }

    pub(crate) fn driver(&self) -> &'static str {
        self.end.driver()
    }

    pub(crate) fn stats(&self) -> BindingStats {
        let Naps { sleeps, wakes } = self.end.carrier().naps();
        BindingStats {
            driver: self.driver(),
            sent: self.sent.get(),
            received: self.received.get(),
            late_responses: self.calls.borrow().late(),
            sleeps,
            wakes,
        }
    }

    pub(crate) fn waitset(&self) -> &WeakWaitset {
        &self.waitset
    }

    /// Gives the binding a turn.
    pub(crate) fn ring(&self) {
        self.bell.borrow().ring();
    }

    /// From now on another bell rings, at once for what the old one may have announced.
    pub(crate) fn attach(&self, bell: NearBell) {
        self.end.carrier().attach(Arc::clone(bell.bell()));
        self.end.carrier().attach_near(bell.clone());
        bell.ring();
        self.bell.replace(bell);
    }

    /// True once either side closed the channel.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get() || self.end.carrier().is_closed() || !self.holder.is_alive()
    }

    /// True once this side closed the channel, or noticed that the other did: it has no more events.
    pub(crate) fn is_shut(&self) -> bool {
        self.closed.get()
    }

    /// Closes the channel: pending calls fail, who waits for room is told, what is parked or not
    /// received yet is dropped.
    pub(crate) fn close(&self) {
        if self.closed.replace(true) {
            return;
        }
        self.end.carrier().closer().close();
        drop(self.tally.take());
        let failed = self.calls.borrow_mut().fail_all();
        let waiting = self.room_queue.borrow_mut().take_all();
        for waker in failed.into_iter().chain(waiting) {
            waker.wake();
        }
        let lost = self.parked.borrow_mut().clear();
        drop(lost);
        // The capabilities of unread messages are given back now, although a reply token or a
        // future may hold the channel for long.
        while self.end.receive().is_ok() {}
    }

    pub(crate) fn poll_call(
        &self,
        call: CallId,
        cx: &mut Context<'_>,
    ) -> Poll<Result<I::Message, RpcError>> {
        let (answer, replaced) = self.calls.borrow_mut().poll(call, cx);
        drop(replaced);
        answer
    }

    pub(crate) fn abandon_call(&self, call: CallId) {
        let abandoned = self.calls.borrow_mut().abandon(call);
        drop(abandoned);
    }
}

impl<I: Interface> fmt::Debug for Channel<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("interface", &I::DESCRIPTOR.name)
            .field("end", &self.end)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
