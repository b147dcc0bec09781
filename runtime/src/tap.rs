//! The seam for simulators: whoever installs a [`Tap`] sees every message of the channels that its
//! thread makes from then on, may change it, and may hold either end up.
//!
//! A thread without a tap pays for this when it makes a channel, and never again.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::channel::{Header, Packet};
use crate::interface::{Descriptor, Interface};
use crate::rpc::CallId;
use crate::sync::Arc;
use crate::waitset::Bell;

/// One end of a tapped channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TapEnd {
    /// The channel, as [`Tap::opened`] numbered it.
    pub channel: u64,
    /// 0 for the end that [`pair`](crate::pair) returns first, 1 for the other.
    pub side: u8,
}

impl TapEnd {
    /// The other end of the channel.
    #[must_use]
    pub fn peer(self) -> Self {
        Self { side: 1 - self.side, ..self }
    }
}

/// What passes through a tapped channel.
pub enum Passing<'a> {
    /// A message.
    Message {
        /// What it is for.
        header: Header,
        /// Its number in its interface.
        number: u16,
        /// The interface's `Message`. Who sends may be made to say something else.
        message: &'a mut dyn Any,
    },
    /// The news that a call gets no response.
    CallFailed {
        /// The call.
        call: CallId,
    },
}

/// What sees, changes and holds up the messages of one thread. Its methods are called inside sends
/// and turns: they ring bells, and neither send nor poll. A tap that leaves out all but the first
/// lets everything pass.
pub trait Tap {
    /// A channel is made; the answer numbers it.
    fn opened(&self, descriptor: &'static Descriptor) -> u64;

    /// An end has an owner, whose bell this is. Who held the end up rings it afterwards.
    fn attached(&self, end: TapEnd, bell: &Arc<Bell>) {
        let _ = (end, bell);
    }

    /// The owner of an end says what it is called.
    fn introduced(&self, end: TapEnd, label: &str) {
        let _ = (end, label);
    }

    /// False if the end shall find the channel full, although it isn't.
    fn may_send(&self, end: TapEnd) -> bool {
        let _ = end;
        true
    }

    /// False if the end shall find nothing, although there is something.
    fn may_receive(&self, end: TapEnd) -> bool {
        let _ = end;
        true
    }

    /// The end sends, and the channel takes it.
    fn sending(&self, end: TapEnd, passing: Passing<'_>) {
        let _ = (end, passing);
    }

    /// The end takes something out.
    fn received(&self, end: TapEnd, passing: Passing<'_>) {
        let _ = (end, passing);
    }

    /// True if what the end has just taken out came as bytes that were spoilt on the way: the last
    /// is missing, or there is one where there should be none. The end finds no message in them.
    fn spoils(&self, end: TapEnd) -> bool {
        let _ = end;
        false
    }

    /// The end finds that the channel is closed and empty.
    fn found_closed(&self, end: TapEnd) {
        let _ = end;
    }

    /// The end is closed by its own side.
    fn closed(&self, end: TapEnd) {
        let _ = end;
    }
}

thread_local! {
    static TAP: RefCell<Option<Rc<dyn Tap>>> = const { RefCell::new(None) };
}

/// Has `tap` see the channels that this thread makes while the guard lives. Those made before are as
/// they were; those made meanwhile pass freely once no tap is installed.
///
/// ```
/// # include!("../../codegen/tests/golden/echo.rs");
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// use flounder::tap::{Tap, install};
/// use flounder::{BindOptions, Descriptor};
///
/// /// Counts channels.
/// #[derive(Default)]
/// struct Count(Cell<u64>);
///
/// impl Tap for Count {
///     fn opened(&self, _: &'static Descriptor) -> u64 {
///         self.0.set(self.0.get() + 1);
///         self.0.get()
///     }
/// }
///
/// # fn main() {
/// let count = Rc::new(Count::default());
/// let installed = install(count.clone());
/// let ends = flounder::pair::<echo::Interface>(BindOptions::new());
/// drop(installed);
/// assert_eq!(count.0.get(), 1);
/// # drop(ends);
/// # }
/// ```
#[must_use = "the tap is taken out when the guard drops"]
pub fn install(tap: Rc<dyn Tap>) -> Installed {
    Installed { before: TAP.replace(Some(tap)) }
}

/// A tap that is installed; dropping it installs the one before.
pub struct Installed {
    before: Option<Rc<dyn Tap>>,
}

impl Drop for Installed {
    fn drop(&mut self) {
        // The thread may be ending, and its locals with it.
        let _ = TAP.try_with(|tap| tap.replace(self.before.take()));
    }
}

/// Tells the tap of this thread, if there is one.
pub(crate) fn with<R>(tell: impl FnOnce(&dyn Tap) -> R) -> Option<R> {
    TAP.try_with(|tap| tap.borrow().as_deref().map(tell)).ok().flatten()
}

/// Numbers a new channel if it is to be tapped.
pub(crate) fn open<I: Interface>() -> Option<u64> {
    with(|tap| tap.opened(I::DESCRIPTOR))
}

/// What the tap sees of a packet.
pub(crate) fn passing<I: Interface>(packet: &mut Packet<I::Message>) -> Passing<'_> {
    match packet {
        Packet::Message { header, message } => {
            Passing::Message { header: *header, number: I::number(message), message }
        }
        Packet::CallFailed { call, .. } => Passing::CallFailed { call: *call },
    }
}

impl fmt::Debug for Passing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { header, number, .. } => {
                write!(f, "message {number} {header:?}")
            }
            Self::CallFailed { call } => write!(f, "{call:?} failed"),
        }
    }
}

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installed").finish_non_exhaustive()
    }
}
