//! Calls and their answers: call ids, the future of a call, the token that answers one.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::channel::Channel;
use crate::clock::Time;
use crate::error::{ReplyError, RpcError, TxError};
use crate::interface::{Interface, Payload};
use crate::waitset::Sleep;

/// Names a call on its binding, in one direction; never the same twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId {
    slot: u32,
    /// How often the slot was used before, and once more.
    round: u32,
}

impl CallId {
    /// The call with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self { slot: (number & 0xffff_ffff) as u32, round: (number >> 32) as u32 }
    }

    /// The call's number: its slot in the lower 32 bits, how often that was used in the upper.
    #[must_use]
    pub const fn number(self) -> u64 {
        (self.round as u64) << 32 | self.slot as u64
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

/// The calls of one channel that wait for their answers.
///
/// A slot is taken until the answer is here, also if nobody waits for it any more: so the peer never
/// has more calls to answer than the binding allows.
#[derive(Debug)]
pub(crate) struct Calls<M> {
    slots: Vec<Slot<M>>,
    free: Vec<u32>,
    late: u64,
    closed: bool,
}

#[derive(Debug)]
struct Slot<M> {
    round: u32,
    state: State<M>,
}

#[derive(Debug)]
enum State<M> {
    Free,
    Waiting(Option<Waker>),
    Answered(Result<M, RpcError>),
    /// The future is gone, the answer isn't here yet.
    Abandoned,
}

impl<M> Default for Calls<M> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), late: 0, closed: false }
    }
}

impl<M> Calls<M> {
    /// Opens a call, unless `max` are open.
    pub(crate) fn open(&mut self, max: NonZeroU32) -> Option<CallId> {
        let index = self.free.pop().or_else(|| self.grow(max))?;
        let slot = &mut self.slots[index as usize];
        // The 2^32 rounds of a slot last for centuries of calls; then they begin anew.
        slot.round = slot.round.wrapping_add(1);
        slot.state = State::Waiting(None);
        Some(CallId { slot: index, round: slot.round })
    }

    /// Makes another slot, unless there are `max`.
    fn grow(&mut self, max: NonZeroU32) -> Option<u32> {
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index < max.get())?;
        self.slots.push(Slot { round: 0, state: State::Free });
        Some(index)
    }

    /// Takes back a call that was not sent.
    pub(crate) fn forget(&mut self, call: CallId) {
        if let Some(slot) = self.slot(call) {
            slot.state = State::Free;
            self.release(call);
        }
    }

    /// Puts the answer where the future finds it. False if no such call is open.
    pub(crate) fn finish(&mut self, call: CallId, answer: Result<M, RpcError>) -> bool {
        let Some(slot) = self.slot(call) else { return false };
        match std::mem::replace(&mut slot.state, State::Free) {
            State::Waiting(waker) => {
                slot.state = State::Answered(answer);
                if let Some(waker) = waker {
                    waker.wake();
                }
                true
            }
            State::Abandoned => {
                self.late += 1;
                self.release(call);
                true
            }
            other => {
                slot.state = other;
                false
            }
        }
    }

    /// Fails all open calls and those to come; returns who is to be woken.
    pub(crate) fn fail_all(&mut self) -> Vec<Waker> {
        self.closed = true;
        let mut wakers = Vec::new();
        for slot in &mut self.slots {
            if let State::Waiting(waker) = &mut slot.state {
                wakers.extend(waker.take());
                slot.state = State::Answered(Err(RpcError::Closed));
            }
        }
        wakers
    }

    pub(crate) fn poll(&mut self, call: CallId, cx: &mut Context<'_>) -> Poll<Result<M, RpcError>> {
        let Some(slot) = self.slot(call) else { return Poll::Ready(Err(RpcError::Closed)) };
        match std::mem::replace(&mut slot.state, State::Free) {
            State::Answered(answer) => {
                self.release(call);
                Poll::Ready(answer)
            }
            State::Waiting(_) => {
                slot.state = State::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            other => {
                slot.state = other;
                Poll::Ready(Err(RpcError::Closed))
            }
        }
    }

    /// The future is dropped; what it held is returned, to be dropped outside any borrow.
    pub(crate) fn abandon(&mut self, call: CallId) -> Option<impl Sized + use<M>> {
        let slot = self.slot(call)?;
        let state = std::mem::replace(&mut slot.state, State::Abandoned);
        if !matches!(state, State::Waiting(_)) {
            slot.state = State::Free;
            if !matches!(state, State::Free) {
                self.release(call);
            }
        }
        Some(state)
    }

    /// How many answers came after their future was dropped.
    pub(crate) fn late(&self) -> u64 {
        self.late
    }

    fn slot(&mut self, call: CallId) -> Option<&mut Slot<M>> {
        self.slots.get_mut(call.slot as usize).filter(|slot| slot.round == call.round)
    }

    fn release(&mut self, call: CallId) {
        self.free.push(call.slot);
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
        let sleep = self.channel.waitset().upgrade().map(|waitset| waitset.sleep_until(deadline));
        Deadline { call: self, sleep }
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
    channel: Rc<Channel<I>>,
    call: Option<CallId>,
}

impl<I: Interface> Incoming<I> {
    pub(crate) fn new(channel: Rc<Channel<I>>, call: Option<CallId>) -> Self {
        Self { channel, call }
    }

    /// The token that answers the call with an `R`.
    pub fn reply<R: Payload<I>>(mut self) -> Reply<I, R> {
        let call = self.call.take();
        Reply { channel: Rc::clone(&self.channel), call, response: PhantomData }
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
    channel: Rc<Channel<I>>,
    /// `None` once answered.
    call: Option<CallId>,
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
        let Some(call) = self.call.take() else {
            unreachable!("a token without its call was consumed")
        };
        match self.channel.answer(call, response) {
            Ok(()) => Ok(()),
            Err(TxError::Argument(bad, response)) => {
                self.call = Some(call);
                Err(ReplyError::Argument(bad, response, self))
            }
            Err(TxError::Busy(response) | TxError::Closed(response)) => {
                Err(ReplyError::Closed(response))
            }
        }
    }

    /// Tells the caller that nobody handles the request.
    pub fn unhandled(mut self) {
        if let Some(call) = self.call.take() {
            self.channel.fail_call(call, Failure::Unhandled);
        }
    }
}

impl<I: Interface, R: Payload<I>> Drop for Reply<I, R> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.channel.fail_call(call, Failure::Dropped);
        }
    }
}

impl<I: Interface, R: Payload<I>> fmt::Debug for Reply<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("call", &self.call).finish_non_exhaustive()
    }
}
