//! How bindings end, and that they give everything back.

use flounder::{AnyBinding, Counts, RpcError};

use crate::Row;
use crate::setup::probe::{Count, HandOver, Same};
use crate::setup::{Pair, RxVtbl, SERVER, Setup, State};

pub(crate) const ROWS: &[Row] = &[
    ("peer closes: what it had sent is delivered, then the error handler", delivered_first),
    ("peer closes: pending calls fail, sends are refused", calls_fail),
    ("close: an own close tells the peer and not oneself", own_close),
    ("close: inside a handler of the binding", inside_handler),
    ("close: tokens and futures don't keep a binding open", tokens_keep_nothing),
    ("close: unread messages and what is parked are given back", unread_is_given_back),
    ("change_waitset: moves messages, pending registrations and the end", moves),
    ("the last handle of the asking side closes", last_handle),
    ("a holder's end closes, from any thread", holder_ends),
    ("the dispatcher's end closes and gives everything back", dispatcher_ends),
];

fn delivered_first(setup: &Setup) {
    let pair = setup.pair();
    pair.count([1, 2]);
    let call = pair.client.same(Same { number: 3 }).unwrap();
    pair.client.close();
    assert_eq!(pair.settled(), ["1", "2", "call 3", "server: PeerClosed"]);
    assert!(pair.server.is_closed());
    drop(call);
}

fn calls_fail(setup: &Setup) {
    let pair = setup.pair();
    let call = pair.client.same(Same { number: 1 }).unwrap();
    pair.settle();
    pair.server.close();
    let refused = pair.client.count(Count { number: 1 }).unwrap_err();
    assert!(matches!(refused, flounder::TxError::Closed(_)));
    assert_eq!(pair.block_on(call).unwrap_err(), RpcError::Closed);
    assert_eq!(pair.settled(), ["call 1", "client: PeerClosed"]);
}

fn own_close(setup: &Setup) {
    let pair = setup.pair();
    pair.client.close();
    pair.client.close();
    assert!(pair.client.is_closed());
    assert_eq!(pair.settled(), ["server: PeerClosed"]);
}

fn inside_handler(setup: &Setup) {
    const CLOSES: RxVtbl<State> = RxVtbl {
        count: |state, binding, count| {
            state.note(format!("closing at {}", count.number));
            binding.close();
        },
        ..SERVER
    };
    let pair = setup.pair();
    pair.server.set_rx_vtbl(&CLOSES);
    pair.count([1, 2]);
    assert_eq!(pair.settled(), ["closing at 1", "client: PeerClosed"]);
    assert_eq!(pair.kernel.counts().bindings, 0);
}

/// Lets both handles of a pair go, and their bindings with them.
fn let_go(pair: Pair) -> flounder::Kernel {
    let kernel = pair.kernel.clone();
    drop(pair);
    kernel
}

fn tokens_keep_nothing(setup: &Setup) {
    let pair = setup.pair();
    let call = pair.client.same(Same { number: 1 }).unwrap();
    pair.settle();
    let reply = pair.oldest_reply();
    let kernel = let_go(pair);
    assert_eq!(kernel.counts().bindings, 0);
    drop((call, reply));
    assert_eq!(kernel.counts(), Counts::default());
}

fn unread_is_given_back(setup: &Setup) {
    let pair = setup.pair_of(1);
    let frames = || {
        let frame = || pair.client_holder.frame(1).expect("one byte is a valid size");
        HandOver { copied: frame(), moved: frame(), both: [frame(), frame()] }
    };
    let call = pair.client.same(Same { number: 1 }).unwrap();
    pair.settle();
    let reply = pair.oldest_reply();
    pair.client.hand_over(frames()).unwrap();
    pair.client.send_or_queue(frames()).unwrap();
    pair.server.close();
    pair.settle();
    assert_eq!(pair.kernel.counts().caps, 0, "although the token and the future are there");
    drop((call, reply));
}

fn moves(setup: &Setup) {
    let pair = setup.pair_of(1);
    let other = flounder::Waitset::new();
    pair.count([1]);
    pair.client.send_or_queue(Count { number: 2 }).unwrap();
    pair.client.continue_with(|state, _| state.note("handed over")).unwrap();
    pair.client.register_send(|state, _| state.note("room")).unwrap();
    let id = pair.client.id();
    pair.client.change_waitset(&other);
    pair.server.change_waitset(&other);
    assert_eq!(pair.client.id(), id);
    assert_eq!(pair.settled(), [""; 0], "nothing happens where they were");
    while other.poll(1) > 0 {}
    let mut seen = pair.seen();
    seen.sort();
    assert_eq!(seen, ["1", "2", "handed over", "room"]);

    pair.client.change_waitset(&pair.waitset());
    pair.count([3]);
    pair.client.close();
    while other.poll(1) > 0 {}
    assert_eq!(pair.seen(), ["3", "server: PeerClosed"]);
    assert_eq!(other.sources(), 0);

    let pair = setup.pair();
    pair.server.change_waitset(&other);
    let kernel = let_go(pair);
    assert_eq!((kernel.counts(), other.sources()), (Counts::default(), 0));
}

fn last_handle(setup: &Setup) {
    let pair = setup.pair();
    let kernel = pair.kernel.clone();
    assert_eq!(kernel.counts().bindings, 2);
    drop(pair.client.clone());
    assert!(!pair.client.is_closed(), "it was not the last");
    let (seen, server) = pair.drop_client();
    assert_eq!(seen, ["server: PeerClosed"]);
    assert!(server.is_closed());
    assert_eq!(kernel.counts().bindings, 0);
}

fn holder_ends(setup: &Setup) {
    let pair = setup.pair();
    let holder = pair.client_holder.clone();
    std::thread::spawn(move || holder.end()).join().expect("it ends");
    assert!(pair.client.is_closed() && pair.server.is_closed());
    let mut seen = pair.settled();
    seen.sort();
    assert_eq!(seen, ["client: PeerClosed", "server: PeerClosed"]);
    assert_eq!(pair.kernel.counts().bindings, 0);
}

fn dispatcher_ends(setup: &Setup) {
    let pair = setup.pair_of(1);
    let call = pair.client.same(Same { number: 1 }).unwrap();
    pair.fill();
    let waiting = pair.client.send_when_room(Count { number: 2 });
    let binding = pair.client.clone();
    pair.spawn(async move {
        let _ = (waiting.await, binding);
    });
    pair.turn();
    let handle = pair.client.clone();
    pair.client.continue_with(move |_, _| drop(handle)).expect("few continuations wait");
    let kernel = let_go(pair);
    drop(call);
    assert_eq!(kernel.counts(), Counts::default());
}
