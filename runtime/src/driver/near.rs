//! Ends that find out whether their peer is on the same loop.
//!
//! When a channel is made nobody knows where its ends will be claimed. The first to be claimed leaves
//! one end of a direct queue at its waitset; if the other is claimed there too, it takes that, and
//! from then on both use the queue instead of their driver. If the first was used before, its messages
//! went over the driver, and both stay with it.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use crate::channel::{Header, Packet};
use crate::driver::direct::{Direct, DirectEnd, Usage};
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

/// One end, with one of a direct queue beside it.
pub(crate) struct NearEnd<E, M: 'static> {
    far: E,
    /// `None` if the ends met too late.
    direct: Option<DirectEnd<M>>,
    /// What the other end may fetch.
    _errand: Option<Errand>,
}

impl<E, M: 'static> NearEnd<E, M> {
    /// The end `far`, claimed at `place`.
    pub(crate) fn claimed(far: E, meeting: Arc<Meeting>, place: &Waitset, capacity: usize) -> Self {
        if let Some(left) = place.fetch(&meeting) {
            return Self { far, direct: Self::meet(left), _errand: None };
        }
        let (own, other) = DirectEnd::pair(capacity);
        let errand = place.leave(meeting, Box::new(other));
        Self { far, direct: Some(own), _errand: Some(errand) }
    }

    fn meet(left: Box<dyn Any>) -> Option<DirectEnd<M>> {
        let Ok(direct) = left.downcast::<DirectEnd<M>>() else {
            unreachable!("the two ends of a channel carry the same messages")
        };
        let met = direct.usage() == Usage::Open;
        met.then(|| {
            direct.set_usage(Usage::Carries);
            *direct
        })
    }

    /// The direct queue, for the channel to use once it carries the messages.
    pub(crate) fn direct(&self) -> Option<Direct<M>> {
        self.direct.as_ref().map(|end| end.direct().clone())
    }

    /// The direct queue, if it carries the messages.
    #[inline]
    fn near(&self) -> Option<&DirectEnd<M>> {
        self.direct.as_ref().filter(|direct| direct.usage() == Usage::Carries)
    }

    /// The driver's end, which is used from now on.
    #[inline]
    fn far(&self) -> &E {
        if let Some(direct) = &self.direct {
            direct.set_usage(Usage::Never);
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
            direct.attach(Arc::clone(&bell));
        }
        self.far.attach(bell);
    }

    fn attach_near(&self, bell: NearBell) {
        if let Some(direct) = &self.direct {
            direct.attach_near(bell);
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
            Some(direct) => Arc::new(Both([self.far.closer(), direct.closer()])),
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
