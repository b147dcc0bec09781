//! Error values as they travel in messages: a stack of codes in 64 bits.
//!
//! A callee's code stays below its caller's, as in Barrelfish: the outermost code says what failed,
//! the ones below say why. Rust APIs return enums; an [`ErrVal`] is what crosses a binding.

use std::fmt;

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        /// What went wrong, one code of an [`ErrVal`].
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(non_camel_case_types, reason = "the names are those of the field's C headers")]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum ErrCode {
            $(#[doc = concat!($meaning, ".")] $name = $number,)*
        }

        impl ErrCode {
            /// Every code there is, in the order of the numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code with this number, if there is one.
            #[must_use]
            pub fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The code's name as the documents write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What the code means, a clause without a full stop.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    OK = 0, "success";
    PROC_MGMT_DOMAIN_ALIVE = 1, "the domain is alive";

    FLOUNDER_ERR_INVALID_STATE = 16, "the binding is in the wrong state for this";
    FLOUNDER_ERR_TX_BUSY = 17, "the channel is full";
    FLOUNDER_ERR_TX_MSG_SIZE = 18, "an argument is over its declared maximum";
    FLOUNDER_ERR_RX_EMPTY_MSG = 19, "received a message without content";
    FLOUNDER_ERR_RX_INVALID_MSGNUM = 20, "received an unknown message number";
    FLOUNDER_ERR_RX_INVALID_LENGTH = 21, "received a message of the wrong length";
    FLOUNDER_ERR_RX_INVALID_VALUE = 22, "received a value outside its type";
    FLOUNDER_ERR_RX_UNHANDLED = 23, "received a message that nobody handles";
    FLOUNDER_ERR_RX_CAP = 24, "a capability could not be transferred";
    FLOUNDER_ERR_BIND = 25, "the binding could not be established";
    FLOUNDER_ERR_BIND_MISMATCH = 26, "the two ends speak different interfaces";
    FLOUNDER_ERR_BIND_REFUSED = 27, "the service refused the binding";
    FLOUNDER_ERR_RPC_MISMATCH = 28, "a reply does not belong to the call";
    FLOUNDER_ERR_PEER_CLOSED = 29, "the peer closed the binding or died";
    FLOUNDER_ERR_RPC_DROPPED = 30, "the peer dropped the request unanswered";
    FLOUNDER_ERR_RPC_UNHANDLED = 31, "the peer does not handle this request";
    FLOUNDER_ERR_TIMED_OUT = 32, "the deadline passed";
    FLOUNDER_ERR_TOO_MANY_CALLS = 33, "too many calls are outstanding";

    MON_ERR_INVALID_IREF = 64, "no service has this iref";
    MON_ERR_INVALID_CORE = 65, "no monitor runs on this core";
    MON_ERR_NOT_PERMITTED = 66, "the caller may not ask this of a monitor";
    MON_ERR_LIMIT = 67, "a limit of the monitor is reached";

    NAME_ERR_EXISTS = 80, "the name is taken";
    NAME_ERR_UNKNOWN = 81, "no service is registered under this name";
    NAME_ERR_INVALID = 82, "this can't be a service name";
    NAME_ERR_RESERVED = 83, "the name is reserved for a service of the system";
    NAME_ERR_NOT_OWNER = 84, "the name belongs to another domain";
    NAME_ERR_LIMIT = 85, "a limit of the name service is reached";

    PROC_MGMT_ERR_NOT_MONITOR = 128, "received a monitor-only request from another domain";
    PROC_MGMT_ERR_SPAWND_EXISTS = 129, "that spawnd slot is taken";
    PROC_MGMT_ERR_INVALID_SPAWND = 130, "not connected to a spawnd on the requested core";
    PROC_MGMT_ERR_CREATE_DOMAIN_CAP = 131, "failed to create a Domain cap: the quota is used up";
    PROC_MGMT_ERR_SPAWND_REQUEST = 132, "the request to spawnd failed";
    PROC_MGMT_ERR_DOMAIN_CAP_HASH = 133, "not a Domain cap, or a right is missing";
    PROC_MGMT_ERR_DOMAIN_TABLE_FIND = 134, "no such domain";
    PROC_MGMT_ERR_DOMAIN_NOT_RUNNING = 135, "the domain isn't running";
    PROC_MGMT_ERR_ALREADY_SPANNED = 136, "the domain is on that core already";
    PROC_MGMT_ERR_KILL = 137, "the domain could not be killed";

    SPAWN_ERR_LOAD = 160, "the program could not be loaded";
    SPAWN_ERR_SPAN = 161, "the domain could not be spanned";
    SPAWN_ERR_RUN = 162, "the program could not be started";
    SPAWN_ERR_GET_CMDLINE_ARGS = 163, "the arguments or the environment are malformed";
    SPAWN_ERR_ARGSPG_OVERFLOW = 164, "arguments and environment don't fit the argument page";
    SPAWN_ERR_DOMAIN_ALLOCATE = 165, "no room for another domain on this core";
    SPAWN_ERR_DOMAIN_NOTFOUND = 166, "no such domain on this core";
    SPAWN_ERR_DOMAIN_RUNNING = 167, "the domain still runs";
    SPAWN_ERR_IDENTIFY_PROC_MNGR_CAP = 168, "the ProcessManager cap can't be identified";
    SPAWN_ERR_NOT_PROC_MNGR = 169, "the cap isn't a ProcessManager cap";
    SPAWN_ERR_FIND_SPAWNDS = 170, "no spawnd was found";

    CAP_ERR_NULL = 192, "the null cap can't be used";
    CAP_ERR_REVOKED = 193, "the cap was revoked, or its holder or object is gone";
    CAP_ERR_TYPE = 194, "the cap is of another type";
    CAP_ERR_RIGHTS = 195, "the cap lacks a right";
    CAP_ERR_RANGE = 196, "outside the object";
    CAP_ERR_LIMIT = 197, "a limit on caps is reached";
}

impl ErrCode {
    /// True for the codes that say success: [`ErrCode::OK`] and [`ErrCode::PROC_MGMT_DOMAIN_ALIVE`].
    #[must_use]
    pub fn is_ok(self) -> bool {
        matches!(self, Self::OK | Self::PROC_MGMT_DOMAIN_ALIVE)
    }
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A stack of up to [`ErrVal::DEPTH_MAX`] codes, the outermost on top.
///
/// ```
/// use flounder::{ErrCode, ErrVal};
///
/// let err = ErrVal::from(ErrCode::SPAWN_ERR_LOAD).push(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST);
/// assert!(!err.is_ok());
/// assert_eq!(err.top(), Some(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST));
/// assert_eq!(err.to_string(), "PROC_MGMT_ERR_SPAWND_REQUEST: SPAWN_ERR_LOAD");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ErrVal(u64);

impl ErrVal {
    /// Success.
    pub const OK: Self = Self(0);
    /// How many codes fit: 64 bits hold six of 10 bits. Pushing a seventh forgets the innermost.
    pub const DEPTH_MAX: usize = 6;

    const CODE_BITS: usize = 10;
    const CODE_MASK: u64 = (1 << Self::CODE_BITS) - 1;

    /// The value whose 64 bits these are; any are accepted, unknown codes are kept.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits that go over a wire.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// This error with the caller's `code` on top.
    #[must_use]
    pub const fn push(self, code: ErrCode) -> Self {
        let kept = self.0 & (u64::MAX >> (64 - Self::CODE_BITS * (Self::DEPTH_MAX - 1)));
        Self(kept << Self::CODE_BITS | code as u64)
    }

    /// The outermost code; `None` for a number this version doesn't know.
    #[must_use]
    pub fn top(self) -> Option<ErrCode> {
        ErrCode::from_number((self.0 & Self::CODE_MASK) as u16)
    }

    /// True if the outermost code says success.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self.top().is_some_and(ErrCode::is_ok)
    }

    /// True if the outermost code says failure.
    #[must_use]
    pub fn is_err(self) -> bool {
        !self.is_ok()
    }

    /// True if the outermost code is `code`.
    #[must_use]
    pub fn is(self, code: ErrCode) -> bool {
        self.top() == Some(code)
    }

    /// `Ok` for success, else the error itself.
    ///
    /// # Errors
    ///
    /// This value, if it says failure.
    pub fn ok(self) -> Result<(), Self> {
        if self.is_ok() { Ok(()) } else { Err(self) }
    }

    /// The numbers of the codes, outermost first; success is a single 0.
    fn numbers(self) -> impl Iterator<Item = u16> {
        let mut rest = Some(self.0);
        std::iter::from_fn(move || {
            let bits = rest?;
            let below = bits >> Self::CODE_BITS;
            rest = (below != 0).then_some(below);
            Some((bits & Self::CODE_MASK) as u16)
        })
    }
}

impl From<ErrCode> for ErrVal {
    fn from(code: ErrCode) -> Self {
        Self(code as u64)
    }
}

impl fmt::Display for ErrVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, number) in self.numbers().enumerate() {
            if depth > 0 {
                f.write_str(": ")?;
            }
            match ErrCode::from_number(number) {
                Some(code) => f.write_str(code.name())?,
                None => write!(f, "code {number}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ErrVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrVal({self})")
    }
}

impl std::error::Error for ErrVal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_fits_and_is_found_again() {
        for &code in ErrCode::ALL {
            assert!(u64::from(code as u16) <= ErrVal::CODE_MASK, "{code} needs over 10 bits");
            assert_eq!(ErrCode::from_number(code as u16), Some(code));
            assert_eq!(ErrVal::from(code).top(), Some(code));
        }
    }

    #[test]
    fn only_ok_and_alive_say_success() {
        let ok: Vec<_> = ErrCode::ALL.iter().filter(|code| code.is_ok()).collect();
        assert_eq!(ok, [&ErrCode::OK, &ErrCode::PROC_MGMT_DOMAIN_ALIVE]);
    }

    #[test]
    fn the_seventh_push_forgets_the_innermost() {
        let mut err = ErrVal::from(ErrCode::SPAWN_ERR_LOAD);
        for _ in 0..5 {
            err = err.push(ErrCode::SPAWN_ERR_RUN);
        }
        assert_eq!(err.numbers().count(), ErrVal::DEPTH_MAX);
        assert!(err.to_string().ends_with("SPAWN_ERR_LOAD"));
        let err = err.push(ErrCode::SPAWN_ERR_SPAN);
        assert_eq!(err.numbers().count(), ErrVal::DEPTH_MAX);
        assert!(!err.to_string().contains("SPAWN_ERR_LOAD"), "{err}");
    }

    #[test]
    fn unknown_bits_are_kept_and_shown() {
        let err = ErrVal::from_bits(1023);
        assert_eq!((err.top(), err.is_ok(), err.to_string()), (None, false, "code 1023".into()));
    }
}
