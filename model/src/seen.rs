//! Which states were seen, by their fingerprints.
//!
//! A state is known by 128 bits of `SipHash`, so two different ones are taken for the same with a
//! probability of at most n² / 2¹²⁹ for n states: 10⁻²⁴ for ten million. A list of slots that is
//! probed in a row takes 20 bytes a slot, where an ordered map would take three times as much.

use std::hash::{Hash, Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};

/// A slot that no state is in; a place is never that high.
const EMPTY: u32 = u32::MAX;

/// How many slots there are at first, a power of two as ever.
const SLOTS_MIN: usize = 1 << 10;

/// What a state is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fingerprint(u128);

impl Fingerprint {
    pub(crate) fn of(state: &impl Hash) -> Self {
        let mut hasher = SipHasher13::new();
        state.hash(&mut hasher);
        debug_assert_ne!(hasher.finish(), 0, "a hash of nothing tells nothing apart");
        Self(hasher.finish128().as_u128())
    }
}

/// The fingerprints that were seen, each with its place in the order of finding.
#[derive(Debug)]
pub(crate) struct Seen {
    fingerprints: Vec<u128>,
    places: Vec<u32>,
    count: u32,
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self::with_slots(SLOTS_MIN)
    }

    fn with_slots(slots: usize) -> Self {
        Self { fingerprints: vec![0; slots], places: vec![EMPTY; slots], count: 0 }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The place of a state, and whether it is new: then it gets the next place.
    ///
    /// # Panics
    ///
    /// Beyond 2³² − 1 states.
    pub(crate) fn place(&mut self, Fingerprint(fingerprint): Fingerprint) -> (u32, bool) {
        let slot = self.slot(fingerprint);
        if self.places[slot] != EMPTY {
            return (self.places[slot], false);
        }
        let place = self.count;
        assert_ne!(place, EMPTY, "a place has 32 bits");
        (self.fingerprints[slot], self.places[slot]) = (fingerprint, place);
        self.count += 1;
        if self.count as usize * 4 > self.places.len() * 3 {
            self.grow();
        }
        (place, true)
    }

    /// The slot that a fingerprint is in, or that it would get.
    fn slot(&self, fingerprint: u128) -> usize {
        let last = self.places.len() - 1;
        let mut slot = fingerprint as usize & last; // any bits of a hash are as good
        while self.places[slot] != EMPTY && self.fingerprints[slot] != fingerprint {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        let mut larger = Self::with_slots(self.places.len() * 2);
        for (&fingerprint, &place) in self.fingerprints.iter().zip(&self.places) {
            if place != EMPTY {
                let slot = larger.slot(fingerprint);
                (larger.fingerprints[slot], larger.places[slot]) = (fingerprint, place);
            }
        }
        larger.count = self.count;
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_one_place_however_many_there_are() {
        let count = 10 * u32::try_from(SLOTS_MIN).expect("small");
        let mut seen = Seen::new();
        for round in [true, false] {
            for number in 0..count {
                assert_eq!(seen.place(Fingerprint::of(&number)), (number, round));
            }
        }
        assert_eq!(seen.count(), count);
    }

    #[test]
    fn neighbours_in_the_table_are_told_apart() {
        let mut seen = Seen::new();
        let alike = |high: u128| Fingerprint(high << 64);
        for high in 1..100 {
            assert_eq!(seen.place(alike(u128::from(high))), (high - 1, true));
        }
        assert_eq!(seen.place(alike(50)), (49, false));
    }
}
