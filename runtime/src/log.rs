//! Diagnostics: `tracing` events with the feature of that name, nothing without.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, warn};

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::{debug, warn};

/// Macros that type-check their arguments and say nothing.
#[cfg(not(feature = "tracing"))]
mod silent {
    macro_rules! debug {
        ($($argument:tt)*) => {
            if false {
                let _ = ("debug", ::std::format_args!($($argument)*));
            }
        };
    }

    macro_rules! warning {
        ($($argument:tt)*) => {
            if false {
                let _ = ("warn", ::std::format_args!($($argument)*));
            }
        };
    }

    // `warn` is an attribute of the language: a macro of that name is exported under another.
    pub(crate) use {debug, warning as warn};
}
