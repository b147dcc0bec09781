//! The receiving half of a channel: what a turn finds in it.

use std::rc::Rc;

use super::{Channel, Header, Packet};
use crate::driver::{Direct, Outlook, RecvError};
use crate::error::{BindingError, RpcError};
use crate::interface::{CapVisitor, Interface};
use crate::kernel::{Cap, CapError, Holder, Transfer};
use crate::log;
use crate::rpc::{CallId, Finished, Incoming};

/// What a turn found in a channel.
pub(crate) enum Received {
    /// Something that was dealt with.
    Done,
    /// The binding has a problem that its error handler must hear of.
    Error(BindingError),
    /// Nothing now.
    Idle,
}

/// Where a message goes.
enum Way {
    /// To its handler.
    Handler(Header),
    /// To the future of this call.
    Future(CallId),
}

impl<I: Interface> Channel<I> {
    /// Takes the next thing out of the channel. A message for a handler goes to `deliver`, from where
    /// it lies: moving one costs more than looking at it.
    #[inline]
    pub(crate) fn receive(&self, deliver: impl FnOnce(Header, I::Message)) -> Received {
        if self.is_shut() {
            return Received::Idle;
        }
        let next = self.near().map_or_else(|| self.end.receive(), Direct::receive);
        match next {
            Ok(Packet::Message { header, mut message }) => {
                match self.accept(header, &mut message) {
                    Ok(Way::Handler(header)) => {
                        deliver(header, message);
                        Received::Done
                    }
                    Ok(Way::Future(call)) => self.finish(call, Ok(message)),
                    Err(error) => Received::Error(error),
                }
            }
            Ok(Packet::CallFailed { call, failure }) => self.finish(call, Err(failure.into())),
            Err(RecvError::Empty) => Received::Idle,
            Err(RecvError::Closed) => Received::Error(BindingError::PeerClosed),
            Err(RecvError::Wire(error)) => Received::Error(BindingError::Wire(error)),
        }
    }

    /// True if there is something to take out of the channel.
    pub(crate) fn has_packet(&self) -> bool {
        !self.is_shut() && self.end.carrier().has_packet()
    }

    /// What is to be done for the next packet.
    #[inline]
    pub(crate) fn outlook(&self) -> Outlook {
        self.near().map_or_else(|| self.end.outlook(), Direct::outlook)
    }

    /// True if the peer can't do anything while this side spins.
    pub(crate) fn shares_cpu(&self) -> bool {
        self.end.carrier().shares_cpu()
    }

    /// Asks for the bell when there is something to take out. False if there is already.
    pub(crate) fn arm(&self) -> bool {
        self.is_shut() || self.end.carrier().arm()
    }

    /// Checks a message and says where it goes.
    #[inline]
    fn accept(&self, header: Header, message: &mut I::Message) -> Result<Way, BindingError> {
        self.received.set(self.received.get() + 1);
        let declared = I::DESCRIPTOR.message(I::number(message));
        let Some(declared) = declared.filter(|declared| declared.kind == header.kind()) else {
            return Err(BindingError::StrayResponse);
        };
        log::received!(I::DESCRIPTOR.name, declared.name, self.peer_name(), self.label.as_deref());
        let mut stamp = Stamp { holder: &self.holder, error: None };
        I::visit_caps(message, &mut stamp);
        if let Some(error) = stamp.error {
            return Err(BindingError::Cap(error));
        }
        match header {
            Header::OneWay => Ok(Way::Handler(header)),
            Header::Call(_) if self.unanswered.get() >= self.options.calls_max_of().get() => {
                Err(BindingError::TooManyCalls)
            }
            Header::Call(_) => {
                self.unanswered.set(self.unanswered.get() + 1);
                Ok(Way::Handler(header))
            }
            Header::Response(call) => Ok(Way::Future(call)),
        }
    }

    /// Puts an answer where the future of its call finds it.
    #[inline]
    fn finish(&self, call: CallId, answer: Result<I::Message, RpcError>) -> Received {
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
        match header {
            Header::Call(call) => Incoming::call(Rc::clone(self), call),
            Header::OneWay | Header::Response(_) => Incoming::one_way(),
        }
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
