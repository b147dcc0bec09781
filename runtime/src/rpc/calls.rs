//! The calls of one channel that wait for their answers.

use std::num::NonZeroU32;
use std::task::{Context, Poll, Waker};

use super::CallId;
use crate::error::RpcError;

/// The calls of one channel that wait for their answers.
///
/// A slot is taken until the answer is here, also if nobody waits for it any more: so the peer never
/// has more calls to answer than the binding allows. Nothing is woken or dropped in here: the caller
/// does that when it has let go of the table.
#[derive(Debug)]
pub(crate) struct Calls<M> {
    slots: Vec<Slot<M>>,
    free: Vec<u32>,
    late: u64,
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

/// What became of an answer.
#[derive(Debug)]
pub(crate) enum Finished<M> {
    /// It waits for its future, whose task is to be woken.
    Answered(Option<Waker>),
    /// Its future is gone.
    Late(Result<M, RpcError>),
    /// No such call is open.
    Unknown(Result<M, RpcError>),
}

impl<M> Default for Calls<M> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), late: 0 }
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
        Some(CallId::new(index, slot.round))
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
            self.free.push(call.slot());
        }
    }

    /// Puts the answer where the future finds it.
    #[inline]
    pub(crate) fn finish(&mut self, call: CallId, answer: Result<M, RpcError>) -> Finished<M> {
        let Some(slot) = self.slot(call) else { return Finished::Unknown(answer) };
        match &mut slot.state {
            State::Waiting(waker) => {
                let waker = waker.take();
                slot.state = State::Answered(answer);
                Finished::Answered(waker)
            }
            State::Abandoned => {
                slot.state = State::Free;
                self.free.push(call.slot());
                self.late += 1;
                Finished::Late(answer)
            }
            State::Free | State::Answered(_) => Finished::Unknown(answer),
        }
    }

    /// Fails all open calls; returns who is to be woken.
    pub(crate) fn fail_all(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for slot in &mut self.slots {
            if let State::Waiting(waker) = &mut slot.state {
                wakers.extend(waker.take());
                slot.state = State::Answered(Err(RpcError::Closed));
            }
        }
        wakers
    }

    /// Takes the answer, or keeps the waker until it comes. Returns the waker it replaces, too.
    pub(crate) fn poll(
        &mut self,
        call: CallId,
        cx: &mut Context<'_>,
    ) -> (Poll<Result<M, RpcError>>, Option<Waker>) {
        let closed = || Poll::Ready(Err(RpcError::Closed));
        let Some(slot) = self.slot(call) else { return (closed(), None) };
        match &mut slot.state {
            State::Waiting(waker) => (Poll::Pending, waker.replace(cx.waker().clone())),
            State::Answered(_) => {
                let state = std::mem::replace(&mut slot.state, State::Free);
                self.free.push(call.slot());
                let State::Answered(answer) = state else { unreachable!("it was answered") };
                (Poll::Ready(answer), None)
            }
            State::Free | State::Abandoned => (closed(), None),
        }
    }

    /// The future is dropped; what it held is returned, to be dropped outside any borrow.
    pub(crate) fn abandon(&mut self, call: CallId) -> Option<impl Sized + use<M>> {
        let slot = self.slot(call)?;
        let next = match slot.state {
            State::Waiting(_) => State::Abandoned,
            State::Answered(_) => State::Free,
            State::Free | State::Abandoned => return None,
        };
        let is_free = matches!(next, State::Free);
        let held = std::mem::replace(&mut slot.state, next);
        if is_free {
            self.free.push(call.slot());
        }
        Some(held)
    }

    /// How many answers came after their future was dropped.
    pub(crate) fn late(&self) -> u64 {
        self.late
    }

    fn slot(&mut self, call: CallId) -> Option<&mut Slot<M>> {
        self.slots.get_mut(call.slot() as usize).filter(|slot| slot.round == call.round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: NonZeroU32 = NonZeroU32::new(2).unwrap();

    fn context() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn a_slot_is_taken_until_its_answer_is_here_and_taken() {
        let mut calls = Calls::default();
        let (first, second) = (calls.open(MAX).unwrap(), calls.open(MAX).unwrap());
        assert_eq!(calls.open(MAX), None);
        drop(calls.abandon(first));
        assert_eq!(calls.open(MAX), None, "the peer still has it to answer");
        assert!(matches!(calls.finish(first, Ok(1)), Finished::Late(Ok(1))));
        assert_eq!(calls.late(), 1);

        let third = calls.open(MAX).unwrap();
        assert_ne!(third, first, "a slot used again makes another call");
        assert!(matches!(calls.finish(first, Ok(1)), Finished::Unknown(Ok(1))));
        assert!(calls.poll(second, &mut context()).0.is_pending());
        assert!(matches!(calls.finish(second, Ok(2)), Finished::Answered(Some(_))));
        assert!(matches!(calls.finish(second, Ok(2)), Finished::Unknown(_)), "answered once");
        assert_eq!(calls.open(MAX), None, "its future has the answer to take");
        assert_eq!(calls.poll(second, &mut context()).0, Poll::Ready(Ok(2)));
        assert_eq!(calls.poll(second, &mut context()).0, Poll::Ready(Err(RpcError::Closed)));
        calls.forget(third);
        assert!(calls.open(MAX).is_some() && calls.open(MAX).is_some());
    }

    #[test]
    fn an_answer_that_nobody_takes_frees_its_slot() {
        let mut calls = Calls::default();
        for round in 0..10 {
            let call = calls.open(MAX).unwrap();
            assert!(matches!(calls.finish(call, Ok(round)), Finished::Answered(None)));
            drop(calls.abandon(call));
            drop(calls.abandon(call));
        }
        assert_eq!((calls.slots.len(), calls.free.len()), (1, 1));
    }

    #[test]
    fn all_open_calls_fail_at_once() {
        let mut calls = Calls::<u8>::default();
        let (asked, unasked) = (calls.open(MAX).unwrap(), calls.open(MAX).unwrap());
        assert!(calls.poll(asked, &mut context()).0.is_pending());
        assert_eq!(calls.fail_all().len(), 1);
        for call in [asked, unasked] {
            assert_eq!(calls.poll(call, &mut context()).0, Poll::Ready(Err(RpcError::Closed)));
        }
    }
}
