//! Waiting for room in a channel, and reserving it: what tasks use instead of being refused as busy.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::channel::{Channel, Header, Place};
use crate::clock::Time;
use crate::error::{CallError, ReserveError, RpcError, TxError};
use crate::interface::{Interface, Payload, Request};
use crate::rpc::{Call, Deadline};

/// Somebody who may wait for room in a channel. The place in the queue is left on drop.
struct Waiter<I: Interface> {
    channel: Rc<Channel<I>>,
    place: Option<Place>,
}

impl<I: Interface> Waiter<I> {
    fn new(channel: Rc<Channel<I>>) -> Self {
        Self { channel, place: None }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.channel.poll_room(&mut self.place, cx)
    }

    /// Lets the next one try.
    fn leave(&mut self) {
        self.channel.leave_queue(&mut self.place);
    }
}

impl<I: Interface> Drop for Waiter<I> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A message that is sent as soon as there is room; see
/// [`AnyBinding::send_when_room`](crate::AnyBinding::send_when_room).
#[must_use = "a future does nothing unless it is awaited"]
pub struct SendWhenRoom<I: Interface, T> {
    waiter: Waiter<I>,
    message: Option<T>,
}

impl<I: Interface, T> SendWhenRoom<I, T> {
    pub(crate) fn new(channel: Rc<Channel<I>>, message: T) -> Self {
        Self { waiter: Waiter::new(channel), message: Some(message) }
    }
}

impl<I: Interface, T: Payload<I> + Unpin> Future for SendWhenRoom<I, T> {
    type Output = Result<(), TxError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            if self.waiter.poll_room(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(message) = self.message.take() else {
                unreachable!("a future that is done isn't polled again")
            };
            match self.waiter.channel.send(Header::OneWay, message) {
                Err(TxError::Busy(message)) => self.message = Some(*message),
                other => {
                    self.waiter.leave();
                    return Poll::Ready(other);
                }
            }
        }
    }
}

/// A call that is sent as soon as there is room; see [`AnyBinding::call`](crate::AnyBinding::call).
#[must_use = "a future does nothing unless it is awaited"]
pub struct CallWhenRoom<I: Interface, R: Request<I>> {
    waiter: Waiter<I>,
    state: CallState<I, R>,
}

enum CallState<I: Interface, R: Request<I>> {
    Queued(Option<R>),
    Sent(Call<I, R::Response>),
}

impl<I: Interface, R: Request<I>> CallWhenRoom<I, R> {
    pub(crate) fn new(channel: Rc<Channel<I>>, request: R) -> Self {
        Self { waiter: Waiter::new(channel), state: CallState::Queued(Some(request)) }
    }

    /// The same call, which fails with [`RpcError::TimedOut`] at `deadline`, a time of the
    /// dispatcher's clock, whether it was sent by then or not.
    pub fn with_deadline(self, deadline: Time) -> Deadline<Self> {
        let waitset = self.waiter.channel.waitset().clone();
        Deadline::new(self, &waitset, deadline)
    }
}

impl<I: Interface, R: Request<I> + Unpin> Future for CallWhenRoom<I, R> {
    type Output = Result<R::Response, RpcError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let request = match &mut this.state {
                CallState::Sent(call) => return Pin::new(call).poll(cx),
                CallState::Queued(request) => request,
            };
            if this.waiter.poll_room(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(taken) = request.take() else {
                unreachable!("a future that is done isn't polled again")
            };
            match this.waiter.channel.send_call_in_turn(taken) {
                Ok(call) => {
                    this.waiter.leave();
                    this.state = CallState::Sent(call);
                }
                Err(CallError::Tx(TxError::Busy(back))) => *request = Some(*back),
                Err(error) => {
                    this.waiter.leave();
                    return Poll::Ready(Err(error.into()));
                }
            }
        }
    }
}

/// A reserved place in a channel, given back on drop; see
/// [`AnyBinding::reserve`](crate::AnyBinding::reserve).
#[must_use = "dropping a reserved place gives it back"]
pub struct Reserved<I: Interface> {
    /// `None` once used.
    channel: Option<Rc<Channel<I>>>,
}

impl<I: Interface> Reserved<I> {
    pub(crate) fn new(channel: Rc<Channel<I>>) -> Result<Self, ReserveError> {
        channel.reserve()?;
        Ok(Self { channel: Some(channel) })
    }

    /// Sends a one-way message into the place.
    ///
    /// # Errors
    ///
    /// [`TxError`] hands the message back: an argument can't be sent, or the binding is closed. The
    /// place is given back.
    pub fn send<T: Payload<I>>(mut self, message: T) -> Result<(), TxError<T>> {
        if let Err(bad) = message.check() {
            return Err(TxError::Argument(bad, Box::new(message)));
        }
        let Some(channel) = self.channel.take() else {
            unreachable!("a place is used up by value")
        };
        channel.send_reserved(message)
    }
}

impl<I: Interface> Drop for Reserved<I> {
    fn drop(&mut self) {
        if let Some(channel) = self.channel.take() {
            channel.unreserve();
        }
    }
}

impl<I: Interface, T> fmt::Debug for SendWhenRoom<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.message.is_none();
        f.debug_struct("SendWhenRoom").field("sent", &sent).finish_non_exhaustive()
    }
}

impl<I: Interface, R: Request<I>> fmt::Debug for CallWhenRoom<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = matches!(self.state, CallState::Sent(_));
        f.debug_struct("CallWhenRoom").field("sent", &sent).finish_non_exhaustive()
    }
}

impl<I: Interface> fmt::Debug for Reserved<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").finish_non_exhaustive()
    }
}
