//! What happens when the channel is full: refusals, notices, places, continuations.

use std::rc::Rc;

use flounder::{
    AlreadyRegistered, AnyBinding, BindOptions, ReserveError, TooManyContinuations, TxError,
};

use crate::Row;
use crate::setup::probe::{Count, Same, SameResponse};
use crate::setup::{Pair, Setup, counted};

pub(crate) const ROWS: &[Row] = &[
    ("capacity: as many messages as asked for, then busy", capacity_is_exact),
    ("can_send: true means that the next send is not refused as busy", can_send_tells),
    ("register_send: fires once, as an event, when there is room", register_send_fires),
    (
        "register_send: fires when the peer closes; not after an own close",
        register_send_and_closing,
    ),
    ("continuation: an event, after the hand-over, each once", continuations_follow),
    ("continuation: not if the message was lost", continuations_of_lost_messages),
    ("continuation: one too many is refused", continuations_are_bounded),
    ("reserve: sending into a place is not refused, dropping gives it back", places_are_kept),
    ("reserve: what was parked before still goes first", places_keep_order),
    ("outbox: what is queued is sent in order, one too many is refused", outbox_is_bounded),
    ("room queue: first come, first served; who gives up holds up nobody", queue_is_fair),
    ("room queue: who is served lets the next one in before it is dropped", served_waiters_leave),
    ("room queue: closing wakes everybody", queue_ends),
];

fn capacity_is_exact(setup: &Setup) {
    for capacity in [1, 2, 8, 100] {
        let pair = setup.pair_of(capacity);
        assert_eq!(pair.fill(), capacity.into());
        assert_eq!(pair.settled(), counted(0..capacity.into()));
        assert_eq!(pair.fill(), capacity.into());
    }
}

fn can_send_tells(setup: &Setup) {
    let pair = setup.pair_of(2);
    for number in 0..20 {
        let expected = pair.client.can_send();
        assert_eq!(pair.client.count(Count { number }).is_ok(), expected);
        if number % 3 == 0 {
            pair.turn();
        }
    }
}

fn note_room(pair: &Pair) -> Result<(), AlreadyRegistered> {
    pair.client.register_send(|state, binding| {
        state.note(format!("room: {}", binding.can_send()));
    })
}

fn register_send_fires(setup: &Setup) {
    let pair = setup.pair_of(1);
    note_room(&pair).unwrap();
    assert_eq!(note_room(&pair), Err(AlreadyRegistered));
    assert_eq!(pair.seen(), [""; 0], "an event, never inside the registration");
    assert_eq!(pair.settled(), ["room: true"]);
    pair.fill();
    note_room(&pair).unwrap();
    assert_eq!(pair.settled(), ["0", "room: true"]);
    pair.fill();
    assert_eq!(pair.settled(), ["0"], "once");
}

fn register_send_and_closing(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.fill();
    note_room(&pair).unwrap();
    pair.server.close();
    assert_eq!(pair.settled(), ["room: false", "client: PeerClosed"]);
    assert_eq!(note_room(&pair), Ok(()), "taken and never called");

    let pair = setup.pair_of(1);
    pair.fill();
    let captured = Rc::new(());
    let (held, binding) = (Rc::clone(&captured), pair.client.clone());
    pair.client
        .register_send(move |state, _| {
            let _ = (held, binding);
            state.note("never");
        })
        .unwrap();
    pair.client.close();
    assert_eq!(Rc::strong_count(&captured), 1, "closing lets go of the event");
    assert!(!pair.settled().contains(&"never".to_string()));
}

fn continue_with(pair: &Pair, text: &'static str) {
    pair.client.continue_with(move |state, _| state.note(text)).unwrap();
}

fn continuations_follow(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.count([1]);
    continue_with(&pair, "handed over 1");
    pair.client.send_or_queue(Count { number: 2 }).unwrap();
    continue_with(&pair, "handed over 2");
    assert_eq!(pair.seen(), [""; 0], "never inside the send");
    let seen = pair.settled();
    let at = |text: &str| seen.iter().position(|line| line == text).expect("it happened");
    assert_eq!(seen.len(), 4, "each once: {seen:?}");
    assert!(at("handed over 1") < at("handed over 2"));
    assert!(at("1") < at("handed over 2"), "not before there was room: {seen:?}");
}

fn continuations_of_lost_messages(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.count([1]);
    continue_with(&pair, "handed over 1");
    pair.client.send_or_queue(Count { number: 2 }).unwrap();
    continue_with(&pair, "handed over 2");
    pair.server.close();
    assert_eq!(pair.settled(), ["handed over 1", "client: PeerClosed"]);
}

fn continuations_are_bounded(setup: &Setup) {
    let pair = setup.pair();
    for _ in 0..flounder::CONTINUATIONS_MAX {
        continue_with(&pair, "continued");
    }
    assert_eq!(pair.client.continue_with(|_, _| ()), Err(TooManyContinuations));
    assert_eq!(pair.settled().len(), flounder::CONTINUATIONS_MAX);
}

fn places_are_kept(setup: &Setup) {
    let pair = setup.pair_of(3);
    let (first, second) = (pair.client.reserve().unwrap(), pair.client.reserve().unwrap());
    assert_eq!(pair.fill(), 1);
    assert!(!pair.client.can_send());
    assert_eq!(pair.client.reserve().unwrap_err(), ReserveError::Busy);
    first.send(Count { number: 10 }).unwrap();
    drop(second);
    pair.count([11]);
    assert_eq!(pair.settled(), ["0", "10", "11"]);

    let place = pair.client.reserve().unwrap();
    assert_eq!(pair.fill(), 2);
    pair.server.close();
    assert!(matches!(place.send(Count { number: 1 }), Err(TxError::Closed(_))));
    assert_eq!(pair.client.reserve().unwrap_err(), ReserveError::Closed);
}

fn places_keep_order(setup: &Setup) {
    let pair = setup.pair_of(2);
    let place = pair.client.reserve().unwrap();
    pair.client.send_or_queue(Count { number: 1 }).unwrap();
    pair.client.send_or_queue(Count { number: 2 }).unwrap();
    place.send(Count { number: 3 }).unwrap();
    assert!(!pair.client.can_send());
    assert_eq!(pair.settled(), counted([1, 2, 3]));
    assert_eq!(pair.fill(), 2, "the place is used up");
}

fn outbox_is_bounded(setup: &Setup) {
    let capacity = 2.try_into().unwrap();
    let pair = setup.pair_with(BindOptions::new().capacity(capacity).outbox_max(3));
    for number in 0..5 {
        pair.client.send_or_queue(Count { number }).unwrap();
    }
    let count = Count { number: 5 };
    assert_eq!(pair.client.send_or_queue(count), Err(TxError::Busy(Box::new(count))));
    assert_eq!(pair.client.count(count), Err(TxError::Busy(Box::new(count))));
    assert_eq!(pair.settled(), counted(0..5));
    pair.client.send_or_queue(Count { number: 6 }).unwrap();
    assert_eq!(pair.settled(), counted([6]));
}

/// A task that sends `number` when there is room and notes how that went.
fn send_later(pair: &Pair, number: u64) {
    let (send, log) = (pair.client.send_when_room(Count { number }), Rc::clone(&pair.log));
    pair.spawn(async move {
        let went = send.await.map_or_else(|error| format!("{error}"), |()| "sent".into());
        log.borrow_mut().push(format!("{went} {number}"));
    });
}

fn queue_is_fair(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.count([0]);
    for number in 1..6 {
        send_later(&pair, number);
    }
    // Tasks take their places in turn, before the server has a turn to make room.
    let mut quitter = Box::pin(pair.client.send_when_room(Count { number: 99 }));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(quitter.as_mut().poll(&mut cx).is_pending());
    drop(quitter);
    let mut seen = pair.settled();
    seen.retain(|line| !line.starts_with("sent"));
    assert_eq!(seen, counted(0..6));
    assert_eq!(pair.fill(), 1);
}

fn served_waiters_leave(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.count([0]);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut first = Box::pin(pair.client.send_when_room(Count { number: 1 }));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    send_later(&pair, 2);
    pair.settle();
    assert!(first.as_mut().poll(&mut cx).is_ready());
    pair.settle();
    assert!(pair.seen().contains(&"2".to_string()), "the first is served, and not dropped yet");
    drop(first);
}

fn queue_ends(setup: &Setup) {
    for close in [|pair: &Pair| pair.client.close(), |pair: &Pair| pair.server.close()] {
        let pair = setup.pair_of(1);
        pair.server.set_rx_vtbl(&crate::setup::RxVtbl::UNHANDLED);
        let call = pair.client.same(Same { number: 0 }).unwrap();
        let closed = (1..4).map(|number| format!("the binding is closed {number}"));
        for number in 1..4 {
            send_later(&pair, number);
        }
        close(&pair);
        let seen = pair.settled();
        assert!(closed.into_iter().all(|line| seen.contains(&line)), "{seen:?}");
        pair.block_on(call).map(|SameResponse { .. }| ()).expect_err("it was closed");
    }
}
