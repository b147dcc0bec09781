//! An event loop with its own state, never touched by another thread.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use crate::binding::{Owner, Parts};
use crate::block_on::BlockOn;
use crate::channel::{Channel, ChannelParts};
use crate::contain::{Contain, Contained, until_it_returns};
use crate::driver::Loopback;
use crate::error::ClaimError;
use crate::half::{Half, Opened};
use crate::home::Home;
use crate::interface::Interface;
use crate::kernel::{Holder, Kernel};
use crate::observe::{EndId, observed, register};
use crate::options::{Badge, BindOptions};
use crate::sync::Arc;
use crate::waitset::{Bell, Owned, Registration, Source, Waitset};

/// An event loop with its own state `S` and a waitset, which it may share with other dispatchers of
/// its thread. When it drops, its bindings close and its tasks end.
///
/// ```
/// # include!("../../codegen/tests/golden/echo.rs");
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use echo::{Echo, EchoReply, EchoResponse, Interface, RxVtbl};
/// use flounder::{BindOptions, Dispatcher};
///
/// const SERVER: RxVtbl<u32> = RxVtbl {
///     echo_call: |count: &mut u32, _, call: Echo, reply: EchoReply| {
///         *count += 1;
///         let _ = reply.send(EchoResponse { reply: call.text });
///     },
///     ..RxVtbl::UNHANDLED
/// };
///
/// let dispatcher = Dispatcher::new(0);
/// let (client, server) = flounder::pair::<Interface>(BindOptions::new());
/// dispatcher.accept::<Interface>(server, &SERVER)?;
/// let binding = dispatcher.connect::<Interface>(client, &RxVtbl::UNHANDLED)?;
///
/// let call = binding.echo(Echo { text: "hello".into() })?;
/// let answer = dispatcher.block_on(call)?;
/// assert_eq!(answer.reply, "hello");
/// assert_eq!(dispatcher.with(|count| *count), 1);
/// # Ok(())
/// # }
/// ```
pub struct Dispatcher<S: 'static> {
    core: Rc<Core<S>>,
    ctx: Ctx<S>,
}

/// A handle to a dispatcher, for tasks and handlers; it doesn't keep the dispatcher alive.
pub struct Ctx<S: 'static> {
    core: Weak<Core<S>>,
}

/// What a dispatcher's sources share.
pub(crate) struct Core<S: 'static> {
    state: RefCell<S>,
    waitset: Waitset,
    owned: Owned,
    /// The other waitsets that bindings were moved to, and what is there: a handful.
    elsewhere: RefCell<Vec<(Waitset, Owned)>>,
    holder: Holder,
    contain: Option<Rc<Contain>>,
    /// Says what it is called in traces, and who sees the messages of its bindings.
    home: OnceCell<Home>,
    /// Wakes what `block_on` waits for. Kept, so that blocking allocates once.
    block_on: OnceCell<Arc<BlockOn>>,
    ended: Cell<bool>,
    stopped: Cell<bool>,
}

/// Both ends of a loopback binding.
type BothEnds<I, S> = (<I as Interface>::Binding<S>, <I as Interface>::Binding<S>);

impl<S: 'static> Dispatcher<S> {
    /// A dispatcher with a waitset and a kernel of its own.
    ///
    /// # Panics
    ///
    /// If the system has no file descriptor left.
    #[must_use]
    pub fn new(state: S) -> Self {
        Self::on(&Waitset::new(), Kernel::new().holder(), state)
    }

    /// A dispatcher on a waitset that it may share with others. Received capabilities are held by
    /// `holder`, and its end closes all bindings. Made by a handler or a task whose panics are
    /// contained, its own are, too: the loop they share is not theirs to end.
    #[must_use]
    pub fn on(waitset: &Waitset, holder: Holder, state: S) -> Self {
        Self::build(waitset, holder, state, waitset.containing())
    }

    /// A dispatcher whose panics don't reach its loop: when a handler or a task panics, the
    /// dispatcher ends, with those that its handlers and tasks made on the same waitset, and
    /// `on_panic` gets what it panicked with.
    #[must_use]
    pub fn contained(
        waitset: &Waitset,
        holder: Holder,
        state: S,
        on_panic: impl Fn(&(dyn Any + Send)) + 'static,
    ) -> Self {
        Self::build(waitset, holder, state, Some(Contain::new(on_panic)))
    }

    pub(crate) fn build(
        waitset: &Waitset,
        holder: Holder,
        state: S,
        contain: Option<Rc<Contain>>,
    ) -> Self {
        let core = Rc::new(Core {
            state: RefCell::new(state),
            waitset: waitset.clone(),
            owned: Owned::default(),
            elsewhere: RefCell::default(),
            holder,
            contain,
            home: OnceCell::new(),
            block_on: OnceCell::new(),
            ended: Cell::new(false),
            stopped: Cell::new(false),
        });
        if let Some(contain) = &core.contain {
            contain.add(&core);
        }
        let ctx = Ctx::of(&core);
        Self { core, ctx }
    }

    /// Says, once, what the dispatcher is called in traces and who sees the messages of its bindings.
    pub(crate) fn settle(&mut self, home: &Home) {
        let before = self.core.home.set(home.clone());
        debug_assert!(before.is_ok(), "a dispatcher has one home");
    }

    /// A handle for tasks and handlers.
    #[must_use]
    pub fn ctx(&self) -> Ctx<S> {
        self.ctx.clone()
    }

    /// Gives at most `budget` turns to the ready sources of the waitset and never blocks. Returns
    /// how many it gave.
    #[expect(clippy::must_use_candidate, reason = "who polls in a loop of its own needs no count")]
    pub fn poll(&self, budget: usize) -> usize {
        self.core.must_not_run();
        self.core.waitset.poll(budget)
    }

    /// Runs the waitset, and sleeps when there is nothing to do, until [`Ctx::stop`] is called or
    /// the dispatcher has ended.
    ///
    /// # Panics
    ///
    /// If called from a handler or a task: neither dispatches.
    pub fn run(&self) {
        self.core.must_not_run();
        let core = &self.core;
        core.waitset.run_until(|| core.stopped.get() || core.has_ended());
        core.stopped.set(false);
    }

    /// Runs the waitset until `future` is ready, and returns what it is ready with.
    ///
    /// # Panics
    ///
    /// If called from a handler or a task: neither blocks.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.core.must_not_run();
        let mut future = pin!(future);
        let woken = self.core.block_on.get_or_init(|| BlockOn::at(&self.core.waitset));
        let waker = Waker::from(Arc::clone(woken));
        // The first poll needs no waking. A waker of an earlier future may cause a poll too many.
        woken.set();
        let mut cx = Context::from_waker(&waker);
        loop {
            self.core.waitset.unwind_if_killed();
            if woken.take()
                && let Poll::Ready(output) = future.as_mut().poll(&mut cx)
            {
                return output;
            }
            self.core.waitset.run_until(|| woken.is_set());
        }
    }
}

impl<S: 'static> Deref for Dispatcher<S> {
    type Target = Ctx<S>;

    fn deref(&self) -> &Ctx<S> {
        &self.ctx
    }
}

impl<S: 'static> AsFd for Dispatcher<S> {
    /// The descriptor of its waitset; see [`Waitset::announce_wait`].
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.waitset.as_fd()
    }
}

impl<S: 'static> Drop for Dispatcher<S> {
    fn drop(&mut self) {
        match self.core.contain {
            None => self.core.end(),
            // Each attempt ends at least one source.
            Some(_) => until_it_returns(|| self.core.end()),
        }
    }
}

impl<S: 'static> Core<S> {
    pub(crate) fn waitset(&self) -> &Waitset {
        &self.waitset
    }

    /// What the dispatcher is called in traces.
    pub(crate) fn label(&self) -> Option<Arc<str>> {
        self.home.get()?.label()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    pub(crate) fn insert<T: Source + 'static>(
        &self,
        make: impl FnOnce(&Arc<Bell>) -> Rc<T>,
    ) -> (Rc<T>, Registration) {
        self.waitset.insert(&self.owned, make)
    }

    /// Registers a source on another waitset of the thread. It ends with the dispatcher.
    pub(crate) fn insert_on<T: Source + 'static>(
        &self,
        waitset: &Waitset,
        make: impl FnOnce(&Arc<Bell>) -> Rc<T>,
    ) -> (Rc<T>, Registration) {
        if waitset.is(&self.waitset) {
            return self.insert(make);
        }
        let mut elsewhere = self.elsewhere.borrow_mut();
        elsewhere.retain(|(place, owned)| place.is(waitset) || !owned.is_empty());
        let place = elsewhere.iter().position(|(place, _)| place.is(waitset));
        let place = place.unwrap_or_else(|| {
            elsewhere.push((waitset.clone(), Owned::default()));
            elsewhere.len() - 1
        });
        waitset.insert(&elsewhere[place].1, make)
    }

    /// Calls a handler with the state. `None` if it panicked, and on a dispatcher that has ended.
    pub(crate) fn enter<R>(&self, handler: impl FnOnce(&mut S) -> R) -> Option<R> {
        if self.ended.get() {
            return None;
        }
        self.guard(|| handler(&mut self.state.borrow_mut()))
    }

    /// Runs a piece of the program. A panic is contained if that was asked for.
    pub(crate) fn guard<R>(&self, run: impl FnOnce() -> R) -> Option<R> {
        let Some(contain) = &self.contain else { return Some(run()) };
        let outer = self.waitset.contain_with(Some(Rc::clone(contain)));
        let result = catch_unwind(AssertUnwindSafe(run));
        self.waitset.contain_with(outer);
        match result {
            Ok(result) => Some(result),
            Err(payload) => {
                contain.end();
                contain.panicked(payload);
                None
            }
        }
    }

    fn must_not_run(&self) {
        self.waitset.must_not_have_turn();
        assert!(self.state.try_borrow().is_ok(), "who has the state doesn't dispatch or block");
    }

    /// Ends all sources. Their drop may run code of the program, which finds a dispatcher that has
    /// ended.
    fn end(&self) {
        self.ended.set(true);
        self.waitset.end_all(&self.owned);
        let elsewhere = self.elsewhere.borrow().clone();
        for (waitset, owned) in elsewhere {
            waitset.end_all(&owned);
        }
    }
}

impl<S: 'static> Contained for Core<S> {
    fn end(&self) {
        Core::end(self);
    }
}

impl<S: 'static> Ctx<S> {
    pub(crate) fn of(core: &Rc<Core<S>>) -> Self {
        Self { core: Rc::downgrade(core) }
    }

    pub(crate) fn upgrade(&self) -> Option<Rc<Core<S>>> {
        self.core.upgrade().filter(|core| !core.ended.get())
    }

    /// The dispatcher, which must not have ended.
    pub(crate) fn core(&self) -> Rc<Core<S>> {
        self.upgrade().expect("the dispatcher has ended")
    }

    /// Runs `f` with the dispatcher's state.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended, or if called from a handler, which has the state already.
    pub fn with<R>(&self, f: impl FnOnce(&mut S) -> R) -> R {
        f(&mut self.core().state.borrow_mut())
    }

    /// True once the dispatcher has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.upgrade().is_none()
    }

    /// Makes [`Dispatcher::run`] return.
    pub fn stop(&self) {
        if let Some(core) = self.upgrade() {
            core.stopped.set(true);
            core.waitset.ready().wake();
        }
    }

    /// The waitset the dispatcher is on.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    #[must_use]
    pub fn waitset(&self) -> Waitset {
        self.core().waitset.clone()
    }

    /// Who holds the capabilities that the dispatcher receives.
    ///
    /// # Panics
    ///
    /// If the dispatcher has ended.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.core().holder.clone()
    }

    /// Claims a half as the side that asked for the binding: it closes when its last handle drops.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if the half speaks another interface or the dispatcher has ended.
    pub fn connect<I: Interface>(
        &self,
        half: Half,
        rx_vtbl: &I::RxVtbl<S>,
    ) -> Result<I::Binding<S>, ClaimError> {
        self.claim::<I>(half, rx_vtbl, Owner::Handles)
    }

    /// Claims a half as the side that offers a service: the dispatcher owns the binding, which
    /// closes with it, with the peer, or when `close` is called.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if the half speaks another interface or the dispatcher has ended.
    pub fn accept<I: Interface>(
        &self,
        half: Half,
        rx_vtbl: &I::RxVtbl<S>,
    ) -> Result<I::Binding<S>, ClaimError> {
        self.claim::<I>(half, rx_vtbl, Owner::Dispatcher)
    }

    fn claim<I: Interface>(
        &self,
        half: Half,
        rx_vtbl: &I::RxVtbl<S>,
        owner: Owner,
    ) -> Result<I::Binding<S>, ClaimError> {
        let core = self.upgrade().ok_or(ClaimError::Ended)?;
        let about = About { options: half.options(), peer: half.peer(), id: half.id(), owner };
        let opened = half.open::<I>(&core.waitset)?;
        Ok(core.bind(opened, about, rx_vtbl))
    }

    /// Binds the dispatcher to itself: what one end sends, the other gets as an event. Both ends
    /// are closed when the last handle of either drops.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Ended`] if the dispatcher has ended.
    pub fn loopback<I: Interface>(
        &self,
        options: BindOptions,
        first: &I::RxVtbl<S>,
        second: &I::RxVtbl<S>,
    ) -> Result<BothEnds<I, S>, ClaimError> {
        let core = self.upgrade().ok_or(ClaimError::Ended)?;
        let (one, other) = Loopback::pair::<I>(options.capacity_of().get().into());
        let bind = |end, id, rx_vtbl| {
            let opened = Opened::<I>::of::<Loopback>(end);
            let (peer, owner) = (Badge::default(), Owner::Handles);
            core.bind(opened, About { options, peer, id: Some(id), owner }, rx_vtbl)
        };
        let ids = EndId::pair();
        Ok((bind(one, ids.0, first), bind(other, ids.1, second)))
    }
}

/// What is said about a binding that is made.
#[derive(Clone, Copy)]
struct About {
    options: BindOptions,
    peer: Badge,
    id: Option<EndId>,
    owner: Owner,
}

impl<S: 'static> Core<S> {
    fn bind<I: Interface>(
        self: &Rc<Self>,
        opened: Opened<I>,
        about: About,
        rx_vtbl: &I::RxVtbl<S>,
    ) -> I::Binding<S> {
        let About { options, peer, id, owner } = about;
        let (opened, watch) = observed(opened, self.home.get().and_then(Home::observer), peer, id);
        let (source, registration) = register::<I, S>(self, &self.waitset, watch.as_ref());
        let channel = Channel::new(ChannelParts {
            opened,
            peer,
            options,
            holder: self.holder.clone(),
            waitset: self.waitset.downgrade(),
            bell: registration.near().clone(),
            label: self.label(),
            watch,
        });
        I::binding(Parts::new(channel, self, rx_vtbl, &source, registration, owner))
    }
}

impl<S: 'static> Clone for Ctx<S> {
    fn clone(&self) -> Self {
        Self { core: Weak::clone(&self.core) }
    }
}

impl<S: 'static> fmt::Debug for Ctx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("ended", &self.has_ended()).finish()
    }
}

impl<S: 'static> fmt::Debug for Dispatcher<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("waitset", &self.core.waitset).finish_non_exhaustive()
    }
}
