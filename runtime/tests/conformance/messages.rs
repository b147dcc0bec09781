//! What is sent arrives: whole, once, in order, one message a turn.

use flounder::kernel::HOLDER_CAPS_MAX;
use flounder::{AnyBinding, BadArgument, Cap, CapError, Counts, ErrVal, Iref, Kernel, TxError};

use crate::Row;
use crate::setup::probe::{Caps, Count, HandOver, Integers, Lengths, Nothing, Pair, Place, Same};
use crate::setup::{RxVtbl, SERVER, Setup, State, bulk, counted};

pub(crate) const ROWS: &[Row] = &[
    ("order: one-way messages and requests arrive as they were sent", keeps_order),
    ("receive: one message per turn and source", one_message_per_turn),
    ("values: integers and errors at their limits are exact", integers_are_exact),
    ("values: strings and arrays of any length, also none, into a full ring", lengths_are_exact),
    ("values: messages larger than a ring, between others, with their caps", bulks_arrive),
    ("values: messages larger than a ring, before closing", bulks_arrive_before_closing),
    ("send: too large is told first, and what is refused comes back", refusals_hand_back),
    ("caps: `cap` copies, `give_away_cap` moves, the null cap passes", caps_arrive),
    ("caps: a failed transfer is an error of the receiver", foreign_caps_fail),
    ("caps: one too many for its receiver is lost with its message", a_cap_too_many_fails),
    ("rx table: replaced from a handler, from the next message on", table_is_replaced),
    ("no handler: the error handler is told, the binding goes on", unhandled_goes_on),
    ("stats: what was sent and received is counted", stats_count),
];

fn keeps_order(setup: &Setup) {
    let pair = setup.pair();
    pair.count([1, 2]);
    let call = pair.client.same(Same { number: 3 }).unwrap();
    pair.count([4]);
    assert_eq!(pair.seen(), [""; 0], "nothing is received inside a send");
    assert_eq!(pair.settled(), ["1", "2", "call 3", "4"]);
    drop(call);
}

fn one_message_per_turn(setup: &Setup) {
    let pair = setup.pair();
    pair.count(0..5);
    let mut seen = 0;
    while pair.turn() {
        let more = pair.seen().len();
        assert!(more <= 1, "{more} messages in one turn");
        seen += more;
    }
    assert_eq!(seen, 5);
}

fn integers_are_exact(setup: &Setup) {
    let pair = setup.pair();
    let lowest = Integers {
        a: i8::MIN,
        b: i16::MIN,
        c: i32::MIN,
        d: i64::MIN,
        e: 0,
        f: 0,
        g: 0,
        h: 0,
        flag: false,
        err: ErrVal::OK,
        iref: Iref::NULL,
    };
    let highest = Integers {
        a: -1,
        b: i16::MAX,
        c: -2,
        d: i64::MAX,
        e: u8::MAX,
        f: u16::MAX,
        g: u32::MAX,
        h: u64::MAX,
        flag: true,
        err: ErrVal::from_bits(u64::MAX),
        iref: Iref(u32::MAX),
    };
    for integers in [lowest, highest] {
        let sent = format!("{integers:?}");
        pair.client.integers(integers).unwrap();
        assert_eq!(pair.settled(), [sent]);
    }
}

fn lengths(text: &str, bytes: usize, pairs: usize) -> Lengths {
    let pair = Pair { low: -1, high: i64::MIN, place: Place::Last };
    Lengths { text: text.into(), bytes: vec![0xff; bytes], pairs: vec![pair; pairs] }
}

fn lengths_are_exact(setup: &Setup) {
    let pair = setup.pair_of(1);
    for (text, bytes, pairs) in
        [("", 0, 0), ("a", 1, 1), ("exactly fifteen", 8, 3), ("é", 0, 3), ("", 8, 0)]
    {
        let sent = format!("{:?}", lengths(text, bytes, pairs));
        pair.fill();
        pair.client.send_or_queue(lengths(text, bytes, pairs)).unwrap();
        pair.client.send_or_queue(Nothing {}).unwrap();
        assert_eq!(pair.settled()[1..], [sent, "nothing".to_string()]);
    }
}

/// From nothing to more than any ring holds.
const BULKS: [usize; 6] = [0, 1, 40, 3_500, 5_000, 16_384];

fn bulks_arrive(setup: &Setup) {
    let pair = setup.pair_of(100);
    let mut expected = Vec::new();
    for (number, bytes) in (0..).zip(BULKS) {
        pair.client.bulk(bulk(&pair, bytes)).unwrap();
        pair.count([number]);
        expected.extend([format!("bulk of {bytes}"), number.to_string()]);
    }
    assert_eq!(pair.settled(), expected);
    assert_eq!(pair.kernel.counts().caps, 0);
    assert_eq!(pair.fill(), 100, "all room is back");
}

fn bulks_arrive_before_closing(setup: &Setup) {
    let pair = setup.pair();
    for bytes in [9_000, 16_384] {
        pair.client.bulk(bulk(&pair, bytes)).unwrap();
    }
    pair.count([1]);
    pair.client.close();
    assert_eq!(pair.settled(), ["bulk of 9000", "bulk of 16384", "1", "server: PeerClosed"]);

    let pair = setup.pair();
    pair.client.bulk(bulk(&pair, 16_384)).unwrap();
    pair.server.close();
    assert_eq!(pair.settled(), ["client: PeerClosed"]);
    let Counts { caps, bindings, .. } = pair.kernel.counts();
    assert_eq!((caps, bindings), (0, 0), "what nobody reads is given back");
}

fn refusals_hand_back(setup: &Setup) {
    let pair = setup.pair_of(1);
    let cases = [
        (lengths("sixteen bytes it", 0, 0), BadArgument::TooLarge("text")),
        (lengths("a\0b", 0, 0), BadArgument::InteriorNul("text")),
        (lengths("", 9, 0), BadArgument::TooLarge("bytes")),
        (lengths("", 0, 4), BadArgument::TooLarge("pairs")),
    ];
    let refused = |full: &str| {
        for (message, bad) in &cases {
            let error = pair.client.lengths(message.clone()).unwrap_err();
            assert_eq!(error, TxError::Argument(*bad, Box::new(message.clone())), "{full}");
        }
    };
    refused("with room");
    assert_eq!(pair.fill(), 1);
    refused("full");
    let count = Count { number: 7 };
    assert_eq!(pair.client.count(count), Err(TxError::Busy(Box::new(count))));
    pair.client.close();
    refused("closed");
    assert_eq!(pair.client.count(count), Err(TxError::Closed(Box::new(count))));
}

fn caps_arrive(setup: &Setup) {
    let pair = setup.pair();
    let frame = || pair.client_holder.frame(16).unwrap();
    let kept = frame();
    let both: Caps = [frame(), Cap::NULL];
    pair.client.hand_over(HandOver { copied: kept.copy().unwrap(), moved: frame(), both }).unwrap();
    assert_eq!(pair.settled(), ["caps"]);
    if !pair.is_loopback {
        pair.client_holder.end();
    }
    let got = pair.with_server(|state| state.caps.remove(0));
    assert!(got.both[1].is_null());
    for cap in [&got.copied, &got.moved, &got.both[0]] {
        cap.identify().expect("the server holds it, whatever becomes of the client");
    }
    drop((got, kept));
    assert_eq!(pair.kernel.counts().caps, 0);
}

fn foreign_caps_fail(setup: &Setup) {
    let pair = setup.pair();
    let foreign = Kernel::new().holder().frame(1).unwrap();
    let own = pair.client_holder.frame(1).unwrap();
    let message = HandOver { copied: own, moved: foreign, both: [Cap::NULL, Cap::NULL] };
    pair.client.hand_over(message).unwrap();
    let told = format!("server: Cap({:?})", CapError::Foreign);
    assert_eq!(pair.settled()[0], told);
    assert!(pair.server.is_closed());
    let Counts { caps, bindings, .. } = pair.kernel.counts();
    assert_eq!((caps, bindings), (0, 0), "the message is lost as a whole");
}

fn a_cap_too_many_fails(setup: &Setup) {
    let pair = setup.pair();
    let moved = pair.client_holder.frame(1).unwrap();
    let message = HandOver { copied: Cap::NULL, moved, both: [Cap::NULL, Cap::NULL] };
    let kept = pair.server.ctx().unwrap().holder().frame(1).unwrap();
    let copies: Vec<_> = std::iter::from_fn(|| kept.copy().ok()).collect();
    pair.client.hand_over(message).unwrap();
    let limit = CapError::Limit { max: HOLDER_CAPS_MAX, of: "caps of a holder" };
    assert_eq!(pair.settled()[0], format!("server: Cap({limit:?})"));
    assert!(pair.server.is_closed());
    assert_eq!(pair.kernel.counts().caps, 1 + copies.len(), "only what was sent is lost");
    kept.identify().unwrap();
}

fn table_is_replaced(setup: &Setup) {
    const LOUD: RxVtbl<State> = RxVtbl {
        count: |state, binding, count| {
            state.note(format!("loud {}", count.number));
            binding.set_rx_vtbl(&SERVER);
        },
        ..SERVER
    };
    let pair = setup.pair();
    pair.server.set_rx_vtbl(&LOUD);
    pair.count([1, 2, 3]);
    assert_eq!(pair.settled(), ["loud 1", "2", "3"]);
}

fn unhandled_goes_on(setup: &Setup) {
    let pair = setup.pair();
    pair.server.set_rx_vtbl(&RxVtbl::UNHANDLED);
    pair.count([1]);
    assert_eq!(pair.settled(), ["server: Unhandled(\"count\")"]);
    pair.server.set_rx_vtbl(&SERVER);
    pair.count([2]);
    assert_eq!(pair.settled(), counted([2]));
}

fn stats_count(setup: &Setup) {
    let pair = setup.pair_of(1);
    pair.count([1]);
    pair.client.send_or_queue(Count { number: 2 }).unwrap();
    pair.client.count(Count { number: 3 }).unwrap_err();
    pair.settle();
    assert_eq!((pair.client.stats().sent, pair.server.stats().received), (2, 2));
    assert_eq!((pair.server.stats().sent, pair.client.stats().received), (0, 0));
}
