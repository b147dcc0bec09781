//! Halves whose channel is made when they are claimed.
//!
//! Every program is born with a way to its monitor, and most never go it: a channel for each would be
//! most of what an idle program costs.

use std::any::Any;
use std::marker::PhantomData;

use crate::driver::BytesEnd;
use crate::half::{Half, Speaks, Unclaimed, unnumbered};
use crate::interface::Interface;
use crate::observe::EndId;
use crate::options::BindOptions;
use crate::waitset::Waitset;

/// Makes a half of a channel for `I` that isn't made yet. Once the half is claimed, `settle` gets
/// the other one, on the thread that claims; `None` if it is dropped before. It is called once.
///
/// ```
/// # use flounder::{BindOptions, Dispatcher, Half};
/// # include!("../../codegen/tests/golden/echo.rs");
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::mpsc::channel;
///
/// use echo::{Interface, RxVtbl};
///
/// let (tell, told) = channel::<Option<Half>>();
/// let half = flounder::ticket::<Interface>(BindOptions::new(), move |other| {
///     let _ = tell.send(other);
/// });
/// assert!(told.try_recv().is_err(), "nobody needs the other end yet");
///
/// let client = Dispatcher::new(());
/// let binding = client.connect::<Interface>(half, &RxVtbl::UNHANDLED)?;
/// let other = told.try_recv()?.expect("the half was claimed");
/// client.accept::<Interface>(other, &RxVtbl::UNHANDLED)?;
/// # drop(binding);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn ticket<I: Interface>(
    options: BindOptions,
    settle: impl FnOnce(Option<Half>) + Send + 'static,
) -> Half {
    let (one, other) = EndId::pair();
    let made = PhantomData::<fn() -> I>;
    let ticket = Ticket { options, other, settle: Some(settle), made };
    Half::around(Box::new(ticket), options).numbered(one)
}

/// A half whose channel isn't made yet.
struct Ticket<I, F: FnOnce(Option<Half>)> {
    options: BindOptions,
    /// What the other end is to be called.
    other: EndId,
    /// Taken when it is called.
    settle: Option<F>,
    made: PhantomData<fn() -> I>,
}

impl<I: Interface, F: FnOnce(Option<Half>)> Ticket<I, F> {
    /// Makes the channel and gives the other end away.
    fn make(&mut self) -> Half {
        let (other, own) = unnumbered::<I>(self.options);
        if let Some(settle) = self.settle.take() {
            settle(Some(other.numbered(self.other)));
        }
        own
    }
}

impl<I: Interface, F: FnOnce(Option<Half>)> Unclaimed for Ticket<I, F> {
    fn speaks(&self) -> Speaks {
        Speaks::of::<I>()
    }

    fn open(mut self: Box<Self>, place: &Waitset) -> Box<dyn Any> {
        self.make().into_unclaimed().open(place)
    }

    fn open_encoded(mut self: Box<Self>) -> BytesEnd {
        self.make().into_unclaimed().open_encoded()
    }
}

impl<I, F: FnOnce(Option<Half>)> Drop for Ticket<I, F> {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle(None);
        }
    }
}
