//! An end whose messages somebody [observes](crate::observe), around the end of any driver.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::link::unpack;
use crate::channel::{Header, Packet};
use crate::driver::{AnyEnd, Carrier, Closer, Driver, End, Outlook, RecvError, Refused};
use crate::half::Opened;
use crate::interface::{Interface, Payload};
use crate::observe::Watch;
use crate::rpc::CallId;
use crate::sync::Arc;
use crate::waitset::Bell;

/// Has the send table of ends that are observed. Whoever asks for the driver hears the name of the
/// one that carries the messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observed;

impl Driver for Observed {
    const NAME: &'static str = "observed";
    type End<I: Interface> = ObservedEnd<I>;
}

/// One end of a channel of any driver.
pub(crate) struct ObservedEnd<I: Interface> {
    inner: Box<dyn AnyEnd<I>>,
    watch: Rc<Watch>,
}

impl<I: Interface> ObservedEnd<I> {
    /// The same end, observed.
    pub(crate) fn around(opened: Opened<I>, watch: Rc<Watch>) -> Opened<I> {
        let end = Box::new(Self { inner: opened.end, watch });
        Opened { end, tx_vtbl: I::tx_vtbl::<Observed>(), direct: None }
    }
}

/// The number and the call of a packet.
fn outside<I: Interface>(packet: &Packet<I::Message>) -> (Option<u16>, Option<CallId>) {
    match packet {
        Packet::Message { header, message } => {
            let call = match header {
                Header::OneWay => None,
                Header::Call(call) | Header::Response(call) => Some(*call),
            };
            (Some(I::number(message)), call)
        }
        Packet::CallFailed { call, .. } => (None, Some(*call)),
    }
}

impl<I: Interface> AnyEnd<I> for ObservedEnd<I> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn carrier(&self) -> &dyn Carrier {
        self.inner.carrier()
    }

    fn driver(&self) -> &'static str {
        self.inner.driver()
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        let (number, call) = outside::<I>(&packet);
        let at = self.watch.now();
        self.inner.send_packet(packet)?;
        self.watch.carried_by(|| self.inner.driver());
        self.watch.sent(number, call, at);
        Ok(())
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        let received = self.inner.receive();
        match &received {
            Ok(packet) => {
                self.watch.carried_by(|| self.inner.driver());
                let (number, call) = outside::<I>(packet);
                self.watch.took(number, call);
            }
            Err(_) => self.watch.took_nothing(),
        }
        received
    }

    fn has_packet(&self) -> bool {
        self.inner.has_packet()
    }

    fn outlook(&self) -> Outlook {
        self.inner.outlook()
    }
}

impl<I: Interface> End<I> for ObservedEnd<I> {
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let packet = Packet::Message { header, message: message.into_message() };
        AnyEnd::<I>::send_packet(self, packet).map_err(|refused| refused.map(unpack::<I, T>))
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        AnyEnd::<I>::send_packet(self, packet)
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        AnyEnd::<I>::receive(self)
    }
}

// For `End`: a channel asks `AnyEnd::carrier`, which is the inner one.
impl<I: Interface> Carrier for ObservedEnd<I> {
    fn attach(&self, bell: Arc<Bell>) {
        self.inner.carrier().attach(bell);
    }

    fn has_packet(&self) -> bool {
        self.inner.carrier().has_packet()
    }

    fn arm(&self) -> bool {
        self.inner.carrier().arm()
    }

    fn has_room(&self) -> bool {
        self.inner.carrier().has_room()
    }

    fn reserve(&self) -> bool {
        self.inner.carrier().reserve()
    }

    fn unreserve(&self) {
        self.inner.carrier().unreserve();
    }

    fn arm_room(&self) -> bool {
        self.inner.carrier().arm_room()
    }

    fn is_closed(&self) -> bool {
        self.inner.carrier().is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        self.inner.carrier().closer()
    }
}

impl<I: Interface> fmt::Debug for ObservedEnd<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
