//! Encode then decode is identity.

use flounder::{Cap, CapError, CapInfo, Interface, Kernel};

use crate::declared::Message;
use crate::draw::{Alone, Choose, Least, Most, Sample};
use crate::random::{Random, setting};
use crate::{decode, each_interface, encode, messages};

/// Random messages per message of an interface, unless `ROUNDS` says otherwise.
const ROUNDS: u64 = 64;

fn identities(caps: &[Cap]) -> Vec<Result<CapInfo, CapError>> {
    caps.iter().map(Cap::identify).collect()
}

/// A message that is what was drawn, and stays so when it is encoded and decoded.
fn goes_around<I: Interface>(message: &Message, choose: &mut dyn Choose) {
    let sample = Sample::of(message, choose);
    let place = format!("{}.{}", I::DESCRIPTOR.name, message.name);
    let caps = sample.make_caps(&Kernel::new().holder());
    let sent = identities(&caps);
    let mut first = decode::<I>(message.number, &sample.bytes, caps)
        .unwrap_or_else(|error| panic!("{place}: {error}: {sample:?}"));
    let shown = format!("{first:?}");
    shows_what_was_drawn(&place, &shown, &sample);
    assert_eq!(visited::<I>(&mut first), sample.caps, "{place}: every cap is visited");

    let (number, bytes, caps) = encode::<I>(first);
    assert_eq!((number, &bytes), (message.number, &sample.bytes), "{place}: {shown}");
    assert_eq!(identities(&caps), sent, "{place}: the same caps in the same order");
    let again = decode::<I>(number, &bytes, caps).expect("it was decoded before");
    assert_eq!(format!("{again:?}"), shown, "{place}");
}

/// The numbers and texts of the sample stand in what the message shows, in their order.
fn shows_what_was_drawn(place: &str, shown: &str, sample: &Sample) {
    let mut rest = shown;
    for expected in sample.shown.iter().flatten() {
        let found = rest.split_once(expected.as_str());
        let (_, after) = found.unwrap_or_else(|| panic!("{place}: no {expected} in {rest}"));
        rest = after;
    }
}

fn visited<I: Interface>(message: &mut I::Message) -> usize {
    let mut count = 0;
    I::visit_caps(message, &mut |_: &mut Cap, _| count += 1);
    count
}

fn all_go_around<I: Interface>() -> u64 {
    let mut random = Random::of(I::DESCRIPTOR.name);
    let rounds = setting("ROUNDS", ROUNDS);
    let mut count = 0;
    for message in messages::<I>() {
        let mut check = |choose: &mut dyn Choose| {
            goes_around::<I>(&message, choose);
            count += 1;
        };
        check(&mut Least);
        check(&mut Most);
        for (at, is_one) in (0..leaves(&message)).flat_map(|at| [(at, true), (at, false)]) {
            check(&mut Alone { at, is_one, seen: 0 });
        }
        (0..rounds).for_each(|_| check(&mut random));
    }
    count
}

/// How many values the message has when its strings and arrays have two elements.
fn leaves(message: &Message) -> usize {
    let mut counting = Alone { at: usize::MAX, is_one: true, seen: 0 };
    Sample::of(message, &mut counting);
    counting.seen
}

#[test]
fn what_goes_in_comes_out() {
    let counts = each_interface!(all_go_around);
    println!("round trips: {} interfaces, {} messages", counts.len(), counts.iter().sum::<u64>());
}

fn is_as_long_as_described<I: Interface>() -> usize {
    let messages = messages::<I>();
    for message in &messages {
        let longest = Sample::of(message, &mut Most).bytes.len();
        let place = format!("{}.{}", I::DESCRIPTOR.name, message.name);
        assert_eq!(longest.next_multiple_of(8), message.bytes_max, "{place}");
    }
    messages.len()
}

#[test]
fn the_largest_messages_are_as_long_as_described() {
    let messages: usize = each_interface!(is_as_long_as_described).iter().sum();
    println!("largest messages: {messages}");
}
