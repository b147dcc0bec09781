//! A driver whose peer sends whatever a test makes up: numbers, bytes and caps that are decoded when
//! they are received, as a driver that encodes does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use flounder::{
    Bell, BindOptions, Cap, Carrier, Closer, Driver, End, Half, Header, Interface, Packet, Payload,
    RecvError, Refused,
};

use crate::decode;

/// What the peer sends.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) number: u16,
    pub(crate) bytes: Vec<u8>,
    pub(crate) caps: Vec<Cap>,
}

/// The driver.
#[derive(Debug)]
pub(crate) struct Tapped;

impl Driver for Tapped {
    const NAME: &'static str = "tapped";
    type End<I: Interface> = TappedEnd;
}

#[derive(Default, Debug)]
struct State {
    bell: Option<Arc<Bell>>,
    arriving: VecDeque<Packet<Raw>>,
    received: u64,
    /// The headers and numbers that came back; `None` for the news that a call failed.
    answers: Vec<Option<(Header, u16)>>,
    room: usize,
    is_closed: bool,
}

/// What the test holds.
#[derive(Clone, Default, Debug)]
pub(crate) struct Tap(Arc<Mutex<State>>);

impl Tap {
    /// A tap, and the half whose peer it is. So many packets fit back.
    pub(crate) fn new<I: Interface>(room: usize) -> (Self, Half) {
        let tap = Self::default();
        tap.with(|state| state.room = room);
        let half = Half::of::<Tapped, I>(TappedEnd(tap.clone()), BindOptions::new());
        (tap, half)
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().expect("nothing panics under the lock"))
    }

    /// Sends a packet to the binding.
    pub(crate) fn send(&self, packet: Packet<Raw>) {
        let bell = self.with(|state| {
            state.arriving.push_back(packet);
            state.bell.clone()
        });
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    /// How many packets the binding has taken.
    pub(crate) fn received(&self) -> u64 {
        self.with(|state| state.received)
    }

    /// How many packets wait for the binding.
    pub(crate) fn waiting(&self) -> usize {
        self.with(|state| state.arriving.len())
    }

    /// What the binding has sent, calls included.
    pub(crate) fn answers(&self) -> Vec<Option<(Header, u16)>> {
        self.with(|state| state.answers.clone())
    }
}

impl Closer for Tap {
    fn close(&self) {
        self.with(|state| state.is_closed = true);
    }
}

/// The end that the binding has.
#[derive(Debug)]
pub(crate) struct TappedEnd(Tap);

impl Carrier for TappedEnd {
    fn attach(&self, bell: Arc<Bell>) {
        self.0.with(|state| state.bell = Some(bell));
    }

    fn has_packet(&self) -> bool {
        self.0.with(|state| !state.arriving.is_empty() || state.is_closed)
    }

    fn arm(&self) -> bool {
        !self.has_packet()
    }

    fn has_room(&self) -> bool {
        self.0.with(|state| state.room > 0)
    }

    fn reserve(&self) -> bool {
        self.has_room()
    }

    fn unreserve(&self) {}

    fn arm_room(&self) -> bool {
        self.0.with(|state| state.room == 0 && !state.is_closed)
    }

    fn is_closed(&self) -> bool {
        self.0.with(|state| state.is_closed)
    }

    fn closer(&self) -> Arc<dyn Closer> {
        Arc::new(self.0.clone())
    }
}

impl<I: Interface> End<I> for TappedEnd {
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        self.0.with(|state| match (state.is_closed, state.room) {
            (true, _) => Err(Refused::Closed(message)),
            (false, 0) => Err(Refused::Full(message)),
            (false, _) => {
                state.room -= 1;
                state.answers.push(Some((header, T::NUMBER)));
                Ok(())
            }
        })
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        self.0.with(|state| match (state.is_closed, state.room) {
            (true, _) => Err(Refused::Closed(packet)),
            (false, 0) => Err(Refused::Full(packet)),
            (false, _) => {
                state.room -= 1;
                state.answers.push(match packet {
                    Packet::Message { header, message } => Some((header, I::number(&message))),
                    Packet::CallFailed { .. } => None,
                });
                Ok(())
            }
        })
    }

    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        let packet = self.0.with(|state| {
            let packet = state.arriving.pop_front();
            state.received += u64::from(packet.is_some());
            packet.ok_or(if state.is_closed { RecvError::Closed } else { RecvError::Empty })
        })?;
        let decoded =
            packet.try_map(|Raw { number, bytes, caps }| decode::<I>(number, &bytes, caps));
        decoded.map_err(RecvError::Wire)
    }
}

impl Drop for TappedEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}
