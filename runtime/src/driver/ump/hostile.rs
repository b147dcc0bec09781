//! What a peer writes that keeps to nothing: each piece is a message, part of one, or an error that
//! ends the channel, and never a panic.

use std::hint::spin_loop;

use proptest::prelude::*;

use super::super::form::MORE;
use super::super::slot::{HeapLane, Lane, Mark};
use super::*;
use crate::kernel::Cap;
use crate::wire::WireError;

#[path = "../../../tests/probe/probe.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "it is a whole interface; its numbers are in the descriptor"
)]
mod generated;

use generated::probe::{DESCRIPTOR, Interface, Message};

type WholeEnd = UmpEnd<64, 7>;
type Beside7 = Arc<Beside<64, 7>>;
/// The number and the words of a piece.
type PieceAt<'a> = (u16, &'a [u64]);

/// An end, and what its peer has in hand.
fn end() -> (WholeEnd, HeapLane<64, 7>, Beside7) {
    let (lane, beside) = (Lane::on_heap(), Beside::new());
    let end = UmpEnd {
        tx: Outgoing::new(Beside::new(), 8),
        rx: Incoming::new(Arc::clone(&beside), 8),
        link: OwnSide::pair().0,
        reserved: Reserved::default(),
        writer: RefCell::default(),
    };
    end.tx.begin(Lane::on_heap());
    end.rx.begin(Arc::clone(&lane));
    (end, lane, beside)
}

fn receive(end: &WholeEnd) -> Result<Packet<Message>, RecvError> {
    End::<Interface>::receive(end)
}

/// Publishes pieces, each at its place.
fn publish(lane: &HeapLane<64, 7>, pieces: &[PieceAt]) {
    for (position, (number, words)) in (0..).zip(pieces) {
        lane.slot(position).publish(words, &[], Mark::new(position, *number, 0));
    }
}

fn number(name: &str) -> u16 {
    let message = DESCRIPTOR.messages.iter().find(|message| message.name == name);
    message.expect("the interface has it").number
}

/// A first word: what kind of message, how many capabilities, how many bytes.
const fn first(kind: u64, caps: u64, length: u64) -> u64 {
    kind << 62 | caps << 32 | length
}

#[test]
fn what_is_no_message_is_refused_and_ends_the_channel() {
    const NO_NUMBER: u16 = 999;
    let [count, integers, lengths, hand_over, bulk] =
        ["count", "integers", "lengths", "hand_over", "bulk"].map(number);
    let truth = [first(0, 0, 52), 0, 0, 0, 0, 2, 0];
    let rows: &[(&str, &[PieceAt], WireError)] = &[
        ("no first piece", &[(MORE, &[first(0, 0, 8), 1])], WireError::Order),
        ("no such message", &[(NO_NUMBER, &[first(0, 0, 8)])], WireError::Number(NO_NUMBER)),
        ("no such long message", &[(NO_NUMBER, &[first(0, 0, 80)])], WireError::Number(NO_NUMBER)),
        ("no such kind", &[(count, &[first(3, 0, 8), 1, 1])], WireError::Value(3)),
        ("too short", &[(count, &[first(0, 0, 4), 1])], WireError::Length),
        ("too long", &[(count, &[first(0, 0, 16), 1])], WireError::Length),
        ("far too long", &[(count, &[first(0, 0, 800)])], WireError::Length),
        ("as long as can be said", &[(bulk, &[first(0, 1, 0xffff_ffff)])], WireError::Length),
        (
            "a message inside another",
            &[(lengths, &[first(0, 0, 80)]), (count, &[first(0, 0, 8), 1])],
            WireError::Order,
        ),
        ("a string that ends nowhere", &[(lengths, &[first(0, 0, 8), 9])], WireError::Length),
        ("no bool", &[(integers, &truth), (MORE, &[0])], WireError::Value(2)),
        ("no caps are said to be there", &[(hand_over, &[first(0, 0, 0)])], WireError::Caps),
        ("no caps are there", &[(hand_over, &[first(0, 4, 0)])], WireError::Caps),
        ("caps nobody declared", &[(count, &[first(0, 1, 8), 1])], WireError::Caps),
        ("a failure with content", &[(1, &[first(2, 0, 8), 1, 1])], WireError::Value(8)),
        ("a failure of no call", &[(2, &[first(0, 0, 0)])], WireError::Value(0)),
        ("a long failure", &[(1, &[first(2, 0, 99)])], WireError::Length),
    ];
    for (what, pieces, error) in rows {
        let (end, lane, _) = end();
        publish(&lane, pieces);
        let refused = receive(&end).err();
        assert_eq!(refused, Some(RecvError::Wire(*error)), "{what}");
        publish(&lane, &[(count, &[0][..]); 40]);
        assert_eq!(receive(&end).err(), Some(RecvError::Empty), "{what}: nothing follows");
        assert!(!end.has_packet(), "{what}");
    }
}

#[test]
fn a_mark_that_nobody_leaves_there_is_refused() {
    let (end, lane, _) = end();
    lane.slot(0).publish(&[first(0, 0, 8), 1], &[], Mark::new(5, number("count"), 0));
    assert_eq!(receive(&end).err(), Some(RecvError::Wire(WireError::Order)));
}

#[test]
fn capabilities_of_another_number_fail_with_their_message() {
    for there in [0, 1, 3, 5] {
        let (end, lane, beside) = end();
        beside.caps.push((0..there).map(|_| Cap::NULL).collect());
        publish(&lane, &[(number("hand_over"), &[first(0, 4, 0)])]);
        assert_eq!(receive(&end).err(), Some(RecvError::Wire(WireError::Caps)), "{there}");
        assert!(beside.caps.pop().is_none(), "what is beside is given back");
    }
}

#[test]
fn acknowledgements_of_what_was_not_sent_make_no_room() {
    let (end, lane, _) = end();
    let send = || {
        let count = generated::probe::Count { number: 1 };
        End::<Interface>::send(&end, Header::OneWay, count)
    };
    for _ in 0..8 {
        send().expect("there is room");
    }
    let count = (number("count"), [first(0, 0, 8), 1]);
    for (position, received) in (0..).zip([9, 64, u64::MAX, 0]) {
        lane.slot(position).publish(&count.1, &[], Mark::new(position, count.0, received));
        receive(&end).expect("a message");
        assert!(send().is_err(), "{received}");
    }
}

/// A piece that may be part of a message: more often than not it says something sensible.
fn piece() -> impl Strategy<Value = (u16, Vec<u64>)> {
    let number = prop_oneof![8 => 0_u16..14, 1 => any::<u16>()];
    let first_word = prop_oneof![
        4 => (0_u64..4, 0_u64..3, 0_u64..200).prop_map(|(kind, caps, length)| {
            first(kind, caps, length)
        }),
        1 => any::<u64>(),
    ];
    let rest = proptest::collection::vec(prop_oneof![0_u64..9, any::<u64>()], 6);
    (number, first_word, rest)
        .prop_map(|(number, first, rest)| (number, std::iter::once(first).chain(rest).collect()))
}

proptest! {
    #[test]
    fn noise_is_messages_or_an_error(
        pieces in proptest::collection::vec(piece(), 1..30),
        bundles in proptest::collection::vec(0_usize..3, 0..4),
    ) {
        let (end, lane, beside) = end();
        for caps in bundles {
            beside.caps.push((0..caps).map(|_| Cap::NULL).collect());
        }
        let pieces: Vec<PieceAt> =
            pieces.iter().map(|(number, words)| (*number, words.as_slice())).collect();
        publish(&lane, &pieces);
        while receive(&end).is_ok() {}
        prop_assert_eq!(receive(&end).err(), Some(RecvError::Empty));
    }
}

#[test]
fn a_slot_that_is_rewritten_while_it_is_read_is_a_message_or_an_error() {
    const ROUNDS: u64 = 20_000;
    let (first_end, lane, beside) = end();
    let count = number("count");
    let rewriter = {
        let lane = Arc::clone(&lane);
        move || {
            for round in 0..ROUNDS {
                let position = round % 64;
                let words = [first(round % 3, round % 2, round % 17), round, round];
                lane.slot(position).publish(&words, &[], Mark::new(round, count, round));
                spin_loop();
            }
        }
    };
    let rewriter = crate::thread::spawn("rewriter", None, rewriter).expect("a thread");
    let mut end = first_end;
    for _ in 0..ROUNDS {
        if let Err(RecvError::Wire(_)) = receive(&end) {
            // Another reader of the same memory.
            end.rx = Incoming::new(Arc::clone(&beside), 8);
            end.rx.begin(Arc::clone(&lane));
        }
    }
    rewriter.join().expect("it panics never").expect("nor does what it runs");
}
