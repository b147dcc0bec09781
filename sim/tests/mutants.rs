//! That the simulator notices defects, and that no ordinary build has any.

use flounder_sim::Campaign;
use flounder_sim::mutants::{COMPILED_IN, MUTANTS, hunt};

/// Some names, spelled here because an ordinary build knows none.
const NAMES: [&str; 4] = [
    "span-answered-at-once",
    "one-killer-answered",
    "anybody-commands-a-spawnd",
    "reply-lost-when-busy",
];

#[test]
fn an_ordinary_build_has_no_defects() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_sim")).expect("cargo built it");
    let text = String::from_utf8_lossy(&binary);
    for name in NAMES {
        assert_eq!(text.contains(name), COMPILED_IN, "{name}");
    }
    assert_eq!(MUTANTS.is_empty(), !COMPILED_IN);
}

#[test]
#[cfg_attr(not(flounder_mutants), ignore = "this build has no defects to notice")]
fn every_defect_is_noticed() {
    let campaign = Campaign { seed: 1, steps: 300_000, world: None, trace_lines: 0, shrink: false };
    for &mutant in MUTANTS {
        let caught = hunt(mutant, &campaign, 1);
        assert_eq!(caught.seeds.0, 1, "{} is not noticed", mutant.name);
    }
}
