//! Ends that find out whether their peer is on the same loop.
//!
//! When a channel is made nobody knows where its ends will be claimed. The first to be claimed leaves
//! one end of a direct queue at its waitset; if the other is claimed there too, it takes that, and
//! from then on both use the queue instead of their driver. If the first was used before, its messages
//! went over the driver, and both stay with it.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::channel::{Header, Packet};
use crate::driver::direct::DirectEnd;
use crate::driver::{Carrier, Closer, Driver, End, Naps, Outlook, RecvError, Refused};
use crate::interface::{Interface, Payload};
use crate::sync::Arc;
use crate::waitset::{Bell, Errand, Meeting, NearBell, Waitset};

/// The name of the direct queue between dispatchers.
pub(crate) const DIRECT: &str = "direct";

/// The driver `D`, or a direct queue if both ends are claimed on one waitset.
#[derive(Debug)]
pub(crate) struct Near<D>(PhantomData<D>);

impl<D: Driver> Driver for Near<D> {
    const NAME: &'static str = D::NAME;
    type End<I: Interface> = NearEnd<D::End<I>, I::Message>;
}

/// What the two ends know of each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acquaintance {
    /// They haven't met.
    None,
    /// They never will: messages went over the driver.
    Never,
    /// They are on one loop.
    Met,
}

/// One end, with one of a direct queue beside it.
pub(crate) struct NearEnd<E, M: 'static> {
    far: E,
    direct: Option<Direct<M>>,
    /// What the other end may fetch.
    _errand: Option<Errand>,
}

/// An end of a direct queue, for the end beside it and for the peer to fetch.
struct Direct<M> {
    end: DirectEnd<M>,
    acquaintance: Rc<Cell<Acquaintance>>,
}

impl<E, M: 'static> NearEnd<E, M> {
    /// The end `far`, claimed at `place`.
    pub(crate) fn claimed(far: E, meeting: Arc<Meeting>, place: &Waitset, capacity: usize) -> Self {
        if let Some(left) = place.fetch(&meeting) {
            return Self { far, direct: Self::meet(left), _errand: None };
        }
        let (own, other) = DirectEnd::pair(capacity);
        let acquaintance = Rc::new(Cell::new(Acquaintance::None));
        let direct = |end| Direct { end, acquaintance: Rc::clone(&acquaintance) };
        let errand = place.leave(meeting, Box::new(direct(other)));
        Self { far, direct: Some(direct(own)), _errand: Some(errand) }
    }

    fn meet(left: Box<dyn Any>) -> Option<Direct<M>> {
        let Ok(direct) = left.downcast::<Direct<M>>() else {
            unreachable!("the two ends of a channel carry the same messages")
        };
        let met = direct.acquaintance.get() == Acquaintance::None;
        met.then(|| {
            direct.acquaintance.set(Acquaintance::Met);
            *direct
        })
    }

    /// The direct queue, if it carries the messages.
    #[inline]
    fn near(&self) -> Option<&DirectEnd<M>> {
        let direct = self.direct.as_ref()?;
        (direct.acquaintance.get() == Acquaintance::Met).then_some(&direct.end)
    }

    /// The driver's end, which is used from now on.
    #[inline]
    fn far(&self) -> &E {
        if let Some(direct) = &self.direct {
            direct.acquaintance.set(Acquaintance::Never);
        }
        &self.far
    }
}

/// Closes a channel whichever way it goes.
struct Both([Arc<dyn Closer>; 2]);

impl Closer for Both {
    fn close(&self) {
        self.0.iter().for_each(|closer| closer.close());
    }
}

impl<E: Carrier, M: 'static> Carrier for NearEnd<E, M> {
    fn attach(&self, bell: Arc<Bell>) {
        if let Some(direct) = &self.direct {
            direct.end.attach(Arc::clone(&bell));
        }
        self.far.attach(bell);
    }

    fn attach_near(&self, bell: NearBell) {
        if let Some(direct) = &self.direct {
            direct.end.attach_near(bell);
        }
    }

    fn introduce(&self, label: Arc<str>) {
        self.far.introduce(label);
    }

    fn peer_label(&self) -> Option<Arc<str>> {
        self.far.peer_label()
    }

    fn carried_by(&self) -> Option<&'static str> {
        self.near().map(|_| DIRECT)
    }

    #[inline]
    fn outlook(&self) -> Outlook {
        self.near().map_or_else(|| self.far.outlook(), Carrier::outlook)
    }

    fn naps(&self) -> Naps {
        self.far.naps()
    }

    fn shares_cpu(&self) -> bool {
        self.near().is_some() || self.far.shares_cpu()
    }

    #[inline]
    fn has_packet(&self) -> bool {
        self.near().map_or_else(|| self.far.has_packet(), Carrier::has_packet)
    }

    fn arm(&self) -> bool {
        self.near().map_or_else(|| self.far.arm(), Carrier::arm)
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.near().map_or_else(|| self.far.has_room(), Carrier::has_room)
    }

    fn reserve(&self) -> bool {
        self.near().map_or_else(|| self.far().reserve(), Carrier::reserve)
    }

    fn unreserve(&self) {
        self.near().map_or_else(|| self.far().unreserve(), Carrier::unreserve);
    }

    fn arm_room(&self) -> bool {
        self.near().map_or_else(|| self.far().arm_room(), Carrier::arm_room)
    }

    #[inline]
    fn is_closed(&self) -> bool {
        self.near().map_or_else(|| self.far.is_closed(), Carrier::is_closed)
    }

    fn closer(&self) -> Arc<dyn Closer> {
        match &self.direct {
            Some(direct) => Arc::new(Both([self.far.closer(), direct.end.closer()])),
            None => self.far.closer(),
        }
    }
}

impl<I: Interface, E: End<I>> End<I> for NearEnd<E, I::Message> {
    #[inline]
    fn send<T: Payload<I>>(&self, header: Header, message: T) -> Result<(), Refused<T>> {
        match self.near() {
            Some(near) => End::<I>::send(near, header, message),
            None => self.far().send(header, message),
        }
    }

    fn send_packet(&self, packet: Packet<I::Message>) -> Result<(), Refused<Packet<I::Message>>> {
        match self.near() {
            Some(near) => End::<I>::send_packet(near, packet),
            None => self.far().send_packet(packet),
        }
    }

    #[inline]
    fn receive(&self) -> Result<Packet<I::Message>, RecvError> {
        match self.near() {
            Some(near) => End::<I>::receive(near),
            None => self.far.receive(),
        }
    }
}

impl<E: fmt::Debug, M: 'static> fmt::Debug for NearEnd<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.near() {
            Some(near) => near.fmt(f),
            None => self.far.fmt(f),
        }
    }
}
