//! Two dispatchers on two threads, bound without a monitor.

include!("../../codegen/tests/golden/echo.rs");

use std::time::Duration;

use echo::{Echo, EchoReply, EchoResponse, Interface, Ping, RxVtbl};
use flounder::{AnyBinding, BindOptions, Dispatcher, Half};

#[derive(Default)]
struct Server {
    pinged: Vec<u64>,
}

const SERVER: RxVtbl<Server> = RxVtbl {
    ping: |server, _, ping| server.pinged.push(ping.token),
    echo_call: |_, _, call: Echo, reply: EchoReply| {
        reply.send(EchoResponse { reply: call.text }).expect("the client waits");
    },
};

fn serve(half: Half) -> Vec<u64> {
    let dispatcher = Dispatcher::new(Server::default());
    let binding = dispatcher.accept::<Interface>(half, &SERVER).expect("the same interface");
    binding.set_error_handler(|_, binding, _| {
        if let Some(ctx) = binding.ctx() {
            ctx.stop();
        }
    });
    drop(binding);
    dispatcher.run();
    dispatcher.with(|server| std::mem::take(&mut server.pinged))
}

#[test]
fn pinned_threads_call_each_other() {
    let cpus = flounder::thread::allowed_cpus().expect("the system tells");
    let (client, server) = flounder::pair::<Interface>(BindOptions::new());
    let last = cpus[cpus.len() - 1];
    let thread = flounder::thread::spawn("server", Some(last), move || serve(server)).unwrap();

    let client = flounder::thread::spawn("client", Some(cpus[0]), move || {
        let dispatcher = Dispatcher::new(());
        let binding = dispatcher.connect::<Interface>(client, &RxVtbl::UNHANDLED).unwrap();
        for token in 0..1_000 {
            dispatcher.block_on(binding.send_when_room(Ping { token })).unwrap();
            let call = binding.call(Echo { text: token.to_string() });
            let answer = dispatcher.block_on(call).unwrap();
            assert_eq!(answer.reply, token.to_string());
        }
    });
    client.unwrap().join().unwrap().unwrap();
    let pinged = thread.join().unwrap().unwrap();
    assert_eq!(pinged, (0..1_000).collect::<Vec<_>>());
}

/// Both threads flood each other over channels that are always full or empty: every hand-over is
/// one that may find the other asleep.
#[test]
fn no_wake_up_is_lost_between_threads_that_keep_falling_asleep() {
    const ROUNDS: u64 = 3_000;
    let (sleeps, spins) = (Duration::ZERO, Duration::from_micros(5));
    for (capacity, spin) in [(1, sleeps), (2, sleeps), (8, sleeps), (1, spins), (8, spins)] {
        let options = BindOptions::new().capacity(capacity.try_into().unwrap());
        let (left, right) = flounder::pair::<Interface>(options);
        let ends = [left, right].map(|half| {
            flounder::thread::spawn("flood", None, move || flood(half, ROUNDS, spin)).unwrap()
        });
        for end in ends {
            assert_eq!(end.join().unwrap().unwrap(), ROUNDS);
        }
    }
}

/// Sends and receives `rounds` messages; returns how many came, each in its turn.
fn flood(half: Half, rounds: u64, spin: Duration) -> u64 {
    const COUNT: RxVtbl<u64> = RxVtbl {
        ping: |came, binding, ping| {
            assert_eq!(*came, ping.token, "in order");
            *came += 1;
            if let Some(ctx) = binding.ctx() {
                ctx.stop();
            }
        },
        ..RxVtbl::UNHANDLED
    };
    let dispatcher = Dispatcher::new(0);
    dispatcher.waitset().spin_before_sleep(spin);
    let binding = dispatcher.connect::<Interface>(half, &COUNT).expect("the same interface");
    for token in 0..rounds {
        dispatcher.block_on(binding.send_when_room(Ping { token })).expect("the peer listens");
    }
    while dispatcher.with(|came| *came) < rounds {
        dispatcher.run();
    }
    dispatcher.with(|came| *came)
}
