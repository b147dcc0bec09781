//! Two ends of a binding over any driver, on one thread, so that every order is the same each time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc::channel;

use flounder::observe::{Bound, Observe, Observer, Seen};
use flounder::tap::{self, Tap};
use flounder::{
    AnyBinding, BindOptions, BindingError, Clock, Descriptor, Dispatcher, DriverChoice, Half,
    Holder, Home, Kernel, Time, Waitset,
};

use crate::far;
pub(crate) use crate::near::probe::{self, Binding, Bulk, Interface, RxVtbl};

/// How the two ends of a binding are made.
pub(crate) struct Setup {
    /// The driver's name, or what else is special.
    pub(crate) name: &'static str,
    bind: fn(&Dispatchers, BindOptions) -> BothEnds,
}

/// The name of `local` with somebody who sees its messages: whoever uses the binding can't tell.
const OBSERVED: &str = "observed";

/// The name of what a simulator has in the place of `local`: it lets everything pass here.
const TAPPED: &str = "tapped";

/// The name of `local` made when the client claims its end.
const TICKET: &str = "ticket";

/// The client's end and the server's.
type BothEnds = (Binding<State>, Binding<State>);

/// Every driver that the runtime has.
pub(crate) const DRIVERS: &[Setup] = &[
    Setup {
        name: "local",
        bind: |on, options| {
            claim(on, flounder::pair::<Interface>(options.driver(DriverChoice::Local)))
        },
    },
    Setup {
        name: OBSERVED,
        bind: |on, options| {
            claim(on, flounder::pair::<Interface>(options.driver(DriverChoice::Local)))
        },
    },
    Setup {
        name: TICKET,
        bind: |on, options| claim_ticket(on, options.driver(DriverChoice::Local)),
    },
    Setup { name: TAPPED, bind: |on, options| claim(on, flounder::pair::<Interface>(options)) },
    Setup { name: "direct", bind: |on, options| claim(on, flounder::pair::<Interface>(options)) },
    Setup {
        name: "ump",
        bind: |on, options| {
            claim(on, flounder::pair::<Interface>(options.driver(DriverChoice::Ump)))
        },
    },
    Setup {
        name: "bytes",
        bind: |on, options| claim(on, flounder::pair::<far::probe::Interface>(options)),
    },
    Setup {
        name: "loopback",
        bind: |on, options| {
            let (client, server) = (RxVtbl::UNHANDLED, SERVER);
            on.client.loopback::<Interface>(options, &client, &server).expect("it has not ended")
        },
    },
];

fn claim(on: &Dispatchers, (here, there): (Half, Half)) -> BothEnds {
    (on.connect(here), on.accept(there))
}

fn claim_ticket(on: &Dispatchers, options: BindOptions) -> BothEnds {
    let (settle, settled) = channel();
    let here = flounder::ticket::<Interface>(options, move |there| {
        settle.send(there).expect("the test waits for it");
    });
    let client = on.connect(here);
    let there = settled.try_recv().expect("the half was claimed");
    (client, on.accept(there.expect("the half wasn't dropped")))
}

/// What happened, in order.
pub(crate) type Log = Rc<RefCell<Vec<String>>>;

/// The state of either dispatcher.
pub(crate) struct State {
    pub(crate) log: Log,
    /// Calls that the server has not answered.
    pub(crate) replies: Vec<probe::SameReply>,
    pub(crate) caps: Vec<probe::HandOver>,
}

impl State {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.log.borrow_mut().push(what.into());
    }
}

/// The server's table: it notes everything and stores calls.
pub(crate) const SERVER: RxVtbl<State> = RxVtbl {
    count: |state, _, count| state.note(count.number.to_string()),
    nothing: |state, _, probe::Nothing {}| state.note("nothing"),
    integers: |state, _, integers| state.note(format!("{integers:?}")),
    lengths: |state, _, lengths| state.note(format!("{lengths:?}")),
    hand_over: |state, _, message| {
        state.note("caps");
        state.caps.push(message);
    },
    bulk: |state, _, Bulk { seal, content }| {
        // Its bytes count up: what is missing or in the wrong place shows.
        let counts = content.iter().enumerate().all(|(at, byte)| *byte == bulk_byte(at));
        state.note(format!("bulk of {}{}", content.len(), if counts { "" } else { ", spoilt" }));
        drop(seal);
    },
    same_call: |state, _, call, reply| {
        state.note(format!("call {}", call.number));
        state.replies.push(reply);
    },
    ..RxVtbl::UNHANDLED
};

/// The byte at a place of a `bulk`.
fn bulk_byte(at: usize) -> u8 {
    // A prime, so that no piece is like the next.
    u8::try_from(at % 251).expect("it is less")
}

/// Much at once, with a capability of its sender.
pub(crate) fn bulk(pair: &Pair, bytes: usize) -> Bulk {
    let seal = pair.client_holder.frame(1).expect("there is memory");
    Bulk { seal, content: (0..bytes).map(bulk_byte).collect() }
}

struct Dispatchers {
    client: Dispatcher<State>,
    server: Dispatcher<State>,
}

impl Dispatchers {
    fn connect(&self, half: Half) -> Binding<State> {
        let client = self.client.connect::<Interface>(half, &RxVtbl::UNHANDLED);
        client.expect("the same interface")
    }

    fn accept(&self, half: Half) -> Binding<State> {
        let server = self.server.accept::<Interface>(half, &SERVER);
        server.expect("the same interface")
    }
}

/// Sees everything and keeps nothing.
struct Everything;

impl Observe for Everything {
    fn bound(&self, _: Bound) -> Option<Box<dyn Observer>> {
        Some(Box::new(Self))
    }
}

impl Observer for Everything {
    fn now(&self, _: u64) -> Option<Time> {
        Some(Time::default())
    }
    fn sent(&self, _: Seen) {}
    fn received(&self, _: Seen) {}
    fn handled(&self) {}
}

/// Lets everything pass.
#[derive(Default)]
struct OpenTap(Cell<u64>);

impl Tap for OpenTap {
    fn opened(&self, _: &'static Descriptor) -> u64 {
        self.0.replace(self.0.get() + 1)
    }
}

/// A clock that a test moves.
#[derive(Default)]
struct ManualClock(Cell<Time>);

impl Clock for ManualClock {
    fn now(&self) -> Time {
        self.0.get()
    }
}

/// A binding between two dispatchers of one waitset.
pub(crate) struct Pair {
    pub(crate) client: Binding<State>,
    pub(crate) server: Binding<State>,
    /// What happened, in order.
    pub(crate) log: Log,
    pub(crate) kernel: Kernel,
    pub(crate) client_holder: Holder,
    /// Loopback's other end lives in the client's dispatcher.
    pub(crate) is_loopback: bool,
    on: Dispatchers,
    waitset: Waitset,
    clock: Rc<ManualClock>,
    /// It sees what passes while there is something to see. The last to drop.
    _tap: Option<tap::Installed>,
}

impl Setup {
    /// Both ends of a binding with the default options.
    pub(crate) fn pair(&self) -> Pair {
        self.pair_with(BindOptions::new())
    }

    /// Both ends of a binding that holds `messages` in each direction.
    pub(crate) fn pair_of(&self, messages: u16) -> Pair {
        self.pair_with(BindOptions::new().capacity(messages.try_into().expect("not 0")))
    }

    pub(crate) fn pair_with(&self, options: BindOptions) -> Pair {
        let tap = (self.name == TAPPED).then(|| tap::install(Rc::new(OpenTap::default())));
        let kernel = Kernel::new();
        let clock = Rc::new(ManualClock::default());
        let waitset = Waitset::with_clock(Rc::clone(&clock) as Rc<dyn Clock>, None);
        let log = Log::default();
        let is_observed = self.name == OBSERVED;
        let (client_holder, server_holder) = (kernel.holder(), kernel.holder());
        let dispatcher = |holder: &Holder| {
            let log = Rc::clone(&log);
            let state = State { log, replies: Vec::new(), caps: Vec::new() };
            let home = Home::new(waitset.clone(), holder.clone());
            let home = if is_observed { home.observed(Rc::new(Everything)) } else { home };
            home.dispatcher(state)
        };
        let on =
            Dispatchers { client: dispatcher(&client_holder), server: dispatcher(&server_holder) };
        let (client, server) = (self.bind)(&on, options);
        client.set_error_handler(|state, _, error| note_error(state, "client", error));
        server.set_error_handler(|state, _, error| note_error(state, "server", error));
        let driver = if [OBSERVED, TICKET].contains(&self.name) { "local" } else { self.name };
        assert_eq!((client.driver(), server.driver()), (driver, driver));
        let is_loopback = self.name == "loopback";
        let pair = Pair {
            client,
            server,
            log,
            kernel,
            client_holder,
            is_loopback,
            on,
            waitset,
            clock,
            _tap: tap,
        };
        pair.settle();
        pair
    }
}

fn note_error(state: &State, end: &str, error: BindingError) {
    state.note(format!("{end}: {error:?}"));
}

impl Pair {
    /// Runs until nothing is left to do.
    pub(crate) fn settle(&self) {
        for _ in 0..10_000 {
            if self.waitset.poll(64) == 0 {
                return;
            }
        }
        panic!("the waitset turns without an end");
    }

    pub(crate) fn waitset(&self) -> Waitset {
        self.waitset.clone()
    }

    /// Gives exactly one turn.
    pub(crate) fn turn(&self) -> bool {
        self.waitset.poll(1) == 1
    }

    /// What happened since it was asked last.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.log.take()
    }

    /// Runs until nothing is left to do; what happened since it was asked last.
    pub(crate) fn settled(&self) -> Vec<String> {
        self.settle();
        self.seen()
    }

    /// Drops the client's last handle; what the server's side sees of it.
    pub(crate) fn drop_client(self) -> (Vec<String>, Binding<State>) {
        let Self { client, server, log, on, waitset, .. } = self;
        drop(client);
        while waitset.poll(64) > 0 {}
        drop(on);
        (log.take(), server)
    }

    /// Moves the clock.
    pub(crate) fn advance_to(&self, nanos: u64) {
        self.clock.0.set(Time::from_nanos(nanos));
    }

    /// Runs `future` as a task of the client.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.on.client.spawn_local(future);
    }

    /// Runs a future that something else must make ready.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.on.client.block_on(future)
    }

    /// Calls `f` with the state that the server's handlers get.
    pub(crate) fn with_server<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        if self.is_loopback { self.on.client.with(f) } else { self.on.server.with(f) }
    }

    /// The reply token of the oldest call that isn't answered.
    pub(crate) fn oldest_reply(&self) -> probe::SameReply {
        self.with_server(|state| state.replies.remove(0))
    }

    /// Sends `numbers`, each of which must be accepted.
    pub(crate) fn count(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            self.client.count(probe::Count { number }).expect("there is room");
        }
    }

    /// Sends until the channel is full; returns how many messages it took.
    pub(crate) fn fill(&self) -> u64 {
        let mut sent = 0;
        while self.client.count(probe::Count { number: sent }).is_ok() {
            sent += 1;
            assert!(sent <= u16::MAX.into(), "a channel has a bound");
        }
        sent
    }
}

/// Texts of `numbers`, as the server notes them.
pub(crate) fn counted(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|number| number.to_string()).collect()
}
