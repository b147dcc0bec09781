//! A packet as words: the head, then the arguments in the form of [`wire`](crate::wire).
//!
//! The first word says how many bytes and capabilities there are and what the message is for. The
//! second is the call, where there is one. The number of the message is in the mark of its first
//! slot.

use std::array;

use super::ring::Piece;
use crate::channel::Header;
use crate::interface::Interface;
use crate::rpc::{CallId, Failure};
use crate::wire::WireError;

/// The bytes of a word.
pub(super) const WORD_BYTES: usize = size_of::<u64>();

/// The most words of a head.
pub(super) const HEAD_WORDS_MAX: usize = 2;

/// The number of every piece of a message but the first; those of messages start at 3.
pub(super) const MORE: u16 = 0;
/// The number of the news that a token was dropped.
const DROPPED: u16 = 1;
/// The number of the news that nobody handles a request.
const UNHANDLED: u16 = 2;

/// What a packet is, but for its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    Message { number: u16, header: Header },
    CallFailed { call: CallId, failure: Failure },
}

/// The beginning of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) subject: Subject,
    /// The bytes of the arguments.
    pub(super) length: u32,
    /// How many capabilities travel beside the words.
    pub(super) caps: u32,
}

const ONE_WAY: u64 = 0;
const CALL: u64 = 1;
const RESPONSE: u64 = 2;

impl Head {
    const CAPS_AT: u32 = 32;
    const CAPS_MAX: u64 = (1 << 30) - 1;
    const KIND_AT: u32 = 62;

    #[inline]
    pub(super) fn number(self) -> u16 {
        match self.subject {
            Subject::Message { number, .. } => number,
            Subject::CallFailed { failure: Failure::Dropped, .. } => DROPPED,
            Subject::CallFailed { failure: Failure::Unhandled, .. } => UNHANDLED,
        }
    }

    #[inline]
    fn kind(self) -> (u64, Option<CallId>) {
        match self.subject {
            Subject::Message { header: Header::OneWay, .. } => (ONE_WAY, None),
            Subject::Message { header: Header::Call(call), .. } => (CALL, Some(call)),
            Subject::Message { header: Header::Response(call), .. }
            | Subject::CallFailed { call, .. } => (RESPONSE, Some(call)),
        }
    }

    /// The words of the head, and how many of them there are.
    #[inline]
    pub(super) fn words(self) -> ([u64; HEAD_WORDS_MAX], usize) {
        let (kind, call) = self.kind();
        debug_assert!(u64::from(self.caps) <= Self::CAPS_MAX, "so many fit no memory");
        let caps = u64::from(self.caps) << Self::CAPS_AT;
        let first = kind << Self::KIND_AT | caps | u64::from(self.length);
        ([first, call.map_or(0, CallId::number)], 1 + usize::from(call.is_some()))
    }

    /// How many words a packet has that begins with `first`, the head's among them.
    #[inline]
    pub(super) fn count(first: u64) -> usize {
        let has_call = first >> Self::KIND_AT != ONE_WAY;
        1 + usize::from(has_call) + (low(first) as usize).div_ceil(WORD_BYTES)
    }

    /// The head of a packet with this number, and how many words it has.
    ///
    /// # Errors
    ///
    /// [`WireError::Order`] if it is no first piece, [`WireError::Value`] if nothing is meant by
    /// what it says.
    #[inline]
    pub(super) fn read(
        number: u16,
        [first, second]: [u64; HEAD_WORDS_MAX],
    ) -> Result<(Self, usize), WireError> {
        let length = low(first);
        let caps = low(first >> Self::CAPS_AT & Self::CAPS_MAX);
        let call = CallId::from_number(second);
        let (header, words) = match first >> Self::KIND_AT {
            ONE_WAY => (Header::OneWay, 1),
            CALL => (Header::Call(call), 2),
            RESPONSE => (Header::Response(call), 2),
            other => return Err(WireError::Value(low(other))),
        };
        let failed = |failure| match (header, length, caps) {
            (Header::Response(call), 0, 0) => Ok(Subject::CallFailed { call, failure }),
            _ => Err(WireError::Value(number.into())),
        };
        let subject = match number {
            MORE => return Err(WireError::Order),
            DROPPED => failed(Failure::Dropped)?,
            UNHANDLED => failed(Failure::Unhandled)?,
            number => Subject::Message { number, header },
        };
        Ok((Self { subject, length, caps }, words))
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
    pub(super) fn new(head: Head, bytes: &'a [u8]) -> Self {
        let number = head.number();
        let (head, in_head) = head.words();
        Self { number, head, in_head, bytes }
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
        let messages = HEADERS.map(|header| Subject::Message { number: u16::MAX, header });
        let failures = [Failure::Dropped, Failure::Unhandled]
            .map(|failure| Subject::CallFailed { call: CallId::from_number(3), failure });
        for (subject, length, caps) in messages
            .into_iter()
            .map(|message| (message, u32::MAX, low(Head::CAPS_MAX)))
            .chain(failures.map(|failure| (failure, 0, 0)))
        {
            let head = Head { subject, length, caps };
            let (words, count) = head.words();
            assert_eq!(Head::read(head.number(), words), Ok((head, count)));
            assert_eq!(Head::count(words[0]), count + (length as usize).div_ceil(WORD_BYTES));
        }
    }

    #[test]
    fn a_head_that_means_nothing_is_refused() {
        let response = RESPONSE << Head::KIND_AT;
        for (number, first, error) in [
            (MORE, 0, WireError::Order),
            (9, 3 << Head::KIND_AT, WireError::Value(3)),
            (DROPPED, 0, WireError::Value(1)),
            (DROPPED, response | 1, WireError::Value(1)),
            (UNHANDLED, response | 1 << Head::CAPS_AT, WireError::Value(2)),
        ] {
            assert_eq!(Head::read(number, [first, 0]), Err(error), "{number} {first:x}");
        }
    }

    #[test]
    fn pieces_put_together_are_the_packet() {
        let bytes: Vec<u8> = (1..=100).collect();
        for header in HEADERS {
            for length in 0..=bytes.len() {
                let subject = Subject::Message { number: 3, header };
                let head = Head { subject, length: u32::try_from(length).unwrap(), caps: 0 };
                let words = Words::new(head, &bytes[..length]);
                let together = |pieces: Vec<Vec<u64>>| -> Vec<u8> {
                    pieces.concat().iter().flat_map(|word| word.to_le_bytes()).collect()
                };
                let ones = (0..words.pieces::<1>()).map(|i| words.piece::<1>(i).words.to_vec());
                let sevens = (0..words.pieces::<7>()).map(|i| words.piece::<7>(i).words.to_vec());
                let start = head.words().1 * WORD_BYTES;
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
