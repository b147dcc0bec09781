//! Calls and their answers: call ids, the future of a call, the token that answers one.

mod calls;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

pub(crate) use self::calls::{Calls, Finished};
use crate::channel::Channel;
use crate::clock::Time;
use crate::error::{ReplyError, RpcError, TxError};
use crate::interface::{Interface, Payload};
use crate::waitset::{Sleep, WeakWaitset};

/// Names a call on its binding, in one direction; never the same twice.
// One number, not two fields: it travels in a register, also inside of a header or a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(u64);

impl CallId {
    /// The call of this slot that comes in this round.
    const fn new(slot: u32, round: u32) -> Self {
        Self((round as u64) << 32 | slot as u64)
    }

    /// The call with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The call's number: its slot in the lower 32 bits, how often that was used in the upper.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    const fn slot(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }

    /// How often the slot was used before, and once more.
    const fn round(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Why a call gets no response, as the peer tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The token was dropped.
    Dropped,
    /// Nobody handles the request.
    Unhandled,
}

impl From<Failure> for RpcError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Dropped => Self::Dropped,
            Failure::Unhandled => Self::Unhandled,
        }
    }
}

/// A call under way: the future of its response `R`.
///
/// The request was sent when the call was made. Dropping the future cancels the wait: a response
/// that comes later is discarded and counted.
#[must_use = "a call that nobody awaits is cancelled"]
pub struct Call<I: Interface, R: Payload<I>> {
    channel: Rc<Channel<I>>,
    id: CallId,
    done: bool,
    response: PhantomData<fn() -> R>,
}

impl<I: Interface, R: Payload<I>> Call<I, R> {
    pub(crate) fn new(channel: Rc<Channel<I>>, id: CallId) -> Self {
        Self { channel, id, done: false, response: PhantomData }
    }

    /// The same call, which fails with [`RpcError::TimedOut`] at `deadline`, a time of the
    /// dispatcher's clock.
    pub fn with_deadline(self, deadline: Time) -> Deadline<Self> {
        let waitset = self.channel.waitset().clone();
        Deadline::new(self, &waitset, deadline)
    }
}

impl<I: Interface, R: Payload<I>> Future for Call<I, R> {
    type Output = Result<R, RpcError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(answer) = self.channel.poll_call(self.id, cx) else {
            return Poll::Pending;
        };
        self.done = true;
        Poll::Ready(
            answer.and_then(|message| R::from_message(message).map_err(|_| RpcError::Mismatch)),
        )
    }
}

impl<I: Interface, R: Payload<I>> Drop for Call<I, R> {
    fn drop(&mut self) {
        if !self.done {
            self.channel.abandon_call(self.id);
        }
    }
}

impl<I: Interface, R: Payload<I>> fmt::Debug for Call<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A call that has a deadline.
#[derive(Debug)]
#[must_use = "a call that nobody awaits is cancelled"]
pub struct Deadline<C> {
    call: C,
    /// `None` if the waitset is gone, and with it the call.
    sleep: Option<Sleep>,
}

impl<C> Deadline<C> {
    pub(crate) fn new(call: C, waitset: &WeakWaitset, deadline: Time) -> Self {
        Self { call, sleep: waitset.upgrade().map(|waitset| waitset.sleep_until(deadline)) }
    }
}

impl<C, R> Future for Deadline<C>
where
    C: Future<Output = Result<R, RpcError>> + Unpin,
{
    type Output = Result<R, RpcError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(answer) = Pin::new(&mut self.call).poll(cx) {
            return Poll::Ready(answer);
        }
        if let Some(sleep) = &mut self.sleep
            && Pin::new(sleep).poll(cx).is_pending()
        {
            return Poll::Pending;
        }
        Poll::Ready(Err(RpcError::TimedOut))
    }
}

/// How to answer a message that was received, before its type is known.
#[derive(Debug)]
pub struct Incoming<I: Interface> {
    /// `None` if it is no call.
    channel: Option<Rc<Channel<I>>>,
    call: CallId,
}

impl<I: Interface> Incoming<I> {
    /// How to answer `call`, which came over `channel`.
    pub(crate) fn call(channel: Rc<Channel<I>>, call: CallId) -> Self {
        Self { channel: Some(channel), call }
    }

    /// For a message that isn't answered.
    pub(crate) fn one_way() -> Self {
        Self { channel: None, call: CallId::from_number(0) }
    }

    /// The token that answers the call with an `R`.
    pub fn reply<R: Payload<I>>(self) -> Reply<I, R> {
        let Self { channel, call } = self;
        Reply { channel, call, response: PhantomData }
    }

    /// For a message that has no handler because it is an answer itself. The runtime never
    /// delivers one: answers complete calls.
    pub fn stray(self) {
        debug_assert!(false, "answers complete calls and are not delivered");
    }
}

/// Answers one call, exactly once: [`Reply::send`] consumes it, and dropping it unanswered sends the
/// caller [`RpcError::Dropped`].
///
/// It can be stored and answered later, also from a task; it doesn't keep the binding open.
#[must_use = "dropping a reply token fails the call"]
pub struct Reply<I: Interface, R: Payload<I>> {
    /// `None` once answered.
    channel: Option<Rc<Channel<I>>>,
    call: CallId,
    response: PhantomData<fn(R)>,
}

impl<I: Interface, R: Payload<I>> Reply<I, R> {
    /// Sends the answer. It isn't lost if the channel is full: it goes out as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`ReplyError`]: the binding is closed, or an argument can't be sent; then the token comes
    /// back with the response.
    pub fn send(mut self, response: R) -> Result<(), ReplyError<R, Self>>
    where
        R: Payload<I>,
    {
        let Some(channel) = self.channel.take() else {
            unreachable!("a token without its call was consumed")
        };
        match channel.answer(self.call, response) {
            Ok(()) => Ok(()),
            Err(TxError::Argument(bad, response)) => {
                self.channel = Some(channel);
                Err(ReplyError::Argument(bad, response, self))
            }
            Err(TxError::Busy(response) | TxError::Closed(response)) => {
                Err(ReplyError::Closed(response))
            }
        }
    }

    /// Tells the caller that nobody handles the request.
    pub fn unhandled(mut self) {
        self.fail(Failure::Unhandled);
    }

    fn fail(&mut self, failure: Failure) {
        if let Some(channel) = self.channel.take() {
            channel.fail_call(self.call, failure);
        }
    }
}

impl<I: Interface, R: Payload<I>> Drop for Reply<I, R> {
    fn drop(&mut self) {
        self.fail(Failure::Dropped);
    }
}

impl<I: Interface, R: Payload<I>> fmt::Debug for Reply<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("call", &self.call).finish_non_exhaustive()
    }
}
