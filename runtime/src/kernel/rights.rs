//! What a cap lets its holder do. A derivation can only lose rights.

use std::fmt;
use std::ops::BitOr;

/// A set of rights.
///
/// ```
/// use flounder::Rights;
///
/// let spawner = Rights::WAIT | Rights::KILL;
/// assert!(Rights::DOMAIN.contains(spawner));
/// assert_eq!(spawner.intersection(Rights::KILL | Rights::SPAN), Rights::KILL);
/// assert_eq!(format!("{spawner:?}"), "WAIT|KILL");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u8);

impl Rights {
    /// Identifies, and nothing else.
    pub const NONE: Self = Self(0);
    /// Waits for a domain's end.
    pub const WAIT: Self = Self(1);
    /// Kills a domain.
    pub const KILL: Self = Self(1 << 1);
    /// Spans a domain to another core.
    pub const SPAN: Self = Self(1 << 2);
    /// Reports a domain's own exit.
    pub const EXIT: Self = Self(1 << 3);
    /// Reads a Frame, copies caps out of a `CNode`.
    pub const READ: Self = Self(1 << 4);
    /// Writes a Frame, puts caps into a `CNode` and takes them out.
    pub const WRITE: Self = Self(1 << 5);
    /// Mints Domain caps from a `ProcessManager` cap.
    pub const RETYPE: Self = Self(1 << 6);
    /// Takes what an `EndPoint` carries.
    pub const TAKE: Self = Self(1 << 7);
    /// All rights that mean something on a Domain.
    pub const DOMAIN: Self = Self::WAIT.union(Self::KILL).union(Self::SPAN).union(Self::EXIT);

    const NAMES: [&str; 8] = ["WAIT", "KILL", "SPAN", "EXIT", "READ", "WRITE", "RETYPE", "TAKE"];

    /// True if every right of `other` is among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rights in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("NONE");
        }
        let names = Self::NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        for (nth, (_, name)) in names.enumerate() {
            write!(f, "{}{name}", if nth == 0 { "" } else { "|" })?;
        }
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_a_bit_of_its_own_and_has_its_name() {
        let rights = [
            (Rights::WAIT, "WAIT"),
            (Rights::KILL, "KILL"),
            (Rights::SPAN, "SPAN"),
            (Rights::EXIT, "EXIT"),
            (Rights::READ, "READ"),
            (Rights::WRITE, "WRITE"),
            (Rights::RETYPE, "RETYPE"),
            (Rights::TAKE, "TAKE"),
        ];
        let mut seen = Rights::NONE;
        for (right, name) in rights {
            assert_eq!(seen.intersection(right), Rights::NONE);
            assert_eq!(format!("{right:?}"), name);
            seen = seen | right;
        }
        assert_eq!(seen, Rights(u8::MAX));
    }

    #[test]
    fn sets() {
        let cases = [
            (Rights::NONE, Rights::NONE, true),
            (Rights::READ, Rights::NONE, true),
            (Rights::NONE, Rights::READ, false),
            (Rights::READ | Rights::WRITE, Rights::WRITE, true),
            (Rights::READ, Rights::READ | Rights::WRITE, false),
        ];
        for (set, other, contains) in cases {
            assert_eq!(set.contains(other), contains, "{set:?} contains {other:?}");
            assert!(set.union(other).contains(set) && set.contains(set.intersection(other)));
        }
        assert_eq!(format!("{:?}", Rights::NONE), "NONE");
    }
}
