//! The `loopback` driver: both ends in one dispatcher, over a direct queue.

use crate::driver::Driver;
use crate::driver::direct::DirectEnd;
use crate::interface::Interface;

/// Queues typed messages within one dispatcher.
#[derive(Debug, Clone, Copy)]
pub struct Loopback;

impl Driver for Loopback {
    const NAME: &'static str = "loopback";
    type End<I: Interface> = LoopbackEnd<I>;
}

/// One end of a loopback channel.
type LoopbackEnd<I> = DirectEnd<<I as Interface>::Message>;

impl Loopback {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(crate) fn pair<I: Interface>(capacity: usize) -> (LoopbackEnd<I>, LoopbackEnd<I>) {
        DirectEnd::pair(capacity)
    }
}
