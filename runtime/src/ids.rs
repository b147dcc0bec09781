//! The numbers that name things: cores, domains, services.
//!
//! Each has a type of its own, so that a core can't be passed where a domain is meant.

use std::fmt;

/// A logical core, 0..=255. Each is pinned to one CPU; with more cores than CPUs several share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CoreId(pub u8);

impl CoreId {
    /// How many logical cores there can be: a core's number travels as one byte.
    pub const COUNT_MAX: usize = 256;

    /// The core as an index into a table of cores.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for CoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A domain, that is a running program. Numbers start at 1 and are never reused in one boot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DomainId(pub u64);

impl DomainId {
    /// No domain: what services and operators carry in their badge.
    pub const NONE: Self = Self(0);
}

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A number that names an exported service. Whoever knows it can ask a monitor to bind to it.
///
/// The upper 8 bits are the core of the monitor that gave it out, so that every monitor knows where
/// to send a bind request; the lower 24 bits count up from 1 on that core and aren't reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Iref(pub u32);

impl Iref {
    /// Names no service.
    pub const NULL: Self = Self(0);
    /// The highest count of services one monitor can export in its life: 24 bits.
    pub const COUNT_MAX: u32 = (1 << 24) - 1;

    /// The iref number `count` of the monitor on `core`.
    ///
    /// # Panics
    ///
    /// If `count` is 0 or over [`Iref::COUNT_MAX`].
    #[must_use]
    pub fn new(core: CoreId, count: u32) -> Self {
        assert!((1..=Self::COUNT_MAX).contains(&count), "an iref counts from 1 to 2^24 - 1");
        Self(u32::from(core.0) << 24 | count)
    }

    /// The core whose monitor gave the iref out.
    #[must_use]
    pub fn core(self) -> CoreId {
        CoreId((self.0 >> 24) as u8)
    }
}

impl fmt::Display for Iref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iref_keeps_core_and_count() {
        for core in [0, 1, 254, 255] {
            let iref = Iref::new(CoreId(core), Iref::COUNT_MAX);
            assert_eq!(iref.core(), CoreId(core));
            assert_ne!(iref, Iref::new(CoreId(core), 1));
            assert_ne!(iref, Iref::NULL);
        }
    }
}
