//! Defects that can be put back, to show that the simulator, the models and the tests notice them.
//!
//! They are compiled in only under `--cfg flounder_mutants`: elsewhere [`mutant!`](crate::mutant) is
//! the constant `false`, and not even a name is left in a binary.
//!
//! A process that is started with `FLOUNDER_MUTANT` set to a name has that defect on all threads: so
//! the tests that are named after a defect are shown to fail with it.

#[cfg(flounder_mutants)]
mod active {
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<&'static str>> = Cell::new(of_process());
    }

    /// The defect that the whole process was started with.
    fn of_process() -> Option<&'static str> {
        let name = std::env::var("FLOUNDER_MUTANT").ok()?;
        // Once for each thread of a test.
        Some(String::leak(name))
    }

    /// Puts one defect back on this thread, and takes the one before out.
    pub fn activate(name: Option<&'static str>) {
        ACTIVE.set(name);
    }

    /// True if that defect is back.
    #[must_use]
    pub fn is_active(name: &str) -> bool {
        ACTIVE.get() == Some(name)
    }
}

#[cfg(flounder_mutants)]
pub use self::active::{activate, is_active};

/// True if the defect of that name is put back; the constant `false` unless the build has
/// `--cfg flounder_mutants`.
#[cfg(flounder_mutants)]
#[macro_export]
macro_rules! mutant {
    ($name:literal) => {
        $crate::mutants::is_active($name)
    };
}

/// True if the defect of that name is put back; the constant `false` unless the build has
/// `--cfg flounder_mutants`.
#[cfg(not(flounder_mutants))]
#[macro_export]
macro_rules! mutant {
    ($name:literal) => {
        false
    };
}
