//! The `local` driver with a [tap](crate::tap) on it.

use std::cell::Cell;
use std::fmt;

use super::local::LocalEnd;
use crate::channel::{Header, Packet};
use crate::driver::bytes::spoilt;
use crate::driver::link::unpack;
use crate::driver::{Carrier, Closer, Driver, End, Local, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::tap::{self, TapEnd};
use crate::waitset::Bell;

/// Moves messages as [`Local`] does, as far as the thread's tap lets them pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tapped;

impl Driver for Tapped {
    const NAME: &'static str = "tapped";
    type End<I: Interface> = TappedEnd<I>;
}

/// One end of a tapped channel.
pub(crate) struct TappedEnd<I: Interface> {
    inner: LocalEnd<I>,
    end: TapEnd,
    /// The next send uses a place that was reserved: it can't be refused as busy.
    granted: Cell<bool>,
}

impl Tapped {
    /// Makes both ends of a channel that the tap numbered.
    pub(crate) fn pair<I: Interface>(
        channel: u64,
        capacity: usize,
    ) -> (TappedEnd<I>, TappedEnd<I>) {
        let (first, second) = Local::pair::<I>(capacity);
        let end = |inner, side| TappedEnd {
            inner,
            end: TapEnd { channel, side },
            granted: Cell::new(false),
        };
        (end(first, 0), end(second, 1))
    }
}

impl<I: Interface> TappedEnd<I> {
    fn may_send(&self) -> bool {
        self.granted.get() || tap::with(|tap| tap.may_send(self.end)).unwrap_or(true)
    }

    fn may_receive(&self) -> bool {
        tap::with(|tap| tap.may_receive(self.end)).unwrap_or(true)
    }
}

impl<I: Interface> Carrier for TappedEnd<I> {
    fn attach(&self, bell: Arc<Bell>) {
        tap::with(|tap| tap.attached(self.end, &bell));
        self.inner.attach(bell);
    }

    fn introduce(&self, label: Arc<str>) {
        tap::with(|tap| tap.introduced(self.end, &label));
        self.inner.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.inner.peer_label()
    }

    fn has_packet(&self) -> bool {
        self.may_receive() && self.inner.has_packet()
    }

    fn arm(&self) -> bool {
        // Held up, it is rung once it may receive.
        !self.may_receive() || self.inner.arm()
    }

    fn has_room(&self) -> bool {
        self.inner.has_room() && self.may_send()
    }

    fn reserve(&self) -> bool {
        self.may_send() && self.inner.reserve()
    }

    fn unreserve(&self) {
        self.granted.set(true);
        self.inner.unreserve();
    }

    fn arm_room(&self) -> bool {
        if self.inner.is_closed() {
            return false;
        }
        // Held up, it is rung once it may send.
        !self.may_send() || self.inner.arm_room()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(TappedCloser { inner: self.inner.closer(), end: self.end })
    }
}

impl<I: Interface> End<I> for TappedEnd<I> {
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        let packet = Packet::Message { header, message: message.into_message() };
        End::<I>::send_packet(self, packet).map_err(|refused| refused.map(unpack::<I, T>))
    }

    fn send_packet(
        &self,
        mut packet: Packet<I::Message>,
    ) -> Result<(), Refused<Packet<I::Message>>> {
        let may_send = self.may_send();
        self.granted.set(false);
        if self.inner.is_closed() {
            return Err(Refused::Closed(packet));
        }
        if !may_send || !self.inner.has_room() {
            return Err(Refused::Full(packet));
        }
        tap::with(|tap| tap.sending(self.end, tap::passing::<I>(&mut packet)));
        End::<I>::send_packet(&self.inner, packet)
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        if !self.may_receive() {
            return Err(RecvError::Empty);
        }
        let mut received = End::<I>::receive(&self.inner);
        match &mut received {
            Ok(packet) => tap::with(|tap| tap.received(self.end, tap::passing::<I>(packet))),
            Err(RecvError::Closed) => tap::with(|tap| tap.found_closed(self.end)),
            Err(_) => None,
        };
        let is_spoilt = received.is_ok() && tap::with(|tap| tap.spoils(self.end)) == Some(true);
        if is_spoilt { received.and_then(spoilt::<I>) } else { received }
    }
}

/// Closes one side, and tells.
struct TappedCloser {
    inner: Arc<dyn Closer>,
    end: TapEnd,
}

impl Closer for TappedCloser {
    fn close(&self) {
        tap::with(|tap| tap.closed(self.end));
        self.inner.close();
    }
}

impl<I: Interface> Drop for TappedEnd<I> {
    fn drop(&mut self) {
        tap::with(|tap| tap.closed(self.end));
    }
}

impl<I: Interface> fmt::Debug for TappedEnd<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TappedEnd").field("end", &self.end).finish_non_exhaustive()
    }
}
