//! No driver allocates for a message or a call, once everything has grown to its size.
//!
//! Both ends are on the counting thread, on one loop or on two that are polled in turns, so that what
//! either side allocates is counted.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use flounder::{AnyBinding, BindOptions, Dispatcher, DriverChoice, Half, Kernel, Waitset};

use near::probe::{Binding, Count, Interface, RxVtbl, Same, SameReply, SameResponse};

/// The interface as this crate has it.
#[allow(clippy::result_large_err, reason = "a refused send hands its message back")]
pub mod near {
    include!("probe/probe.rs");
}

/// The same interface as another crate would have it: what joins the two encodes.
#[allow(clippy::result_large_err, reason = "a refused send hands its message back")]
pub mod far {
    include!("probe/probe.rs");
}

/// Enough that what allocates once in a while is seen.
const ROUNDS: u64 = 2_000;
/// After so many everything has its size.
const WARM_UP: u64 = 200;

const SERVICE: RxVtbl<u64> = RxVtbl {
    count: |received, _, Count { .. }| *received += 1,
    same_call: |_, _, Same { number }, reply: SameReply| {
        reply.send(SameResponse { number_again: number }).expect("the client waits");
    },
    ..RxVtbl::UNHANDLED
};

/// Two ends of a binding that are polled in turns.
struct Ends {
    client: Binding<()>,
    caller: Dispatcher<()>,
    service: Dispatcher<u64>,
}

impl Ends {
    fn new(halves: (Half, Half), loops: Loops) -> Self {
        let (kernel, here) = (Kernel::new(), Waitset::new());
        let there = if loops == Loops::One { here.clone() } else { Waitset::new() };
        let caller = Dispatcher::on(&here, kernel.holder(), ());
        let service = Dispatcher::on(&there, kernel.holder(), 0);
        let client = bind(&caller, &service, halves);
        Self { client, caller, service }
    }

    fn settle(&self) {
        while self.caller.poll(1) + self.service.poll(1) > 0 {}
    }

    fn message(&self) {
        self.client.count(Count { number: 1 }).expect("there is room");
        self.settle();
    }

    fn call(&self) {
        let mut call = pin!(self.client.same(Same { number: 1 }).expect("there is room"));
        self.settle();
        let answer = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(answer, Poll::Ready(Ok(_))), "{answer:?}");
    }

    /// With both ends on one loop.
    fn block_on(&self) {
        let call = self.client.same(Same { number: 1 }).expect("there is room");
        self.caller.block_on(call).expect("it is answered");
    }
}

/// Binds the dispatchers, and returns the caller's end.
fn bind(
    caller: &Dispatcher<()>,
    service: &Dispatcher<u64>,
    (first, second): (Half, Half),
) -> Binding<()> {
    service.accept::<Interface>(second, &SERVICE).expect("the same");
    caller.connect::<Interface>(first, &RxVtbl::UNHANDLED).expect("the same")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loops {
    One,
    Two,
}

fn pair(driver: DriverChoice) -> (Half, Half) {
    flounder::pair::<Interface>(BindOptions::new().driver(driver))
}

/// What both ends of a binding may take, in bytes, as long as nothing is said: `local` has its queues,
/// which take so much for messages of a hundred bytes.
const SILENT_BYTES_MAX: [(DriverChoice, i64); 2] =
    [(DriverChoice::Local, 6 * 1024), (DriverChoice::Ump, 4_608)];
/// What a call and its answer may add.
const FIRST_BYTES_MAX: i64 = 2 * 1024;
/// What the rings of two directions take: their slots, and lines for acknowledgements.
const RINGS_BYTES: i64 = 2 * (64 * 64 + 128);

#[test]
fn a_ring_takes_no_memory_before_it_is_used_twice() {
    for (driver, silent_max) in SILENT_BYTES_MAX {
        let rings = if driver == DriverChoice::Ump { RINGS_BYTES } else { 0 };
        let count = |act: &mut dyn FnMut()| measure(act).bytes_current;
        let mut ends = Ends::new(pair(driver), Loops::Two);
        let mut other = None;
        let silent = count(&mut || {
            let client = bind(&ends.caller, &ends.service, pair(driver));
            other = Some(std::mem::replace(&mut ends.client, client));
            ends.settle();
        });
        let first = count(&mut || ends.call());
        let next = count(&mut || (0..WARM_UP).for_each(|_| ends.call()));
        println!("{driver:?}: {silent} bytes in silence, {first} for a call, {next} for more");
        assert!(silent <= silent_max, "{driver:?}: {silent} bytes");
        assert!(first <= FIRST_BYTES_MAX, "{driver:?}: {first} bytes");
        assert!((rings..=rings + FIRST_BYTES_MAX).contains(&next), "{driver:?}: {next} bytes");
    }
}

type Act = fn(&Ends);

/// The driver that a channel shall have, its halves, where they go, and what is counted.
type Row = (&'static str, (Half, Half), Loops, &'static [Act]);

#[test]
fn no_driver_allocates_for_a_message_or_a_call() {
    let encoded = || flounder::pair::<far::probe::Interface>(BindOptions::new());
    let table: [Row; 7] = [
        ("local", pair(DriverChoice::Local), Loops::Two, &[Ends::message, Ends::call]),
        ("local", pair(DriverChoice::Local), Loops::One, &[Ends::block_on]),
        ("ump", pair(DriverChoice::Ump), Loops::Two, &[Ends::message, Ends::call]),
        ("ump", pair(DriverChoice::Ump), Loops::One, &[Ends::block_on]),
        ("direct", pair(DriverChoice::Automatic), Loops::One, &[Ends::message, Ends::call]),
        ("direct", pair(DriverChoice::Automatic), Loops::One, &[Ends::block_on]),
        ("bytes", encoded(), Loops::Two, &[Ends::message, Ends::call]),
    ];
    for (driver, halves, loops, acts) in table {
        let ends = Ends::new(halves, loops);
        assert_eq!(ends.client.driver(), driver);
        for (number, act) in acts.iter().enumerate() {
            (0..WARM_UP).for_each(|_| act(&ends));
            let counted = measure(|| (0..ROUNDS).for_each(|_| act(&ends)));
            assert_eq!(counted.count_total, 0, "{driver}, {number}");
        }
    }
}
