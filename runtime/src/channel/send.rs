//! The sending half of a channel: messages, calls, answers, and who goes first when it is full.
//!
//! The order of sending is the order of accepting: what is parked goes first, then whoever waits for
//! room, then who comes new. A reserved place keeps that order too: see
//! [`Channel::send_reserved`].

use std::rc::Rc;
use std::task::{Context, Poll};

use super::{Channel, Header, Mark, Packet, Place};
use crate::driver::{Driver, End, Refused};
use crate::error::{CallError, ReserveError, TxError};
use crate::interface::{Interface, Payload, Request};
use crate::mutant;
use crate::rpc::{Call, CallId, Failure};

impl<I: Interface> Channel<I> {
    /// True if the channel is open and the next send isn't refused as busy.
    pub(crate) fn can_send(&self) -> bool {
        self.may_overtake_nobody() && self.end.carrier().has_room() && !self.is_closed()
    }

    /// Nobody is ahead of a new message: nothing is parked, no task waits for room.
    fn may_overtake_nobody(&self) -> bool {
        !self.is_crowded()
            || (self.parked.borrow().is_empty() && self.room_queue.borrow().is_empty())
    }

    /// True if something else than packets may wait for a turn.
    #[inline]
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowded.get()
    }

    /// Says that something else than packets waits for a turn.
    pub(crate) fn crowd(&self) {
        self.crowded.set(true);
    }

    /// Says that no event of the binding waits for a turn.
    pub(crate) fn uncrowd(&self) {
        self.crowded.set(!self.may_overtake_nobody());
    }

    fn has_parked(&self) -> bool {
        self.is_crowded() && !self.parked.borrow().is_empty()
    }

    /// Sends a one-way message, if nobody waits for room.
    pub(crate) fn send_one_way<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        let message = self.queue_up(message)?;
        self.send(Header::OneWay, message)
    }

    /// Sends a one-way message; if the channel is full it is queued, up to the outbox's limit.
    pub(crate) fn send_or_queue<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        match self.send_one_way(message) {
            Err(TxError::Busy(message)) if self.outbox_has_room() => {
                self.park_message(Header::OneWay, *message);
                Ok(())
            }
            other => other,
        }
    }

    fn outbox_has_room(&self) -> bool {
        self.parked.borrow().messages() < self.options.outbox_max_of()
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
            Ok(()) => TxError::Busy(Box::new(message)),
            Err(bad) => TxError::Argument(bad, Box::new(message)),
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
            return Err(TxError::Argument(bad, Box::new(message)).into());
        }
        let Some(call) = self.calls.borrow_mut().open(self.options.calls_max_of()) else {
            return Err(CallError::TooManyCalls(Box::new(message)));
        };
        if let Err(error) = self.send(Header::Call(call), message) {
            self.calls.borrow_mut().forget(call);
            return Err(error.into());
        }
        Ok(Call::new(Rc::clone(self), call))
    }

    /// Takes a place in the channel ahead of sending.
    pub(crate) fn reserve(&self) -> Result<(), ReserveError> {
        if self.is_closed() {
            Err(ReserveError::Closed)
        } else if self.may_overtake_nobody() && self.end.carrier().reserve() {
            Ok(())
        } else {
            Err(ReserveError::Busy)
        }
    }

    /// Gives a reserved place back.
    pub(crate) fn unreserve(&self) {
        self.end.carrier().unreserve();
        // Somebody may wait for just this room.
        self.ring();
    }

    /// Sends a one-way message into a reserved place, which is used up. What was parked meanwhile
    /// still goes first: the message takes its place at the end, the first parked packet the room.
    pub(crate) fn send_reserved<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        self.end.carrier().unreserve();
        if self.parked.borrow().is_empty() || self.is_closed() {
            return self.send(Header::OneWay, message);
        }
        self.park_message(Header::OneWay, message);
        self.use_room();
        Ok(())
    }

    /// Sends an answer; if the channel is full it is parked and sent as soon as there is room.
    pub(crate) fn answer<R: Payload<I>>(
        &self,
        call: CallId,
        response: R,
    ) -> Result<(), TxError<R>> {
        let header = Header::Response(call);
        if !self.has_parked() || self.is_closed() {
            match self.send(header, response) {
                Err(TxError::Busy(_)) if mutant!("reply-lost-when-busy") => self.settle(),
                Err(TxError::Busy(response)) => self.park_message(header, *response),
                Ok(()) => self.settle(),
                Err(error) => return Err(error),
            }
        } else if let Err(bad) = response.check() {
            return Err(TxError::Argument(bad, Box::new(response)));
        } else {
            self.park_message(header, response);
        }
        Ok(())
    }

    /// Tells the caller that its call gets no response.
    pub(crate) fn fail_call(&self, call: CallId, failure: Failure) {
        let packet = Packet::CallFailed { call, failure };
        if self.is_closed() {
            return;
        }
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

    fn park_message<T: Payload<I>>(&self, header: Header, message: T) {
        self.sent.set(self.sent.get() + 1);
        self.park(Packet::Message { header, message: message.into_message() });
    }

    fn park(&self, packet: Packet<I::Message>) {
        self.parked.borrow_mut().push(packet);
        self.crowd();
        debug_assert!(
            self.parked.borrow().len() as u64
                <= u64::from(self.options.calls_max_of().get())
                    + u64::from(self.options.outbox_max_of())
                    + u64::from(self.options.capacity_of().get()),
            "no more is parked than open calls, the outbox and reserved places allow"
        );
        self.want_room();
    }

    /// The point behind everything that was accepted so far.
    pub(crate) fn mark(&self) -> Mark {
        self.parked.borrow().mark()
    }

    /// True once everything before the mark was handed over.
    pub(crate) fn has_passed(&self, mark: Mark) -> bool {
        self.parked.borrow().has_passed(mark)
    }

    /// Asks for a turn when there is room.
    pub(crate) fn want_room(&self) {
        if !self.end.carrier().arm_room() {
            self.ring();
        }
    }

    /// Asks for a turn when a send may succeed. Who is ahead in the queue rings when it leaves.
    pub(crate) fn want_to_send(&self) {
        if self.room_queue.borrow().is_empty() {
            self.want_room();
        }
    }

    /// Sends what is parked while there is room, then lets the first who waits for room try.
    pub(crate) fn use_room(&self) {
        if !self.parked.borrow().is_empty() && !self.send_parked() {
            return;
        }
        if self.room_queue.borrow().is_empty() {
            return;
        }
        if self.end.carrier().has_room() || self.is_closed() {
            let first = self.room_queue.borrow_mut().wake_first();
            if let Some(waker) = first {
                waker.wake();
            }
        } else {
            self.want_room();
        }
    }

    /// Sends what is parked. False if some is left, and a bell will ring when there is room.
    fn send_parked(&self) -> bool {
        loop {
            let Some(packet) = self.parked.borrow_mut().pop() else { return true };
            let is_answer = packet.is_answer();
            match self.end.send_packet(packet) {
                Ok(()) if is_answer => self.settle(),
                Ok(()) => {}
                Err(Refused::Full(packet)) => {
                    self.parked.borrow_mut().put_back(packet);
                    if self.end.carrier().arm_room() {
                        return false;
                    }
                }
                Err(Refused::Closed(packet)) => {
                    self.parked.borrow_mut().put_back(packet);
                    let lost = self.parked.borrow_mut().clear();
                    drop(lost);
                    return true;
                }
            }
        }
    }

    /// The end of a channel whose driver is `D`.
    #[inline]
    fn end_of<D: Driver>(&self) -> &D::End<I> {
        let end = self.end.as_any().downcast_ref();
        end.expect("a channel has the send table of its driver")
    }

    /// Polls for room: ready when it is this place's turn and there is room, or the channel closed.
    pub(crate) fn poll_room(&self, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closed() {
            return Poll::Ready(());
        }
        let is_first = self.room_queue.borrow().is_first(*place);
        if is_first && self.parked.borrow().is_empty() && self.end.carrier().has_room() {
            return Poll::Ready(());
        }
        let replaced = self.room_queue.borrow_mut().wait(place, cx.waker().clone());
        self.crowd();
        drop(replaced);
        if is_first {
            self.want_room();
        }
        Poll::Pending
    }

    /// Leaves the queue for room and lets the next one try.
    pub(crate) fn leave_queue(&self, place: &mut Option<Place>) {
        if let Some(place) = place.take() {
            let waker = self.room_queue.borrow_mut().leave(place);
            drop(waker);
            self.ring();
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
        return Err(TxError::Argument(bad, Box::new(message)));
    }
    // Whether the peer closed it, the end finds out.
    if channel.is_shut() || !channel.holder.is_alive() {
        return Err(TxError::Closed(Box::new(message)));
    }
    let sent = match channel.near() {
        Some(near) => near.send::<I, T>(header, message),
        None => channel.end_of::<D>().send(header, message),
    };
    sent.map_err(|refused| match refused {
        Refused::Full(message) => TxError::Busy(Box::new(message)),
        Refused::Closed(message) => TxError::Closed(Box::new(message)),
    })?;
    channel.sent.set(channel.sent.get() + 1);
    Ok(())
}
