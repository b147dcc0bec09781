//! Diagnostics: `tracing` events with the feature of that name, nothing without.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, error, warn};

#[cfg(not(feature = "tracing"))]
macro_rules! silent {
    ($($argument:tt)*) => {
        // Type-checks the arguments and runs nothing.
        if false {
            let _ = ::std::format_args!($($argument)*);
        }
    };
}

#[cfg(not(feature = "tracing"))]
pub(crate) use {silent as debug, silent as error, silent as warn};
