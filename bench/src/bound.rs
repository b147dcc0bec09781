//! The contestants that are bindings: a client and a service, on two threads or on one.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use flounder::{
    AnyBinding, BindOptions, Dispatcher, DriverChoice, Half, Holder, Kernel, RpcError, Waitset,
};

use crate::interface::bench::{
    Binding, Increment, IncrementReply, IncrementResponse, Interface, RxVtbl,
};
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// Calls that are timed as one.
pub(crate) const BATCH: u32 = 64;
/// Turns that are asked for at a time.
const BUDGET: usize = 64;
/// Longer than an answer takes from a peer that is awake.
const SPIN: Duration = Duration::from_micros(50);

/// What a service's dispatcher knows: how many messages came, and whether its peer has gone.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) told: u64,
    pub(crate) deserted: bool,
}

/// What a service does.
pub(crate) const SERVICE: RxVtbl<Service> = RxVtbl {
    increment_call: |_, _, Increment { number }, reply: IncrementReply| {
        // An error means that the client has gone, and the binding will say so.
        let _ = reply.send(IncrementResponse { next: number.wrapping_add(1) });
    },
    tell: |service, _, _| service.told += 1,
};

/// A channel whose messages are moved.
fn local_pair() -> (Half, Half) {
    flounder::pair::<Interface>(BindOptions::new().driver(DriverChoice::Local))
}

/// Both sides poll and never sleep.
pub(crate) fn polled(slice: Slice) -> Outcome<Samples> {
    let (here, there) = local_pair();
    face(slice, move || serve(vec![there], poll), move || call_polled(slice, here))
}

/// Both sides poll and never sleep, over a ring of cache lines.
pub(crate) fn polled_over_ump(slice: Slice) -> Outcome<Samples> {
    let (here, there) = flounder::pair::<Interface>(BindOptions::new().driver(DriverChoice::Ump));
    face(slice, move || serve(vec![there], poll), move || call_polled(slice, here))
}

/// Both sides run their loops, which look for messages for a while before they sleep.
pub(crate) fn spinning(slice: Slice) -> Outcome<Samples> {
    let (here, there) = local_pair();
    face(
        slice,
        move || serve(vec![there], run_spinning),
        move || call_blocking(slice, BATCH, SPIN, here),
    )
}

/// Both sides sleep while they wait for the other.
pub(crate) fn asleep(slice: Slice) -> Outcome<Samples> {
    asleep_over(slice, flounder::pair::<Interface>(BindOptions::new()))
}

/// The same over a channel that is there.
pub(crate) fn asleep_over(slice: Slice, (here, there): (Half, Half)) -> Outcome<Samples> {
    face(
        slice,
        move || serve(vec![there], run),
        move || call_blocking(slice, 1, Duration::ZERO, here),
    )
}

/// Both sides sleep, on one CPU.
pub(crate) fn asleep_on_one_cpu(slice: Slice) -> Outcome<Samples> {
    asleep(Slice { there: slice.here, ..slice })
}

/// Both sides poll; the service has `BINDINGS`, of which one is in use.
pub(crate) fn polled_among<const BINDINGS: usize>(slice: Slice) -> Outcome<Samples> {
    let (active, idle, theirs) = crowd(BINDINGS);
    face(
        slice,
        move || serve(theirs, poll),
        move || {
            let samples = call_polled(slice, active);
            drop(idle);
            samples
        },
    )
}

/// Both sides sleep; the service has `BINDINGS`, of which one is in use.
pub(crate) fn asleep_among<const BINDINGS: usize>(slice: Slice) -> Outcome<Samples> {
    let (active, idle, theirs) = crowd(BINDINGS);
    face(
        slice,
        move || serve(theirs, run),
        move || {
            let samples = call_blocking(slice, 1, Duration::ZERO, active);
            drop(idle);
            samples
        },
    )
}

/// The client's half that is used, its others, and the service's.
fn crowd(bindings: usize) -> (Half, Vec<Half>, Vec<Half>) {
    let pairs = (0..bindings).map(|_| flounder::pair::<Interface>(BindOptions::new()));
    let (active, theirs) = flounder::pair::<Interface>(BindOptions::new());
    let (idle, mut all): (Vec<Half>, Vec<Half>) = pairs.skip(1).unzip();
    all.insert(all.len() / 2, theirs);
    (active, idle, all)
}

/// Two dispatchers of one loop.
pub(crate) fn one_loop(slice: Slice) -> Outcome<Samples> {
    one_loop_among::<2>(slice)
}

/// Two dispatchers of one loop that has `DISPATCHERS`. The others wait for mail.
pub(crate) fn one_loop_among<const DISPATCHERS: usize>(slice: Slice) -> Outcome<Samples> {
    let measure = move || {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let (waitset, kernel) = (Waitset::new(), Kernel::new());
        let idle = (2..DISPATCHERS).map(|_| {
            let dispatcher = Dispatcher::on(&waitset, kernel.holder(), ());
            let mailbox = dispatcher.mailbox(1, |(), ()| ());
            (dispatcher, mailbox)
        });
        let _idle: Vec<_> = idle.collect();
        let service = Dispatcher::on(&waitset, kernel.holder(), Service::default());
        drop(service.accept::<Interface>(there, &SERVICE)?);
        call_on(slice, here, &waitset, kernel.holder(), call_by_polling)
    };
    let own = flounder::thread::spawn("loop", Some(slice.here), measure)?;
    own.join().map_err(|_| "the loop panicked")??
}

/// Answers calls until the client of any binding has gone.
fn serve(halves: Vec<Half>, wait: fn(&Dispatcher<Service>)) -> Outcome<()> {
    serve_on(&Dispatcher::new(Service::default()), halves, wait)
}

/// Answers calls until the client of any binding has gone.
pub(crate) fn serve_on(
    dispatcher: &Dispatcher<Service>,
    halves: Vec<Half>,
    wait: fn(&Dispatcher<Service>),
) -> Outcome<()> {
    for half in halves {
        let binding = dispatcher.accept::<Interface>(half, &SERVICE)?;
        binding.set_error_handler(|service, binding, _| {
            service.deserted = true;
            if let Some(ctx) = binding.ctx() {
                ctx.stop();
            }
        });
    }
    wait(dispatcher);
    Ok(())
}

pub(crate) fn poll(dispatcher: &Dispatcher<Service>) {
    while !dispatcher.with(|service| service.deserted) {
        if dispatcher.poll(BUDGET) == 0 {
            std::hint::spin_loop();
        }
    }
}

pub(crate) fn run(dispatcher: &Dispatcher<Service>) {
    dispatcher.run();
}

fn run_spinning(dispatcher: &Dispatcher<Service>) {
    dispatcher.waitset().spin_before_sleep(SPIN);
    dispatcher.run();
}

fn call_polled(slice: Slice, half: Half) -> Outcome<Samples> {
    call_on(slice, half, &Waitset::new(), Kernel::new().holder(), call_by_polling)
}

fn call_blocking(slice: Slice, batch: u32, spin: Duration, half: Half) -> Outcome<Samples> {
    let dispatcher = Dispatcher::new(());
    dispatcher.waitset().spin_before_sleep(spin);
    let binding = dispatcher.connect::<Interface>(half, &RxVtbl::UNHANDLED)?;
    measure(slice, batch, |number| Ok(dispatcher.block_on(binding.increment(number)?)?))
}

/// Calls by polling until the answer is here.
pub(crate) fn call_by_polling(
    dispatcher: &Dispatcher<()>,
    binding: &Binding<()>,
    number: Increment,
) -> Outcome<IncrementResponse> {
    poll_for(dispatcher, binding.increment(number)?)
}

/// Polls until a call is answered.
#[inline]
pub(crate) fn poll_for<T>(
    dispatcher: &Dispatcher<()>,
    call: impl Future<Output = Result<T, RpcError>>,
) -> Outcome<T> {
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
            return Ok(answer?);
        }
        if dispatcher.poll(BUDGET) == 0 {
            std::hint::spin_loop();
        }
    }
}

fn call_on(
    slice: Slice,
    half: Half,
    waitset: &Waitset,
    holder: Holder,
    call: fn(&Dispatcher<()>, &Binding<()>, Increment) -> Outcome<IncrementResponse>,
) -> Outcome<Samples> {
    let dispatcher = Dispatcher::on(waitset, holder, ());
    let binding = dispatcher.connect::<Interface>(half, &RxVtbl::UNHANDLED)?;
    measure(slice, BATCH, |number| call(&dispatcher, &binding, number))
}

pub(crate) fn measure(
    slice: Slice,
    batch: u32,
    mut call: impl FnMut(Increment) -> Outcome<IncrementResponse>,
) -> Outcome<Samples> {
    let (mut number, mut failed) = (0, Ok(()));
    let samples = slice.measure(batch, || match call(Increment { number }) {
        Ok(answer) => number = answer.next,
        Err(error) => failed = Err(error),
    });
    failed.map(|()| samples)
}
