//! The contestants over `ump` that send more than a small call: streams, and calls with a buffer.

use flounder::{
    AnyBinding, BindOptions, Dispatcher, Driver, DriverChoice, End, Half, Header, RecvError,
    Refused, Ump,
};

use crate::bound::{self, SERVICE, Service};
use crate::interface::bench::{Interface, RxVtbl, Tell};
use crate::interface::launch::{self, Launch, LaunchReply, LaunchResponse};
use crate::race::Outcome;
use crate::rivals::{face, ring};
use crate::sample::{Samples, Slice};

/// The messages that a stream may have under way: as many as its rivals.
const STREAM_CAPACITY: std::num::NonZeroU16 = std::num::NonZeroU16::new(64).unwrap();
/// One-way messages that are timed as one: many times what a channel holds.
const STREAM_BATCH: u32 = 1_024;
/// Calls that are timed as one.
const BATCH: u32 = 64;
/// Turns that are asked for at a time.
const BUDGET: usize = 64;

type UmpEnd = <Ump as Driver>::End<Interface>;

/// One-way messages u64 between two ends without loops.
pub(crate) fn stream_of_ends(slice: Slice) -> Outcome<Samples> {
    let (here, there) = Ump::pair::<Interface>(STREAM_CAPACITY);
    let peer = move || {
        loop {
            match End::<Interface>::receive(&there) {
                Ok(packet) => drop(std::hint::black_box(packet)),
                Err(RecvError::Empty) => std::hint::spin_loop(),
                Err(_) => return Ok(()),
            }
        }
    };
    face(slice, peer, move || {
        let mut number = 0;
        let samples = slice.measure(STREAM_BATCH, || {
            tell(&here, number);
            number += 1;
        });
        Ok(samples)
    })
}

fn tell(end: &UmpEnd, number: u64) {
    while let Err(Refused::Full(_)) = End::<Interface>::send(end, Header::OneWay, Tell { number }) {
        std::hint::spin_loop();
    }
}

/// One-way messages u64 over a binding; both sides poll.
pub(crate) fn stream(slice: Slice) -> Outcome<Samples> {
    stream_over(slice, DriverChoice::Ump)
}

/// The same over any driver.
pub(crate) fn stream_over(slice: Slice, driver: DriverChoice) -> Outcome<Samples> {
    let options = BindOptions::new().driver(driver).capacity(STREAM_CAPACITY);
    let (here, there) = flounder::pair::<Interface>(options);
    face(slice, move || listen(there), move || talk(slice, here))
}

fn listen(half: Half) -> Outcome<()> {
    let dispatcher = Dispatcher::new(Service::default());
    let binding = dispatcher.accept::<Interface>(half, &SERVICE)?;
    poll_until_closed(&dispatcher, &binding);
    Ok(())
}

fn talk(slice: Slice, half: Half) -> Outcome<Samples> {
    let dispatcher = Dispatcher::new(());
    let binding = dispatcher.connect::<Interface>(half, &RxVtbl::UNHANDLED)?;
    let mut number = 0;
    let samples = slice.measure(STREAM_BATCH, || {
        // Asked first: a refusal hands the message back in a box.
        while !binding.can_send() {
            std::hint::spin_loop();
        }
        if binding.tell(Tell { number }).is_ok() {
            number += 1;
        }
    });
    Ok(samples)
}

pub(crate) fn poll_until_closed<S>(dispatcher: &Dispatcher<S>, binding: &impl AnyBinding) {
    while dispatcher.poll(BUDGET) > 0 || !binding.is_closed() {
        std::hint::spin_loop();
    }
}

/// What is launched.
fn example() -> Launch {
    Launch { path: "/modules/example".to_owned(), arguments: vec![7; 2_048] }
}

/// The call with a path and a buffer, written by hand over slots.
pub(crate) fn launch_by_hand(slice: Slice) -> Outcome<Samples> {
    ring::launch(slice, example)
}

/// The call with a path and a buffer over a binding; both sides poll.
pub(crate) fn launch(slice: Slice) -> Outcome<Samples> {
    launch_over(slice, DriverChoice::Ump)
}

/// The same over any driver.
pub(crate) fn launch_over(slice: Slice, driver: DriverChoice) -> Outcome<Samples> {
    let options = BindOptions::new().driver(driver);
    let (here, there) = flounder::pair::<launch::Interface>(options);
    face(slice, move || serve_launches(there), move || launch_by_polling(slice, here))
}

fn serve_launches(half: Half) -> Outcome<()> {
    const LAUNCHER: launch::RxVtbl<()> = launch::RxVtbl {
        launch_call: |(), _, launch, reply: LaunchReply| {
            let bytes = (launch.path.len() + launch.arguments.len()) as u64;
            // An error means that the client has gone, and the binding will say so.
            let _ = reply.send(LaunchResponse { bytes });
        },
        ..launch::RxVtbl::UNHANDLED
    };
    let dispatcher = Dispatcher::new(());
    let binding = dispatcher.accept::<launch::Interface>(half, &LAUNCHER)?;
    poll_until_closed(&dispatcher, &binding);
    Ok(())
}

fn launch_by_polling(slice: Slice, half: Half) -> Outcome<Samples> {
    let dispatcher = Dispatcher::new(());
    let binding = dispatcher.connect::<launch::Interface>(half, &launch::RxVtbl::UNHANDLED)?;
    let mut failed: Outcome<()> = Ok(());
    let samples = slice.measure(BATCH, || {
        let call = binding.launch(example()).map_err(Into::into);
        let answer = call.and_then(|call| bound::poll_for(&dispatcher, call));
        if let Err(error) = answer {
            failed = Err(error);
        }
    });
    failed.map(|()| samples)
}
