//! The one state that threads share: kernel objects, and the caps that name them.
//!
//! Everything else in the system is messages. What stands here plays the part of a kernel: it says
//! whether a [`Cap`] is usable, and it counts what exists, so that a leak shows. There is one
//! [`Kernel`] per system; a cap of one means nothing to another.
//!
//! A cap is usable iff its object is alive, no derivation above it was revoked since, and its
//! [`Holder`] is alive. None of the three ever turns back, so an unusable cap stays unusable.

mod cap;
mod cnode;
mod derivation;
mod error;
mod frame;
mod holder;
mod object;
mod rights;
mod seat;

#[cfg(all(test, loom))]
mod interleavings;
#[cfg(all(test, not(loom)))]
mod model;
#[cfg(all(test, not(loom)))]
mod races;

use std::fmt;

use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use cap::{Cap, CapInfo, Transfer};
pub use cnode::CNODE_SLOTS;
pub use derivation::DERIVATION_DEPTH_MAX;
pub use error::CapError;
pub use frame::FRAME_BYTES_MAX;
pub use holder::Holder;
pub(crate) use holder::HolderWatch;
pub use object::{CapKind, LastDrop};
pub use rights::Rights;
pub use seat::HOLDER_CAPS_MAX;

use object::{Body, Object};
use seat::Seat;

/// What all domains of one system share. Clones are handles to the same kernel.
#[derive(Clone, Default)]
pub struct Kernel {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    counters: [AtomicUsize; Counted::ALL],
    root_made: AtomicBool,
}

impl Kernel {
    /// A kernel without objects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the root `ProcessManager` cap, the only one that can mint Domain caps. It belongs to a
    /// holder of its own until it is moved to the process manager's.
    ///
    /// # Errors
    ///
    /// [`CapError::Limit`] if it was made before.
    pub fn process_manager(&self) -> Result<Cap, CapError> {
        // Relaxed: the flag publishes nothing, only its own value decides.
        if self.shared.root_made.swap(true, Ordering::Relaxed) {
            return Err(CapError::Limit { max: 1, of: "root ProcessManager cap" });
        }
        let seat = Seat::for_own(&self.holder());
        Ok(Cap::root(seat, Object::new(self, Body::ProcessManager), Rights::RETYPE))
    }

    /// Makes a new identity under which caps can be held.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder::new(self)
    }

    /// What exists at the moment. While other threads work, each number is right for some moment,
    /// not all for the same one.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |of: Counted| self.counter(of).load(Ordering::Relaxed);
        Counts {
            caps: read(Counted::Caps),
            bindings: read(Counted::Bindings),
            domains: read(Counted::Domains),
            objects: read(Counted::Objects),
            holders: read(Counted::Holders),
        }
    }

    /// Counts one binding for as long as the tally lives.
    pub(crate) fn count_binding(&self) -> Tally {
        self.count(Counted::Bindings)
    }

    fn count(&self, of: Counted) -> Tally {
        // Relaxed, here and in the other uses of a counter: a count orders no other memory. Who
        // wants exact numbers joins the threads first.
        self.counter(of).fetch_add(1, Ordering::Relaxed);
        Tally { kernel: self.clone(), of }
    }

    fn counter(&self, of: Counted) -> &AtomicUsize {
        &self.shared.counters[of as usize]
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// How much of everything a [`Kernel`] has; all zero when nothing leaked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Caps that aren't null, usable or not, those in `CNode`s included.
    pub caps: usize,
    /// Bindings that aren't closed.
    pub bindings: usize,
    /// Domain objects, so domains to which somebody has a cap.
    pub domains: usize,
    /// Objects of every kind, the domains included.
    pub objects: usize,
    /// Holders that somebody refers to, ended or not.
    pub holders: usize,
}

#[derive(Clone, Copy)]
enum Counted {
    Caps,
    Bindings,
    Domains,
    Objects,
    Holders,
}

impl Counted {
    const ALL: usize = Self::Holders as usize + 1;
}

/// One unit of a count; dropping it takes the unit back.
pub(crate) struct Tally {
    kernel: Kernel,
    of: Counted,
}

impl Tally {
    fn kernel(&self) -> &Kernel {
        &self.kernel
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.kernel.counter(self.of).fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tally")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_made_once() {
        let kernel = Kernel::new();
        let root = kernel.process_manager().unwrap();
        let again = kernel.process_manager().unwrap_err();
        assert_eq!(again, CapError::Limit { max: 1, of: "root ProcessManager cap" });
        drop(root);
        kernel.process_manager().expect_err("not after the root was dropped either");
    }

    #[test]
    fn counts_return_to_zero() {
        let kernel = Kernel::new();
        let binding = kernel.count_binding();
        let root = kernel.process_manager().unwrap();
        let holder = kernel.holder();
        let domain = root.retype_domain(crate::DomainId(1), None).unwrap();
        let copy = domain.copy().unwrap();
        let cnode = holder.cnode();
        cnode.put(0, holder.endpoint(Box::new(holder.frame(16).unwrap()))).unwrap();
        let expected = Counts { caps: 6, bindings: 1, domains: 1, objects: 5, holders: 2 };
        assert_eq!(kernel.counts(), expected);

        drop((binding, root, domain, copy));
        let expected = Counts { caps: 3, bindings: 0, domains: 0, objects: 3, holders: 1 };
        assert_eq!(kernel.counts(), expected);
        drop((cnode, holder));
        assert_eq!(kernel.counts(), Counts::default());
    }
}
