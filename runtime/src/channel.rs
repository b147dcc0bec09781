//! One end of a connection without the state of its dispatcher: sending, calls, replies, closing.
//!
//! Reply tokens and call futures hold a channel; so does every clone of a binding.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::driver::{AnyEnd, Closer, Driver, End, RecvError, Refused};
use crate::error::{BindingError, CallError, TxError};
use crate::interface::{CapVisitor, Interface, MessageKind, Payload, Request};
use crate::kernel::{CapError, Holder, HolderWatch, Tally, Transfer};
use crate::log;
use crate::options::{Badge, BindOptions};
use crate::rpc::{Call, CallId, Calls, Failure, Incoming};
use crate::sync::{Arc, Weak};
use crate::waitset::{Bell, WeakWaitset};

/// What goes through a channel.
#[derive(Debug)]
pub enum Packet<M> {
    /// A message.
    Message {
        /// What the message is for.
        header: Header,
        /// The message.
        message: M,
    },
    /// Tells the caller that its call gets no response.
    CallFailed {
        /// The call.
        call: CallId,
        /// Why.
        failure: Failure,
    },
}

impl<M> Packet<M> {
    /// The same packet with its message changed by `f`.
    pub fn map<N>(self, f: impl FnOnce(M) -> N) -> Packet<N> {
        match self {
            Self::Message { header, message } => Packet::Message { header, message: f(message) },
            Self::CallFailed { call, failure } => Packet::CallFailed { call, failure },
        }
    }

    /// The same packet with its message changed by `f`, if that succeeds.
    ///
    /// # Errors
    ///
    /// What `f` returns.
    pub fn try_map<N, E>(self, f: impl FnOnce(M) -> Result<N, E>) -> Result<Packet<N>, E> {
        Ok(match self {
            Self::Message { header, message } => Packet::Message { header, message: f(message)? },
            Self::CallFailed { call, failure } => Packet::CallFailed { call, failure },
        })
    }
}

/// What a message is for, and which call it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// It is sent and that's it.
    OneWay,
    /// It asks for a response to this call.
    Call(CallId),
    /// It answers this call.
    Response(CallId),
}

impl Header {
    fn kind(self) -> MessageKind {
        match self {
            Self::OneWay => MessageKind::OneWay,
            Self::Call(_) => MessageKind::Call,
            Self::Response(_) => MessageKind::Response,
        }
    }
}

/// How often something happened on a binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct BindingStats {
    /// Messages accepted for sending, responses included.
    pub sent: u64,
    /// Messages received, responses included.
    pub received: u64,
    /// Responses to calls whose future was dropped.
    pub late_responses: u64,
}

/// One end of a connection.
pub struct Channel<I: Interface> {
    end: Box<dyn AnyEnd<I>>,
    tx_vtbl: &'static I::TxVtbl,
    peer: Badge,
    options: BindOptions,
    holder: Holder,
    waitset: WeakWaitset,
    bell: Arc<Bell>,
    calls: RefCell<Calls<I::Message>>,
    /// Calls of the peer that are not answered yet.
    unanswered: Cell<u32>,
    /// Answers and queued messages that found the channel full, in order. Bounded by the calls the
    /// peer may have open and the size of the outbox.
    parked: RefCell<VecDeque<Packet<I::Message>>>,
    /// How many of the parked packets are one-way messages.
    outbox: Cell<u32>,
    /// Senders that wait for room, in order. Bounded by the tasks that wait.
    queue: RefCell<VecDeque<Rc<Ticket>>>,
    closed: Cell<bool>,
    /// What the own dispatcher is called in traces.
    label: Option<Rc<str>>,
    stats: Cell<BindingStats>,
    /// Closes the channel from outside when the holder ends.
    _watch: Arc<CloseWithHolder>,
    _counted: Tally,
}

/// A place in the queue for room.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    waker: RefCell<Option<Waker>>,
    gone: Cell<bool>,
}

struct CloseWithHolder(Arc<dyn Closer>);

impl HolderWatch for CloseWithHolder {
    fn holder_ended(&self) {
        self.0.close();
    }
}

/// What a channel is made of.
pub(crate) struct ChannelParts<I: Interface> {
    pub(crate) end: Box<dyn AnyEnd<I>>,
    pub(crate) tx_vtbl: &'static I::TxVtbl,
    pub(crate) peer: Badge,
    pub(crate) options: BindOptions,
    pub(crate) holder: Holder,
    pub(crate) waitset: WeakWaitset,
    pub(crate) bell: Arc<Bell>,
    pub(crate) label: Option<Rc<str>>,
}

/// What a turn found in a channel.
pub(crate) enum Received<M> {
    /// A message for its handler.
    Message { header: Header, message: M },
    /// Something that needed no handler.
    Done,
    /// The binding has a problem that its error handler must hear of.
    Error(BindingError),
    /// Nothing, until the bell rings.
    Idle,
}

impl<I: Interface> Channel<I> {
    pub(crate) fn new(parts: ChannelParts<I>) -> Rc<Self> {
        let ChannelParts { end, tx_vtbl, peer, options, holder, waitset, bell, label } = parts;
        let watch = Arc::new(CloseWithHolder(end.carrier().closer()));
        let weak: Weak<CloseWithHolder> = Arc::downgrade(&watch);
        holder.watch(weak);
        end.carrier().attach(Arc::clone(&bell));
        // What was sent before the bell was there is found by a first turn.
        bell.ring();
        Rc::new(Self {
            end,
            tx_vtbl,
            peer,
            options,
            _counted: holder.kernel().count_binding(),
            holder,
            waitset,
            bell,
            calls: RefCell::default(),
            unanswered: Cell::new(0),
            parked: RefCell::default(),
            outbox: Cell::new(0),
            queue: RefCell::default(),
            closed: Cell::new(false),
            label,
            stats: Cell::default(),
            _watch: watch,
        })
    }

    pub(crate) fn peer(&self) -> Badge {
        self.peer
    }

    pub(crate) fn driver(&self) -> &'static str {
        self.end.driver()
    }

    pub(crate) fn stats(&self) -> BindingStats {
        self.stats.get()
    }

    pub(crate) fn waitset(&self) -> &WeakWaitset {
        &self.waitset
    }

    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get() || self.end.carrier().is_closed() || !self.holder.is_alive()
    }

    /// True if the next send isn't refused as busy.
    pub(crate) fn can_send(&self) -> bool {
        self.may_overtake_nobody() && self.end.carrier().has_room()
    }

    /// Nobody is ahead of a new message: no parked answer, no task that waits for room.
    fn may_overtake_nobody(&self) -> bool {
        self.parked.borrow().is_empty() && self.queue.borrow().is_empty()
    }

    /// Sends a one-way message, if nobody waits for room.
    pub(crate) fn send_one_way<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        let message = self.queue_up(message)?;
        self.send(Header::OneWay, message)
    }

    /// Sends a one-way message; if the channel is full it is queued, up to the outbox's limit.
    pub(crate) fn send_or_queue<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        let message = match self.send_one_way(message) {
            Err(TxError::Busy(message)) if self.outbox.get() < self.options.outbox_max_of() => {
                message
            }
            other => return other,
        };
        self.outbox.set(self.outbox.get() + 1);
        self.park(Packet::Message { header: Header::OneWay, message: message.into_message() });
        Ok(())
    }

    /// Sends a call, if nobody waits for room, and returns the future of its answer.
    pub(crate) fn send_call<T: Request<I>>(
        self: &Rc<Self>,
        message: T,
    ) -> Result<Call<I, T::Response>, CallError<T>> {
        let message = self.queue_up(message)?;
        self.send_call_in_turn(message)
    }

    /// Refuses a message that would overtake others.
    fn queue_up<T: Payload<I>>(&self, message: T) -> Result<T, TxError<T>> {
        if self.may_overtake_nobody() || self.is_closed() {
            return Ok(message);
        }
        Err(match message.check() {
            Ok(()) => TxError::Busy(message),
            Err(bad) => TxError::Argument(bad, message),
        })
    }

    /// Sends a message, whoever waits for room.
    pub(crate) fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), TxError<T>> {
        T::entry(self.tx_vtbl)(self, header, message)
    }

    /// Sends a call, whoever waits for room.
    pub(crate) fn send_call_in_turn<T: Request<I>>(
        self: &Rc<Self>,
        message: T,
    ) -> Result<Call<I, T::Response>, CallError<T>> {
        if let Err(bad) = message.check() {
            return Err(TxError::Argument(bad, message).into());
        }
        let Some(call) = self.calls.borrow_mut().open(self.options.calls_max_of()) else {
            return Err(CallError::TooManyCalls(message));
        };
        if let Err(error) = self.send(Header::Call(call), message) {
            self.calls.borrow_mut().forget(call);
            return Err(error.into());
        }
        Ok(Call::new(Rc::clone(self), call))
    }

    /// Sends an answer; if the channel is full it is parked and sent as soon as there is room.
    pub(crate) fn answer<R: Payload<I>>(
        &self,
        call: CallId,
        response: R,
    ) -> Result<(), TxError<R>> {
        let header = Header::Response(call);
        let response = if self.parked.borrow().is_empty() {
            match self.send(header, response) {
                Err(TxError::Busy(response)) => response,
                Ok(()) => {
                    self.settle();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        } else if let Err(bad) = response.check() {
            return Err(TxError::Argument(bad, response));
        } else {
            response
        };
        self.park(Packet::Message { header, message: response.into_message() });
        Ok(())
    }

    /// Tells the caller that its call gets no response.
    pub(crate) fn fail_call(&self, call: CallId, failure: Failure) {
        let packet = Packet::CallFailed { call, failure };
        if !self.parked.borrow().is_empty() {
            return self.park(packet);
        }
        match self.end.send_packet(packet) {
            Ok(()) => self.settle(),
            Err(Refused::Full(packet)) => self.park(packet),
            Err(Refused::Closed(_)) => {}
        }
    }

    /// Notes that the answer to a call of the peer is on its way.
    fn settle(&self) {
        let open = self.unanswered.get();
        debug_assert!(open > 0, "every answer belongs to a call that was received");
        self.unanswered.set(open.saturating_sub(1));
    }

    fn park(&self, packet: Packet<I::Message>) {
        let mut parked = self.parked.borrow_mut();
        debug_assert!(
            parked.len()
                < (self.options.calls_max_of().get() + self.options.outbox_max_of()) as usize,
            "no more is parked than open calls and the outbox allow"
        );
        parked.push_back(packet);
        drop(parked);
        self.want_room();
    }

    /// Asks for a turn when there is room.
    pub(crate) fn want_room(&self) {
        if !self.end.carrier().arm_room() {
            self.bell.ring();
        }
    }

    /// Sends parked answers while there is room, then lets the first waiting sender try.
    fn use_room(&self) {
        loop {
            let Some(packet) = self.parked.borrow_mut().pop_front() else { break };
            let is_one_way = matches!(packet, Packet::Message { header: Header::OneWay, .. });
            match self.end.send_packet(packet) {
                Ok(()) if is_one_way => self.outbox.set(self.outbox.get() - 1),
                Ok(()) => self.settle(),
                Err(Refused::Full(packet)) => {
                    self.parked.borrow_mut().push_front(packet);
                    if self.end.carrier().arm_room() {
                        return;
                    }
                }
                Err(Refused::Closed(_)) => self.parked.borrow_mut().clear(),
            }
        }
        let mut queue = self.queue.borrow_mut();
        while queue.front().is_some_and(|ticket| ticket.gone.get()) {
            queue.pop_front();
        }
        let Some(first) = queue.front().cloned() else { return };
        drop(queue);
        if self.end.carrier().has_room() || self.is_closed() {
            let waker = first.waker.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        } else {
            self.want_room();
        }
    }

    /// Takes the next thing out of the channel.
    pub(crate) fn receive(self: &Rc<Self>) -> Received<I::Message> {
        self.use_room();
        if self.closed.get() {
            return Received::Idle;
        }
        match self.end.receive() {
            Ok(Packet::Message { header, message }) => self.accept(header, message),
            Ok(Packet::CallFailed { call, failure }) => {
                let known = self.calls.borrow_mut().finish(call, Err(failure.into()));
                if known { Received::Done } else { Received::Error(BindingError::StrayResponse) }
            }
            Err(RecvError::Empty) => {
                if self.end.carrier().arm() {
                    Received::Idle
                } else {
                    Received::Done
                }
            }
            Err(RecvError::Closed) => Received::Error(BindingError::PeerClosed),
            Err(RecvError::Wire(error)) => Received::Error(BindingError::Wire(error)),
        }
    }

    fn accept(self: &Rc<Self>, header: Header, mut message: I::Message) -> Received<I::Message> {
        self.count(|stats| stats.received += 1);
        let declared = I::DESCRIPTOR.message(I::number(&message));
        let Some(declared) = declared.filter(|declared| declared.kind == header.kind()) else {
            return Received::Error(BindingError::StrayResponse);
        };
        log::received!(I::DESCRIPTOR.name, declared.name, self.peer, self.label.as_deref());
        let mut stamp = Stamp { holder: &self.holder, error: None };
        I::visit_caps(&mut message, &mut stamp);
        if let Some(error) = stamp.error {
            return Received::Error(BindingError::Cap(error));
        }
        match header {
            Header::OneWay => {}
            Header::Call(_) if self.unanswered.get() >= self.options.calls_max_of().get() => {
                return Received::Error(BindingError::TooManyCalls);
            }
            Header::Call(_) => self.unanswered.set(self.unanswered.get() + 1),
            Header::Response(call) => {
                let known = self.calls.borrow_mut().finish(call, Ok(message));
                let late = self.calls.borrow().late();
                self.count(|stats| stats.late_responses = late);
                return if known {
                    Received::Done
                } else {
                    Received::Error(BindingError::StrayResponse)
                };
            }
        }
        Received::Message { header, message }
    }

    /// What the handler of a message gets to answer it.
    pub(crate) fn incoming(self: &Rc<Self>, header: Header) -> Incoming<I> {
        let call = match header {
            Header::Call(call) => Some(call),
            Header::OneWay | Header::Response(_) => None,
        };
        Incoming::new(Rc::clone(self), call)
    }

    /// Closes the channel: pending calls fail, parked answers and waiting senders are told.
    pub(crate) fn close(&self) {
        if self.closed.replace(true) {
            return;
        }
        self.end.carrier().closer().close();
        self.parked.borrow_mut().clear();
        let wakers = self.calls.borrow_mut().fail_all();
        let waiting: Vec<_> = self.queue.borrow_mut().drain(..).collect();
        for waker in wakers {
            waker.wake();
        }
        for ticket in waiting {
            let waker = ticket.waker.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    pub(crate) fn poll_call(
        &self,
        call: CallId,
        cx: &mut Context<'_>,
    ) -> Poll<Result<I::Message, crate::error::RpcError>> {
        self.calls.borrow_mut().poll(call, cx)
    }

    pub(crate) fn abandon_call(&self, call: CallId) {
        let abandoned = self.calls.borrow_mut().abandon(call);
        drop(abandoned);
    }

    /// Polls for room: ready when it is this ticket's turn and there is room, or the channel closed.
    pub(crate) fn poll_room(&self, ticket: &Rc<Ticket>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closed() {
            return Poll::Ready(());
        }
        let mut queue = self.queue.borrow_mut();
        if !queue.iter().any(|queued| Rc::ptr_eq(queued, ticket)) {
            queue.push_back(Rc::clone(ticket));
        }
        let is_first = queue.front().is_some_and(|first| Rc::ptr_eq(first, ticket));
        drop(queue);
        if is_first && self.parked.borrow().is_empty() && self.end.carrier().has_room() {
            return Poll::Ready(());
        }
        ticket.waker.replace(Some(cx.waker().clone()));
        self.want_room();
        Poll::Pending
    }

    /// Leaves the queue for room and lets the next one try.
    pub(crate) fn leave_queue(&self, ticket: &Rc<Ticket>) {
        ticket.gone.set(true);
        self.queue.borrow_mut().retain(|queued| !Rc::ptr_eq(queued, ticket));
        if !self.queue.borrow().is_empty() {
            self.bell.ring();
        }
    }

    fn count(&self, change: impl FnOnce(&mut BindingStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }
}

/// Stamps received capabilities with the domain that now holds them.
struct Stamp<'a> {
    holder: &'a Holder,
    error: Option<CapError>,
}

impl CapVisitor for Stamp<'_> {
    fn visit(&mut self, cap: &mut crate::kernel::Cap, transfer: Transfer) {
        match std::mem::take(cap).transfer(transfer, self.holder) {
            Ok(stamped) => *cap = stamped,
            Err((_, error)) => self.error = Some(error),
        }
    }
}

/// Sends a message over the driver `D`: what every entry of a send table does.
///
/// # Errors
///
/// [`TxError`] hands the message back.
pub fn send<D: Driver, I: Interface, T: Payload<I>>(
    channel: &Channel<I>,
    header: Header,
    message: T,
) -> Result<(), TxError<T>> {
    if let Err(bad) = message.check() {
        return Err(TxError::Argument(bad, message));
    }
    if channel.is_closed() {
        return Err(TxError::Closed(message));
    }
    let Some(end) = channel.end.as_any().downcast_ref::<D::End<I>>() else {
        unreachable!("a channel has the send table of its driver")
    };
    end.send(header, message).map_err(|refused| match refused {
        Refused::Full(message) => TxError::Busy(message),
        Refused::Closed(message) => TxError::Closed(message),
    })?;
    channel.count(|stats| stats.sent += 1);
    Ok(())
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
