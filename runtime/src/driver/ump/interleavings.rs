//! The ring and what goes beside it, in every order that the memory model allows.

use loom::thread;

use super::UmpEnd;
use super::ring::{RingRx, RingTx};
use super::slot::{HeapLane, Lane};
use crate::channel::{Header, Packet};
use crate::driver::interleavings::generated::probe::{
    Bulk, Count, HandOver, Interface, Message, Same,
};
use crate::driver::interleavings::{
    Seen, SmallUmpEnd, look_for_packets, look_for_room, race, send,
};
use crate::driver::{Carrier, End, RecvError};
use crate::kernel::Cap;
use crate::rpc::CallId;
use crate::sync::Arc;

/// A ring of two slots of two words, so that a word of another message would show.
type SmallTx = RingTx<HeapLane<2, 2>, 2, 2>;
type SmallRx = RingRx<HeapLane<2, 2>, 2, 2>;

/// How often a model interrupts a thread where it could have gone on.
const PREEMPTIONS_MAX: usize = 3;

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(model);
}

/// Writes a piece that says `number` in each place, as soon as there is room.
fn write(tx: &SmallTx, number: u16, acknowledged: u64) {
    while tx.room(1) == 0 {
        thread::yield_now();
    }
    tx.write(number, &[number.into(), number.into()], &[], acknowledged);
}

/// Reads the next piece, which must say `number` in each place; its acknowledgement is for `back`.
fn read(rx: &SmallRx, number: u16, back: Option<&SmallTx>) {
    let published = loop {
        match rx.next() {
            Some(published) => break published,
            None => thread::yield_now(),
        }
    };
    let (first, mut rest) = (published.slot.first(), [[0; 8]]);
    rx.take(published.slot, &mut rest);
    assert_eq!((published.mark.number(), first), (number, number.into()));
    assert_eq!(u64::from_le_bytes(rest[0]), number.into());
    if let Some(back) = back {
        back.note(published.mark);
    }
}

/// Acknowledges both slots at once, unless there is nothing to read.
fn ring() -> (SmallTx, SmallRx) {
    let lane = Lane::on_heap();
    (RingTx::new(Arc::clone(&lane)), RingRx::new(lane, 2))
}

#[test]
fn what_is_written_is_read_lap_by_lap() {
    check(|| {
        let (tx, rx) = ring();
        let sender = thread::spawn(move || (1..=4).for_each(|number| write(&tx, number, 0)));
        (1..=4).for_each(|number| read(&rx, number, None));
        sender.join().expect("the sender panics never");
    });
}

#[test]
fn a_mark_acknowledges_the_other_direction() {
    check(|| {
        let ((tx, rx), (tx_back, rx_back)) = (ring(), ring());
        let peer = thread::spawn(move || {
            read(&rx, 1, None);
            write(&tx_back, 9, rx.copied());
            read(&rx, 2, None);
            read(&rx, 3, None);
        });
        write(&tx, 1, 0);
        write(&tx, 2, 0);
        read(&rx_back, 9, Some(&tx));
        write(&tx, 3, 1);
        peer.join().expect("the peer panics never");
    });
}

/// The number of the next message, which must be a count.
fn receive_count(end: &impl End<Interface>) -> u64 {
    loop {
        match end.receive() {
            Ok(Packet::Message { message: Message::Count(Count { number }), .. }) => return number,
            Err(RecvError::Empty) => thread::yield_now(),
            other => unreachable!("nobody sent {other:?}"),
        }
    }
}

#[test]
fn a_ring_is_handed_over_between_messages() {
    // The first is beside the ring, the ring beside the second, and the third in either.
    const MESSAGES: u64 = 3;
    check(|| {
        let (here, there) = UmpEnd::<2, 2>::pair(4);
        let sender = thread::spawn(move || {
            (0..MESSAGES).for_each(|number| send(&there, number));
            there
        });
        (0..MESSAGES).for_each(|number| assert_eq!(receive_count(&here), number));
        drop(sender.join().expect("the sender panics never"));
    });
}

/// A message of three words, for which a ring of two slots has no room.
fn send_long(end: &SmallUmpEnd) {
    let header = Header::Call(CallId::from_number(1));
    End::<Interface>::send(end, header, Same { number: 7 }).expect("there is room for one");
}

fn is_long(packet: &Packet<Message>) -> bool {
    matches!(packet, Packet::Message { message: Message::Same(Same { number: 7 }), .. })
}

fn receive_long(end: &SmallUmpEnd) {
    loop {
        match End::<Interface>::receive(end) {
            Ok(packet) => return assert!(is_long(&packet)),
            Err(RecvError::Empty) => thread::yield_now(),
            other => unreachable!("nobody sent {other:?}"),
        }
    }
}

#[test]
fn the_rest_of_a_message_is_received_without_its_sender() {
    let peer = |end| {
        send_long(&end);
        Some(end)
    };
    let expected = Seen { received: 1, ..Seen::default() };
    race::<SmallUmpEnd>(|_, _| (), look_for_packets, peer, expected);
}

#[test]
fn the_rest_of_a_message_makes_room_when_it_is_received() {
    let peer = |end: SmallUmpEnd| {
        receive_long(&end);
        // Its wish for a packet comes before the last look whether room is wanted.
        assert!(end.arm(), "nothing else was sent");
        Some(end)
    };
    race(|end, _| send_long(end), look_for_room, peer, Seen { room: true, ..Seen::default() });
}

#[test]
fn the_rest_of_a_message_is_received_after_closing() {
    let peer = |end| {
        send_long(&end);
        None
    };
    let expected = Seen { received: 1, closed: true, ..Seen::default() };
    race::<SmallUmpEnd>(|_, _| (), look_for_packets, peer, expected);
}

#[test]
fn capabilities_are_there_when_their_message_is() {
    let peer = |end| {
        let nulls = [Cap::NULL, Cap::NULL];
        let message = HandOver { copied: Cap::NULL, moved: Cap::NULL, both: nulls };
        End::<Interface>::send(&end, Header::OneWay, message).expect("there is room");
        Some(end)
    };
    let expected = Seen { received: 1, ..Seen::default() };
    race::<SmallUmpEnd>(|_, _| (), look_for_packets, peer, expected);
}

#[test]
fn capabilities_of_the_backlog_come_before_those_of_the_ring() {
    check(|| {
        let (here, there) = UmpEnd::<2, 7>::pair(4);
        send(&there, 0);
        let both = [Cap::NULL, Cap::NULL];
        let message = HandOver { copied: Cap::NULL, moved: Cap::NULL, both };
        End::<Interface>::send(&there, Header::OneWay, message).expect("room");
        let sender = thread::spawn(move || {
            let message = Bulk { seal: Cap::NULL, content: Vec::new() };
            End::<Interface>::send(&there, Header::OneWay, message).expect("room");
            there
        });
        let mut left = 3;
        while left > 0 {
            match End::<Interface>::receive(&here) {
                Ok(_) => left -= 1,
                Err(RecvError::Empty) => thread::yield_now(),
                Err(other) => panic!("a message was lost: {other:?}"),
            }
        }
        drop(sender.join());
    });
}
