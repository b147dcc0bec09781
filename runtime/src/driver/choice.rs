//! The rule by which a channel between two loops gets its driver, where nobody chose one.
//!
//! A ring pays where a message is written into one slot and read from there: fewer cache lines travel
//! than for a queue that moves it. It doesn't where messages own memory: `local` moves what they own,
//! while a ring copies it, and allocates at the receiver what the sender frees. Nor where there is much
//! to encode, and least of all where a message is put together of several slots. Nor where a ring is too
//! small for what the channel holds, because the rest waits under a lock. `bench --only B15` measures
//! both drivers on either side of these bounds.

use super::ump::SLOTS;
use crate::interface::Interface;

/// A message that takes more bytes when it is encoded is moved: calls of 24 bytes were faster in a ring
/// between close CPUs, too, those of 40 only between distant ones. With its head it takes one slot.
const BYTES_PER_MESSAGE_MAX: usize = 24;

/// True if a channel for `I` that holds so many messages in a direction is carried by a ring.
pub(crate) const fn takes_ring<I: Interface>(capacity: usize) -> bool {
    is_plain::<I>() && is_small::<I>() && capacity <= SLOTS
}

/// True if no message of the interface owns anything.
const fn is_plain<I: Interface>() -> bool {
    !core::mem::needs_drop::<I::Message>()
}

/// True if all messages of the interface are small.
const fn is_small<I: Interface>() -> bool {
    let messages = I::DESCRIPTOR.messages;
    let mut index = 0;
    while index < messages.len() && messages[index].bytes_max <= BYTES_PER_MESSAGE_MAX {
        index += 1;
    }
    index == messages.len()
}
