//! That searches find defects, and that no ordinary build has any.

use flounder_model::Limits;
use flounder_model::campaign::{Effort, scopes};
use flounder_model::mutants::{COMPILED_IN, MUTANTS, hunt};

/// Some names, spelled here because an ordinary build knows none.
const NAMES: [&str; 3] = ["span-answered-at-once", "one-killer-answered", "anybody-is-a-spawnd"];

#[test]
fn an_ordinary_build_has_no_defects() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_model")).expect("cargo built it");
    let text = String::from_utf8_lossy(&binary);
    for name in NAMES {
        assert_eq!(text.contains(name), COMPILED_IN, "{name}");
    }
    assert_eq!(MUTANTS.is_empty(), !COMPILED_IN);
}

#[test]
#[cfg_attr(not(flounder_mutants), ignore = "this build has no defects to find")]
fn every_defect_is_found() {
    for &mutant in MUTANTS {
        let caught = hunt(mutant, &scopes(Effort::Test), Limits::default());
        assert!(caught.found.is_some(), "{mutant} is not found");
    }
}
