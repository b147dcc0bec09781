//! The contestants whose messages are recorded: the same bindings in a home that is observed.

use flounder::{BindOptions, CoreId, Dispatcher, Home, Kernel, Waitset};
use flounder_trace::Recorder;

use crate::bound::{self, BATCH, SERVICE, Service, call_by_polling, measure, serve_on};
use crate::interface::bench::{Interface, RxVtbl};
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// A dispatcher with all that a recorded one has.
fn recorded<S: 'static>(recorder: &Recorder, waitset: &Waitset, state: S) -> Dispatcher<S> {
    let home = Home::new(waitset.clone(), Kernel::new().holder());
    home.observed(recorder.track(CoreId(0), "bench")).dispatcher(state)
}

/// Both sides poll and never sleep; one message in `ONE_IN` is recorded.
pub(crate) fn polled<const ONE_IN: u32>(slice: Slice) -> Outcome<Samples> {
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    let (recorder, recording) = Recorder::start();
    let recorder = recorder.one_in(ONE_IN.try_into()?);
    let theirs = recorder.clone();
    let samples = face(
        slice,
        move || {
            let service = recorded(&theirs, &Waitset::new(), Service::default());
            serve_on(&service, vec![there], bound::poll)
        },
        move || {
            let dispatcher = recorded(&recorder, &Waitset::new(), ());
            let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
            measure(slice, BATCH, |number| call_by_polling(&dispatcher, &binding, number))
        },
    );
    drop(recording);
    samples
}

/// Both sides sleep while they wait for the other.
pub(crate) fn asleep(slice: Slice) -> Outcome<Samples> {
    let (here, there) = flounder::pair::<Interface>(BindOptions::new());
    let (recorder, recording) = Recorder::start();
    let theirs = recorder.clone();
    let samples = face(
        slice,
        move || {
            let service = recorded(&theirs, &Waitset::new(), Service::default());
            serve_on(&service, vec![there], bound::run)
        },
        move || {
            let dispatcher = recorded(&recorder, &Waitset::new(), ());
            let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
            measure(slice, 1, |number| Ok(dispatcher.block_on(binding.increment(number)?)?))
        },
    );
    drop(recording);
    samples
}

/// Two dispatchers of one loop; one message in `ONE_IN` is recorded.
pub(crate) fn one_loop<const ONE_IN: u32>(slice: Slice) -> Outcome<Samples> {
    let measured = move || {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let (waitset, (recorder, recording)) = (Waitset::new(), Recorder::start());
        let recorder = recorder.one_in(ONE_IN.try_into()?);
        let service = recorded(&recorder, &waitset, Service::default());
        drop(service.accept::<Interface>(there, &SERVICE)?);
        let dispatcher = recorded(&recorder, &waitset, ());
        let binding = dispatcher.connect::<Interface>(here, &RxVtbl::UNHANDLED)?;
        let call = |number| call_by_polling(&dispatcher, &binding, number);
        let samples = measure(slice, BATCH, call);
        drop(recording);
        samples
    };
    let own = flounder::thread::spawn("loop", Some(slice.here), measured)?;
    own.join().map_err(|_| "the loop panicked")??
}
