//! The `local` driver: a bounded channel per direction that moves typed messages between threads.

use crate::channel::Packet;
use crate::driver::Driver;
use crate::driver::link::{LinkEnd, PipeRx, PipeTx, link_pair};
use crate::interface::Interface;
use crate::sync::{Receiver, Sender, TrySendError, bounded};

/// Moves typed messages between threads through bounded channels.
#[derive(Debug, Clone, Copy)]
pub struct Local;

impl Driver for Local {
    const NAME: &'static str = "local";
    type End<I: Interface> = LocalEnd<I>;
}

type PacketOf<I> = Packet<<I as Interface>::Message>;

/// One end of a local channel.
pub(super) type LocalEnd<I> = LinkEnd<Sender<PacketOf<I>>, Receiver<PacketOf<I>>>;

impl Local {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(crate) fn pair<I: Interface>(capacity: usize) -> (LocalEnd<I>, LocalEnd<I>) {
        link_pair(bounded(capacity), bounded(capacity))
    }
}

impl<T> PipeTx for Sender<T> {
    type Packet = T;

    #[inline]
    fn has_room(&self, besides: usize) -> bool {
        if besides == 0 {
            return !self.is_full();
        }
        self.capacity().is_some_and(|capacity| capacity - self.len() > besides)
    }

    #[inline]
    fn push(&self, packet: T) -> Result<(), T> {
        self.try_send(packet).map_err(TrySendError::into_inner)
    }
}

impl<T> PipeRx for Receiver<T> {
    type Packet = T;

    #[inline]
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        self.try_recv().ok()
    }
}
