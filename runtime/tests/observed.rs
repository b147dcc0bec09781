//! What an observer sees of its binding, and what it doesn't.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use flounder::observe::{Bound, Observe, Observer, Seen};
use flounder::{AnyBinding, BindOptions, Dispatcher, DriverChoice, Home, Kernel, Time, Waitset};

use interface::probe::{Binding, Count, Interface, Nothing, RxVtbl, Same, SameReply, SameResponse};

#[allow(dead_code, unused_imports, unreachable_pub, reason = "it is a whole interface")]
mod interface {
    include!("probe/probe.rs");
}

/// What was seen, in order.
type Log = Rc<RefCell<Vec<String>>>;

/// Writes down what it sees, with a clock that ticks whenever it is asked.
#[derive(Clone)]
struct Scribe {
    name: &'static str,
    log: Log,
    /// What each said it is carried by, once that was known.
    carried: Log,
    clock: Rc<Cell<u64>>,
}

/// The place of the message in its direction that no scribe wants.
const UNWANTED: u64 = 2;

impl Scribe {
    fn tick(&self) -> Time {
        self.clock.set(self.clock.get() + 1);
        Time::from_nanos(self.clock.get())
    }

    fn note(&self, what: &str) {
        self.log.borrow_mut().push(format!("{} {what}", self.name));
    }

    fn note_seen(&self, what: &str, seen: Seen) {
        let Seen { index, number, call, at } = seen;
        let name = number.map_or("no response", |number| {
            let descriptor = <Interface as flounder::Interface>::DESCRIPTOR;
            descriptor.message(number).expect("it is declared").name
        });
        let call = call.map_or(String::new(), |call| format!(" of call {}", call.number()));
        self.note(&format!("{what} #{index} {name}{call} at {}", at.as_nanos()));
    }
}

impl Observe for Scribe {
    fn bound(&self, binding: Bound) -> Option<Box<dyn Observer>> {
        let end = binding.end.expect("the runtime made the channel");
        self.note(&format!(
            "binds {} over {} as {}",
            binding.descriptor.name, binding.driver, end.side
        ));
        Some(Box::new(self.clone()))
    }
}

impl Observer for Scribe {
    fn now(&self, index: u64) -> Option<Time> {
        (index != UNWANTED).then(|| self.tick())
    }

    fn carried_by(&self, driver: &'static str) {
        self.carried.borrow_mut().push(format!("{} {driver}", self.name));
    }

    fn sent(&self, seen: Seen) {
        self.note_seen("sent", seen);
    }

    fn received(&self, seen: Seen) {
        self.note_seen("received", seen);
    }

    fn handled(&self) {
        self.note(&format!("handled at {}", self.tick().as_nanos()));
    }
}

/// What a service keeps: calls that it doesn't answer.
type Kept = Vec<SameReply>;

const SERVER: RxVtbl<Kept> = RxVtbl {
    count: |_, _, _| {},
    nothing: |_, binding, _| binding.close(),
    same_call: |kept, _, Same { number }, reply: SameReply| match number {
        0 => kept.push(reply),
        1 => drop(reply),
        _ => reply.send(SameResponse { number_again: number }).expect("there is room"),
    },
    ..RxVtbl::UNHANDLED
};

/// Both ends of a binding, each seen by a scribe, on one loop.
struct Stage {
    client: Binding<Kept>,
    server: Binding<Kept>,
    log: Log,
    carried: Log,
    waitset: Waitset,
    _dispatchers: [Dispatcher<Kept>; 2],
}

impl Stage {
    fn set(options: BindOptions) -> Self {
        let (waitset, kernel, log) = (Waitset::new(), Kernel::new(), Log::default());
        let carried = Log::default();
        let clock = Rc::new(Cell::new(0));
        let dispatcher = |name| {
            let scribe = Scribe {
                name,
                log: Rc::clone(&log),
                carried: Rc::clone(&carried),
                clock: Rc::clone(&clock),
            };
            let home = Home::new(waitset.clone(), kernel.holder());
            home.observed(Rc::new(scribe)).dispatcher(Kept::new())
        };
        let dispatchers = ["client", "server"].map(dispatcher);
        let (here, there) = flounder::pair::<Interface>(options);
        let client = dispatchers[0].connect::<Interface>(here, &RxVtbl::UNHANDLED);
        let server = dispatchers[1].accept::<Interface>(there, &SERVER);
        let (client, server) = (client.expect("one claims"), server.expect("one claims"));
        Self { client, server, log, carried, waitset, _dispatchers: dispatchers }
    }

    /// What was seen since it was asked last, once nothing is left to do.
    fn seen(&self) -> Vec<String> {
        while self.waitset.poll(64) > 0 {}
        self.log.take()
    }
}

#[test]
fn both_ends_of_a_call_are_seen_over_every_driver() {
    for (driver, name) in [(DriverChoice::Local, "local"), (DriverChoice::Ump, "ump")] {
        let stage = Stage::set(BindOptions::new().driver(driver));
        let binds = ["client", "server"].map(|who| format!("{who} binds probe over {name} as "));
        assert_eq!(stage.seen(), [format!("{}0", binds[0]), format!("{}1", binds[1])]);

        let call = stage.client.same(Same { number: 7 }).expect("there is room");
        let expected = [
            "client sent #0 same_call of call 4294967296 at 1",
            "server received #0 same_call of call 4294967296 at 2",
            "server sent #0 same_response of call 4294967296 at 3",
            "server handled at 4",
            "client received #0 same_response of call 4294967296 at 5",
            "client handled at 6",
        ];
        assert_eq!(stage.seen(), expected, "{name}");
        drop(call);
    }
}

#[test]
fn the_driver_is_told_once_it_is_known() {
    use DriverChoice::{Automatic, Local, Ump};
    for (choice, name) in [(Automatic, "direct"), (Local, "local"), (Ump, "ump")] {
        let stage = Stage::set(BindOptions::new().driver(choice));
        assert!(stage.carried.borrow().is_empty(), "nothing was said");
        for number in 0..3 {
            stage.client.count(Count { number }).expect("there is room");
            stage.seen();
        }
        assert_eq!(stage.carried.take(), [format!("client {name}"), format!("server {name}")]);
    }
}

#[test]
fn a_call_that_gets_no_response_is_seen_to_fail() {
    let stage = Stage::set(BindOptions::new());
    stage.seen();
    let call = stage.client.same(Same { number: 1 }).expect("there is room");
    let seen = stage.seen();
    assert!(seen[2].starts_with("server sent #0 no response of call"), "{seen:?}");
    assert!(seen[4].starts_with("client received #0 no response of call"), "{seen:?}");
    drop(call);
}

#[test]
fn what_a_full_channel_refuses_is_not_seen_and_what_is_parked_when_it_goes() {
    let stage = Stage::set(BindOptions::new().capacity(1.try_into().expect("not 0")));
    stage.seen();
    stage.client.count(Count { number: 1 }).expect("there is room");
    stage.client.count(Count { number: 2 }).expect_err("it is full");
    stage.client.send_or_queue(Count { number: 3 }).expect("it is parked");
    let sent = |seen: &[String]| seen.iter().filter(|line| line.starts_with("client sent")).count();
    assert_eq!(sent(&stage.log.take()), 1);
    let seen = stage.seen();
    assert_eq!(sent(&seen), 1);
    let received = seen.iter().filter(|line| line.contains("received #1 count")).count();
    assert_eq!(received, 1, "{seen:?}");
}

#[test]
fn what_is_thrown_away_unread_was_not_received() {
    let stage = Stage::set(BindOptions::new());
    stage.seen();
    stage.client.nothing(Nothing {}).expect("there is room");
    stage.client.count(Count { number: 1 }).expect("there is room");
    let seen = stage.seen();
    // The handler of the first closes the binding, so that nobody reads the second.
    let received: Vec<_> = seen.iter().filter(|line| line.contains("received")).collect();
    assert_eq!(received.len(), 1, "{seen:?}");
    assert!(stage.server.is_closed());
}

#[test]
fn a_binding_on_another_waitset_is_seen_there() {
    let stage = Stage::set(BindOptions::new());
    stage.seen();
    let other = Waitset::new();
    stage.server.change_waitset(&other);
    stage.client.count(Count { number: 1 }).expect("there is room");
    assert_eq!(stage.seen().len(), 1);
    while other.poll(64) > 0 {}
    let seen = stage.seen();
    assert!(seen[0].starts_with("server received #0 count"), "{seen:?}");
    assert!(seen[1].starts_with("server handled"), "{seen:?}");
}

#[test]
fn of_a_message_that_is_not_wanted_nothing_is_seen_at_either_end() {
    let stage = Stage::set(BindOptions::new());
    stage.seen();
    for number in 0..4 {
        stage.client.count(Count { number }).expect("there is room");
    }
    let seen = stage.seen();
    let of = |what: &str| seen.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of("sent"), of("received"), of("handled")), (3, 3, 3), "{seen:?}");
    assert_eq!((of("#2"), of("#3")), (0, 2), "{seen:?}");
}

/// Lets every binding be.
struct Nobody;

impl Observe for Nobody {
    fn bound(&self, _: Bound) -> Option<Box<dyn Observer>> {
        None
    }
}

#[test]
fn a_binding_that_is_let_be_works_as_ever() {
    let home = Home::new(Waitset::new(), Kernel::new().holder()).observed(Rc::new(Nobody));
    let dispatcher = home.dispatcher(Kept::new());
    let options = BindOptions::new();
    let ends = dispatcher.loopback::<Interface>(options, &RxVtbl::UNHANDLED, &SERVER);
    let (client, _server) = ends.expect("the dispatcher lives");
    let call = client.same(Same { number: 7 }).expect("there is room");
    assert_eq!(dispatcher.block_on(call).expect("it is answered").number_again, 7);
}
