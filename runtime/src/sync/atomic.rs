//! Loom's and shuttle's atomics, each of whose operations may be a defect for the sake of a mutant.
//!
//! Flags need more. A swap comes right after the value that it replaces, with no store in between.
//! Loom lets a plain store that was made later come before the swap, and so finds wake-ups lost where
//! none can be. A flag stores by swapping, which loom keeps in order. What no model shows for it: two
//! threads that see each other's stores in opposite orders, and a store that ends a release sequence.

#[cfg(loom)]
use loom::sync::atomic;
#[cfg(shuttle)]
use shuttle::sync::atomic;

use super::defect::Defect;

pub(crate) use atomic::Ordering;

/// The checker's fence.
#[track_caller]
pub(crate) fn fence(order: Ordering) {
    if Defect::here() == Defect::None {
        atomic::fence(order);
    }
}

/// One of the checker's atomics, under its name.
macro_rules! atomics {
    ($($name:ident of $value:ty, stores by |$this:ident, $new:ident, $order:ident| $store:expr;)*) => { $(
        #[derive(Debug, Default)]
        pub(crate) struct $name(atomic::$name);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            #[track_caller]
            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.0.load(Defect::here().weakened(order))
            }

            #[track_caller]
            pub(crate) fn store(&self, $new: $value, order: Ordering) {
                let (defect, $this) = (Defect::here(), &self.0);
                let $order = defect.weakened(order);
                if defect != Defect::Gone {
                    $store;
                }
            }
        }
    )* };
}

atomics! {
    AtomicBool of bool, stores by |this, new, order| this.swap(new, order);
    AtomicU8 of u8, stores by |this, new, order| this.store(new, order);
    AtomicU64 of u64, stores by |this, new, order| this.store(new, order);
    AtomicUsize of usize, stores by |this, new, order| this.store(new, order);
}

/// Operations that read and write at once. Gone, they only read.
macro_rules! updates {
    ($($name:ident: $($method:ident)*, of $value:ty;)*) => { $(
        impl $name {
            $(#[track_caller]
            pub(crate) fn $method(&self, value: $value, order: Ordering) -> $value {
                match Defect::here() {
                    Defect::Gone => self.0.load(Ordering::Relaxed),
                    defect => self.0.$method(value, defect.weakened(order)),
                }
            })*
        }
    )* };
}

updates! {
    AtomicBool: swap, of bool;
    AtomicU64: fetch_add fetch_or, of u64;
    AtomicUsize: fetch_add fetch_sub, of usize;
}

impl AtomicUsize {
    #[track_caller]
    pub(crate) fn fetch_update(
        &self,
        stored: Ordering,
        loaded: Ordering,
        f: impl FnMut(usize) -> Option<usize>,
    ) -> Result<usize, usize> {
        let defect = Defect::here();
        self.0.fetch_update(defect.weakened(stored), defect.weakened(loaded), f)
    }
}
