//! Who holds a cap. A domain's end is the end of its holder: one store makes all it held unusable.

use std::fmt;

use super::cnode::Slots;
use super::frame::Memory;
use super::object::{Body, Cargo, Object, Payload};
use super::seat::{Seat, Seats};
use super::{Cap, CapError, Counted, Kernel, Rights, Tally};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, Weak, lock};
use crate::{CoreId, DomainId};

/// A domain's identity as the holder of caps. Clones are handles to the same identity.
///
/// ```
/// use flounder::{CapError, Kernel, Transfer};
///
/// let kernel = Kernel::new();
/// let (giver, taker) = (kernel.holder(), kernel.holder());
/// let kept = giver.frame(4096)?;
/// let given = kept.copy()?.transfer(Transfer::Move, &taker).unwrap();
///
/// giver.end();
/// assert_eq!(kept.identify(), Err(CapError::Revoked)); // what it held is unusable at once,
/// assert!(given.identify().is_ok()); // what it gave away is not
/// # Ok::<(), CapError>(())
/// ```
#[derive(Clone)]
pub struct Holder {
    inner: Arc<Inner>,
}

struct Inner {
    tally: Tally,
    seats: Seats,
    alive: AtomicBool,
    /// `None` while there are none.
    watches: Mutex<Option<Box<Watches>>>,
}

/// Is told when a holder ends.
pub(crate) trait HolderWatch: Send + Sync {
    /// The holder ended. Called once, on the thread that ended it, with no lock held.
    fn holder_ended(&self);
}

/// Who is told. Entries of dropped watches are swept out when the list has doubled since the last
/// sweep, so it stays within twice the watches there are, at constant cost per entry.
#[derive(Default)]
struct Watches {
    list: Vec<Weak<dyn HolderWatch>>,
    sweep_at: usize,
}

impl Watches {
    /// Shorter lists aren't worth a sweep.
    const SWEEP_MIN: usize = 16;

    fn push(&mut self, watch: Weak<dyn HolderWatch>) {
        if self.list.len() >= self.sweep_at {
            self.list.retain(|watch| watch.strong_count() > 0);
            self.sweep_at = Self::SWEEP_MIN.max(2 * self.list.len());
        }
        self.list.push(watch);
    }
}

impl Holder {
    pub(super) fn new(kernel: &Kernel) -> Self {
        let tally = kernel.count(Counted::Holders);
        Self {
            inner: Arc::new(Inner {
                tally,
                seats: Seats::default(),
                alive: AtomicBool::new(true),
                watches: Mutex::new(None),
            }),
        }
    }

    /// False once [`end`](Self::end) was called.
    #[inline]
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.alive.load(Ordering::Acquire) // pairs with the swap in `end`
    }

    /// Ends the holder: every cap it holds is unusable at once, for good. Only the first call does
    /// something.
    ///
    /// Dropping the last handle doesn't end a holder: its caps stay usable.
    pub fn end(&self) {
        // Released to `is_alive`: before the watches are called, so that they find it ended.
        if !self.inner.alive.swap(false, Ordering::AcqRel) {
            return;
        }
        let Some(watches) = lock(&self.inner.watches).take() else { return };
        for watch in watches.list.iter().filter_map(Weak::upgrade) {
            watch.holder_ended();
        }
    }

    /// Has `watch` told of the holder's end, once; right away if it has ended.
    pub(crate) fn watch(&self, watch: Weak<dyn HolderWatch>) {
        let mut watches = lock(&self.inner.watches);
        // `end` takes the list after it stored the flag: if the flag is up, this push comes first.
        if self.is_alive() {
            watches.get_or_insert_default().push(watch);
            return;
        }
        drop(watches);
        if let Some(watch) = watch.upgrade() {
            watch.holder_ended();
        }
    }

    /// How many caps it has.
    pub(super) fn seats(&self) -> &Seats {
        &self.inner.seats
    }

    /// The kernel this holder belongs to.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        self.inner.tally.kernel()
    }

    /// Makes an `EndPoint` that carries `payload` to whoever takes it.
    #[must_use]
    pub fn endpoint(&self, payload: Payload) -> Cap {
        self.make(Body::EndPoint(Mutex::new(Cargo::new(payload))), Rights::TAKE)
    }

    /// Makes a Frame of this many bytes, all zero.
    ///
    /// # Errors
    ///
    /// [`CapError::Range`] for 0 bytes, [`CapError::Limit`] for more than
    /// [`FRAME_BYTES_MAX`](super::FRAME_BYTES_MAX), or if it has
    /// [`HOLDER_CAPS_MAX`](super::HOLDER_CAPS_MAX) caps.
    pub fn frame(&self, bytes: usize) -> Result<Cap, CapError> {
        let seat = Seat::take(self)?;
        let object = Object::new(self.kernel(), Body::Frame(Memory::new(bytes)?));
        Ok(Cap::root(seat, object, Rights::READ | Rights::WRITE))
    }

    /// Makes an empty `CNode`.
    #[must_use]
    pub fn cnode(&self) -> Cap {
        self.make(Body::CNode(Slots::default()), Rights::READ | Rights::WRITE)
    }

    /// Makes the token for the address space of `domain`.
    #[must_use]
    pub fn vnode(&self, domain: DomainId) -> Cap {
        self.make(Body::VNode(domain), Rights::NONE)
    }

    /// Makes the token for the dispatcher of `domain` on `core`.
    #[must_use]
    pub fn dispatcher(&self, core: CoreId, domain: DomainId) -> Cap {
        self.make(Body::Dispatcher(core, domain), Rights::NONE)
    }

    fn make(&self, body: Body, rights: Rights) -> Cap {
        Cap::root(Seat::for_own(self), Object::new(self.kernel(), body), rights)
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("alive", &self.is_alive()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Calls(AtomicUsize);

    impl HolderWatch for Calls {
        fn holder_ended(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn watch(holder: &Holder) -> Arc<Calls> {
        let calls = Arc::new(Calls::default());
        let weak = Arc::downgrade(&calls);
        holder.watch(weak);
        calls
    }

    fn entries(holder: &Holder) -> usize {
        lock(&holder.inner.watches).as_ref().map_or(0, |watches| watches.list.len())
    }

    #[test]
    fn watches_are_told_once_also_those_that_come_late() {
        let holder = Kernel::new().holder();
        let early = watch(&holder);
        assert_eq!(early.0.load(Ordering::Relaxed), 0);
        holder.end();
        holder.clone().end();
        let late = watch(&holder);
        holder.end();
        for calls in [early, late] {
            assert_eq!(calls.0.load(Ordering::Relaxed), 1);
        }
        assert_eq!(entries(&holder), 0);
    }

    #[test]
    fn dropped_watches_are_swept_out() {
        let holder = Kernel::new().holder();
        let kept: Vec<_> = (0..40).map(|_| watch(&holder)).collect();
        for _ in 0..1000 {
            drop(watch(&holder));
            assert!(entries(&holder) <= 2 * kept.len() + Watches::SWEEP_MIN);
        }
        holder.end();
        assert!(kept.iter().all(|calls| calls.0.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn a_watch_may_use_the_holder_it_watches() {
        struct Nosy(Holder);
        impl HolderWatch for Nosy {
            fn holder_ended(&self) {
                assert!(!self.0.is_alive());
                self.0.end();
                self.0.watch(Weak::<Calls>::new());
            }
        }
        let holder = Kernel::new().holder();
        let nosy = Arc::new(Nosy(holder.clone()));
        let weak = Arc::downgrade(&nosy);
        holder.watch(weak);
        holder.end();
    }
}
