//! The set of event sources that one thread waits on: messages, timers, descriptors and tasks.
//!
//! Every source has a [`Bell`]. A turn of the loop takes the next rung source from the ready set and
//! gives it one turn; a source with more to do goes to the end of the queue, so every ready source
//! gets its turn. A few sources that were busy just now are looked at instead of being rung for.
//! Idle sources cost nothing.

mod asleep;
mod doorbell;
mod near;
mod poller;
mod queue;
mod ready;
mod sources;
mod timers;
mod watched;

#[cfg(all(test, loom))]
mod interleavings;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::{Rc, Weak};
use std::task::Waker;
use std::time::Duration;

pub use self::near::NearBell;
pub(crate) use self::near::{Errand, Meeting};
pub use self::poller::Interest;
use self::poller::Poller;
use self::queue::Queue;
pub use self::ready::Bell;
pub(crate) use self::ready::{Key, ReadySet, waker};
use self::sources::{Entry, Sources};
pub(crate) use self::sources::{Owned, Registration};
pub use self::timers::Sleep;
pub(crate) use self::timers::TimerGuard;
use self::timers::Timers;
use self::watched::Watched;
use crate::clock::{Clock, MonotonicClock, Time};
use crate::contain::Contain;
use crate::kill::KillSwitch;
use crate::sync::{Arc, have_heavy};

/// After so many turns a busy loop looks at timers and descriptors too.
const TURNS_PER_LOOK: usize = 64;

/// What a source does when its bell was rung. It must not unwind out of a contained dispatcher.
pub(crate) trait Source {
    /// Handles at most one event.
    fn turn(&self) -> Turn;

    /// The dispatcher ends: lets go of everything.
    fn end(&self);

    /// True if a source that said [`Turn::Watch`] has something to do.
    fn has_event(&self) -> bool {
        false
    }

    /// True if what comes next comes from another CPU, so that spinning may find it.
    fn is_worth_spinning(&self) -> bool {
        false
    }

    /// Asks for the bell after [`Turn::Watch`]. False if there is something to do already.
    fn rest(&self) -> bool {
        true
    }
}

/// What a source says after its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// There may be more to do: give it another turn after the others.
    Again,
    /// Nothing to do until its bell rings.
    Idle,
    /// Nothing to do now; the bell may ring, but it isn't rung for everything: look at it.
    Watch,
}

/// The event sources that one thread waits on, shared by the dispatchers of that thread.
///
/// A clone is another handle to the same set. Not `Send`: what crosses threads rings bells.
#[derive(Clone)]
pub struct Waitset {
    inner: Rc<Inner>,
}

struct Inner {
    ready: Arc<ReadySet>,
    queue: Rc<Queue>,
    watched: Watched,
    poller: Poller,
    timers: RefCell<Timers>,
    sources: RefCell<Sources>,
    /// What ends of channels left here for their peers; the keys are addresses.
    errands: RefCell<BTreeMap<usize, Box<dyn Any>>>,
    clock: Rc<dyn Clock>,
    kill: Option<KillSwitch>,
    /// How long to look for something to do before sleeping.
    spin: Cell<Duration>,
    turns: Cell<u64>,
    /// A source has its turn.
    in_turn: Cell<bool>,
    /// Where panics of the handler or task go that has its turn, if they are contained.
    containing: RefCell<Option<Rc<Contain>>>,
}

impl Waitset {
    /// An empty waitset with the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Rc::new(MonotonicClock::new()), None)
    }

    /// An empty waitset with a clock of its own. Once `kill` is thrown, the next wait on the set
    /// unwinds.
    #[must_use]
    pub fn with_clock(clock: Rc<dyn Clock>, kill: Option<KillSwitch>) -> Self {
        // Asked for the bindings to come; what the answer is, they will see.
        let _ = have_heavy();
        let ready = Arc::new(ReadySet::new());
        if let Some(kill) = &kill {
            kill.attach(Arc::clone(&ready));
        }
        let inner = Inner {
            poller: Poller::new(Arc::clone(&ready)),
            ready,
            queue: Rc::default(),
            watched: Watched::default(),
            timers: RefCell::default(),
            sources: RefCell::default(),
            errands: RefCell::default(),
            clock,
            kill,
            spin: Cell::default(),
            turns: Cell::new(0),
            in_turn: Cell::new(false),
            containing: RefCell::default(),
        };
        Self { inner: Rc::new(inner) }
    }

    /// Opens the two descriptors that the set else opens when it first needs them, for whoever would
    /// learn too late that there are none left.
    ///
    /// # Errors
    ///
    /// What the system says if it has no descriptor left.
    pub fn open(&self) -> std::io::Result<()> {
        Ok(self.inner.poller.open().map(drop)?)
    }

    /// The present time of the set's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.inner.clock.now()
    }

    /// How many turns sources have had: a number that stands still while the set sleeps.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.inner.turns.get()
    }

    /// How many sources are registered: bindings, tasks, timers, watched descriptors, mailboxes.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.inner.sources.borrow().len()
    }

    /// When the next timer is due, if there is one.
    #[must_use]
    pub fn next_timer(&self) -> Option<Time> {
        self.inner.timers.borrow().next()
    }

    /// Gives at most `budget` turns to ready sources and never blocks. Returns how many it gave.
    ///
    /// Each turn handles at most one event; a source may find that its event is gone.
    ///
    /// # Panics
    ///
    /// If called from a handler or a task: neither dispatches.
    #[expect(clippy::must_use_candidate, reason = "who polls in a loop of its own needs no count")]
    pub fn poll(&self, budget: usize) -> usize {
        self.must_not_have_turn();
        if self.inner.queue.awaited.take() {
            self.inner.ready.awake();
            self.inner.poller.look_again(|key| self.ring(key));
        }
        let mut given = 0;
        while given < budget {
            if given % TURNS_PER_LOOK == 0 {
                self.unwind_if_killed();
                self.fire_timers();
                self.inner.poller.look(|key| self.ring(key));
            }
            // What is watched was looked at in the turn that it had just now.
            let Some((entry, source)) = self.inner.next(given == 0) else { break };
            loop {
                let turn = self.give_turn(&entry, &*source);
                given += 1;
                let may_go_on = given < budget && given % TURNS_PER_LOOK != 0;
                if turn != Turn::Again || !may_go_on || !self.inner.is_alone(&entry) {
                    self.inner.after(entry, turn);
                    break;
                }
            }
        }
        given
    }

    /// True if the calling program is to be unwound. One that is being unwound already isn't: to
    /// unwind out of a drop then would abort the process, so what drops may still wait.
    fn is_killed(&self) -> bool {
        let thrown = self.inner.kill.as_ref().is_some_and(KillSwitch::is_thrown);
        thrown && !std::thread::panicking()
    }

    /// Panics in a handler or a task: what they would wait for could be themselves.
    pub(crate) fn must_not_have_turn(&self) {
        assert!(!self.inner.in_turn.get(), "handlers and tasks don't dispatch or block");
    }

    /// Says where panics go from now on; returns where they went before.
    pub(crate) fn contain_with(&self, contain: Option<Rc<Contain>>) -> Option<Rc<Contain>> {
        self.inner.containing.replace(contain)
    }

    /// Where panics of the handler or task go that has its turn, if they are contained.
    pub(crate) fn containing(&self) -> Option<Rc<Contain>> {
        self.inner.containing.borrow().clone()
    }

    /// Unwinds the calling program if it is killed.
    pub(crate) fn unwind_if_killed(&self) {
        if self.is_killed() {
            KillSwitch::unwind();
        }
    }

    fn fire_timers(&self) {
        if self.next_timer().is_none() {
            return;
        }
        let now = self.now();
        loop {
            // The borrow ends before the waker runs.
            let fired = self.inner.timers.borrow_mut().pop(now);
            match fired {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    fn give_turn(&self, entry: &Rc<Entry>, source: &dyn Source) -> Turn {
        self.inner.turns.set(self.inner.turns.get() + 1);
        self.inner.in_turn.set(true);
        let unwinding = Unwinding { inner: &self.inner, entry };
        let outcome = source.turn();
        std::mem::forget(unwinding);
        self.inner.in_turn.set(false);
        outcome
    }

    fn ring(&self, key: Key) {
        if let Some(entry) = self.inner.entry(key) {
            entry.bell.ring();
        }
    }

    /// Registers the source that `make` builds around its bell, as one of `owned`.
    pub(crate) fn insert<T: Source + 'static>(
        &self,
        owned: &Owned,
        make: impl FnOnce(&Arc<Bell>) -> Rc<T>,
    ) -> (Rc<T>, Registration) {
        let key = self.inner.sources.borrow_mut().reserve();
        let bell = Arc::new(Bell::new(Arc::clone(&self.inner.ready), key));
        let source = make(&bell);
        let entry = Entry::new(bell, Rc::clone(&source) as Rc<dyn Source>);
        self.inner.sources.borrow_mut().fill(&entry);
        owned.add(key);
        let near = NearBell::new(Rc::clone(&self.inner.queue), entry);
        let registration = Registration::new(self.downgrade(), owned.clone(), near);
        (source, registration)
    }

    /// Ends all sources that are `owned`, in the order of their keys.
    pub(crate) fn end_all(&self, owned: &Owned) {
        loop {
            // One by one: if what a source drops unwinds, the others are still to be ended.
            let Some(key) = owned.take_first() else { return };
            let removed = self.inner.sources.borrow_mut().remove(key);
            if let Some(source) = removed {
                source.end();
            }
        }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn downgrade(&self) -> WeakWaitset {
        WeakWaitset(Rc::downgrade(&self.inner))
    }

    pub(crate) fn ready(&self) -> &Arc<ReadySet> {
        &self.inner.ready
    }

    /// Wakes `waker` at `at`; the timer is gone when the guard drops.
    pub(crate) fn timer(&self, at: Time, waker: Waker) -> TimerGuard {
        let key = self.inner.timers.borrow_mut().insert(at, waker);
        TimerGuard::new(self.downgrade(), key)
    }

    pub(crate) fn add_descriptor(
        &self,
        fd: BorrowedFd<'_>,
        key: Key,
        interest: Interest,
    ) -> std::io::Result<()> {
        Ok(self.inner.poller.add(fd, key, interest)?)
    }

    pub(crate) fn arm_descriptor(
        &self,
        fd: BorrowedFd<'_>,
        key: Key,
        interest: Interest,
    ) -> std::io::Result<()> {
        Ok(self.inner.poller.arm(fd, key, interest)?)
    }

    pub(crate) fn remove_descriptor(&self, fd: BorrowedFd<'_>) {
        self.inner.poller.remove(fd);
    }

    /// A future that is ready once `span` has passed.
    pub fn sleep(&self, span: Duration) -> Sleep {
        self.sleep_until(self.now() + span)
    }

    /// A future that is ready at `at`.
    pub fn sleep_until(&self, at: Time) -> Sleep {
        Sleep::new(self.downgrade(), at)
    }
}

impl Inner {
    /// Puts a source where it belongs after its turn.
    #[inline]
    fn after(&self, entry: Rc<Entry>, turn: Turn) {
        match turn {
            Turn::Again => self.list(entry),
            Turn::Watch => self.watch(entry),
            Turn::Idle => self.leave(&entry),
        }
    }

    fn entry(&self, key: Key) -> Option<Rc<Entry>> {
        self.sources.borrow().get(key)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Bells hold the queue, and what is in it may hold bells.
        self.queue.clear();
    }
}

impl Default for Waitset {
    fn default() -> Self {
        Self::new()
    }
}

impl AsFd for Waitset {
    /// Readable when a descriptor of the set is ready or the set was woken; see
    /// [`Waitset::announce_wait`].
    ///
    /// # Panics
    ///
    /// If the system has no descriptor left: a set has two of its own from when it first needs them.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.poller.open().expect("a waitset that is waited for needs two file descriptors")
    }
}

impl fmt::Debug for Waitset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waitset").field("turns", &self.turns()).finish_non_exhaustive()
    }
}

/// Ends a turn that unwinds: the source wasn't done.
struct Unwinding<'a> {
    inner: &'a Inner,
    entry: &'a Rc<Entry>,
}

impl Drop for Unwinding<'_> {
    #[cold]
    fn drop(&mut self) {
        self.inner.in_turn.set(false);
        self.inner.list(Rc::clone(self.entry));
    }
}

/// A handle that doesn't keep the waitset.
#[derive(Clone)]
pub(crate) struct WeakWaitset(Weak<Inner>);

impl WeakWaitset {
    pub(crate) fn upgrade(&self) -> Option<Waitset> {
        self.0.upgrade().map(|inner| Waitset { inner })
    }
}
