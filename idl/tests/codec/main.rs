//! Whatever can be sent comes out as it went in, and whatever else arrives is refused: for every
//! message of every interface.

mod table;
mod values;

use std::collections::BTreeSet;

use flounder::wire::{Reader, WireError, Writer};
use flounder::{ArgumentDescriptor, Cap, CapError, CapInfo, Interface, Transfer};
use flounder_idl::{INTERFACES, intermon, monitor, nameservice, proc_mgmt, spawn};
use proptest::prelude::*;
use proptest::sample::Index;

use table::{Table, for_every_interface};

/// What a message is on its way: its number, its bytes and the caps beside them.
type Sent = (u16, Vec<u8>, Vec<Cap>);

/// What a message holds, to compare it with what it was: caps can't be cloned nor compared.
#[derive(Debug, PartialEq)]
struct Content {
    shown: String,
    caps: Vec<(Result<CapInfo, CapError>, Transfer)>,
}

fn content<I: Interface>(message: &mut I::Message) -> Content {
    let mut caps = Vec::new();
    I::visit_caps(message, &mut |cap: &mut Cap, transfer| caps.push((cap.identify(), transfer)));
    Content { shown: format!("{message:?}"), caps }
}

fn encode<I: Interface>(message: I::Message) -> Sent {
    let number = I::number(&message);
    let mut writer = Writer::new();
    I::encode(message, &mut writer);
    let (bytes, caps) = writer.finish();
    (number, bytes, caps)
}

fn decode<I: Interface>(
    number: u16,
    bytes: &[u8],
    caps: Vec<Cap>,
) -> Result<I::Message, WireError> {
    let mut reader = Reader::new(bytes, caps);
    let message = I::decode(number, &mut reader)?;
    reader.finish()?;
    Ok(message)
}

/// Decodes with null caps, as many as asked for.
fn refusal<I: Interface>(number: u16, bytes: &[u8], caps: usize) -> Option<WireError> {
    let nulls = std::iter::repeat_with(|| Cap::NULL).take(caps).collect();
    decode::<I>(number, bytes, nulls).err()
}

/// A message of each number.
fn one_of_each<I: Table>() -> Vec<BoxedStrategy<I::Message>> {
    I::rows().into_iter().map(|row| (row.any)()).collect()
}

fn comes_out_as_it_went_in<I: Interface>(mut message: I::Message) -> Result<(), TestCaseError> {
    let before = content::<I>(&mut message);
    let (number, bytes, caps) = encode::<I>(message);
    prop_assert_eq!(caps.len(), before.caps.len(), "every cap travels beside the bytes");
    let mut back = decode::<I>(number, &bytes, caps)
        .map_err(|err| TestCaseError::fail(format!("{err}: {}", before.shown)))?;
    prop_assert_eq!(content::<I>(&mut back), before);
    let (number_again, bytes_again, _) = encode::<I>(back);
    prop_assert_eq!((number_again, bytes_again), (number, bytes), "the same bytes again");
    Ok(())
}

/// A message that was cut, made longer, or has lost or won a cap.
fn spoilt_is_refused<I: Interface>(message: I::Message, cut: Index) -> Result<(), TestCaseError> {
    let (number, mut bytes, caps) = encode::<I>(message);
    let caps = caps.len();
    if !bytes.is_empty() {
        let kept = cut.index(bytes.len());
        let refused = refusal::<I>(number, &bytes[..kept], caps);
        prop_assert_eq!(refused, Some(WireError::Length), "message {} cut at {}", number, kept);
    }
    if let Some(fewer) = caps.checked_sub(1) {
        prop_assert_eq!(refusal::<I>(number, &bytes, fewer), Some(WireError::Caps));
    }
    prop_assert_eq!(refusal::<I>(number, &bytes, caps + 1), Some(WireError::Caps));
    bytes.push(0);
    prop_assert_eq!(refusal::<I>(number, &bytes, caps), Some(WireError::Length));
    Ok(())
}

macro_rules! properties {
    ($($interface:ident, $spoilt:ident, $noise:ident;)*) => {
        proptest! { $(
            #[test]
            fn $interface(messages in one_of_each::<$interface::Interface>()) {
                for message in messages {
                    comes_out_as_it_went_in::<$interface::Interface>(message)?;
                }
            }

            #[test]
            fn $spoilt(messages in one_of_each::<$interface::Interface>(), cut: Index) {
                for message in messages {
                    spoilt_is_refused::<$interface::Interface>(message, cut)?;
                }
            }

            #[test]
            fn $noise(number in 0_u16..40, bytes: Vec<u8>, caps in 0_usize..6) {
                // Whether it is a message or not, nothing panics.
                let _ = refusal::<$interface::Interface>(number, &bytes, caps);
            }
        )* }

        const TESTED: &[&str] = &[$($interface::NAME),*];
    };
}

properties! {
    intermon, intermon_spoilt, intermon_noise;
    monitor, monitor_spoilt, monitor_noise;
    nameservice, nameservice_spoilt, nameservice_noise;
    proc_mgmt, proc_mgmt_spoilt, proc_mgmt_noise;
    spawn, spawn_spoilt, spawn_noise;
}

fn has_every_message<I: Table>() {
    let declared: Vec<_> = I::DESCRIPTOR.messages.iter().map(|message| message.number).collect();
    let listed: Vec<_> = I::rows().iter().map(|row| row.number).collect();
    assert_eq!(listed, declared, "messages of {} in the table", I::DESCRIPTOR.name);
    for row in I::rows() {
        assert_eq!(I::number(&(row.least)()), row.number, "{}", I::DESCRIPTOR.name);
    }
}

#[test]
fn no_interface_or_message_is_forgotten() {
    let names: Vec<_> = INTERFACES.iter().map(|interface| interface.name).collect();
    assert_eq!(TESTED, names);
    for_every_interface!(has_every_message);
}

/// How long an argument may be, if its declaration says so.
fn maximum(argument: &ArgumentDescriptor) -> Option<(&'static str, usize)> {
    let bound = argument.ty.strip_suffix(']')?.rsplit([',', '[']).next()?;
    let max: usize = bound.trim().parse().expect("a bound is a number");
    Some((argument.name, if argument.ty.starts_with("String") { max - 1 } else { max }))
}

fn has_the_declared_maxima<I: Table>() {
    for row in I::rows() {
        let described = I::DESCRIPTOR.message(row.number).expect("the message is described");
        let declared: Vec<_> = described.arguments.iter().filter_map(maximum).collect();
        assert_eq!(row.maxima, declared, "{}", described.name);
    }
}

#[test]
fn the_table_has_the_declared_maxima() {
    for_every_interface!(has_the_declared_maxima);
}

fn is_as_long_as_described<I: Table>() {
    for row in I::rows() {
        let described = I::DESCRIPTOR.message(row.number).expect("the message is described");
        let (_, bytes, _) = encode::<I>((row.most)());
        assert_eq!(bytes.len().next_multiple_of(8), described.bytes_max, "{}", described.name);
    }
}

#[test]
fn the_largest_messages_are_as_long_as_described() {
    for_every_interface!(is_as_long_as_described);
}

fn is_refused_wherever_it_is_cut<I: Table>() {
    for (row, make) in I::rows().iter().flat_map(|row| [(row, row.least), (row, row.most)]) {
        let (number, bytes, caps) = encode::<I>(make());
        for end in 0..bytes.len() {
            let refused = refusal::<I>(number, &bytes[..end], caps.len());
            assert_eq!(refused, Some(WireError::Length), "message {} cut at {end}", row.number);
        }
    }
}

#[test]
fn the_smallest_and_largest_messages_are_refused_wherever_they_are_cut() {
    for_every_interface!(is_refused_wherever_it_is_cut);
}

fn refuses_other_numbers<I: Table>() {
    let known: BTreeSet<_> = I::rows().iter().map(|row| row.number).collect();
    for number in (0..=u16::MAX).filter(|number| !known.contains(number)) {
        assert_eq!(refusal::<I>(number, &[], 0), Some(WireError::Number(number)));
    }
}

#[test]
fn messages_that_nobody_declared_are_refused() {
    for_every_interface!(refuses_other_numbers);
}
