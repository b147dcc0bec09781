//! The rule by which a channel between two loops gets its driver, where nobody chose one.
//!
//! A ring pays where a message is written into one slot and read from there: fewer cache lines travel
//! than for a queue that moves it. It doesn't where messages own memory: `local` moves what they own,
//! while a ring copies it, and allocates at the receiver what the sender frees. Nor where a message is
//! put together of several slots, which takes twice as long as moving it. Nor where a ring is too small
//! for what the channel holds, because the rest waits under a lock. `bench --only B15` measures both
//! drivers on either side of these bounds.

use super::ump::{SLOTS, slots_for};
use crate::interface::Interface;

/// A message of more slots is moved.
const SLOTS_PER_MESSAGE_MAX: usize = 1;

/// True if a channel for `I` that holds so many messages in a direction is carried by a ring.
pub(crate) const fn takes_ring<I: Interface>(capacity: usize) -> bool {
    let slots = const { slots_per_message::<I>() };
    is_plain::<I>() && slots <= SLOTS_PER_MESSAGE_MAX && capacity * slots <= SLOTS
}

/// True if no message of the interface owns anything.
const fn is_plain<I: Interface>() -> bool {
    !core::mem::needs_drop::<I::Message>()
}

/// How many slots the largest message of the interface takes.
const fn slots_per_message<I: Interface>() -> usize {
    let messages = I::DESCRIPTOR.messages;
    let (mut index, mut bytes) = (0, 0);
    while index < messages.len() {
        if messages[index].bytes_max > bytes {
            bytes = messages[index].bytes_max;
        }
        index += 1;
    }
    slots_for(bytes)
}
