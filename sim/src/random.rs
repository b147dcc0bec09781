//! Where every choice of a world comes from: one seed.
//!
//! Multiplies and shifts a counter (Steele, Lea, Flood: Fast splittable pseudorandom number
//! generators, 2014). Streams split off by a number don't disturb each other: leaving a step of the
//! workload out changes no other step's choices.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the bits of a number.
pub(crate) fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ GOLDEN))
    }

    /// A stream of its own for `what`, the same for the same seed.
    pub(crate) fn stream(seed: u64, what: u64) -> Self {
        Self(mix(seed ^ GOLDEN) ^ mix(what.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`, which isn't 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The upper half of a product: no division, and a bias below 2^-32.
        let bound = u64::try_from(bound).unwrap_or(u64::MAX) & 0xffff_ffff;
        usize::try_from(((self.next() >> 32) * bound) >> 32).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_of_it() {
        let mut random = Random::new(7);
        for bound in 1..20 {
            let seen: std::collections::BTreeSet<_> =
                (0..2_000).map(|_| random.below(bound)).collect();
            assert!(seen.into_iter().eq(0..bound), "below {bound}");
        }
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |what| Random::stream(1, what).next();
        assert_ne!(first(1), first(2));
        assert_eq!(first(1), first(1));
    }
}
