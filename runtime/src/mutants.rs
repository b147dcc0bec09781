//! Defects that can be put back, to show that the simulator notices them.
//!
//! They are compiled in only under `--cfg flounder_mutants`: elsewhere [`mutant!`](crate::mutant) is
//! the constant `false`, and not even a name is left in a binary.

#[cfg(flounder_mutants)]
mod active {
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<&'static str>> = const { Cell::new(None) };
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
