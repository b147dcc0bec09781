//! One client that floods a service and three polite ones, on one loop: memory stays bounded, the
//! polite ones are served, and the flooder is told.
//!
//! `ROUNDS` says how long each flood lasts.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use flounder::{
    AnyBinding, BindOptions, Call, Dispatcher, DriverChoice, ErrCode, Half, Kernel, Waitset,
};

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

/// Rounds of a flood, unless `ROUNDS` says otherwise.
const ROUNDS: u64 = 400;
/// So many clients are polite.
const POLITE: usize = 3;
/// Turns of the loop in a round: fewer than a flood could use.
const TURNS: usize = 8;
/// A polite client has its answer after so many rounds: there and back, each behind at most one
/// message of every other binding.
const WAIT_ROUNDS_MAX: u64 = 4;
/// What may be in the channels, the outboxes and the tables of calls of four bindings at once, in
/// bytes; `BindOptions` has the counts. The rings of eight directions are 34 KB of it.
const MEMORY_MAX: u64 = 48 * 1024;
/// What a flood may leave behind when it goes on for long, in bytes: nothing that grows with it.
const GROWTH_MAX: i64 = 4096;
/// An answer is its call under this.
const CHECK: u64 = 0x5555_5555_5555_5555;

/// How many one-way messages the service has received.
type Received = u64;

const SERVICE: RxVtbl<Received> = RxVtbl {
    count: |received, _, Count { number }| {
        assert_eq!(number, *received, "each message once, in order");
        *received += 1;
    },
    same_call: |_, _, Same { number }, reply: SameReply| {
        // An error means that the caller has gone, and its binding will say so.
        let _ = reply.send(SameResponse { number_again: number ^ CHECK });
    },
    ..RxVtbl::UNHANDLED
};

/// A way to make the two halves of a connection.
type Pair = fn(BindOptions) -> (Half, Half);

const DRIVERS: &[(&str, Pair)] = &[
    ("local", |options| flounder::pair::<Interface>(options.driver(DriverChoice::Local))),
    ("direct", flounder::pair::<Interface>),
    ("ump", |options| flounder::pair::<Interface>(options.driver(DriverChoice::Ump))),
    ("bytes", flounder::pair::<far::probe::Interface>),
];

/// Sends until it is refused, counting up; returns with which error.
type Flood = fn(&Binding<()>, &mut u64) -> ErrCode;

const FLOODS: &[(&str, Flood, ErrCode)] = &[
    ("messages", messages, ErrCode::FLOUNDER_ERR_TX_BUSY),
    ("messages that are queued", queued, ErrCode::FLOUNDER_ERR_TX_BUSY),
    ("calls that nobody awaits", calls, ErrCode::FLOUNDER_ERR_TX_BUSY),
];

fn messages(binding: &Binding<()>, sent: &mut u64) -> ErrCode {
    loop {
        match binding.count(Count { number: *sent }) {
            Ok(()) => *sent += 1,
            Err(refused) => return refused.code(),
        }
    }
}

fn queued(binding: &Binding<()>, sent: &mut u64) -> ErrCode {
    loop {
        match binding.send_or_queue(Count { number: *sent }) {
            Ok(()) => *sent += 1,
            Err(refused) => return refused.code(),
        }
    }
}

fn calls(binding: &Binding<()>, sent: &mut u64) -> ErrCode {
    loop {
        match binding.same(Same { number: *sent }) {
            Ok(call) => {
                drop(call);
                *sent += 1;
            }
            Err(refused) => return refused.code(),
        }
    }
}

/// A client that has one call under way at a time.
struct Polite {
    binding: Binding<()>,
    call: Option<Pin<Box<Call<Interface, SameResponse>>>>,
    answered: u64,
    waited: u64,
    waited_max: u64,
}

impl Polite {
    /// Takes its answer, or makes the next call.
    fn round(&mut self) {
        let call = self.call.get_or_insert_with(|| {
            let call = self.binding.same(Same { number: self.answered });
            Box::pin(call.expect("who has one call under way is never refused"))
        });
        self.waited += 1;
        if let Poll::Ready(answer) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            let answer = answer.expect("the service answers every call").number_again;
            assert_eq!(answer, self.answered ^ CHECK);
            self.waited_max = self.waited_max.max(self.waited);
            (self.call, self.waited) = (None, 0);
            self.answered += 1;
        }
    }
}

/// A service and its clients on one loop.
struct World {
    waitset: Waitset,
    _dispatchers: (Dispatcher<Received>, Dispatcher<()>),
    flooder: Binding<()>,
    polite: Vec<Polite>,
    sent: u64,
    refused: u64,
}

impl World {
    fn new(pair: Pair) -> Self {
        let (waitset, kernel) = (Waitset::new(), Kernel::new());
        let service = Dispatcher::on(&waitset, kernel.holder(), 0);
        let clients = Dispatcher::on(&waitset, kernel.holder(), ());
        let bind = || {
            let (here, there) = pair(BindOptions::new());
            service.accept::<Interface>(there, &SERVICE).expect("the interface is the same");
            let binding = clients.connect::<Interface>(here, &RxVtbl::UNHANDLED);
            binding.expect("the interface is the same")
        };
        let flooder = bind();
        let polite =
            || Polite { binding: bind(), call: None, answered: 0, waited: 0, waited_max: 0 };
        let polite = (0..POLITE).map(|_| polite()).collect();
        Self { waitset, _dispatchers: (service, clients), flooder, polite, sent: 0, refused: 0 }
    }

    /// Lets the flooder do its worst, the polite do theirs, and the loop go on for a while.
    fn rounds(&mut self, count: u64, flood: Flood, told: ErrCode) {
        for _ in 0..count {
            assert_eq!(flood(&self.flooder, &mut self.sent), told);
            self.refused += 1;
            self.polite.iter_mut().for_each(Polite::round);
            self.waitset.poll(TURNS);
        }
    }
}

/// What became of some floods.
#[derive(Default)]
struct Tally {
    floods: u64,
    sent: u64,
    refused: u64,
    answered: u64,
    waited_max: u64,
    bytes_max: u64,
}

impl Tally {
    /// Lets a flood go on for so many rounds.
    fn flood(&mut self, (name, pair): &(&str, Pair), flood: &(&str, Flood, ErrCode), rounds: u64) {
        let (kind, act, told) = *flood;
        let mut world = World::new(*pair);
        assert_eq!(world.flooder.driver(), *name);
        let first = measure(|| world.rounds(rounds / 2, act, told));
        let second = measure(|| world.rounds(rounds / 2, act, told));
        assert!(first.bytes_max <= MEMORY_MAX, "{name}, {kind}: {} bytes", first.bytes_max);
        assert!(second.bytes_current <= GROWTH_MAX, "{name}, {kind}: grew in its second half");
        let waited_max = world.polite.iter().map(|polite| polite.waited_max).max().unwrap_or(0);
        assert!(waited_max <= WAIT_ROUNDS_MAX, "{name}, {kind}: the polite wait");
        let answered: u64 = world.polite.iter().map(|polite| polite.answered).sum();
        let served = POLITE as u64 * (rounds / WAIT_ROUNDS_MAX - 1);
        assert!(answered >= served, "{name}, {kind}: the polite are served {answered} times");
        assert!(world.sent >= rounds, "{name}, {kind}: the flooder has its share too");
        self.floods += 1;
        self.sent += world.sent;
        self.refused += world.refused;
        self.answered += answered;
        self.waited_max = self.waited_max.max(waited_max);
        self.bytes_max = self.bytes_max.max(first.bytes_max);
    }
}

#[test]
fn a_flood_harms_nobody_but_who_sends_it() {
    let rounds = std::env::var("ROUNDS").map(|rounds| rounds.parse().expect("a number"));
    let rounds = rounds.unwrap_or(ROUNDS);
    let mut tally = Tally::default();
    for driver in DRIVERS {
        for flood in FLOODS {
            tally.flood(driver, flood, rounds);
        }
    }
    let Tally { floods, sent, refused, answered, waited_max, bytes_max } = tally;
    println!(
        "overload: {floods} floods, {sent} sent, {refused} times refused; {answered} calls of \
         others served, within {waited_max} rounds; {bytes_max} bytes at most"
    );
}

/// A client that calls and never looks at its answers: they are kept until it may not call any more.
#[test]
fn who_takes_no_answers_may_not_call_for_ever() {
    for (name, pair) in DRIVERS {
        let (waitset, elsewhere, kernel) = (Waitset::new(), Waitset::new(), Kernel::new());
        let service = Dispatcher::on(&waitset, kernel.holder(), 0);
        let deaf = Dispatcher::on(&elsewhere, kernel.holder(), ());
        let (here, there) = pair(BindOptions::new());
        service.accept::<Interface>(there, &SERVICE).expect("the interface is the same");
        let binding = deaf.connect::<Interface>(here, &RxVtbl::UNHANDLED);
        let binding = binding.expect("the interface is the same");
        let mut sent = 0;
        let taken = measure(|| {
            while calls(&binding, &mut sent) == ErrCode::FLOUNDER_ERR_TX_BUSY {
                assert!(waitset.poll(TURNS) > 0, "there are calls to answer");
            }
        });
        assert_eq!(calls(&binding, &mut sent), ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS, "{name}");
        assert_eq!(sent, u64::from(BindOptions::CALLS_MAX.get()), "{name}");
        assert!(taken.bytes_max <= MEMORY_MAX, "{name}: {} bytes", taken.bytes_max);
    }
}
