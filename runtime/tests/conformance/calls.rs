//! Calls and their answers.

use flounder::{AnyBinding, BindOptions, CallError, ErrVal, ReplyError, RpcError, Time, TxError};

use crate::Row;
use crate::setup::probe::{Count, Fetch, FetchResponse, Same, SameCall, SameResponse};
use crate::setup::{Pair, RxVtbl, SERVER, Setup, State};

pub(crate) const ROWS: &[Row] = &[
    ("rpc: the request is sent when the method is called", sent_at_once),
    ("rpc: answers in any order, each to its call", any_order),
    ("rpc: one call too many fails at once", calls_are_bounded),
    ("rpc: a call nobody handles is told so", unhandled),
    ("rpc: a call from inside a handler, both ways at once", both_ways),
    ("reply: stored, answered later; dropped, the caller is told", dropped),
    ("reply: to a peer that is gone, says so", gone),
    ("reply: parked, never lost, and nothing overtakes it", parked),
    ("reply: parked, to a peer that is gone, says so", parked_and_gone),
    ("reply: moves a capability", moves_cap),
    ("future: dropped, its late answer is discarded and counted", late),
    ("future: a deadline ends the wait, sent or not", deadline),
    ("future: polled again after it was ready, does no harm", polled_again),
];

fn ask(pair: &Pair, number: u64) -> SameCall {
    pair.client.same(Same { number }).expect("there is room")
}

fn answer(pair: &Pair, number_again: u64) {
    pair.oldest_reply().send(SameResponse { number_again }).expect("the caller waits");
}

fn number(answer: Result<SameResponse, RpcError>) -> Result<u64, RpcError> {
    answer.map(|response| response.number_again)
}

fn sent_at_once(setup: &Setup) {
    let pair = setup.pair();
    let call = ask(&pair, 1);
    assert_eq!(pair.settled(), ["call 1"]);
    answer(&pair, 1);
    assert_eq!(number(pair.block_on(call)), Ok(1));
}

fn any_order(setup: &Setup) {
    let pair = setup.pair();
    let calls: Vec<_> = (0..8).map(|number| ask(&pair, number)).collect();
    pair.settle();
    let replies = pair.with_server(|state| std::mem::take(&mut state.replies));
    for (number_again, reply) in replies.into_iter().enumerate().rev() {
        let number_again = number_again as u64;
        reply.send(SameResponse { number_again }).unwrap();
    }
    for (expected, call) in calls.into_iter().enumerate() {
        assert_eq!(number(pair.block_on(call)), Ok(expected as u64));
    }
}

fn calls_are_bounded(setup: &Setup) {
    let max = BindOptions::CALLS_MAX.get().into();
    let pair = setup.pair();
    let mut calls = Vec::new();
    for number in 0..max {
        calls.push(ask(&pair, number));
        pair.settle();
    }
    let refused = pair.client.same(Same { number: max }).unwrap_err();
    assert_eq!(refused, CallError::TooManyCalls(Box::new(Same { number: max })));
    let waiting = pair.block_on(pair.client.call(Same { number: max }));
    assert_eq!(number(waiting), Err(RpcError::TooManyCalls));
    answer(&pair, 0);
    pair.settle();
    assert!(pair.client.same(Same { number: 1 }).is_err(), "its future has the answer to take");
    assert_eq!(number(pair.block_on(calls.remove(0))), Ok(0));
    calls.push(ask(&pair, max));
    pair.settle();
    assert!(!pair.client.is_closed());
}

fn unhandled(setup: &Setup) {
    let pair = setup.pair();
    pair.server.set_rx_vtbl(&RxVtbl::UNHANDLED);
    let call = ask(&pair, 1);
    assert_eq!(number(pair.block_on(call)), Err(RpcError::Unhandled));
    pair.server.set_rx_vtbl(&SERVER);
    pair.count([2]);
    assert_eq!(pair.settled(), ["2"], "the binding goes on");
}

fn both_ways(setup: &Setup) {
    const ASKS_BACK: RxVtbl<State> = RxVtbl {
        same_call: |_, binding, call, reply| {
            let back = binding.same(Same { number: call.number + 1 }).expect("there is room");
            binding.ctx().expect("it runs").spawn_local(async move {
                let number_again = back.await.expect("it is answered").number_again;
                reply.send(SameResponse { number_again }).expect("the caller waits");
            });
        },
        ..SERVER
    };
    const ADDS: RxVtbl<State> = RxVtbl {
        same_call: |_, _, call, reply| {
            reply.send(SameResponse { number_again: call.number + 10 }).expect("the caller waits");
        },
        ..SERVER
    };
    let pair = setup.pair_of(1);
    pair.server.set_rx_vtbl(&ASKS_BACK);
    pair.client.set_rx_vtbl(&ADDS);
    assert_eq!(number(pair.block_on(ask(&pair, 1))), Ok(12));
}

fn dropped(setup: &Setup) {
    let pair = setup.pair();
    let (first, second) = (ask(&pair, 1), ask(&pair, 2));
    pair.settle();
    drop(pair.oldest_reply());
    answer(&pair, 2);
    assert_eq!(number(pair.block_on(second)), Ok(2));
    assert_eq!(number(pair.block_on(first)), Err(RpcError::Dropped));
}

fn gone(setup: &Setup) {
    let pair = setup.pair();
    let call = ask(&pair, 1);
    pair.settle();
    let reply = pair.oldest_reply();
    pair.client.close();
    let response = SameResponse { number_again: 1 };
    let Err(ReplyError::Closed(back)) = reply.send(response) else {
        panic!("nobody waits for the answer");
    };
    assert_eq!(*back, response);
    assert_eq!(number(pair.block_on(call)), Err(RpcError::Closed));
}

/// A pair whose channels hold one message, with `calls` calls at the server and a message of the
/// server's that the client has not received: the way back is full.
fn busy_server(setup: &Setup, calls: u64) -> (Pair, Vec<SameCall>) {
    let pair = setup.pair_of(1);
    pair.client.set_rx_vtbl(&SERVER);
    let calls = (0..calls)
        .map(|number| {
            let call = ask(&pair, number);
            pair.settle();
            call
        })
        .collect();
    pair.seen();
    pair.server.count(Count { number: 100 }).unwrap();
    (pair, calls)
}

fn parked(setup: &Setup) {
    let (pair, calls) = busy_server(setup, 3);
    for number_again in 0..3 {
        answer(&pair, number_again);
    }
    let count = Count { number: 101 };
    assert_eq!(pair.server.count(count), Err(TxError::Busy(Box::new(count))));
    assert!(!pair.server.can_send());
    pair.server.send_or_queue(count).unwrap();
    assert_eq!(pair.settled(), ["100", "101"]);
    for (expected, call) in calls.into_iter().enumerate() {
        assert_eq!(number(pair.block_on(call)), Ok(expected as u64));
    }
    assert_eq!(pair.server.stats().sent, 5, "parked ones are counted once");
}

fn parked_and_gone(setup: &Setup) {
    let (pair, calls) = busy_server(setup, 2);
    answer(&pair, 0);
    let reply = pair.oldest_reply();
    pair.client.close();
    let refused = reply.send(SameResponse { number_again: 1 });
    assert!(matches!(refused, Err(ReplyError::Closed(_))), "not parked behind the other");
    drop(calls);
}

fn moves_cap(setup: &Setup) {
    const GIVES: RxVtbl<State> = RxVtbl {
        fetch_call: |_, binding, _, reply| {
            let holder = binding.ctx().expect("it runs").holder();
            let endpoint = holder.endpoint(Box::new(7_u32));
            let sent = reply.send(FetchResponse { err: ErrVal::OK, endpoint });
            sent.expect("the caller waits");
        },
        ..SERVER
    };
    let pair = setup.pair();
    pair.server.set_rx_vtbl(&GIVES);
    let got = pair.block_on(pair.client.fetch(Fetch {}).unwrap()).unwrap();
    let payload = got.endpoint.take_endpoint().expect("it is ours now");
    assert_eq!(payload.downcast_ref(), Some(&7_u32));
}

fn late(setup: &Setup) {
    let pair = setup.pair();
    drop(ask(&pair, 1));
    drop(ask(&pair, 2));
    pair.settle();
    answer(&pair, 1);
    drop(pair.oldest_reply());
    pair.settle();
    assert_eq!(pair.client.stats().late_responses, 2);
    assert!(!pair.client.is_closed());
}

fn deadline(setup: &Setup) {
    let pair = setup.pair_of(1);
    let sent = ask(&pair, 1).with_deadline(Time::from_nanos(50));
    let mut queued =
        Box::pin(pair.client.call(Same { number: 2 }).with_deadline(Time::from_nanos(60)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(queued.as_mut().poll(&mut cx).is_pending());
    pair.advance_to(100);
    assert_eq!(number(pair.block_on(sent)), Err(RpcError::TimedOut));
    assert_eq!(number(pair.block_on(queued)), Err(RpcError::TimedOut));
    assert_eq!(pair.settled(), ["call 1"], "what was not sent never is");
    answer(&pair, 1);
    pair.settle();
    assert_eq!(pair.client.stats().late_responses, 1);
}

fn polled_again(setup: &Setup) {
    let pair = setup.pair();
    let mut call = Box::pin(ask(&pair, 1));
    pair.settle();
    answer(&pair, 1);
    assert_eq!(number(pair.block_on(call.as_mut())), Ok(1));
    assert_eq!(number(pair.block_on(call.as_mut())), Err(RpcError::Closed));
}
