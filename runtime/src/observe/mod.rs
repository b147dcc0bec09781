//! The seam for tracing: who is asked when a binding is made sees every message that it sends and
//! receives from then on.
//!
//! It is chosen once, when a dispatcher claims its end: a binding that somebody observes has an end
//! and an event source of its own kind, the others run the very instructions that they would run if
//! there were no such thing. What is left is a look when a binding is made.

mod hook;

pub(crate) use self::hook::{Watch, observed, register};
use crate::clock::Time;
use crate::interface::Descriptor;
use crate::options::Badge;
use crate::rpc::CallId;
use crate::sync;

/// Decides which bindings of a [`Home`](crate::Home) are observed.
///
/// ```
/// # include!("../../../codegen/tests/golden/echo.rs");
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// use echo::{Echo, EchoResponse, Interface, RxVtbl};
/// use flounder::observe::{Bound, Observe, Observer, Seen};
/// use flounder::{BindOptions, Home, Kernel, Time, Waitset};
///
/// /// Counts what is received.
/// #[derive(Clone, Default)]
/// struct Count(Rc<Cell<u64>>);
///
/// impl Observe for Count {
///     fn bound(&self, _: Bound) -> Option<Box<dyn Observer>> {
///         Some(Box::new(self.clone()))
///     }
/// }
///
/// impl Observer for Count {
///     fn now(&self, _: u64) -> Option<Time> {
///         Some(Time::default()) // who only counts needs no clock
///     }
///     fn sent(&self, _: Seen) {}
///     fn received(&self, _: Seen) {
///         self.0.set(self.0.get() + 1);
///     }
///     fn handled(&self) {}
/// }
///
/// let count = Count::default();
/// let home = Home::new(Waitset::new(), Kernel::new().holder()).observed(Rc::new(count.clone()));
/// let dispatcher = home.dispatcher(());
/// let (client, server) = flounder::pair::<Interface>(BindOptions::new());
/// dispatcher.accept::<Interface>(server, &RxVtbl {
///     echo_call: |_, _, call: Echo, reply| {
///         let _ = reply.send(EchoResponse { reply: call.text });
///     },
///     ..RxVtbl::UNHANDLED
/// })?;
/// let binding = dispatcher.connect::<Interface>(client, &RxVtbl::UNHANDLED)?;
/// dispatcher.block_on(binding.echo(Echo { text: "hello".into() })?)?;
/// assert_eq!(count.0.get(), 2); // the call and its answer
/// # Ok(())
/// # }
/// ```
pub trait Observe {
    /// A binding is made; `None` leaves it alone.
    fn bound(&self, binding: Bound) -> Option<Box<dyn Observer>>;
}

/// Sees the messages of one binding. Its methods are called inside sends and turns: they neither
/// send nor poll.
pub trait Observer {
    /// The time, asked before a message is sent, and as one is received. `index` is how many went
    /// before it in its direction: the same at both ends. `None` if the observer doesn't want it:
    /// then it hears no more of it.
    fn now(&self, index: u64) -> Option<Time>;

    /// The driver is known: messages go this way from the first on, of either direction. Called once,
    /// before the first is told of.
    fn carried_by(&self, driver: &'static str) {
        let _ = driver;
    }

    /// The channel took a message.
    fn sent(&self, seen: Seen);

    /// A message was taken out of the channel; its handler runs next.
    fn received(&self, seen: Seen);

    /// The turn of the message that was received last is over.
    fn handled(&self);
}

/// A binding that is made.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What it speaks. The sizes of messages stand here.
    pub descriptor: &'static Descriptor,
    /// The name of its interconnect driver, which an end that may meet its peer is about to learn:
    /// [`Observer::carried_by`] has the last word.
    pub driver: &'static str,
    /// Who is at the other end, as its monitor stamped it.
    pub peer: Badge,
    /// Which end of which channel it is; `None` if its driver made the halves by itself.
    pub end: Option<EndId>,
}

/// Names one end of a channel. Two ends of one channel differ in their side only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EndId {
    /// The channel, numbered in the order in which this process made them.
    pub channel: u64,
    /// 0 for the end that was made first, 1 for the other.
    pub side: u8,
}

impl EndId {
    /// The two ends of a channel that is made now.
    pub(crate) fn pair() -> (Self, Self) {
        let channel = sync::serial();
        (Self { channel, side: 0 }, Self { channel, side: 1 })
    }
}

/// A message, as it is seen at one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// How many were sent before it in its direction: the same at both ends.
    pub index: u64,
    /// Its number in its interface; `None` is the news that a call gets no response.
    pub number: Option<u16>,
    /// The call that it makes or answers.
    pub call: Option<CallId>,
    /// When it was sent, or received.
    pub at: Time,
}
