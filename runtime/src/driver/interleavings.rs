//! The races between the two ends of a link, in every order that the memory model allows. A bell that
//! doesn't ring is a deadlock, which loom reports.

use std::cell::Cell;
use std::rc::Rc;

use loom::thread;

#[path = "../../tests/probe/probe.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "it is a whole interface; the models send one message"
)]
pub(crate) mod generated;

use self::generated::probe::{Count, Interface};
use super::{Carrier, Driver, End, Local, RecvError};
use crate::channel::{Header, Packet};
use crate::sync::Arc;
use crate::waitset::{Owned, Source, Turn, Waitset};

/// How often a model interrupts a thread where it could have gone on. One that sends, closes and
/// receives takes minutes without a bound.
const PREEMPTIONS_MAX: usize = 5;

type LocalEnd = <Local as Driver>::End<Interface>;

fn send(end: &LocalEnd, number: u64) {
    End::<Interface>::send(end, Header::OneWay, Count { number }).expect("there is room");
}

/// What the loop's end has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Seen {
    received: u64,
    room: bool,
    closed: bool,
}

/// An end on a waitset: it looks, and arms when it finds nothing.
struct Waiting {
    end: LocalEnd,
    look: fn(&LocalEnd, &mut Seen) -> Turn,
    seen: Cell<Seen>,
}

impl Source for Waiting {
    fn turn(&self) -> Turn {
        let mut seen = self.seen.get();
        let turn = (self.look)(&self.end, &mut seen);
        self.seen.set(seen);
        turn
    }

    fn end(&self) {}

    fn has_event(&self) -> bool {
        self.end.has_packet()
    }

    fn rest(&self) -> bool {
        self.end.arm()
    }
}

/// Looks like a binding does: it arms only when it rests.
fn watch_for_packets(end: &LocalEnd, seen: &mut Seen) -> Turn {
    match End::<Interface>::receive(end) {
        Ok(Packet::Message { .. }) => seen.received += 1,
        Err(RecvError::Closed) => seen.closed = true,
        Err(RecvError::Empty) => {}
        other => unreachable!("nobody sent {other:?}"),
    }
    if seen.closed { Turn::Idle } else { Turn::Watch }
}

fn look_for_packets(end: &LocalEnd, seen: &mut Seen) -> Turn {
    if seen.closed {
        // Whose end is closed receives no more: what isn't received by now is lost.
        return Turn::Idle;
    }
    match End::<Interface>::receive(end) {
        Ok(Packet::Message { .. }) => seen.received += 1,
        Err(RecvError::Closed) => {
            seen.closed = true;
            return Turn::Idle;
        }
        Err(RecvError::Empty) => return if end.arm() { Turn::Idle } else { Turn::Again },
        other => unreachable!("nobody sent {other:?}"),
    }
    Turn::Again
}

fn look_for_room(end: &LocalEnd, seen: &mut Seen) -> Turn {
    (seen.room, seen.closed) = (end.has_room(), end.is_closed());
    if seen.room || seen.closed || end.arm_room() { Turn::Idle } else { Turn::Again }
}

/// Runs `peer` with one end beside a loop that looks, with the other, until it has seen what is
/// `expected`. The peer leaves open what it returns. The channel has room for one message, and as
/// many as `sent` are sent to the peer before.
fn race(
    sent: u64,
    look: fn(&LocalEnd, &mut Seen) -> Turn,
    peer: fn(LocalEnd) -> Option<LocalEnd>,
    expected: Seen,
) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS_MAX);
    model.check(move || {
        let (end, there) = Local::pair::<Interface>(1);
        (0..sent).for_each(|number| send(&end, number));
        let peer = thread::spawn(move || peer(there));
        let waitset = Waitset::new();
        let (waiting, registration) = waitset.insert(&Owned::default(), |bell| {
            end.attach(Arc::clone(bell));
            Rc::new(Waiting { end, look, seen: Cell::default() })
        });
        registration.bell().ring();
        waitset.run_until(|| waiting.seen.get() == expected);
        drop(peer.join().expect("the peer panics never"));
    });
}

#[test]
fn a_send_races_with_asking_for_a_packet() {
    let peer = |end| {
        send(&end, 0);
        Some(end)
    };
    race(0, look_for_packets, peer, Seen { received: 1, ..Seen::default() });
}

#[test]
fn a_send_races_with_a_watched_end_that_rests() {
    let peer = |end| {
        send(&end, 0);
        Some(end)
    };
    race(0, watch_for_packets, peer, Seen { received: 1, ..Seen::default() });
}

#[test]
fn closing_races_with_a_watched_end_that_rests() {
    race(0, watch_for_packets, |_| None, Seen { closed: true, ..Seen::default() });
}

#[test]
fn what_was_sent_before_closing_is_received() {
    let peer = |end| {
        send(&end, 0);
        None
    };
    race(0, look_for_packets, peer, Seen { received: 1, room: false, closed: true });
}

#[test]
fn a_receive_races_with_asking_for_room() {
    let peer = |end| {
        End::<Interface>::receive(&end).expect("a message was sent");
        Some(end)
    };
    race(1, look_for_room, peer, Seen { room: true, ..Seen::default() });
}

#[test]
fn closing_races_with_asking_for_room() {
    race(1, look_for_room, |_| None, Seen { closed: true, ..Seen::default() });
}
