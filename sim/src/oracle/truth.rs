//! What is really there, as the platforms know it: which programs are alive, and where.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A part of a domain: the domain and its core.
pub(crate) type Part = (u64, u8);

/// What is true of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Life {
    /// The platform was asked to start it.
    Ordered,
    Alive,
    Ended,
}

/// What the platforms of a world know.
#[derive(Default, Debug)]
pub(crate) struct Truth {
    parts: RefCell<BTreeMap<Part, Life>>,
    /// Cores whose spawnd is played: what it says of programs is made up.
    played: RefCell<BTreeSet<u8>>,
}

impl Truth {
    pub(crate) fn set(&self, part: Part, life: Life) {
        self.parts.borrow_mut().insert(part, life);
    }

    pub(crate) fn forget(&self, part: Part) {
        self.parts.borrow_mut().remove(&part);
    }

    pub(crate) fn play(&self, core: u8) {
        self.played.borrow_mut().insert(core);
    }

    pub(crate) fn is_played(&self, core: u8) -> bool {
        self.played.borrow().contains(&core)
    }

    pub(crate) fn life(&self, part: Part) -> Option<Life> {
        self.parts.borrow().get(&part).copied()
    }

    /// On which cores something of the domain is alive.
    pub(crate) fn alive(&self, domain: u64) -> Vec<u8> {
        let parts = self.parts.borrow();
        let of_domain = parts.range((domain, 0)..=(domain, u8::MAX));
        of_domain.filter(|(_, life)| **life == Life::Alive).map(|((_, core), _)| *core).collect()
    }

    /// Everything that platforms know.
    pub(super) fn all(&self) -> Vec<(Part, Life)> {
        self.parts.borrow().iter().map(|(&part, &life)| (part, life)).collect()
    }

    /// Everything that is alive.
    pub(crate) fn all_alive(&self) -> Vec<Part> {
        let parts = self.parts.borrow();
        let alive = parts.iter().filter(|(_, life)| **life == Life::Alive);
        alive.map(|(&part, _)| part).collect()
    }
}
