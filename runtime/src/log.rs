//! Diagnostics: `tracing` events with the feature of that name, nothing without.

#[cfg(feature = "tracing")]
pub(crate) use self::loud::received;
#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, warn};

#[cfg(not(feature = "tracing"))]
pub(crate) use self::silent::{debug, received, warn};

#[cfg(feature = "tracing")]
mod loud {
    /// Tells of a message that was received: its interface and name, who sent it, who got it.
    macro_rules! received {
        ($interface:expr, $message:expr, $from:expr, $to:expr) => {
            ::tracing::trace!(
                target: "flounder::message",
                interface = $interface,
                message = $message,
                from = %$from,
                to = $to,
            )
        };
    }

    pub(crate) use received;
}

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

    macro_rules! received {
        ($($argument:expr),*) => {
            if false {
                let _ = ($(&$argument),*);
            }
        };
    }

    // `warn` is an attribute of the language: a macro of that name is exported under another.
    pub(crate) use {debug, received, warning as warn};
}
