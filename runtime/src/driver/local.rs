//! The `local` driver: a ring per direction that moves typed messages between threads.
//!
//! Each slot of a ring says itself whether it is full, so that a message costs its receiver one cache
//! line and a look at an empty ring none. The flag hands the slot over; the lock inside is never
//! contended, it is there so that a value may change its thread without `unsafe`. Measured, that is
//! faster than a ring with its positions in lines of their own.

use std::cell::Cell;

use crate::channel::Packet;
use crate::driver::Driver;
use crate::driver::link::{LinkEnd, PipeRx, PipeTx, link_pair};
use crate::interface::Interface;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, lock};

/// Moves typed messages between threads through rings with one sender and one receiver.
#[derive(Debug, Clone, Copy)]
pub struct Local;

impl Driver for Local {
    const NAME: &'static str = "local";
    type End<I: Interface> = LocalEnd<I>;
}

type PacketOf<I> = Packet<<I as Interface>::Message>;

/// One end of a local channel.
pub(super) type LocalEnd<I> = LinkEnd<RingTx<PacketOf<I>>, RingRx<PacketOf<I>>>;

impl Local {
    /// Makes both ends of a channel for `capacity` messages in each direction.
    pub(crate) fn pair<I: Interface>(capacity: usize) -> (LocalEnd<I>, LocalEnd<I>) {
        link_pair(ring(capacity), ring(capacity))
    }
}

/// A place for one packet, on cache lines of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Slot<T> {
    /// The packet is the receiver's; else the slot is the sender's.
    full: AtomicBool,
    packet: Mutex<Option<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { full: AtomicBool::new(false), packet: Mutex::new(None) }
    }
}

impl<T> Slot<T> {
    #[inline]
    fn is_full(&self) -> bool {
        // Acquire pairs with the other side's store: what it did with the slot is done.
        self.full.load(Ordering::Acquire)
    }
}

/// One side's way round a ring.
#[derive(Debug)]
struct Position<T> {
    slots: Arc<[Slot<T>]>,
    next: Cell<usize>,
}

impl<T> Position<T> {
    #[inline]
    fn slot(&self) -> &Slot<T> {
        &self.slots[self.next.get()]
    }

    #[inline]
    fn advance(&self) {
        let next = self.next.get() + 1;
        self.next.set(if next == self.slots.len() { 0 } else { next });
    }
}

/// Where packets enter a ring.
#[derive(Debug)]
pub struct RingTx<T>(Position<T>);

/// Where they leave it.
#[derive(Debug)]
pub struct RingRx<T>(Position<T>);

/// A ring for `capacity` packets.
fn ring<T>(capacity: usize) -> (RingTx<T>, RingRx<T>) {
    let slots: Arc<[Slot<T>]> = (0..capacity).map(|_| Slot::default()).collect();
    let start = || Position { slots: Arc::clone(&slots), next: Cell::new(0) };
    (RingTx(start()), RingRx(start()))
}

impl<T> PipeTx for RingTx<T> {
    type Packet = T;

    #[inline]
    fn has_room(&self, besides: usize) -> bool {
        let Self(Position { slots, next }) = self;
        // Slots become empty in the order of the ring.
        besides < slots.len() && !slots[(next.get() + besides) % slots.len()].is_full()
    }

    #[inline]
    fn push(&self, packet: T) -> Result<(), T> {
        let slot = self.0.slot();
        if slot.is_full() {
            return Err(packet);
        }
        *lock(&slot.packet) = Some(packet);
        // Release pairs with the load in `is_full`.
        slot.full.store(true, Ordering::Release);
        self.0.advance();
        Ok(())
    }
}

impl<T> PipeRx for RingRx<T> {
    type Packet = T;

    #[inline]
    fn is_empty(&self) -> bool {
        !self.0.slot().is_full()
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        let slot = self.0.slot();
        if !slot.is_full() {
            return None;
        }
        let packet = lock(&slot.packet).take();
        // Release pairs with the load in `is_full`.
        slot.full.store(false, Ordering::Release);
        self.0.advance();
        packet
    }
}

impl<T> Drop for RingRx<T> {
    fn drop(&mut self) {
        // Nobody takes them any more, and the sender's end may stay for long.
        while self.pop().is_some() {}
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_its_capacity_in_order() {
        for capacity in 1..5 {
            let (tx, rx) = ring(capacity);
            for round in 0..3 {
                for number in 0..capacity {
                    let left = capacity - number;
                    assert!(tx.has_room(left - 1) && !tx.has_room(left), "{capacity}, {round}");
                    assert_eq!(tx.push(number), Ok(()));
                }
                assert_eq!(tx.push(7), Err(7));
                for number in 0..capacity {
                    assert!(!rx.is_empty());
                    assert_eq!(rx.pop(), Some(number));
                }
                assert!(rx.is_empty() && rx.pop().is_none());
                // The next round begins elsewhere in the ring.
                assert_eq!(tx.push(round).map(|()| rx.pop()), Ok(Some(round)));
            }
        }
    }

    #[test]
    fn what_nobody_takes_any_more_is_dropped() {
        let (tx, rx) = ring(2);
        let packet = Arc::new(());
        tx.push(Arc::clone(&packet)).unwrap();
        drop(rx);
        assert_eq!(Arc::strong_count(&packet), 1);
        drop(tx);
    }
}
