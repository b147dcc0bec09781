//! The receiving half of a channel: what a turn finds in it.

use std::rc::Rc;

use super::{Channel, Header, Packet};
use crate::driver::{Outlook, RecvError};
use crate::error::{BindingError, RpcError};
use crate::interface::{CapVisitor, Interface};
use crate::kernel::{Cap, CapError, Holder, Transfer};
use crate::log;
use crate::rpc::{CallId, Finished, Incoming};

/// What a turn found in a channel.
pub(crate) enum Received<M> {
    /// A message for its handler.
    Message { header: Header, message: M },
    /// Something that needed no handler.
    Done,
    /// The binding has a problem that its error handler must hear of.
    Error(BindingError),
    /// Nothing now.
    Idle,
}

impl<I: Interface> Channel<I> {
    /// Takes the next thing out of the channel.
    pub(crate) fn receive(&self) -> Received<I::Message> {
        if self.is_shut() {
            return Received::Idle;
        }
        match self.end.receive() {
            Ok(Packet::Message { header, message }) => self.accept(header, message),
            Ok(Packet::CallFailed { call, failure }) => self.finish(call, Err(failure.into())),
            Err(RecvError::Empty) => Received::Idle,
            Err(RecvError::Closed) => Received::Error(BindingError::PeerClosed),
            Err(RecvError::Wire(error)) => Received::Error(BindingError::Wire(error)),
        }
    }

    /// True if there is something to take out of the channel.
    pub(crate) fn has_packet(&self) -> bool {
        !self.is_shut() && self.end.has_packet()
    }

    /// What is to be done for the next packet.
    pub(crate) fn outlook(&self) -> Outlook {
        self.end.outlook()
    }

    /// True if the peer can't do anything while this side spins.
    pub(crate) fn shares_cpu(&self) -> bool {
        self.end.carrier().shares_cpu()
    }

    /// Asks for the bell when there is something to take out. False if there is already.
    pub(crate) fn arm(&self) -> bool {
        self.is_shut() || self.end.carrier().arm()
    }

    fn accept(&self, header: Header, mut message: I::Message) -> Received<I::Message> {
        self.received.set(self.received.get() + 1);
        let declared = I::DESCRIPTOR.message(I::number(&message));
        let Some(declared) = declared.filter(|declared| declared.kind == header.kind()) else {
            return Received::Error(BindingError::StrayResponse);
        };
        log::received!(I::DESCRIPTOR.name, declared.name, self.peer_name(), self.label.as_deref());
        let mut stamp = Stamp { holder: &self.holder, error: None };
        I::visit_caps(&mut message, &mut stamp);
        if let Some(error) = stamp.error {
            return Received::Error(BindingError::Cap(error));
        }
        match header {
            Header::OneWay => Received::Message { header, message },
            Header::Call(_) if self.unanswered.get() >= self.options.calls_max_of().get() => {
                Received::Error(BindingError::TooManyCalls)
            }
            Header::Call(_) => {
                self.unanswered.set(self.unanswered.get() + 1);
                Received::Message { header, message }
            }
            Header::Response(call) => self.finish(call, Ok(message)),
        }
    }

    /// Puts an answer where the future of its call finds it.
    fn finish(&self, call: CallId, answer: Result<I::Message, RpcError>) -> Received<I::Message> {
        let finished = self.calls.borrow_mut().finish(call, answer);
        match finished {
            Finished::Answered(waker) => {
                if let Some(waker) = waker {
                    waker.wake();
                }
                Received::Done
            }
            Finished::Late(_) => Received::Done,
            Finished::Unknown(_) => Received::Error(BindingError::StrayResponse),
        }
    }

    /// What the handler of a message gets to answer it.
    pub(crate) fn incoming(self: &Rc<Self>, header: Header) -> Incoming<I> {
        let call = match header {
            Header::Call(call) => Some(call),
            Header::OneWay | Header::Response(_) => None,
        };
        Incoming::new(Rc::clone(self), call)
    }
}

/// Stamps received capabilities with the domain that now holds them.
struct Stamp<'a> {
    holder: &'a Holder,
    error: Option<CapError>,
}

impl CapVisitor for Stamp<'_> {
    fn visit(&mut self, cap: &mut Cap, transfer: Transfer) {
        match std::mem::take(cap).transfer(transfer, self.holder) {
            Ok(stamped) => *cap = stamped,
            Err((_, error)) => self.error = Some(error),
        }
    }
}
