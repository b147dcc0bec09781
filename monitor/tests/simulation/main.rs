//! Three monitors, their children and links that deliver in order but late, at random from a seed.
//!
//! Whatever happens, each bind request of a child that lives is answered exactly once and truthfully, and
//! each endpoint ends up with the service that accepted it or is dropped. `SEED=n` runs one seed alone.

mod child;
mod token;
mod world;

use std::collections::BTreeSet;

use flounder::ErrCode;
use world::{Options, World};

const SEEDS: u64 = 100;
const STEPS: usize = 1500;

/// Every answer there is: all seeds together must have given each.
const ANSWERS: [ErrCode; 7] = [
    ErrCode::OK,
    ErrCode::FLOUNDER_ERR_BIND,
    ErrCode::FLOUNDER_ERR_BIND_MISMATCH,
    ErrCode::FLOUNDER_ERR_BIND_REFUSED,
    ErrCode::MON_ERR_INVALID_IREF,
    ErrCode::MON_ERR_INVALID_CORE,
    ErrCode::MON_ERR_LIMIT,
];

fn run(seed: u64, options: Options) -> BTreeSet<ErrCode> {
    println!("seed {seed}, {options:?}");
    let mut world = World::new(seed, options);
    for _ in 0..STEPS {
        world.step();
    }
    world.drain();
    world.check_at_rest();
    world.answers
}

fn run_all(options: Options) {
    if let Ok(seed) = std::env::var("SEED") {
        run(seed.parse().expect("SEED is a number"), options);
        return;
    }
    let answers: BTreeSet<_> = (0..SEEDS).flat_map(|seed| run(seed, options)).collect();
    assert_eq!(answers, BTreeSet::from(ANSWERS));
}

#[test]
fn children_come_and_go() {
    run_all(Options { lose_a_core: false });
}

#[test]
fn a_core_is_lost() {
    run_all(Options { lose_a_core: true });
}
