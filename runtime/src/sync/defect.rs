//! Defects that the models must find. They are put in by the place of an operation, when the models
//! run, and are compiled for models only: no other build knows of them.
//!
//! `FLOUNDER_DEFECT=relaxed@runtime/src/driver/link.rs:69` weakens what stands in that line to a
//! relaxed order, `gone@…` leaves it out. `cargo xtask mutants` has the list of those that matter.

use std::panic::Location;

use super::atomic::Ordering;

/// The environment variable that puts a defect in.
const VARIABLE: &str = "FLOUNDER_DEFECT";

/// What is wrong with an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Defect {
    /// Nothing.
    None,
    /// It orders nothing.
    Relaxed,
    /// It doesn't write, or isn't there.
    Gone,
}

/// A defect and its place.
struct Planted {
    defect: Defect,
    file: String,
    line: u32,
}

thread_local! {
    /// What was asked for: a model runs on one thread of the system, many times.
    static PLANTED: Option<Planted> = std::env::var(VARIABLE).ok().map(|text| Planted::from(&*text));
}

impl From<&str> for Planted {
    fn from(text: &str) -> Self {
        let parts = text.split_once('@').and_then(|(defect, place)| {
            let (file, line) = place.rsplit_once(':')?;
            let defect = match defect {
                "relaxed" => Defect::Relaxed,
                "gone" => Defect::Gone,
                _ => return None,
            };
            Some(Self { defect, file: file.to_owned(), line: line.parse().ok()? })
        });
        parts.unwrap_or_else(|| panic!("{VARIABLE}={text} names no defect and place"))
    }
}

impl Defect {
    /// The defect of the operation that its caller calls.
    #[track_caller]
    pub(super) fn here() -> Self {
        let here = Location::caller();
        PLANTED.with(|planted| match planted {
            Some(planted) if planted.line == here.line() && here.file() == planted.file => {
                planted.defect
            }
            _ => Self::None,
        })
    }

    /// The order that is left of `order`.
    pub(super) fn weakened(self, order: Ordering) -> Ordering {
        if self == Self::Relaxed { Ordering::Relaxed } else { order }
    }
}
