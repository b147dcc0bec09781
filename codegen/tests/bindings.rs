//! Compiles bindings under the strictest lints, and checks what their codec does.
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic, unreachable_pub, unsafe_code)]

use flounder::wire::{Reader, WireError, Writer};
use flounder::{Cap, ErrVal, Interface, Iref, Transfer};
use proptest::prelude::*;

use generated::every::{self, messages, types};
use generated::shared;

/// As a user's crate takes them in.
pub mod generated {
    include!("golden/echo.rs");
    include!("golden/every.rs");
    include!("golden/one.rs");
    include!("golden/shared.rs");
}

type Bytes = (u16, Vec<u8>, Vec<Cap>);

fn encode(message: every::Message) -> Bytes {
    let number = every::Interface::number(&message);
    let mut writer = Writer::new();
    every::Interface::encode(message, &mut writer);
    let (bytes, caps) = writer.finish();
    (number, bytes, caps)
}

fn decode(number: u16, bytes: &[u8], caps: Vec<Cap>) -> Result<every::Message, WireError> {
    let mut reader = Reader::new(bytes, caps);
    let message = every::Interface::decode(number, &mut reader)?;
    reader.finish()?;
    Ok(message)
}

fn a_box(a: u8) -> types::Box {
    types::Box { a, b: 7, c: a == 1, d: types::Vec::Self_, e: 9 }
}

fn close() -> messages::Close {
    let cap = || Cap::NULL;
    messages::Close {
        table: [[cap(), cap()], [cap(), cap()], [cap(), cap()]],
        one: [cap(), cap()],
        two: cap(),
        three: cap(),
        four: types::Default {
            c: [cap(), cap()],
            r#fn: cap(),
            e: ErrVal::OK,
            iref: Iref(3),
            b: [a_box(0), a_box(1), a_box(2)],
        },
    }
}

/// A message of each form, with every argument as large as it may be.
fn largest() -> Vec<every::Message> {
    let ping =
        types::Ping { a: -1, b: -2, c: -3, d: i64::MIN, e: u64::MAX, f: -6, g: b'g', h: i32::MIN };
    vec![
        every::Message::Ping(messages::Ping { ping }),
        every::Message::Send(messages::Send {}),
        every::Message::Connect(messages::Connect {
            reader: String::new(),
            writer: vec![1],
            number: vec![types::Vec::Value; 300],
            f: vec![a_box(3); 4],
        }),
        every::Message::Close(Box::new(close())),
        every::Message::Drop(messages::Drop { string: "ü".repeat(32767) + "x" }),
        every::Message::DropResponse(messages::DropResponse {
            boxes: [a_box(4); 3],
            me: shared::Self_::Super,
        }),
    ]
}

fn bytes_max(number: u16) -> usize {
    every::DESCRIPTOR.message(number).expect("the message is described").bytes_max
}

#[test]
fn decode_undoes_encode() {
    for message in largest() {
        let shown = format!("{message:?}");
        let (number, bytes, caps) = encode(message);
        let back = decode(number, &bytes, caps).expect("encoded messages decode");
        assert_eq!(format!("{back:?}"), shown);
    }
}

#[test]
fn sizes_are_what_the_descriptor_says() {
    for message in largest() {
        let (number, bytes, _) = encode(message);
        assert_eq!(bytes.len().next_multiple_of(8), bytes_max(number), "message {number}");
        assert!(bytes_max(number) <= every::MESSAGE_BYTES_MAX);
    }
}

#[test]
fn cut_messages_are_refused() {
    for message in largest() {
        let (number, bytes, _) = encode(message);
        for end in 0..bytes.len().min(4096) {
            let caps = std::iter::repeat_with(|| Cap::NULL).take(13).collect();
            assert!(decode(number, &bytes[..end], caps).is_err(), "message {number} at {end}");
        }
    }
}

#[test]
fn values_outside_their_type_are_refused() {
    let (number, mut bytes, _) = encode(every::Message::DropResponse(messages::DropResponse {
        boxes: [a_box(1); 3],
        me: shared::Self_::Self_,
    }));
    let last = bytes.len() - 4;
    bytes[last] = 2;
    assert_eq!(decode(number, &bytes, Vec::new()).expect_err("no enumerator"), WireError::Value(2));
    assert_eq!(decode(999, &[], Vec::new()).expect_err("no message"), WireError::Number(999));
}

#[test]
fn arguments_over_their_maximum_are_found_before_sending() {
    use flounder::Payload as _;
    let mut connect = messages::Connect {
        reader: String::new(),
        writer: vec![1],
        number: Vec::new(),
        f: Vec::new(),
    };
    assert_eq!(connect.check(), Ok(()));
    connect.f = vec![a_box(1); 5];
    assert!(connect.check().expect_err("five are too many").to_string().contains("`f`"));
    connect.reader.push('x');
    assert!(connect.check().expect_err("one byte is too many").to_string().contains("`reader`"));
}

#[test]
fn every_capability_is_shown_with_how_it_travels() {
    let mut message = every::Message::Close(Box::new(close()));
    let (mut moved, mut copied) = (0, 0);
    every::Interface::visit_caps(&mut message, &mut |_: &mut Cap, transfer| match transfer {
        Transfer::Move => moved += 1,
        Transfer::Copy => copied += 1,
    });
    assert_eq!((moved, copied), (6 + 2 + 1, 1 + 3));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(number in 0_u16..30, bytes: Vec<u8>, caps in 0_usize..14) {
        let caps = std::iter::repeat_with(|| Cap::NULL).take(caps).collect();
        if let Ok(message) = decode(number, &bytes, caps) {
            prop_assert_eq!(every::Interface::number(&message), number);
        }
    }
}
