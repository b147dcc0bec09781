//! Random numbers that are the same everywhere for the same seed.

/// `SplitMix64` of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
pub(crate) struct Random(u64);

impl Random {
    /// Numbers of their own for `name`, from `SEED` if that is set. The seed is printed.
    pub(crate) fn of(name: &str) -> Self {
        let seed = setting("SEED", 1);
        println!("{name}: SEED={seed}");
        name.bytes().fold(Self(seed), |random, byte| Self(random.0 ^ u64::from(byte)).stirred())
    }

    fn stirred(mut self) -> Self {
        self.next();
        self
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which isn't 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a usize has 64 bits at most");
        usize::try_from(self.next() % end).expect("it is below a usize")
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// The number in this environment variable, or `default`.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")),
        Err(_) => default,
    }
}
