//! Which driver a binding has, and what a direct queue does when its ends move.

include!("../../codegen/tests/golden/echo.rs");
include!("../../codegen/tests/golden/one.rs");

use std::os::fd::AsFd;

use echo::{Binding, Interface, Ping, RxVtbl};
use flounder::{AnyBinding, BindOptions, Dispatcher, DriverChoice, Half, Kernel, Waitset};
use rustix::event::{PollFd, PollFlags, poll};

const SERVER: RxVtbl<Vec<u64>> =
    RxVtbl { ping: |pinged: &mut Vec<u64>, _, ping| pinged.push(ping.token), ..RxVtbl::UNHANDLED };

/// A client and a server, on waitsets of one thread.
struct Ends {
    client: Dispatcher<()>,
    server: Dispatcher<Vec<u64>>,
}

impl Ends {
    fn on(client: &Waitset, server: &Waitset) -> Self {
        let kernel = Kernel::new();
        Self {
            client: Dispatcher::on(client, kernel.holder(), ()),
            server: Dispatcher::on(server, kernel.holder(), Vec::new()),
        }
    }

    fn connect(&self, half: Half) -> Binding<()> {
        self.client.connect::<Interface>(half, &RxVtbl::UNHANDLED).expect("the same interface")
    }

    fn accept(&self, half: Half) -> Binding<Vec<u64>> {
        self.server.accept::<Interface>(half, &SERVER).expect("the same interface")
    }

    fn pinged(&self) -> Vec<u64> {
        while self.client.poll(9) + self.server.poll(9) > 0 {}
        self.server.with(std::mem::take)
    }
}

fn ping(binding: &Binding<()>, tokens: impl IntoIterator<Item = u64>) {
    for token in tokens {
        binding.ping(Ping { token }).expect("there is room");
    }
}

fn is_readable(waitset: &Waitset) -> bool {
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&waitset.as_fd(), PollFlags::IN)], Some(&now)).expect("it is open") > 0
}

/// Interfaces whose messages own nothing, and what `ump` carries by itself between loops.
pub mod plain {
    include!("plain/few.rs");
    include!("plain/more.rs");
}

/// Which driver two ends have that are claimed on one loop, or on two.
fn driver_of<I: flounder::Interface>(
    unhandled: [I::RxVtbl<()>; 2],
    options: BindOptions,
    one_loop: bool,
) -> &'static str {
    let (here, kernel) = (Waitset::new(), Kernel::new());
    let there = if one_loop { here.clone() } else { Waitset::new() };
    let (half, other) = flounder::pair::<I>(options);
    let dispatchers = [here, there].map(|waitset| Dispatcher::on(&waitset, kernel.holder(), ()));
    let [client, server] = unhandled;
    let client = dispatchers[0].connect::<I>(half, &client).expect("the same interface");
    let server = dispatchers[1].accept::<I>(other, &server).expect("the same interface");
    let drivers = [client.driver(), server.driver(), client.stats().driver, server.stats().driver];
    assert_eq!(drivers, [drivers[0]; 4]);
    drivers[0]
}

#[test]
fn the_rule_gives_each_interface_its_driver() {
    use DriverChoice::{Automatic, Local, Ump};
    type Bound = fn(BindOptions, bool) -> &'static str;
    let cap: Bound = |options, one_loop| {
        driver_of::<one::Interface>([one::RxVtbl::UNHANDLED; 2], options, one_loop)
    };
    let few: Bound = |options, one_loop| {
        driver_of::<plain::few::Interface>([plain::few::RxVtbl::UNHANDLED; 2], options, one_loop)
    };
    let more: Bound = |options, one_loop| {
        driver_of::<plain::more::Interface>([plain::more::RxVtbl::UNHANDLED; 2], options, one_loop)
    };
    let text: Bound =
        |options, one_loop| driver_of::<Interface>([RxVtbl::UNHANDLED; 2], options, one_loop);
    let table: [(&str, Bound, &str); 4] = [
        ("24 bytes", few, "ump"),
        ("32 bytes", more, "local"),
        ("a string", text, "local"),
        ("a capability", cap, "local"),
    ];
    for (what, bound, apart) in table {
        let options = BindOptions::new();
        for (choice, capacity, expected) in [
            (Automatic, 8, [apart, "direct"]),
            (Automatic, 64, [apart, "direct"]),
            (Automatic, 65, ["local", "direct"]),
            (Local, 8, ["local"; 2]),
            (Ump, 8, ["ump"; 2]),
            (Ump, 65, ["ump"; 2]),
        ] {
            let capacity = capacity.try_into().expect("it isn't 0");
            let options = options.driver(choice).capacity(capacity);
            let drivers = [false, true].map(|one_loop| bound(options, one_loop));
            assert_eq!(drivers, expected, "{what}, {choice:?}, {capacity}");
        }
    }
}

#[test]
fn ends_of_one_loop_use_a_direct_queue() {
    use DriverChoice::{Automatic, Local, Ump};
    for (choice, one_loop, expected) in [
        (Automatic, true, "direct"),
        (Automatic, false, "local"),
        (Local, true, "local"),
        (Ump, true, "ump"),
        (Ump, false, "ump"),
    ] {
        for client_first in [true, false] {
            let here = Waitset::new();
            let there = if one_loop { here.clone() } else { Waitset::new() };
            let ends = Ends::on(&here, &there);
            let (half, other) = flounder::pair::<Interface>(BindOptions::new().driver(choice));
            let (client, server) = if client_first {
                let client = ends.connect(half);
                (client, ends.accept(other))
            } else {
                let server = ends.accept(other);
                (ends.connect(half), server)
            };
            assert_eq!((client.driver(), server.stats().driver), (expected, expected));
            ping(&client, [1, 2]);
            assert_eq!(ends.pinged(), [1, 2]);
        }
    }
}

#[test]
fn an_end_that_was_used_before_its_peer_came_stays_with_its_driver() {
    type Use = fn(&Binding<()>);
    let uses: [(Use, &[u64]); 2] = [
        (|client| ping(client, [1]), &[1, 2]),
        (|client| drop(client.reserve().expect("there is room")), &[2]),
    ];
    for (use_it, expected) in uses {
        let waitset = Waitset::new();
        let ends = Ends::on(&waitset, &waitset);
        let (half, other) = flounder::pair::<Interface>(BindOptions::new());
        let client = ends.connect(half);
        use_it(&client);
        let server = ends.accept(other);
        assert_eq!((client.driver(), server.driver()), ("local", "local"));
        ping(&client, [2]);
        assert_eq!(ends.pinged(), expected);
    }
}

#[test]
fn a_peer_that_leaves_before_it_met_its_other_end_is_gone() {
    let waitset = Waitset::new();
    let ends = Ends::on(&waitset, &waitset);
    let (half, other) = flounder::pair::<Interface>(BindOptions::new());
    drop(ends.connect(half));
    let server = ends.accept(other);
    assert!(server.is_closed());
    assert!(ends.pinged().is_empty());
}

#[test]
fn a_direct_end_may_move_to_another_waitset_of_the_thread() {
    let (waitset, other_waitset) = (Waitset::new(), Waitset::new());
    let ends = Ends::on(&waitset, &waitset);
    let (half, other) = flounder::pair::<Interface>(BindOptions::new());
    let (client, server) = (ends.connect(half), ends.accept(other));
    ping(&client, [1]);
    server.change_waitset(&other_waitset);
    ping(&client, [2]);
    assert_eq!(server.driver(), "direct");
    assert!(ends.pinged().is_empty(), "its handlers run where it is now");
    while other_waitset.poll(9) > 0 {}
    assert_eq!(ends.pinged(), [1, 2]);
    ping(&client, [3]);
    server.change_waitset(&waitset);
    assert_eq!(ends.pinged(), [3]);
}

#[test]
fn a_direct_message_wakes_who_waits_for_the_descriptor() {
    let waitset = Waitset::new();
    let ends = Ends::on(&waitset, &waitset);
    let (half, other) = flounder::pair::<Interface>(BindOptions::new());
    let (client, _server) = (ends.connect(half), ends.accept(other));
    assert!(ends.pinged().is_empty());
    assert!(waitset.announce_wait() && !is_readable(&waitset));
    ping(&client, [1]);
    assert!(is_readable(&waitset));
    assert_eq!(ends.pinged(), [1]);
}

#[test]
fn a_plain_end_that_was_used_before_its_peer_came_stays_with_its_ring() {
    use plain::few::{Interface, RxVtbl, Tell};

    let (waitset, kernel) = (Waitset::new(), Kernel::new());
    let client = Dispatcher::on(&waitset, kernel.holder(), ());
    let server = Dispatcher::on(&waitset, kernel.holder(), Vec::new());
    let (half, other) = flounder::pair::<Interface>(BindOptions::new());
    let binding = client.connect::<Interface>(half, &RxVtbl::UNHANDLED).expect("the same");
    let tell = |number| binding.tell(Tell { content: [number; 3] }).expect("there is room");
    tell(1);
    let table = RxVtbl {
        tell: |told: &mut Vec<u64>, _, Tell { content }| told.push(content[0]),
        ..RxVtbl::UNHANDLED
    };
    let end = server.accept::<Interface>(other, &table).expect("the same");
    // The ring is made with the second message.
    (2..9).for_each(tell);
    while waitset.poll(9) > 0 {}
    (9..12).for_each(tell);
    while waitset.poll(9) > 0 {}
    assert_eq!((binding.driver(), end.driver()), ("ump", "ump"));
    assert_eq!(server.with(std::mem::take), (1..12).collect::<Vec<_>>());
}

#[test]
fn a_burst_wakes_its_peer_once() {
    for choice in [DriverChoice::Local, DriverChoice::Ump] {
        let (here, there) = (Waitset::new(), Waitset::new());
        let ends = Ends::on(&here, &there);
        let (half, other) = flounder::pair::<Interface>(BindOptions::new().driver(choice));
        let (client, server) = (ends.connect(half), ends.accept(other));
        for round in 1..4 {
            assert!(ends.pinged().is_empty() && there.announce_wait());
            ping(&client, 0..5);
            assert_eq!((client.stats().wakes, server.stats().sleeps), (round, round));
            assert_eq!(ends.pinged(), [0, 1, 2, 3, 4]);
        }
    }
}
