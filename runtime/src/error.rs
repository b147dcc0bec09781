//! What can go wrong with a binding, one small enum per operation.

use crate::errval::{ErrCode, ErrVal};
use crate::interface::Fingerprint;
use crate::kernel::CapError;
use crate::wire::WireError;

/// An argument that can't be sent, named as in Rust.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadArgument {
    /// The argument is longer than its declared maximum.
    #[error("argument `{0}` is over its declared maximum")]
    TooLarge(&'static str),
    /// A string has a NUL inside; strings end at their first NUL.
    #[error("string `{0}` has a NUL inside")]
    InteriorNul(&'static str),
}

/// Why a message was not sent; the message comes back, boxed so that success stays cheap.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TxError<T> {
    /// An argument can't be sent, ever.
    #[error("{0}")]
    Argument(BadArgument, Box<T>),
    /// The channel is full now; `register_send` tells when there is room.
    #[error("the channel is full")]
    Busy(Box<T>),
    /// The binding is closed.
    #[error("the binding is closed")]
    Closed(Box<T>),
}

impl<T> TxError<T> {
    /// The message that was not sent.
    #[must_use]
    pub fn into_message(self) -> T {
        match self {
            Self::Argument(_, message) | Self::Busy(message) | Self::Closed(message) => *message,
        }
    }

    /// The same error with the message changed by `f`.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> TxError<U> {
        match self {
            Self::Argument(bad, message) => TxError::Argument(bad, Box::new(f(*message))),
            Self::Busy(message) => TxError::Busy(Box::new(f(*message))),
            Self::Closed(message) => TxError::Closed(Box::new(f(*message))),
        }
    }

    /// True if trying again later can help.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// The error as a code for messages.
    #[must_use]
    pub fn code(&self) -> ErrCode {
        match self {
            Self::Argument(..) => ErrCode::FLOUNDER_ERR_TX_MSG_SIZE,
            Self::Busy(_) => ErrCode::FLOUNDER_ERR_TX_BUSY,
            Self::Closed(_) => ErrCode::FLOUNDER_ERR_PEER_CLOSED,
        }
    }
}

/// Why no place in a channel was reserved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The channel is full now; `register_send` tells when there is room.
    #[error("the channel is full")]
    Busy,
    /// The binding is closed.
    #[error("the binding is closed")]
    Closed,
}

/// Why a call was not sent; the request comes back, boxed so that success stays cheap.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<T> {
    /// The request could not be sent.
    #[error(transparent)]
    Tx(#[from] TxError<T>),
    /// As many calls as the binding allows are waiting for their answers.
    #[error("too many calls are outstanding on the binding")]
    TooManyCalls(Box<T>),
}

impl<T> CallError<T> {
    /// The request that was not sent.
    #[must_use]
    pub fn into_message(self) -> T {
        match self {
            Self::Tx(error) => error.into_message(),
            Self::TooManyCalls(message) => *message,
        }
    }

    /// The error as a code for messages.
    #[must_use]
    pub fn code(&self) -> ErrCode {
        match self {
            Self::Tx(error) => error.code(),
            Self::TooManyCalls(_) => ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS,
        }
    }
}

/// Why a call that was sent has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The binding was closed, by either side, or the peer died.
    #[error("the binding was closed before the answer came")]
    Closed,
    /// The peer dropped the request unanswered.
    #[error("the peer dropped the request unanswered")]
    Dropped,
    /// The peer handles no such request.
    #[error("the peer does not handle this request")]
    Unhandled,
    /// The deadline passed first.
    #[error("the deadline passed before the answer came")]
    TimedOut,
    /// The peer answered with another message than the response.
    #[error("the peer answered with another message")]
    Mismatch,
    /// The request can't be sent, ever.
    #[error("the request was not sent: {0}")]
    Argument(BadArgument),
    /// As many calls as the binding allows are waiting for their answers.
    #[error("too many calls are outstanding on the binding")]
    TooManyCalls,
}

impl RpcError {
    /// The error as a code for messages.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::Closed => ErrCode::FLOUNDER_ERR_PEER_CLOSED,
            Self::Dropped => ErrCode::FLOUNDER_ERR_RPC_DROPPED,
            Self::Unhandled => ErrCode::FLOUNDER_ERR_RPC_UNHANDLED,
            Self::TimedOut => ErrCode::FLOUNDER_ERR_TIMED_OUT,
            Self::Mismatch => ErrCode::FLOUNDER_ERR_RPC_MISMATCH,
            Self::Argument(_) => ErrCode::FLOUNDER_ERR_TX_MSG_SIZE,
            Self::TooManyCalls => ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS,
        }
    }
}

impl<T> From<CallError<T>> for RpcError {
    fn from(error: CallError<T>) -> Self {
        match error {
            CallError::TooManyCalls(_) => Self::TooManyCalls,
            CallError::Tx(TxError::Argument(bad, _)) => Self::Argument(bad),
            // Whoever gives up on a busy channel takes it for closed.
            CallError::Tx(TxError::Busy(_) | TxError::Closed(_)) => Self::Closed,
        }
    }
}

/// Why an answer was not sent.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError<R, T> {
    /// An argument can't be sent. The token comes back: the call can still be answered otherwise.
    #[error("{0}")]
    Argument(BadArgument, Box<R>, T),
    /// The binding is closed; nobody waits for the answer.
    #[error("the binding is closed")]
    Closed(Box<R>),
}

/// What a binding's error handler is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The peer closed the binding or died; all it had sent was delivered.
    #[error("the peer closed the binding or died")]
    PeerClosed,
    /// A one-way message that the receive table doesn't handle; the binding goes on.
    #[error("no handler for message `{0}`")]
    Unhandled(&'static str),
    /// The peer sent bytes that are no message of the interface.
    #[error("received a malformed message: {0}")]
    Wire(WireError),
    /// A capability could not be transferred; its message is lost.
    #[error("a capability could not be transferred: {0}")]
    Cap(CapError),
    /// The peer sent more calls than the binding allows.
    #[error("the peer has more calls outstanding than the binding allows")]
    TooManyCalls,
    /// The peer answered a call that was never made.
    #[error("the peer answered a call that was never made")]
    StrayResponse,
}

impl BindingError {
    /// True if the binding can't go on: it is closed when its error handler is told.
    #[must_use]
    pub fn is_fatal(self) -> bool {
        !matches!(self, Self::Unhandled(_))
    }

    /// The error as a code for messages.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::PeerClosed => ErrCode::FLOUNDER_ERR_PEER_CLOSED,
            Self::Unhandled(_) => ErrCode::FLOUNDER_ERR_RX_UNHANDLED,
            Self::Wire(error) => error.code(),
            Self::Cap(_) => ErrCode::FLOUNDER_ERR_RX_CAP,
            Self::TooManyCalls => ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS,
            Self::StrayResponse => ErrCode::FLOUNDER_ERR_RPC_MISMATCH,
        }
    }
}

/// Why a half was not claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The other end speaks another interface.
    #[error(
        "this end speaks `{ours}` ({our_fingerprint}), the other `{theirs}` ({their_fingerprint}): \
         generate both from the same file"
    )]
    Mismatch {
        /// The interface asked for.
        ours: &'static str,
        /// What it says on the wire.
        our_fingerprint: Fingerprint,
        /// The interface of the other end.
        theirs: &'static str,
        /// What that says on the wire.
        their_fingerprint: Fingerprint,
    },
    /// The dispatcher has ended.
    #[error("the dispatcher has ended")]
    Ended,
}

impl ClaimError {
    /// The error as a code for messages.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::Mismatch { .. } => ErrCode::FLOUNDER_ERR_BIND_MISMATCH,
            Self::Ended => ErrCode::FLOUNDER_ERR_BIND,
        }
    }
}

/// Makes each error the one-code [`ErrVal`] of its `code()`.
macro_rules! into_errval {
    ($($error:ty),*) => {
        $(impl From<$error> for ErrVal {
            fn from(error: $error) -> Self {
                error.code().into()
            }
        })*
    };
}

into_errval!(RpcError, BindingError, ClaimError);
