//! The codec takes nothing on trust: whatever the bytes are, it says so and doesn't panic, and it
//! reads no more than the declaration allows.

use flounder::wire::{Reader, Value, WireError, Writer};
use flounder::{Cap, ErrVal, Iref, Kernel};
use proptest::prelude::*;

const STRING_MAX: usize = 24;
const ARRAY_MAX: usize = 6;

/// One argument of every kind.
#[derive(Clone, PartialEq, Debug)]
struct Arguments {
    small: (u8, i8, bool),
    wide: (u16, i32, u64, i64),
    errval: ErrVal,
    iref: Iref,
    fixed: [u16; 3],
    text: String,
    bytes: Vec<u8>,
    pairs: Vec<[u32; 2]>,
}

impl Arguments {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let Self { small, wide, errval, iref, fixed, text, bytes, pairs } = self.clone();
        writer.put(small.0);
        writer.put(wide.0);
        writer.put(small.1);
        writer.put(wide.1);
        writer.put(small.2);
        writer.put(wide.2);
        writer.put(errval);
        writer.put(iref);
        writer.put(wide.3);
        writer.put(fixed);
        writer.put_string(&text);
        writer.put_array(bytes);
        writer.put_array(pairs);
        let (bytes, caps) = writer.finish();
        assert!(caps.is_empty());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes, Vec::new());
        let (small0, wide0, small1) = (reader.get()?, reader.get()?, reader.get()?);
        let (wide1, small2, wide2) = (reader.get()?, reader.get()?, reader.get()?);
        let (errval, iref, wide3, fixed) =
            (reader.get()?, reader.get()?, reader.get()?, reader.get()?);
        let text = reader.get_string(STRING_MAX)?;
        let arguments = Self {
            small: (small0, small1, small2),
            wide: (wide0, wide1, wide2, wide3),
            errval,
            iref,
            fixed,
            text,
            bytes: reader.get_array(ARRAY_MAX)?,
            pairs: reader.get_array(ARRAY_MAX)?,
        };
        reader.finish()?;
        Ok(arguments)
    }
}

fn arguments() -> impl Strategy<Value = Arguments> {
    let text =
        "[^\0]{0,6}".prop_filter("6 characters fit", |text: &String| text.len() <= STRING_MAX);
    (
        any::<(u8, i8, bool)>(),
        any::<(u16, i32, u64, i64)>(),
        any::<(u64, u32, [u16; 3])>(),
        text,
        proptest::collection::vec(any::<u8>(), 0..=ARRAY_MAX),
        proptest::collection::vec(any::<[u32; 2]>(), 0..=ARRAY_MAX),
    )
        .prop_map(|(small, wide, (errval, iref, fixed), text, bytes, pairs)| Arguments {
            small,
            wide,
            errval: ErrVal::from_bits(errval),
            iref: Iref(iref),
            fixed,
            text,
            bytes,
            pairs,
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read(arguments in arguments()) {
        prop_assert_eq!(Arguments::decode(&arguments.encode()), Ok(arguments));
    }

    #[test]
    fn a_message_cut_anywhere_is_too_short(arguments in arguments()) {
        let bytes = arguments.encode();
        for end in 0..bytes.len() {
            prop_assert_eq!(Arguments::decode(&bytes[..end]), Err(WireError::Length), "{}", end);
        }
    }

    #[test]
    fn a_byte_more_is_too_long(arguments in arguments(), byte: u8) {
        let mut bytes = arguments.encode();
        bytes.push(byte);
        prop_assert_eq!(Arguments::decode(&bytes), Err(WireError::Length));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(
        arguments in arguments(),
        changes in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 1..8),
    ) {
        let mut bytes = arguments.encode();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(read) = Arguments::decode(&bytes) {
            prop_assert!(read.text.len() <= STRING_MAX && !read.text.contains('\0'));
            prop_assert!(read.bytes.len() <= ARRAY_MAX && read.pairs.len() <= ARRAY_MAX);
        }
    }

    #[test]
    fn noise_is_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
        let _ = Arguments::decode(&bytes);
    }
}

/// A string or array that says it has `length` elements, and has 4 bytes.
fn claiming(length: u32) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend([1; 4]);
    bytes
}

#[test]
fn lengths_are_checked_before_anything_is_taken() {
    for length in [5, 8, u32::MAX / 8, u32::MAX - 3, u32::MAX] {
        let bytes = claiming(length);
        for max in [4, usize::try_from(u32::MAX).unwrap()] {
            let read = |bytes| Reader::new(bytes, Vec::new());
            assert_eq!(read(&bytes).get_string(max), Err(WireError::Length));
            assert_eq!(read(&bytes).get_array::<u8>(max), Err(WireError::Length));
            assert_eq!(read(&bytes).get_array::<u64>(max), Err(WireError::Length));
            assert_eq!(read(&bytes).get_array::<[u64; 4]>(max), Err(WireError::Length));
            let caps = read(&bytes).get_array::<Cap>(max).unwrap_err();
            assert!(matches!(caps, WireError::Caps | WireError::Length));
        }
    }
}

#[test]
fn a_reader_can_be_asked_again_after_an_error() {
    let mut reader = Reader::new(&[1, 2, 3], Vec::new());
    assert_eq!(reader.get::<u8>(), Ok(1));
    for _ in 0..2 {
        assert_eq!(reader.get::<u64>(), Err(WireError::Length));
        assert_eq!(reader.get_array::<u8>(8), Err(WireError::Length));
        assert_eq!(reader.get_string(8), Err(WireError::Length));
    }
}

fn value<T: Value>(bytes: &[u8]) -> Option<WireError> {
    Reader::new(bytes, Vec::new()).get::<T>().err()
}

fn string(bytes: &[u8]) -> Option<WireError> {
    let mut message = u32::try_from(bytes.len()).expect("it is short").to_le_bytes().to_vec();
    message.extend(bytes);
    Reader::new(&message, Vec::new()).get_string(64).err()
}

#[test]
fn values_that_their_type_does_not_have_are_refused() {
    let cases = [
        ("true", value::<bool>(&[1]), None),
        ("a bool of 2", value::<bool>(&[2]), Some(WireError::Value(2))),
        ("a bool of 255", value::<bool>(&[255]), Some(WireError::Value(255))),
        ("text", string("grün".as_bytes()), None),
        ("a NUL inside", string(b"a\0b"), Some(WireError::Value(0))),
        ("not UTF-8", string(&[b'a', 0xff]), Some(WireError::Value(0xff))),
        ("half a character", string(&[0xc3]), Some(WireError::Value(0xc3))),
        ("no cap", value::<Cap>(&[]), Some(WireError::Caps)),
        ("one cap of two", value::<[Cap; 2]>(&[]), Some(WireError::Caps)),
    ];
    for (case, refused, expected) in cases {
        assert_eq!(refused, expected, "{case}");
    }
}

#[test]
fn caps_travel_beside_the_bytes_in_order() {
    let holder = Kernel::new().holder();
    let mut writer = Writer::new();
    writer.put([holder.frame(1).unwrap(), Cap::NULL]);
    writer.put(7_u8);
    let (bytes, caps) = writer.finish();
    assert_eq!((bytes.as_slice(), caps.len()), ([7].as_slice(), 2));

    let mut reader = Reader::new(&bytes, caps);
    let first: Cap = reader.get().unwrap();
    assert!(first.identify().is_ok());
    assert_eq!(reader.get::<u8>(), Ok(7));
    assert_eq!(reader.finish(), Err(WireError::Caps), "one is left");
}
