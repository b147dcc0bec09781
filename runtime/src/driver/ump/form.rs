//! A packet as words: the head, then the arguments in the form of [`wire`](crate::wire).
//!
//! The first word says how many bytes and capabilities there are and what the message is for. The
//! second is the call, where there is one. The number of the message is in the mark of its first
//! slot.

use std::array;

use super::ring::Piece;
use super::slot::WORD_BYTES;
use crate::channel::Header;
use crate::interface::Interface;
use crate::rpc::{CallId, Failure};
use crate::wire::WireError;

/// The most words of a head.
pub(super) const HEAD_WORDS_MAX: usize = 2;

/// The number of every piece of a message but the first.
pub(super) const MORE: u16 = 0;
/// The number of the news that a token was dropped.
const DROPPED: u16 = 1;
/// The number of the news that nobody handles a request.
const UNHANDLED: u16 = 2;
/// The lowest number of a message.
pub(super) const NUMBER_MIN: u16 = 3;

/// What the first word says of the number, besides what is in the mark: is there a call, and which
/// way does it go?
const ONE_WAY: u64 = 0;
const CALL: u64 = 1;
const RESPONSE: u64 = 2;

/// The beginning of a packet. Kept as words: a structure of small fields is slower to pass on than
/// all the rest of a small message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// The number in the first mark.
    pub(super) number: u16,
    kind: u64,
    /// The call's number, or 0.
    call: u64,
}

impl Head {
    const CAPS_AT: u32 = 32;
    const CAPS_MAX: u64 = (1 << 30) - 1;
    const KIND_AT: u32 = 62;

    /// The head of a message.
    #[inline]
    pub(super) fn of_message(number: u16, header: Header) -> Self {
        let (kind, call) = match header {
            Header::OneWay => (ONE_WAY, 0),
            Header::Call(call) => (CALL, call.number()),
            Header::Response(call) => (RESPONSE, call.number()),
        };
        Self { number, kind, call }
    }

    /// The head of the news that a call failed.
    pub(super) fn of_failure(call: CallId, failure: Failure) -> Self {
        let number = match failure {
            Failure::Dropped => DROPPED,
            Failure::Unhandled => UNHANDLED,
        };
        Self { number, kind: RESPONSE, call: call.number() }
    }

    /// The words of the head, with `length` bytes of arguments behind it and so many capabilities
    /// beside it, and how many words there are.
    #[inline]
    pub(super) fn words(self, length: u32, caps: u32) -> ([u64; HEAD_WORDS_MAX], usize) {
        debug_assert!(u64::from(caps) <= Self::CAPS_MAX, "so many fit no memory");
        let caps = u64::from(caps) << Self::CAPS_AT;
        let first = self.kind << Self::KIND_AT | caps | u64::from(length);
        ([first, self.call], 1 + usize::from(self.kind != ONE_WAY))
    }

    /// How many words a packet has that begins with `first`, the head's among them.
    #[inline]
    pub(super) fn count(first: u64) -> usize {
        Self::count_in_head(first) + Self::length(first).div_ceil(WORD_BYTES)
    }

    /// How many words the head has that begins with `first`.
    #[inline]
    pub(super) fn count_in_head(first: u64) -> usize {
        1 + usize::from(first >> Self::KIND_AT != ONE_WAY)
    }

    /// How many bytes of arguments there are.
    #[inline]
    pub(super) fn length(first: u64) -> usize {
        low(first) as usize
    }

    /// How many capabilities travel beside the words.
    #[inline]
    pub(super) fn caps(first: u64) -> usize {
        low(first >> Self::CAPS_AT & Self::CAPS_MAX) as usize
    }

    /// What a message is for whose head has these words.
    ///
    /// # Errors
    ///
    /// [`WireError::Value`] if nothing is meant by what they say.
    #[inline]
    pub(super) fn header(first: u64, second: u64) -> Result<Header, WireError> {
        let call = CallId::from_number(second);
        match first >> Self::KIND_AT {
            ONE_WAY => Ok(Header::OneWay),
            CALL => Ok(Header::Call(call)),
            RESPONSE => Ok(Header::Response(call)),
            other => Err(WireError::Value(low(other))),
        }
    }

    /// Which call failed and why, if a packet with this number says that one has.
    ///
    /// # Errors
    ///
    /// [`WireError::Order`] if it is no first piece, [`WireError::Value`] if it says more.
    pub(super) fn failure(
        number: u16,
        first: u64,
        second: u64,
    ) -> Result<(CallId, Failure), WireError> {
        let failure = match number {
            DROPPED => Failure::Dropped,
            UNHANDLED => Failure::Unhandled,
            _ => return Err(WireError::Order),
        };
        if first != RESPONSE << Self::KIND_AT {
            return Err(WireError::Value(low(first)));
        }
        Ok((CallId::from_number(second), failure))
    }
}

/// The lower half of a word.
#[inline]
fn low(word: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "half of it is what is wanted")]
    let low = word as u32;
    low
}

/// How many bytes of arguments a packet with this number may have.
///
/// # Errors
///
/// [`WireError::Number`] if the interface has no such message, [`WireError::Order`] if it is no
/// first piece.
pub(super) fn bytes_max<I: Interface>(number: u16) -> Result<usize, WireError> {
    match number {
        MORE => Err(WireError::Order),
        DROPPED | UNHANDLED => Ok(0),
        _ => match I::DESCRIPTOR.message(number) {
            Some(declared) => Ok(declared.bytes_max),
            None => Err(WireError::Number(number)),
        },
    }
}

/// A packet on its way into slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    number: u16,
    head: [u64; HEAD_WORDS_MAX],
    /// How many of the words the head has.
    in_head: usize,
    bytes: &'a [u8],
}

impl<'a> Words<'a> {
    #[inline]
    pub(super) fn new(head: Head, bytes: &'a [u8], caps: usize) -> Self {
        // Both are checked against their bounds, which the compiler keeps below 2^32.
        let [length, caps] =
            [bytes.len(), caps].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let (words, in_head) = head.words(length, caps);
        Self { number: head.number, head: words, in_head, bytes }
    }

    fn count(&self) -> usize {
        self.in_head + self.bytes.len().div_ceil(WORD_BYTES)
    }

    /// How many pieces of so many words it makes.
    pub(super) fn pieces<const WORDS: usize>(&self) -> usize {
        self.count().div_ceil(WORDS)
    }

    /// The piece at `index`.
    #[inline]
    pub(super) fn piece<const WORDS: usize>(&self, index: usize) -> Piece<WORDS> {
        let first = index * WORDS;
        let number = if index == 0 { self.number } else { MORE };
        let bytes = first.checked_sub(self.in_head).and_then(|word| {
            let start = word * WORD_BYTES;
            self.bytes.get(start..start + WORDS * WORD_BYTES)
        });
        let words = match bytes {
            Some(bytes) => array::from_fn(|word| word_at(bytes, word)),
            None => array::from_fn(|word| self.word(first + word)),
        };
        Piece { number, words }
    }

    fn word(&self, index: usize) -> u64 {
        match index.checked_sub(self.in_head) {
            None => self.head[index],
            Some(index) => word_at(self.bytes, index),
        }
    }
}

/// The word at `index`, as far as there are bytes for it.
#[inline]
fn word_at(bytes: &[u8], index: usize) -> u64 {
    let start = index * WORD_BYTES;
    if let Some(Ok(word)) = bytes.get(start..start + WORD_BYTES).map(TryInto::try_into) {
        return u64::from_le_bytes(word);
    }
    let rest = bytes.get(start..).unwrap_or_default();
    let mut word = [0; WORD_BYTES];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const HEADERS: [Header; 3] = [
        Header::OneWay,
        Header::Call(CallId::from_number(u64::MAX)),
        Header::Response(CallId::from_number(7 << 32 | 5)),
    ];

    #[test]
    fn what_is_said_at_the_head_is_read() {
        let caps_max = low(Head::CAPS_MAX);
        for header in HEADERS {
            for (length, caps) in [(0, 0), (9, 1), (u32::MAX, caps_max)] {
                let head = Head::of_message(7, header);
                let ([first, second], count) = head.words(length, caps);
                assert_eq!(Head::header(first, second), Ok(header));
                assert_eq!(Head::count_in_head(first), count);
                let read = (Head::length(first), Head::caps(first));
                assert_eq!(read, (length as usize, caps as usize));
                assert_eq!(Head::count(first), count + (length as usize).div_ceil(WORD_BYTES));
            }
        }
        let call = CallId::from_number(u64::MAX);
        for failure in [Failure::Dropped, Failure::Unhandled] {
            let head = Head::of_failure(call, failure);
            let ([first, second], _) = head.words(0, 0);
            assert_eq!(Head::failure(head.number, first, second), Ok((call, failure)));
        }
    }

    #[test]
    fn a_head_that_means_nothing_is_refused() {
        assert_eq!(Head::header(3 << Head::KIND_AT, 0), Err(WireError::Value(3)));
        let response = RESPONSE << Head::KIND_AT;
        for (number, first, error) in [
            (MORE, response, WireError::Order),
            (DROPPED, 5, WireError::Value(5)),
            (DROPPED, response | 1, WireError::Value(1)),
            (UNHANDLED, response | 1 << Head::CAPS_AT, WireError::Value(0)),
        ] {
            assert_eq!(Head::failure(number, first, 0), Err(error), "{number} {first:x}");
        }
    }

    #[test]
    fn pieces_put_together_are_the_packet() {
        let bytes: Vec<u8> = (1..=100).collect();
        for header in HEADERS {
            for length in 0..=bytes.len() {
                let words = Words::new(Head::of_message(3, header), &bytes[..length], 0);
                let together = |pieces: Vec<Vec<u64>>| -> Vec<u8> {
                    pieces.concat().iter().flat_map(|word| word.to_le_bytes()).collect()
                };
                let ones = (0..words.pieces::<1>()).map(|i| words.piece::<1>(i).words.to_vec());
                let sevens = (0..words.pieces::<7>()).map(|i| words.piece::<7>(i).words.to_vec());
                let start = words.in_head * WORD_BYTES;
                for joined in [together(ones.collect()), together(sevens.collect())] {
                    assert_eq!(joined[start..start + length], bytes[..length]);
                    assert!(joined[start + length..].iter().all(|byte| *byte == 0));
                }
                let numbers = (0..words.pieces::<7>()).map(|i| words.piece::<7>(i).number);
                assert!(numbers.eq((0..words.pieces::<7>()).map(|i| if i == 0 {
                    3
                } else {
                    MORE
                })));
            }
        }
    }
}
