//! The contestants that are told their driver, with messages of several sizes: what the rule rests on
//! by which a channel gets one.

use flounder::{BindOptions, Dispatcher, DriverChoice, Interface};

use crate::bound;
use crate::longer;
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// Calls that are timed as one.
const BATCH: u32 = 64;

fn pair<I: Interface>(driver: DriverChoice) -> (flounder::Half, flounder::Half) {
    flounder::pair::<I>(BindOptions::new().driver(driver))
}

/// A call u64 -> u64 whose sides sleep, moved.
pub(crate) fn asleep_moved(slice: Slice) -> Outcome<Samples> {
    bound::asleep_over(slice, pair::<crate::interface::bench::Interface>(DriverChoice::Local))
}

/// A call u64 -> u64 whose sides sleep, in a ring.
pub(crate) fn asleep_in_a_ring(slice: Slice) -> Outcome<Samples> {
    bound::asleep_over(slice, pair::<crate::interface::bench::Interface>(DriverChoice::Ump))
}

/// A call with a path and 2 KiB, moved.
pub(crate) fn launch_moved(slice: Slice) -> Outcome<Samples> {
    longer::launch_over(slice, DriverChoice::Local)
}

/// One-way messages u64, moved.
pub(crate) fn stream_moved(slice: Slice) -> Outcome<Samples> {
    longer::stream_over(slice, DriverChoice::Local)
}

/// A call that returns what it gets, on two threads that poll.
macro_rules! reflected {
    ($interface:ident, $moved:ident, $in_a_ring:ident) => {
        /// The call, moved.
        pub(crate) fn $moved(slice: Slice) -> Outcome<Samples> {
            $interface::call(slice, DriverChoice::Local)
        }

        /// The call, in a ring.
        pub(crate) fn $in_a_ring(slice: Slice) -> Outcome<Samples> {
            $interface::call(slice, DriverChoice::Ump)
        }

        mod $interface {
            use super::*;
            use crate::interface::$interface::{
                Interface, Reflect, ReflectReply, ReflectResponse, RxVtbl,
            };

            const SERVICE: RxVtbl<()> = RxVtbl {
                reflect_call: |(), _, Reflect { content }, reply: ReflectReply| {
                    // An error means that the client has gone, and the binding will say so.
                    let _ = reply.send(ReflectResponse { same: content });
                },
            };

            pub(super) fn call(slice: Slice, driver: DriverChoice) -> Outcome<Samples> {
                let (here, there) = pair::<Interface>(driver);
                let serve = move || {
                    let dispatcher = Dispatcher::new(());
                    let binding = dispatcher.accept::<Interface>(there, &SERVICE)?;
                    longer::poll_until_closed(&dispatcher, &binding);
                    Ok(())
                };
                face(slice, serve, move || {
                    let dispatcher = Dispatcher::new(());
                    let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
                    let (mut message, mut failed) =
                        (Reflect { content: std::array::from_fn(|_| 7) }, Ok(()));
                    let samples = slice.measure(BATCH, || {
                        let call = binding.reflect(message).map_err(Into::into);
                        match call.and_then(|call| bound::poll_for(&dispatcher, call)) {
                            Ok(answer) => message.content = answer.same,
                            Err(error) => failed = Err(error),
                        }
                    });
                    failed.map(|()| samples)
                })
            }
        }
    };
}

reflected!(few, few_moved, few_in_a_ring);
reflected!(line, line_moved, line_in_a_ring);
reflected!(slot, slot_moved, slot_in_a_ring);
