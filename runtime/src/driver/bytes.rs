//! The `bytes` driver: joins two ends whose Rust types differ but whose interface is the same.
//!
//! That happens when two crates compile the same interface file. The end as it was made moves the
//! one crate's messages; the other crate claims it through this driver, which encodes and decodes
//! with both codecs on the claimer's side.

use std::fmt;

use crate::channel::{Header, Packet};
use crate::driver::link::unpack;
use crate::driver::{AnyEnd, Carrier, Closer, Driver, End, Naps, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::Bell;
use crate::wire::{Reader, WireError, Writer};

/// Carries encoded messages into a channel of another type.
#[derive(Debug, Clone, Copy)]
pub struct Bytes;

impl Driver for Bytes {
    const NAME: &'static str = "bytes";
    type End<I: Interface> = BytesEnd;
}

/// A message without its type.
#[derive(Debug)]
pub(crate) struct Encoded {
    number: u16,
    content: Writer,
}

impl Encoded {
    fn of<I: Interface>(message: I::Message) -> Self {
        let number = I::number(&message);
        let mut content = Writer::new();
        I::encode(message, &mut content);
        Self { number, content }
    }

    fn decode<I: Interface>(self) -> Result<I::Message, WireError> {
        self.decode_as::<I>(|bytes| bytes)
    }

    /// Decodes what `arrive` makes of the bytes.
    fn decode_as<I: Interface>(
        mut self,
        arrive: impl FnOnce(&[u8]) -> &[u8],
    ) -> Result<I::Message, WireError> {
        let caps = self.content.take_caps();
        let mut reader = Reader::new(arrive(self.content.bytes()), caps);
        let message = I::decode(self.number, &mut reader)?;
        reader.finish()?;
        Ok(message)
    }
}

fn encoded<I: Interface>(packet: Packet<I::Message>) -> Packet<Encoded> {
    packet.map(Encoded::of::<I>)
}

fn decoded<I: Interface>(packet: Packet<Encoded>) -> Result<Packet<I::Message>, WireError> {
    packet.try_map(Encoded::decode::<I>)
}

/// What is found in the bytes of a packet without the last one, or with one where there are none.
pub(super) fn spoilt<I: Interface>(
    packet: Packet<I::Message>,
) -> Result<Packet<I::Message>, RecvError> {
    let read = |encoded: Encoded| encoded.decode_as::<I>(spoil);
    encoded::<I>(packet).try_map(read).map_err(RecvError::Wire)
}

fn spoil(bytes: &[u8]) -> &[u8] {
    bytes.split_last().map_or(&[0], |(_, rest)| rest)
}

/// An end that takes and gives encoded messages, whatever it moves inside.
trait EncodedEnd: fmt::Debug {
    fn carrier(&self) -> &dyn Carrier;
    #[expect(clippy::result_large_err, reason = "a box would be an allocation")]
    fn send(&self, packet: Packet<Encoded>) -> Result<(), Refused<Packet<Encoded>>>;
    fn receive(&self) -> Result<Packet<Encoded>, RecvError>;
}

/// The codec of `I` around an end that moves the messages of `I`.
struct Encoding<I: Interface>(Box<dyn AnyEnd<I>>);

impl<I: Interface> fmt::Debug for Encoding<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encoding").field(&self.0).finish()
    }
}

impl<I: Interface> EncodedEnd for Encoding<I> {
    fn carrier(&self) -> &dyn Carrier {
        self.0.carrier()
    }

    fn send(&self, packet: Packet<Encoded>) -> Result<(), Refused<Packet<Encoded>>> {
        let Ok(packet) = decoded::<I>(packet) else {
            unreachable!("what one codec writes another of the same fingerprint reads")
        };
        self.0.send_packet(packet).map_err(|refused| refused.map(encoded::<I>))
    }

    fn receive(&self) -> Result<Packet<Encoded>, RecvError> {
        self.0.receive().map(encoded::<I>)
    }
}

/// One end of a channel whose own messages are of another type.
#[derive(Debug)]
pub struct BytesEnd(Box<dyn EncodedEnd>);

impl BytesEnd {
    /// Wraps an end that moves the messages of `I`.
    pub(crate) fn around<I: Interface>(end: Box<dyn AnyEnd<I>>) -> Self {
        Self(Box::new(Encoding(end)))
    }
}

impl Carrier for BytesEnd {
    fn attach(&self, bell: Arc<Bell>) {
        self.0.carrier().attach(bell);
    }

    fn introduce(&self, label: Arc<str>) {
        self.0.carrier().introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.0.carrier().peer_label()
    }

    fn naps(&self) -> Naps {
        self.0.carrier().naps()
    }

    fn shares_cpu(&self) -> bool {
        self.0.carrier().shares_cpu()
    }

    fn has_packet(&self) -> bool {
        self.0.carrier().has_packet()
    }

    fn arm(&self) -> bool {
        self.0.carrier().arm()
    }

    fn has_room(&self) -> bool {
        self.0.carrier().has_room()
    }

    fn reserve(&self) -> bool {
        self.0.carrier().reserve()
    }

    fn unreserve(&self) {
        self.0.carrier().unreserve();
    }

    fn arm_room(&self) -> bool {
        self.0.carrier().arm_room()
    }

    fn is_closed(&self) -> bool {
        self.0.carrier().is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        self.0.carrier().closer()
    }
}

impl<I: Interface> End<I> for BytesEnd {
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        // Looked at first, so that a full channel costs no encoding.
        if self.is_closed() {
            return Err(Refused::Closed(message));
        }
        if !self.has_room() {
            return Err(Refused::Full(message));
        }
        let packet = Packet::Message { header, message: message.into_message() };
        End::<I>::send_packet(self, packet).map_err(|refused| refused.map(unpack::<I, T>))
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        self.0.send(encoded::<I>(packet)).map_err(|refused| {
            refused.map(|packet| match decoded::<I>(packet) {
                Ok(packet) => packet,
                Err(_) => unreachable!("a refused packet comes back as it was"),
            })
        })
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        decoded::<I>(self.0.receive()?).map_err(RecvError::Wire)
    }
}
