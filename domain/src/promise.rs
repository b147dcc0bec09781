//! A value that a handler delivers and a future waits for, within one thread.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

enum State<T> {
    Waiting(Option<Waker>),
    Kept(T),
    Broken,
}

/// Delivers the value.
pub(crate) struct Resolver<T>(Rc<RefCell<State<T>>>);

/// Waits for the value; `None` if the resolver is dropped without one.
pub(crate) struct Promise<T>(Rc<RefCell<State<T>>>);

pub(crate) fn promise<T>() -> (Resolver<T>, Promise<T>) {
    let state = Rc::new(RefCell::new(State::Waiting(None)));
    (Resolver(Rc::clone(&state)), Promise(state))
}

impl<T> Resolver<T> {
    pub(crate) fn resolve(self, value: T) {
        settle(&self.0, State::Kept(value));
    }
}

impl<T> Drop for Resolver<T> {
    fn drop(&mut self) {
        settle(&self.0, State::Broken);
    }
}

/// Settles what still waits, and wakes the waiter after the borrow has ended.
fn settle<T>(state: &RefCell<State<T>>, settled: State<T>) {
    let waker = match &mut *state.borrow_mut() {
        State::Waiting(waker) => waker.take(),
        State::Kept(_) | State::Broken => return,
    };
    state.replace(settled);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> Future for Promise<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.borrow_mut();
        match std::mem::replace(&mut *state, State::Broken) {
            State::Waiting(_) => {
                *state = State::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            State::Kept(value) => Poll::Ready(Some(value)),
            State::Broken => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll<T>(promise: &mut Promise<T>) -> Poll<Option<T>> {
        Pin::new(promise).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_kept_promise_has_its_value() {
        let (resolver, mut promise) = promise();
        assert_eq!(poll(&mut promise), Poll::Pending);
        resolver.resolve(7);
        assert_eq!(poll(&mut promise), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_dropped_resolver_breaks_the_promise() {
        let (resolver, mut promise) = promise::<u8>();
        drop(resolver);
        assert_eq!(poll(&mut promise), Poll::Ready(None));
    }
}
