//! Values of every type an argument can have: the least, the most, and any, with a liking for those
//! at and beside the limits.

use std::fmt::Debug;

use flounder::wire::{Reader, Value};
use flounder::{Cap, DomainId, ErrVal, Iref, Kernel};
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::{Badge, DomainEntry, DomainState, ExitCause, Fingerprint, Role};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The type of an argument of fixed size.
pub(crate) trait Plain: Debug + Sized + 'static {
    fn least() -> Self;
    fn most() -> Self;
    fn any() -> BoxedStrategy<Self>;
}

/// The type of an argument with a declared maximum.
pub(crate) trait Bounded: Debug + Sized + 'static {
    fn least(_max: usize) -> Self;
    fn most(max: usize) -> Self;
    fn any(max: usize) -> BoxedStrategy<Self>;
}

macro_rules! integers {
    ($($ty:ty),*) => { $(
        impl Plain for $ty {
            fn least() -> Self {
                Self::MIN
            }

            fn most() -> Self {
                Self::MAX
            }

            fn any() -> BoxedStrategy<Self> {
                // Around 0, around the middle (where the sign would change), and at the end.
                let middle = Self::MAX / 2;
                let edges = [0, 1, 2, middle - 1, middle, middle + 1, Self::MAX - 1, Self::MAX];
                prop_oneof![select(edges.to_vec()), any::<Self>()].boxed()
            }
        }
    )* };
}

integers!(u8, u16, u32, u64);

/// A type whose values are those of another.
macro_rules! wrappers {
    ($($ty:ty = $wrap:expr, of $inner:ty;)*) => { $(
        impl Plain for $ty {
            fn least() -> Self {
                $wrap(<$inner>::least())
            }

            fn most() -> Self {
                $wrap(<$inner>::most())
            }

            fn any() -> BoxedStrategy<Self> {
                <$inner as Plain>::any().prop_map($wrap).boxed()
            }
        }
    )* };
}

wrappers! {
    Iref = Iref, of u32;
    ErrVal = ErrVal::from_bits, of u64;
}

/// Every enumerator, found by decoding their numbers.
fn enumerators<E: Value>() -> Vec<E> {
    let decode = |number: u32| Reader::new(&number.to_le_bytes(), Vec::new()).get().ok();
    (0..).map_while(decode).collect()
}

macro_rules! enums {
    ($($ty:ty),*) => { $(
        impl Plain for $ty {
            fn least() -> Self {
                enumerators().remove(0)
            }

            fn most() -> Self {
                enumerators().pop().expect("an enum has enumerators")
            }

            fn any() -> BoxedStrategy<Self> {
                select(enumerators()).boxed()
            }
        }
    )* };
}

enums!(DomainState, ExitCause, RequestKind, Role);

impl Plain for bool {
    fn least() -> Self {
        false
    }

    fn most() -> Self {
        true
    }

    fn any() -> BoxedStrategy<Self> {
        any::<Self>().boxed()
    }
}

macro_rules! any_of {
    ($field:ident) => {
        Plain::any()
    };
}

macro_rules! structs {
    ($($ty:ident { $($field:ident),* })*) => { $(
        impl Plain for $ty {
            fn least() -> Self {
                Self { $($field: Plain::least()),* }
            }

            fn most() -> Self {
                Self { $($field: Plain::most()),* }
            }

            fn any() -> BoxedStrategy<Self> {
                ($(any_of!($field),)*)
                    .prop_map(|($($field,)*)| Self { $($field),* })
                    .boxed()
            }
        }
    )* };
}

structs! {
    Badge { core, domain, role }
    DomainEntry { domain, state, cause, status, core, cores, wedged }
    Fingerprint { high, low }
}

/// Caps tell who they are by the domain of a `VNode`.
impl Plain for Cap {
    fn least() -> Self {
        Self::NULL
    }

    fn most() -> Self {
        vnode(u64::MAX)
    }

    fn any() -> BoxedStrategy<Self> {
        let null = Just(()).prop_map(|()| Self::NULL);
        prop_oneof![1 => null, 4 => any::<u64>().prop_map(vnode)].boxed()
    }
}

fn vnode(domain: u64) -> Cap {
    Kernel::new().holder().vnode(DomainId(domain))
}

/// Nothing, little, almost too much, as much as there may be, and anything between.
fn lengths(max: usize) -> BoxedStrategy<usize> {
    prop_oneof![select(vec![0, 1, max - 1, max]), 0..=max].boxed()
}

impl Bounded for String {
    fn least(_max: usize) -> Self {
        Self::new()
    }

    fn most(max: usize) -> Self {
        "\u{7f}".repeat(max)
    }

    fn any(max: usize) -> BoxedStrategy<Self> {
        // Characters of one to four bytes, as long as one fits.
        let pattern = "[^\0]{1,8}";
        (lengths(max), pattern)
            .prop_map(|(bytes, pattern)| {
                let mut text = Self::new();
                for next in pattern.chars().cycle() {
                    if text.len() + next.len_utf8() > bytes {
                        break;
                    }
                    text.push(next);
                }
                text.extend(std::iter::repeat_n('.', bytes - text.len()));
                text
            })
            .boxed()
    }
}

impl<T: Plain + Clone> Bounded for Vec<T> {
    fn least(_max: usize) -> Self {
        Self::new()
    }

    fn most(max: usize) -> Self {
        vec![T::most(); max]
    }

    fn any(max: usize) -> BoxedStrategy<Self> {
        // A few elements over and over: cheap at any length.
        (lengths(max), vec(T::any(), 7))
            .prop_map(|(count, pattern)| pattern.into_iter().cycle().take(count).collect())
            .boxed()
    }
}
