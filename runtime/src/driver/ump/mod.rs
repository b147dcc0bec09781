//! The `ump` driver: a ring of cache lines per direction, for messages between cores.
//!
//! A message is encoded into slots of 64 bytes that only its sender writes and only its receiver
//! reads. Beside the slots go capabilities, and pieces of messages that found the ring full. The ring
//! knows nothing of where its slots are: memory that two processes map would do as well; what goes
//! beside it would need another way then. On the heap it is made when a direction is used for the
//! second time: a page for each of many bindings that never speak is more than all the rest of them.
//!
//! | file | what it holds |
//! |---|---|
//! | `slot` | the shared memory, and every order in which it is touched |
//! | `ring` | positions and acknowledgements |
//! | `form` | packets as words |
//! | `outgoing`, `incoming` | a direction's two ends: capacity, backlog and when the memory is made; pieces and checks |
//! | `end` | what a channel sees: bells, closing, room |

mod end;
mod form;
mod incoming;
mod outgoing;
mod ring;
mod slot;

#[cfg(all(test, loom))]
mod interleavings;

use std::num::NonZeroU16;

pub(in crate::driver) use self::end::UmpEnd;
use crate::driver::Driver;
use crate::interface::Interface;

/// The slots of a direction: with 64 bytes each a page, as in Barrelfish two directions.
pub(in crate::driver) const SLOTS: usize = 64;
/// The words of a slot besides its mark.
const WORDS: usize = 7;

/// Encodes messages into a ring of cache lines.
#[derive(Debug, Clone, Copy)]
pub struct Ump;

impl Driver for Ump {
    const NAME: &'static str = "ump";
    type End<I: Interface> = UmpEnd<SLOTS, WORDS>;
}

impl Ump {
    /// Makes both ends of a channel for `capacity` messages in each direction. A half is made of
    /// each by [`Half::of`](crate::Half::of); without one, an end is polled by hand.
    #[must_use]
    pub fn pair<I: Interface>(
        capacity: NonZeroU16,
    ) -> (<Self as Driver>::End<I>, <Self as Driver>::End<I>) {
        UmpEnd::pair(capacity.get().into())
    }
}
