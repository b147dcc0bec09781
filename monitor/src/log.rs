//! Diagnostics: `tracing` events with the feature of that name, nothing without.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, warn};

/// Type-checks what would be logged and says nothing.
#[cfg(not(feature = "tracing"))]
macro_rules! nothing {
    ($($argument:tt)*) => {
        if false {
            let _ = ::core::format_args!($($argument)*);
        }
    };
}

#[cfg(not(feature = "tracing"))]
pub(crate) use {nothing as debug, nothing as warn};
