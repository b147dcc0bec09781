//! One end of a channel on its way to its owner.
//!
//! A half can cross threads and be carried by an `EndPoint` cap. It is untyped outside, so that
//! monitors forward it without knowing the interface; its owner claims it, once, for an interface, a
//! dispatcher and a receive table.

use std::any::{Any, TypeId};
use std::fmt;

use crate::driver::{
    AnyEnd, Bytes, BytesEnd, Direct, Driver, EndOf, Local, Near, NearEnd, Tapped, Ump, takes_ring,
};
use crate::error::ClaimError;
use crate::interface::{Descriptor, Interface};
use crate::observe::EndId;
use crate::options::{Badge, BindOptions, DriverChoice};
use crate::sync::Arc;
use crate::tap;
use crate::waitset::{Meeting, Waitset};

/// One end of a channel on its way to its owner. Dropping it closes the channel.
pub struct Half {
    end: Box<dyn Unclaimed + Send>,
    options: BindOptions,
    peer: Badge,
    id: Option<EndId>,
}

/// An end whose types are known inside only.
pub(crate) trait Unclaimed {
    /// What it speaks.
    fn speaks(&self) -> Speaks;
    /// The end as an [`Opened`] of its own interface, claimed at `place`.
    fn open(self: Box<Self>, place: &Waitset) -> Box<dyn Any>;
    /// The end as one that takes and gives encoded messages.
    fn open_encoded(self: Box<Self>) -> BytesEnd;
}

/// The interface of an end.
pub(crate) struct Speaks {
    interface: TypeId,
    descriptor: &'static Descriptor,
}

impl Speaks {
    pub(crate) fn of<I: Interface>() -> Self {
        Self { interface: TypeId::of::<I>(), descriptor: I::DESCRIPTOR }
    }
}

impl<D: Driver, I: Interface> Unclaimed for EndOf<D, I> {
    fn speaks(&self) -> Speaks {
        Speaks::of::<I>()
    }

    fn open(self: Box<Self>, _: &Waitset) -> Box<dyn Any> {
        Box::new(Opened::<I> { end: self, tx_vtbl: I::tx_vtbl::<D>(), direct: None })
    }

    fn open_encoded(self: Box<Self>) -> BytesEnd {
        BytesEnd::around::<I>(self)
    }
}

/// An end that may meet its peer where it is claimed.
struct Apart<D: Driver, I: Interface> {
    end: D::End<I>,
    meeting: Arc<Meeting>,
    capacity: usize,
}

impl<D: Driver, I: Interface> Unclaimed for Apart<D, I> {
    fn speaks(&self) -> Speaks {
        Speaks::of::<I>()
    }

    fn open(self: Box<Self>, place: &Waitset) -> Box<dyn Any> {
        let end = NearEnd::claimed(self.end, self.meeting, place, self.capacity);
        let direct = end.direct();
        Box::new(Opened::<I> { direct, ..Opened::of::<Near<D>>(end) })
    }

    fn open_encoded(self: Box<Self>) -> BytesEnd {
        BytesEnd::around::<I>(Box::new(EndOf::<D, I>(self.end)))
    }
}

/// An end and the functions that send over it.
pub(crate) struct Opened<I: Interface> {
    pub(crate) end: Box<dyn AnyEnd<I>>,
    pub(crate) tx_vtbl: &'static I::TxVtbl,
    /// Inside of the end, for a channel that needn't ask it each time.
    pub(crate) direct: Option<Direct<I::Message>>,
}

impl<I: Interface> Opened<I> {
    pub(crate) fn of<D: Driver>(end: D::End<I>) -> Self {
        Self { end: Box::new(EndOf::<D, I>(end)), tx_vtbl: I::tx_vtbl::<D>(), direct: None }
    }
}

/// Makes the two halves of a channel that speaks `I`, to bind two dispatchers without a monitor.
///
/// ```
/// # use flounder::{BindOptions, Dispatcher, Half};
/// # include!("../../codegen/tests/golden/echo.rs");
/// # fn main() {
/// let (here, there): (Half, Half) = flounder::pair::<echo::Interface>(BindOptions::new());
/// # drop((here, there));
/// # }
/// ```
#[must_use]
pub fn pair<I: Interface>(options: BindOptions) -> (Half, Half) {
    let (first, second) = unnumbered::<I>(options);
    let (one, other) = EndId::pair();
    (first.numbered(one), second.numbered(other))
}

pub(crate) fn unnumbered<I: Interface>(options: BindOptions) -> (Half, Half) {
    let capacity = options.capacity_of();
    if let Some(channel) = tap::open::<I>() {
        let (first, second) = Tapped::pair::<I>(channel, capacity.get().into());
        return (Half::of::<Tapped, I>(first, options), Half::of::<Tapped, I>(second, options));
    }
    match options.driver_of() {
        DriverChoice::Automatic if takes_ring::<I>(capacity.get().into()) => {
            Half::apart::<Ump, I>(Ump::pair::<I>(capacity), options)
        }
        DriverChoice::Automatic => {
            Half::apart::<Local, I>(Local::pair::<I>(capacity.get().into()), options)
        }
        DriverChoice::Local => {
            let (first, second) = Local::pair::<I>(capacity.get().into());
            (Half::of::<Local, I>(first, options), Half::of::<Local, I>(second, options))
        }
        DriverChoice::Ump => {
            let (first, second) = Ump::pair::<I>(capacity);
            (Half::of::<Ump, I>(first, options), Half::of::<Ump, I>(second, options))
        }
    }
}

impl Half {
    /// The half around one end of a channel, for drivers that make their own.
    #[must_use]
    pub fn of<D: Driver, I: Interface>(end: D::End<I>, options: BindOptions) -> Self
    where
        D::End<I>: Send,
    {
        Self::around(Box::new(EndOf::<D, I>(end)), options)
    }

    /// The two halves of a channel whose ends may meet.
    fn apart<D: Driver, I: Interface>(
        (first, second): (D::End<I>, D::End<I>),
        options: BindOptions,
    ) -> (Self, Self)
    where
        D::End<I>: Send,
    {
        let meeting = Arc::new(Meeting);
        let half = |end| {
            let capacity = options.capacity_of().get().into();
            let apart = Apart::<D, I> { end, meeting: Arc::clone(&meeting), capacity };
            Self::around(Box::new(apart), options)
        };
        (half(first), half(second))
    }

    pub(crate) fn around(end: Box<dyn Unclaimed + Send>, options: BindOptions) -> Self {
        Self { end, options, peer: Badge::default(), id: None }
    }

    pub(crate) fn numbered(self, id: EndId) -> Self {
        Self { id: Some(id), ..self }
    }

    pub(crate) fn into_unclaimed(self) -> Box<dyn Unclaimed + Send> {
        self.end
    }

    /// The interface of the channel.
    #[must_use]
    pub fn descriptor(&self) -> &'static Descriptor {
        self.end.speaks().descriptor
    }

    /// What was chosen when the channel was made.
    #[must_use]
    pub fn options(&self) -> BindOptions {
        self.options
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> Badge {
        self.peer
    }

    /// Which end of which channel it is; `None` if its driver made it without [`pair`].
    #[must_use]
    pub fn id(&self) -> Option<EndId> {
        self.id
    }

    /// The same half with a peer stamped on it. Monitors do that when they forward a half; whoever
    /// claims it believes the monitor it came from.
    #[must_use]
    pub fn stamped(self, peer: Badge) -> Self {
        Self { peer, ..self }
    }

    /// Opens the half for `I`.
    pub(crate) fn open<I: Interface>(self, place: &Waitset) -> Result<Opened<I>, ClaimError> {
        let Speaks { interface, descriptor: theirs } = self.end.speaks();
        if theirs.fingerprint != I::DESCRIPTOR.fingerprint || theirs.name != I::DESCRIPTOR.name {
            return Err(ClaimError::Mismatch {
                ours: I::DESCRIPTOR.name,
                our_fingerprint: I::DESCRIPTOR.fingerprint,
                theirs: theirs.name,
                their_fingerprint: theirs.fingerprint,
            });
        }
        if interface == TypeId::of::<I>() {
            match self.end.open(place).downcast::<Opened<I>>() {
                Ok(opened) => Ok(*opened),
                Err(_) => unreachable!("a half of this interface opens as one of this interface"),
            }
        } else {
            Ok(Opened::of::<Bytes>(self.end.open_encoded()))
        }
    }
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Half")
            .field("interface", &self.descriptor().name)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
