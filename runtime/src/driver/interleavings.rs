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
use super::link::HOT_AFTER;
use super::ump::UmpEnd;
use super::{Carrier, Driver, End, Local, RecvError};
use crate::channel::{Header, Packet};
use crate::sync::Arc;
use crate::waitset::{Owned, Source, Turn, Waitset};

/// How often a model interrupts a thread where it could have gone on. One that sends, closes and
/// receives takes minutes without a bound.
const PREEMPTIONS_MAX: usize = 5;

type LocalEnd = <Local as Driver>::End<Interface>;
/// The smallest ring there can be: a message takes both slots.
pub(super) type SmallUmpEnd = UmpEnd<2, 1>;
/// Over which nothing was sent, so that there is no ring. Of another size only to be another type.
type NewUmpEnd = UmpEnd<4, 1>;

pub(super) fn send(end: &impl End<Interface>, number: u64) {
    end.send(Header::OneWay, Count { number }).expect("there is room");
}

/// What the loop's end has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    pub(super) received: u64,
    pub(super) room: bool,
    pub(super) closed: bool,
}

/// An end on a waitset: it looks, and arms when it finds nothing.
struct Waiting<E> {
    end: E,
    look: fn(&E, &mut Seen) -> Turn,
    seen: Cell<Seen>,
}

impl<E: End<Interface>> Source for Waiting<E> {
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
fn watch_for_packets(end: &impl End<Interface>, seen: &mut Seen) -> Turn {
    match end.receive() {
        Ok(Packet::Message { .. }) => seen.received += 1,
        Err(RecvError::Closed) => seen.closed = true,
        Err(RecvError::Empty) => {}
        other => unreachable!("nobody sent {other:?}"),
    }
    if seen.closed { Turn::Idle } else { Turn::Watch }
}

pub(super) fn look_for_packets(end: &impl End<Interface>, seen: &mut Seen) -> Turn {
    if seen.closed {
        // Whose end is closed receives no more: what isn't received by now is lost.
        return Turn::Idle;
    }
    match end.receive() {
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

pub(super) fn look_for_room(end: &impl End<Interface>, seen: &mut Seen) -> Turn {
    // There may be room in a closed channel: what nobody takes any more is dropped.
    seen.closed = end.is_closed();
    seen.room = !seen.closed && end.has_room();
    if seen.room || seen.closed || end.arm_room() { Turn::Idle } else { Turn::Again }
}

/// The two ends of a channel with room for one message, and how often a model of it is interrupted.
pub(super) trait Raced: End<Interface> + Sized + Send {
    const PREEMPTIONS_MAX: usize;

    fn pair() -> (Self, Self);

    /// Has the channel be as it is for most of its life.
    fn settle(&self, there: &Self) {
        let _ = there;
    }
}

impl Raced for LocalEnd {
    const PREEMPTIONS_MAX: usize = PREEMPTIONS_MAX;

    fn pair() -> (Self, Self) {
        Local::pair::<Interface>(1)
    }
}

impl Raced for SmallUmpEnd {
    /// A message takes more steps in a ring.
    const PREEMPTIONS_MAX: usize = PREEMPTIONS_MAX - 2;

    fn pair() -> (Self, Self) {
        Self::pair(1)
    }

    /// There are no rings before the second message of a direction.
    fn settle(&self, there: &Self) {
        for (from, to) in [(self, there), (there, self)] {
            pass(from, to, 2);
        }
    }
}

impl Raced for NewUmpEnd {
    const PREEMPTIONS_MAX: usize = SmallUmpEnd::PREEMPTIONS_MAX;

    fn pair() -> (Self, Self) {
        Self::pair(1)
    }
}

/// Has so many messages go through.
fn pass(from: &impl End<Interface>, to: &impl End<Interface>, count: u64) {
    for number in 0..count {
        send(from, number);
        to.receive().expect("it was sent");
        // A look that finds nothing makes room in every driver.
        assert!(!to.has_packet(), "nothing else was sent");
    }
}

/// Runs `peer` with one end beside a loop that looks, with the other, until it has seen what is
/// `expected`. The peer leaves open what it returns. Before, `prepare` gets the loop's end and the
/// peer's.
pub(super) fn race<E: Raced>(
    prepare: fn(&E, &E),
    look: fn(&E, &mut Seen) -> Turn,
    peer: fn(E) -> Option<E>,
    expected: Seen,
) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(E::PREEMPTIONS_MAX);
    model.check(move || {
        let (end, there) = E::pair();
        end.settle(&there);
        prepare(&end, &there);
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

/// Has so many packets in a row go through that the loop's end is hot.
fn warm_up(end: &impl End<Interface>, there: &impl End<Interface>) {
    pass(there, end, HOT_AFTER);
}

fn send_and_stay<E: Raced>(end: E) -> Option<E> {
    send(&end, 0);
    Some(end)
}

/// The same races for every driver whose ends cross threads.
macro_rules! races {
    ($($driver:ident: $end:ty;)*) => { $(
        mod $driver {
            use super::*;

            #[test]
            fn a_send_races_with_asking_for_a_packet() {
                let expected = Seen { received: 1, ..Seen::default() };
                race::<$end>(|_, _| (), look_for_packets, send_and_stay, expected);
            }

            #[test]
            fn a_send_races_with_a_watched_end_that_rests() {
                let expected = Seen { received: 1, ..Seen::default() };
                race::<$end>(|_, _| (), watch_for_packets, send_and_stay, expected);
            }

            #[test]
            fn a_send_races_with_a_hot_end_that_rests() {
                let expected = Seen { received: 1, ..Seen::default() };
                race::<$end>(warm_up, watch_for_packets, send_and_stay, expected);
            }

            #[test]
            fn closing_races_with_a_watched_end_that_rests() {
                let expected = Seen { closed: true, ..Seen::default() };
                race::<$end>(|_, _| (), watch_for_packets, |_| None, expected);
            }

            #[test]
            fn what_was_sent_before_closing_is_received() {
                let peer = |end| {
                    send(&end, 0);
                    None
                };
                let expected = Seen { received: 1, room: false, closed: true };
                race::<$end>(|_, _| (), look_for_packets, peer, expected);
            }

            #[test]
            fn a_receive_races_with_asking_for_room() {
                let peer = |end: $end| {
                    End::<Interface>::receive(&end).expect("a message was sent");
                    // Its wish for a packet comes before the last look whether room is wanted.
                    assert!(end.arm(), "nothing else was sent");
                    Some(end)
                };
                let expected = Seen { room: true, ..Seen::default() };
                race::<$end>(|end, _| send(end, 0), look_for_room, peer, expected);
            }

            #[test]
            fn closing_races_with_asking_for_room() {
                let expected = Seen { closed: true, ..Seen::default() };
                race::<$end>(|end, _| send(end, 0), look_for_room, |_| None, expected);
            }
        }
    )* };
}

races! {
    local: LocalEnd;
    ump: SmallUmpEnd;
    new_ump: NewUmpEnd;
}
