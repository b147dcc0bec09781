//! How a binding is observed: what wraps its end and its event source.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use super::{Bound, EndId, Observe, Observer, Seen};
use crate::binding::BindingSource;
use crate::clock::Time;
use crate::dispatcher::Core;
use crate::driver::ObservedEnd;
use crate::half::Opened;
use crate::interface::Interface;
use crate::options::Badge;
use crate::rpc::CallId;
use crate::waitset::{Registration, Source, Turn, Waitset};

/// The end of a binding that is made, wrapped if `by` wants to see its messages.
pub(crate) fn observed<I: Interface>(
    opened: Opened<I>,
    by: Option<&dyn Observe>,
    peer: Badge,
    end: Option<EndId>,
) -> (Opened<I>, Option<Rc<Watch>>) {
    let driver = opened.end.driver();
    let bound = Bound { descriptor: I::DESCRIPTOR, driver, peer, end };
    match by.and_then(|by| by.bound(bound)) {
        None => (opened, None),
        Some(observer) => {
            let watch = Watch::new(observer);
            (ObservedEnd::around(opened, Rc::clone(&watch)), Some(watch))
        }
    }
}

/// Registers a binding as an event source, wrapped if it is observed.
pub(crate) fn register<I: Interface, S: 'static>(
    core: &Core<S>,
    waitset: &Waitset,
    watch: Option<&Rc<Watch>>,
) -> (Rc<BindingSource<I, S>>, Registration) {
    let source = BindingSource::new();
    let inner = Rc::clone(&source);
    let registration = match watch {
        None => core.insert_on(waitset, |_| inner).1,
        Some(watch) => {
            let watch = Rc::clone(watch);
            core.insert_on(waitset, |_| Rc::new(ObservedSource { inner, watch })).1
        }
    };
    (source, registration)
}

/// A binding as an event source whose turns are observed.
struct ObservedSource<I: Interface, S: 'static> {
    inner: Rc<BindingSource<I, S>>,
    watch: Rc<Watch>,
}

impl<I: Interface, S: 'static> Source for ObservedSource<I, S> {
    fn turn(&self) -> Turn {
        self.watch.turn(|| self.inner.turn())
    }

    fn has_event(&self) -> bool {
        self.inner.has_event()
    }

    fn is_worth_spinning(&self) -> bool {
        self.inner.is_worth_spinning()
    }

    fn rest(&self) -> bool {
        self.inner.rest()
    }

    fn end(&self) {
        self.inner.end();
    }
}

/// What an observed binding keeps beside its channel.
pub(crate) struct Watch {
    observer: Box<dyn Observer>,
    sent: Cell<u64>,
    received: Cell<u64>,
    /// Whether the observer was told what carries the messages.
    carried: Cell<bool>,
    turn: Cell<TurnSoFar>,
}

/// What a turn has done so far. It receives at most once; whatever is taken out later, or without a
/// turn, is thrown away unread, because the binding closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TurnSoFar {
    None,
    Begun,
    /// It has looked, and found nothing or what nobody wants to see.
    Looked,
    Received,
}

impl Watch {
    pub(crate) fn new(observer: Box<dyn Observer>) -> Rc<Self> {
        let (sent, received, carried) = (Cell::new(0), Cell::new(0), Cell::new(false));
        Rc::new(Self { observer, sent, received, carried, turn: Cell::new(TurnSoFar::None) })
    }

    /// A message went over the driver that `name` tells. Before the first, the ends might have met.
    #[inline]
    pub(crate) fn carried_by(&self, name: impl FnOnce() -> &'static str) {
        if !self.carried.replace(true) {
            self.observer.carried_by(name());
        }
    }

    /// When the next message is sent, if anybody wants to know.
    pub(crate) fn now(&self) -> Option<Time> {
        self.observer.now(self.sent.get())
    }

    /// The channel took a message.
    pub(crate) fn sent(&self, number: Option<u16>, call: Option<CallId>, at: Option<Time>) {
        let index = self.sent.replace(self.sent.get() + 1);
        if let Some(at) = at {
            self.observer.sent(Seen { index, number, call, at });
        }
    }

    /// A message was taken out of the channel.
    pub(crate) fn took(&self, number: Option<u16>, call: Option<CallId>) {
        let index = self.received.replace(self.received.get() + 1);
        if self.turn.get() != TurnSoFar::Begun {
            return;
        }
        match self.observer.now(index) {
            None => self.turn.set(TurnSoFar::Looked),
            Some(at) => {
                self.turn.set(TurnSoFar::Received);
                self.observer.received(Seen { index, number, call, at });
            }
        }
    }

    /// Nothing could be received, and nothing will be in this turn.
    pub(crate) fn took_nothing(&self) {
        if self.turn.get() == TurnSoFar::Begun {
            self.turn.set(TurnSoFar::Looked);
        }
    }

    /// Observes a turn of the binding.
    pub(crate) fn turn<R>(&self, turn: impl FnOnce() -> R) -> R {
        self.turn.set(TurnSoFar::Begun);
        let result = turn();
        if self.turn.replace(TurnSoFar::None) == TurnSoFar::Received {
            self.observer.handled();
        }
        result
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("sent", &self.sent.get())
            .field("received", &self.received.get())
            .finish_non_exhaustive()
    }
}
