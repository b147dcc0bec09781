//! Numbers and orders drawn from a seed.

/// `SplitMix64`, from Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which isn't zero; for the small bounds there are its bias doesn't
    /// matter.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }
}

/// Puts `items` into the order of `seed`, after Fisher and Yates.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut random = SplitMix::new(seed);
    for end in (2..=items.len()).rev() {
        items.swap(end - 1, random.below(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix::new(1_234_567);
        let numbers = [random.next(), random.next(), random.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, published);
    }

    #[test]
    fn a_shuffle_keeps_every_item_and_depends_on_its_seed() {
        let sorted: Vec<u8> = (0..24).collect();
        let mut orders = Vec::new();
        for seed in 0..100 {
            let mut items = sorted.clone();
            shuffle(&mut items, seed);
            orders.push(items.clone());
            items.sort_unstable();
            assert_eq!(items, sorted, "seed {seed}");
        }
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), 100);
    }
}
