//! The ends of a `ump` channel without dispatchers and loops: what the driver itself costs.

use std::hint::spin_loop;

use flounder::{BindOptions, CallId, Driver, End, Header, Packet, RecvError, Ump};

use crate::interface::bench::{Increment, IncrementResponse, Interface, Message};
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

type UmpEnd = <Ump as Driver>::End<Interface>;

/// Calls that are timed as one.
const BATCH: u32 = 64;

/// A call u64 -> u64, typed and checked, polled by hand.
pub(crate) fn call(slice: Slice) -> Outcome<Samples> {
    let (here, there) = Ump::pair::<Interface>(BindOptions::CAPACITY);
    let peer = move || {
        // An error is the end: the other side has gone.
        while let Ok((Header::Call(id), Message::Increment(request))) = receive(&there) {
            let response = IncrementResponse { next: request.number.wrapping_add(1) };
            End::<Interface>::send(&there, Header::Response(id), response)
                .map_err(|_| "the answer is refused")?;
        }
        Ok(())
    };
    face(slice, peer, move || {
        let (mut number, mut failed) = (0, Ok(()));
        let samples = slice.measure(BATCH, || match increment(&here, number) {
            Ok(next) => number = next,
            Err(error) => failed = Err(error),
        });
        failed.map(|()| samples)
    })
}

fn increment(end: &UmpEnd, number: u64) -> Outcome<u64> {
    let id = CallId::from_number(number);
    End::<Interface>::send(end, Header::Call(id), Increment { number })
        .map_err(|_| "the call is refused")?;
    match receive(end)? {
        (Header::Response(answered), Message::IncrementResponse(response)) if answered == id => {
            Ok(response.next)
        }
        other => Err(format!("{other:?} is no answer").into()),
    }
}

fn receive(end: &UmpEnd) -> Outcome<(Header, Message)> {
    loop {
        match End::<Interface>::receive(end) {
            Ok(Packet::Message { header, message }) => return Ok((header, message)),
            Err(RecvError::Empty) => spin_loop(),
            other => return Err(format!("{other:?} is no message").into()),
        }
    }
}
