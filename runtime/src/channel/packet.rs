//! What goes through a channel: messages, and the news that a call gets no response.

use crate::interface::MessageKind;
use crate::rpc::{CallId, Failure};

/// What goes through a channel.
#[derive(Debug)]
pub enum Packet<M> {
    /// A message.
    Message {
        /// What the message is for.
        header: Header,
        /// The message.
        message: M,
    },
    /// Tells the caller that its call gets no response.
    CallFailed {
        /// The call.
        call: CallId,
        /// Why.
        failure: Failure,
    },
}

impl<M> Packet<M> {
    /// The same packet with its message changed by `f`.
    pub fn map<N>(self, f: impl FnOnce(M) -> N) -> Packet<N> {
        match self {
            Self::Message { header, message } => Packet::Message { header, message: f(message) },
            Self::CallFailed { call, failure } => Packet::CallFailed { call, failure },
        }
    }

    /// The same packet with its message changed by `f`, if that succeeds.
    ///
    /// # Errors
    ///
    /// What `f` returns.
    pub fn try_map<N, E>(self, f: impl FnOnce(M) -> Result<N, E>) -> Result<Packet<N>, E> {
        Ok(match self {
            Self::Message { header, message } => Packet::Message { header, message: f(message)? },
            Self::CallFailed { call, failure } => Packet::CallFailed { call, failure },
        })
    }

    /// True if the packet settles a call of its receiver.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self, Self::CallFailed { .. } | Self::Message { header: Header::Response(_), .. })
    }
}

/// What a message is for, and which call it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// It is sent and that's it.
    OneWay,
    /// It asks for a response to this call.
    Call(CallId),
    /// It answers this call.
    Response(CallId),
}

impl Header {
    pub(crate) fn kind(self) -> MessageKind {
        match self {
            Self::OneWay => MessageKind::OneWay,
            Self::Call(_) => MessageKind::Call,
            Self::Response(_) => MessageKind::Response,
        }
    }
}
