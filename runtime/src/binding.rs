//! What all bindings share, whatever their interface: identity, closing, room, continuations.
//!
//! A generated `Binding` wraps [`Parts`] and adds a method per message; [`AnyBinding`] is the rest.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::channel::{BindingStats, Channel, Header, Mark, Received};
use crate::dispatcher::{Core, Ctx};
use crate::driver::Outlook;
use crate::error::{BindingError, CallError, ReserveError, TxError};
use crate::interface::{Delivery, Interface, Payload, Request};
use crate::log;
use crate::observe::register;
use crate::options::Badge;
use crate::room::{CallWhenRoom, Reserved, SendWhenRoom};
use crate::rpc::Call;
use crate::waitset::{Key, Registration, Source, Turn, Waitset};

/// Names a binding within its dispatcher's waitset; never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BindingId(Key);

/// A function that is told what goes wrong with a binding.
pub type ErrorHandler<S, B> = fn(&mut S, &B, BindingError);

/// How many continuations may wait on one binding: as many as fit the work of one turn.
pub const CONTINUATIONS_MAX: usize = 64;

type Event<I, S> = Box<dyn FnOnce(&mut S, &<I as Interface>::Binding<S>)>;

/// What the runtime keeps about a binding: a cheap handle, local to its dispatcher.
pub struct Parts<I: Interface, S: 'static> {
    shared: Rc<Shared<I, S>>,
}

struct Shared<I: Interface, S: 'static> {
    channel: Rc<Channel<I>>,
    core: Weak<Core<S>>,
    rx_vtbl: Cell<I::RxVtbl<S>>,
    on_error: Cell<ErrorHandler<S, I::Binding<S>>>,
    /// Each is due once everything before its mark was handed over.
    continuations: RefCell<VecDeque<(Mark, Event<I, S>)>>,
    on_room: RefCell<Option<Event<I, S>>>,
    id: Key,
    owner: Owner,
    /// The binding's place in the waitset, until it is closed.
    registration: RefCell<Option<Registration>>,
}

/// Whose the binding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// The handles: it is closed when the last one drops.
    Handles,
    /// The dispatcher: it is closed when that ends.
    Dispatcher,
}

/// A binding as an event source.
pub(crate) struct BindingSource<I: Interface, S: 'static> {
    /// `None` before the binding is made and after it has ended.
    hold: RefCell<Option<Hold<I, S>>>,
}

/// How the waitset holds a binding.
enum Hold<I: Interface, S: 'static> {
    /// The dispatcher owns it.
    Strong(Rc<Shared<I, S>>),
    /// Its handles own it.
    Weak(Weak<Shared<I, S>>),
}

impl<I: Interface, S: 'static> BindingSource<I, S> {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { hold: RefCell::new(None) })
    }

    fn hold(&self, shared: &Rc<Shared<I, S>>) {
        *self.hold.borrow_mut() = Some(match shared.owner {
            Owner::Dispatcher => Hold::Strong(Rc::clone(shared)),
            Owner::Handles => Hold::Weak(Rc::downgrade(shared)),
        });
    }

    fn parts(&self) -> Option<Parts<I, S>> {
        let shared = match self.hold.borrow().as_ref()? {
            Hold::Strong(shared) => Rc::clone(shared),
            Hold::Weak(shared) => shared.upgrade()?,
        };
        Some(Parts { shared })
    }
}

impl<I: Interface, S: 'static> Source for BindingSource<I, S> {
    fn turn(&self) -> Turn {
        let Some(parts) = self.parts() else { return Turn::Idle };
        parts.turn()
    }

    fn has_event(&self) -> bool {
        self.parts().is_some_and(|parts| parts.shared.channel.has_packet())
    }

    fn is_worth_spinning(&self) -> bool {
        self.parts().is_some_and(|parts| !parts.shared.channel.shares_cpu())
    }

    fn rest(&self) -> bool {
        self.parts().is_none_or(|parts| parts.shared.channel.arm())
    }

    fn end(&self) {
        if let Some(parts) = self.parts() {
            parts.close();
        }
        // Two statements: what is dropped may look here again.
        let hold = self.hold.borrow_mut().take();
        drop(hold);
    }
}

impl<I: Interface, S: 'static> Parts<I, S> {
    pub(crate) fn new(
        channel: Rc<Channel<I>>,
        core: &Rc<Core<S>>,
        rx_vtbl: &I::RxVtbl<S>,
        source: &BindingSource<I, S>,
        registration: Registration,
        owner: Owner,
    ) -> Self {
        let shared = Rc::new(Shared {
            channel,
            core: Rc::downgrade(core),
            rx_vtbl: Cell::new(*rx_vtbl),
            on_error: Cell::new(log_error),
            continuations: RefCell::default(),
            on_room: RefCell::default(),
            id: registration.key(),
            owner,
            registration: RefCell::new(Some(registration)),
        });
        source.hold(&shared);
        Self { shared }
    }

    /// Moves the binding as an event source to another waitset.
    fn change_waitset(&self, waitset: &Waitset) {
        let Some(core) = self.shared.core.upgrade() else { return };
        if self.shared.channel.is_shut() {
            return;
        }
        let watch = self.shared.channel.watch();
        let (source, registration) = register::<I, S>(&core, waitset, watch);
        source.hold(&self.shared);
        self.shared.channel.attach(registration.near().clone());
        let left = self.shared.registration.replace(Some(registration));
        drop(left);
    }

    /// Sends a one-way message.
    ///
    /// # Errors
    ///
    /// [`TxError`] hands the message back.
    pub fn send<T: Payload<I>>(&self, message: T) -> Result<(), TxError<T>> {
        self.shared.channel.send_one_way(message)
    }

    /// Sends a call at once and returns the future of its answer.
    ///
    /// # Errors
    ///
    /// [`CallError`] hands the request back.
    pub fn call<T: Request<I>>(&self, request: T) -> Result<Call<I, T::Response>, CallError<T>> {
        self.shared.channel.send_call(request)
    }

    fn binding(&self) -> I::Binding<S> {
        I::binding(self.clone())
    }

    /// Handles at most one event of the binding.
    #[inline]
    fn turn(&self) -> Turn {
        let Some(core) = self.shared.core.upgrade() else { return Turn::Idle };
        if self.shared.channel.is_crowded() && self.serve_crowd(&core) {
            return Turn::Again;
        }
        match self.shared.channel.receive(|header, message| self.deliver(&core, header, message)) {
            Received::Idle | Received::Done => self.after_turn(),
            Received::Error(error) => {
                self.report(&core, error);
                Turn::Idle
            }
        }
    }

    /// Does what isn't for packets to do. True if that was an event.
    // Apart, because most turns have no such thing.
    #[inline(never)]
    fn serve_crowd(&self, core: &Core<S>) -> bool {
        let Shared { channel, continuations, on_room, .. } = &*self.shared;
        channel.use_room();
        if let Some(event) = self.next_event() {
            let binding = self.binding();
            core.enter(|state| event(state, &binding));
            return true;
        }
        if continuations.borrow().is_empty() && on_room.borrow().is_none() {
            channel.uncrowd();
        }
        false
    }

    /// What is left to do after a turn. Whatever isn't a packet has rung the bell.
    fn after_turn(&self) -> Turn {
        let channel = &self.shared.channel;
        if channel.is_shut() {
            return Turn::Idle;
        }
        match channel.outlook() {
            Outlook::Packet => Turn::Again,
            Outlook::Look => Turn::Watch,
            Outlook::Bell => Turn::Idle,
        }
    }

    fn deliver(&self, core: &Core<S>, header: Header, message: I::Message) {
        let binding = self.binding();
        let rx_vtbl = self.shared.rx_vtbl.get();
        let incoming = self.shared.channel.incoming(header);
        core.enter(|state| {
            I::deliver(Delivery { rx_vtbl, state, binding: &binding, message, incoming });
        });
    }

    /// Closes the binding and tells its error handler why, then who waits for room.
    fn report(&self, core: &Core<S>, error: BindingError) {
        let binding = self.binding();
        let on_room = self.shared.on_room.borrow_mut().take();
        self.close();
        core.enter(|state| self.shared.on_error.get()(state, &binding, error));
        if let Some(event) = on_room {
            core.enter(|state| event(state, &binding));
        }
    }

    /// The continuation or the notice of room that is due.
    fn next_event(&self) -> Option<Event<I, S>> {
        let channel = &self.shared.channel;
        let mut continuations = self.shared.continuations.borrow_mut();
        if continuations.front().is_some_and(|(mark, _)| channel.has_passed(*mark)) {
            return continuations.pop_front().map(|(_, event)| event);
        }
        drop(continuations);
        self.shared.on_room.borrow().as_ref()?;
        if channel.can_send() || channel.is_closed() {
            return self.shared.on_room.borrow_mut().take();
        }
        channel.want_to_send();
        None
    }

    fn close(&self) {
        self.shared.close();
    }
}

impl<I: Interface, S: 'static> Shared<I, S> {
    fn close(&self) {
        self.channel.close();
        // Taken out first: dropping any of them may lead back here. The registration's source may
        // hold us, and so may what an event captured.
        let registration = self.registration.borrow_mut().take();
        drop(registration);
        let events = (self.continuations.take(), self.on_room.take());
        drop(events);
    }
}

impl<I: Interface, S: 'static> Drop for Shared<I, S> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<I: Interface, S: 'static> Clone for Parts<I, S> {
    fn clone(&self) -> Self {
        Self { shared: Rc::clone(&self.shared) }
    }
}

impl<I: Interface, S: 'static> fmt::Debug for Parts<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("id", &self.shared.id)
            .field("channel", &self.shared.channel)
            .finish_non_exhaustive()
    }
}

/// What every binding can do, whatever its interface.
///
/// A message may have the name of any of these methods; then this one is called by its full name,
/// `AnyBinding::close(&binding)`.
pub trait AnyBinding: Sized + 'static {
    /// The interface the binding speaks.
    type Interface: Interface<Binding<Self::State> = Self>;
    /// The state of its dispatcher.
    type State: 'static;

    /// What the runtime keeps about the binding.
    fn parts(&self) -> &Parts<Self::Interface, Self::State>;

    /// Names the binding; state per peer is found by it.
    fn id(&self) -> BindingId {
        BindingId(self.parts().shared.id)
    }

    /// Who is at the other end, as its monitor stamped it.
    fn peer(&self) -> Badge {
        self.parts().shared.channel.peer()
    }

    /// The name of the interconnect driver.
    fn driver(&self) -> &'static str {
        self.parts().shared.channel.driver()
    }

    /// How much went over the binding.
    fn stats(&self) -> BindingStats {
        self.parts().shared.channel.stats()
    }

    /// Closes the binding: pending calls fail, the peer is told after what was sent before.
    fn close(&self) {
        self.parts().close();
    }

    /// True once the binding was closed by either side.
    fn is_closed(&self) -> bool {
        self.parts().shared.channel.is_closed()
    }

    /// True if the binding is open and the next send isn't refused as busy.
    fn can_send(&self) -> bool {
        self.parts().shared.channel.can_send()
    }

    /// Sends a one-way message. If the channel is full it is queued and sent as soon as there is
    /// room, in order with everything else; what is queued is lost when the binding closes.
    ///
    /// # Errors
    ///
    /// [`TxError`] hands the message back; [`TxError::Busy`] means that the outbox is full too.
    fn send_or_queue<T: Payload<Self::Interface>>(&self, message: T) -> Result<(), TxError<T>> {
        self.parts().shared.channel.send_or_queue(message)
    }

    /// Reserves a place in the channel: sending into it isn't refused as busy, and dropping it gives
    /// it back.
    ///
    /// # Errors
    ///
    /// [`ReserveError`] if the channel is full or closed.
    fn reserve(&self) -> Result<Reserved<Self::Interface>, ReserveError> {
        Reserved::new(Rc::clone(&self.parts().shared.channel))
    }

    /// Calls `event` once, from the waitset, when there is room to send, at once if there is; also
    /// when the binding ends because of its peer. Of a binding that this side closed nothing comes.
    ///
    /// # Errors
    ///
    /// [`AlreadyRegistered`] while an earlier registration is pending.
    fn register_send(
        &self,
        event: impl FnOnce(&mut Self::State, &Self) + 'static,
    ) -> Result<(), AlreadyRegistered> {
        let shared = &self.parts().shared;
        if shared.channel.is_shut() {
            return Ok(());
        }
        let mut on_room = shared.on_room.borrow_mut();
        if on_room.is_some() {
            return Err(AlreadyRegistered);
        }
        *on_room = Some(Box::new(event));
        shared.channel.crowd();
        shared.channel.ring();
        Ok(())
    }

    /// Calls `event` once, from the waitset, after everything accepted so far was handed over to
    /// the channel. It isn't called if the binding closes before.
    ///
    /// # Errors
    ///
    /// [`TooManyContinuations`] if [`CONTINUATIONS_MAX`] are waiting.
    fn continue_with(
        &self,
        event: impl FnOnce(&mut Self::State, &Self) + 'static,
    ) -> Result<(), TooManyContinuations> {
        let shared = &self.parts().shared;
        if shared.channel.is_shut() {
            return Ok(());
        }
        let mut continuations = shared.continuations.borrow_mut();
        if continuations.len() >= CONTINUATIONS_MAX {
            return Err(TooManyContinuations);
        }
        continuations.push_back((shared.channel.mark(), Box::new(event)));
        shared.channel.crowd();
        shared.channel.ring();
        Ok(())
    }

    /// Moves the binding, with all that is registered on it, to another waitset of the thread: its
    /// handlers run when that one is polled, with the same state. Tasks stay where they are.
    fn change_waitset(&self, waitset: &Waitset) {
        self.parts().change_waitset(waitset);
    }

    /// Installs another receive table; it takes effect with the next message.
    fn set_rx_vtbl(&self, rx_vtbl: &<Self::Interface as Interface>::RxVtbl<Self::State>) {
        self.parts().shared.rx_vtbl.set(*rx_vtbl);
    }

    /// Installs another error handler. It is told once what ended the binding, which is closed by
    /// then; of unhandled messages it is told each time, and the binding goes on.
    fn set_error_handler(&self, handler: ErrorHandler<Self::State, Self>) {
        self.parts().shared.on_error.set(handler);
    }

    /// The dispatcher of the binding, for tasks and timers; `None` once it has ended.
    fn ctx(&self) -> Option<Ctx<Self::State>> {
        self.parts().shared.core.upgrade().map(|core| Ctx::of(&core))
    }

    /// Sends a one-way message as soon as there is room, in the order of asking.
    fn send_when_room<T: Payload<Self::Interface>>(
        &self,
        message: T,
    ) -> SendWhenRoom<Self::Interface, T> {
        SendWhenRoom::new(Rc::clone(&self.parts().shared.channel), message)
    }

    /// Calls as soon as there is room, in the order of asking, and waits for the answer.
    fn call<R: Request<Self::Interface>>(&self, request: R) -> CallWhenRoom<Self::Interface, R> {
        CallWhenRoom::new(Rc::clone(&self.parts().shared.channel), request)
    }
}

/// A registration for room is pending already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a registration for room is pending already")]
pub struct AlreadyRegistered;

/// Too many continuations wait on the binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{CONTINUATIONS_MAX} continuations wait on the binding")]
pub struct TooManyContinuations;

/// Reports a one-way message that nobody handles to the binding's error handler.
pub fn unhandled<B: AnyBinding, T: Payload<B::Interface>>(
    state: &mut B::State,
    binding: &B,
    message: T,
) {
    drop(message);
    let name = B::Interface::DESCRIPTOR.message(T::NUMBER).map_or("", |message| message.name);
    binding.parts().shared.on_error.get()(state, binding, BindingError::Unhandled(name));
}

/// The error handler of a new binding: it says what happened. Whatever can't go on is closed already.
fn log_error<S, B: AnyBinding>(_: &mut S, binding: &B, error: BindingError) {
    let interface = B::Interface::DESCRIPTOR.name;
    if error == BindingError::PeerClosed {
        log::debug!("{interface} to {:?}: {error}", binding.peer());
    } else {
        log::warn!("{interface} to {:?}: {error}", binding.peer());
    }
}

/// The memory of a binding's two directions in bytes, at the default capacity.
#[must_use]
pub const fn bytes_per_binding<I: Interface>() -> usize {
    let packet = size_of::<crate::channel::Packet<I::Message>>();
    2 * crate::options::BindOptions::CAPACITY.get() as usize * packet
}
