//! Random pairs of versions: whether old and new are kept apart is always what the fingerprints say.

use std::fmt::Write as _;

use super::tests::{changes, interface, told};

const SEED: u64 = 7;

/// How many pairs are compared.
const PAIRS: usize = 250;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// Some of these, each at most once, at least `least`, in any order.
    fn some<'a>(&mut self, all: &[&'a str], least: usize) -> Vec<&'a str> {
        let mut left = all.to_vec();
        let count = least + self.below(all.len() + 1 - least);
        (0..count).map(|_| left.remove(self.below(left.len()))).collect()
    }
}

/// The members of an interface: few names and types, so that two of them have much in common.
fn members(random: &mut Random) -> String {
    let mut text = String::new();
    let mut types = vec!["uint8", "char", "uint16", "cap"];
    for name in random.some(&["t", "u", "v"], 0) {
        let ty = random.pick(&types);
        // Writing to a String can't fail.
        let _ = match random.below(4) {
            0 => write!(text, "typedef {ty} {name}; "),
            1 => write!(text, "typedef {ty} {name}[{}]; ", 1 + random.below(2)),
            2 => write!(text, "typedef enum {{ {} }} {name}; ", values(random)),
            _ => write!(text, "typedef struct {{ {}}} {name}; ", fields(random, &types)),
        };
        types.push(name);
    }
    for name in random.some(&["k", "l", "m"], 1) {
        let is_rpc = random.below(2) == 0;
        let args = arguments(random, &types, is_rpc);
        let _ = write!(text, "{} {name}({args}); ", if is_rpc { "rpc" } else { "message" });
    }
    text
}

fn values(random: &mut Random) -> String {
    random.some(&["one", "two", "three"], 1).join(", ")
}

fn fields(random: &mut Random, types: &[&str]) -> String {
    let names = random.some(&["a", "b", "c"], 1);
    names.into_iter().map(|name| [random.pick(types), " ", name, "; "].concat()).collect()
}

fn arguments(random: &mut Random, types: &[&str], is_rpc: bool) -> String {
    let names = random.some(&["a", "b", "c"], 0);
    let args = names.into_iter().map(|name| {
        let way = if is_rpc { random.pick(&["in ", "out "]) } else { "" };
        match random.below(5) {
            0 => format!("{way}String {name}[{}]", 2 + random.below(2)),
            1 => format!("{way}uint8 {name}[n{name}, {}]", 1 + random.below(2)),
            _ => format!("{way}{} {name}", random.pick(types)),
        }
    });
    args.collect::<Vec<_>>().join(", ")
}

#[test]
fn fingerprints_agree_with_what_is_told() {
    println!("seed {SEED}");
    let mut random = Random(SEED);
    for _ in 0..PAIRS {
        let (old, new) = (members(&mut random), members(&mut random));
        println!("{old}\n  -> {new}");
        // It compares what is told with the fingerprints.
        changes(&interface(&old), &interface(&new));
        assert_eq!(told(&changes(&interface(&old), &interface(&old)).0), "");
    }
}
