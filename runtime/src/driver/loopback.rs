//! The `loopback` driver: both ends in one dispatcher, queued like any other channel, so that a
//! message is an event of the waitset and never a call inside the send.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::channel::Packet;
use crate::driver::Driver;
use crate::driver::link::{Level, LinkEnd, PipeRx, PipeTx, link_pair};
use crate::interface::Interface;

/// Queues typed messages within one thread.
#[derive(Debug, Clone, Copy)]
pub struct Loopback;

impl Driver for Loopback {
    const NAME: &'static str = "loopback";
    type End<I: Interface> = LoopbackEnd<I>;
}

/// One end of a loopback channel.
type LoopbackEnd<I> = LinkEnd<Packets<I>, Packets<I>>;
type Packets<I> = Rc<Bounded<Packet<<I as Interface>::Message>>>;

impl Loopback {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(crate) fn pair<I: Interface>(capacity: usize) -> (LoopbackEnd<I>, LoopbackEnd<I>) {
        let queue = || {
            let queue = Rc::new(Bounded { packets: RefCell::default(), capacity });
            (Rc::clone(&queue), queue)
        };
        link_pair(queue(), queue())
    }
}

/// A bounded queue for one thread.
#[derive(Debug)]
pub struct Bounded<T> {
    packets: RefCell<VecDeque<T>>,
    capacity: usize,
}

impl<T> Level for Rc<Bounded<T>> {
    fn room(&self) -> usize {
        self.capacity - self.packets.borrow().len()
    }

    fn is_full(&self) -> bool {
        self.room() == 0
    }

    fn is_empty(&self) -> bool {
        self.packets.borrow().is_empty()
    }
}

impl<T> PipeTx<T> for Rc<Bounded<T>> {
    fn push(&self, packet: T) -> Result<(), T> {
        if self.is_full() {
            return Err(packet);
        }
        self.packets.borrow_mut().push_back(packet);
        Ok(())
    }
}

impl<T> PipeRx<T> for Rc<Bounded<T>> {
    fn pop(&self) -> Option<T> {
        self.packets.borrow_mut().pop_front()
    }
}
