//! The `local` driver: a bounded channel per direction that moves typed messages between threads.

use crate::channel::Packet;
use crate::driver::Driver;
use crate::driver::link::{Level, LinkEnd, PipeRx, PipeTx, link_pair};
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

impl<T> Level for Sender<T> {
    fn room(&self) -> usize {
        self.capacity().map_or(0, |capacity| capacity - self.len())
    }

    fn is_full(&self) -> bool {
        Self::is_full(self)
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

impl<T> Level for Receiver<T> {
    fn room(&self) -> usize {
        self.capacity().map_or(0, |capacity| capacity - self.len())
    }

    fn is_full(&self) -> bool {
        Self::is_full(self)
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

impl<T> PipeTx<T> for Sender<T> {
    fn push(&self, packet: T) -> Result<(), T> {
        self.try_send(packet).map_err(TrySendError::into_inner)
    }
}

impl<T> PipeRx<T> for Receiver<T> {
    fn pop(&self) -> Option<T> {
        self.try_recv().ok()
    }
}
