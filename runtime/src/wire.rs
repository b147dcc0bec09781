//! How messages look as bytes.
//!
//! Little-endian. First the arguments of fixed size in declaration order, each at the next multiple
//! of its size, then strings and arrays as a 32-bit length and their elements. Capabilities travel
//! beside the bytes. A reader takes nothing on trust: every length is checked against the declared
//! maximum before anything is allocated.

use crate::error::BadArgument;
use crate::errval::{ErrCode, ErrVal};
use crate::ids::Iref;
use crate::interface::CapVisitor;
use crate::kernel::{Cap, Transfer};

/// Bytes that are no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The message has no content.
    #[error("the message is empty")]
    Empty,
    /// The interface has no message with this number.
    #[error("no message has the number {0}")]
    Number(u16),
    /// The message ends early, goes on too long, or an argument is over its maximum.
    #[error("the message has the wrong length")]
    Length,
    /// A value that its type doesn't have: a bool, an enumerator, a string's bytes.
    #[error("{0} is not a value of its type")]
    Value(u32),
    /// A piece of a message is missing or not where it should be.
    #[error("the pieces of the message are out of order")]
    Order,
    /// The message carries fewer or more capabilities than its declaration says.
    #[error("the message carries the wrong number of capabilities")]
    Caps,
}

impl WireError {
    /// The error as a code for messages.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::Empty => ErrCode::FLOUNDER_ERR_RX_EMPTY_MSG,
            Self::Number(_) => ErrCode::FLOUNDER_ERR_RX_INVALID_MSGNUM,
            Self::Length | Self::Order => ErrCode::FLOUNDER_ERR_RX_INVALID_LENGTH,
            Self::Value(_) => ErrCode::FLOUNDER_ERR_RX_INVALID_VALUE,
            Self::Caps => ErrCode::FLOUNDER_ERR_RX_CAP,
        }
    }
}

/// The length of a string or array, on the wire: 4 bytes.
const LENGTH_BYTES: usize = 4;

/// So many bytes are written without asking for memory: what fits beside the header of a message
/// into one slot of the `ump` driver.
pub(crate) const INLINE_BYTES: usize = 48;

/// Writes the arguments of one message.
#[derive(Debug)]
pub struct Writer {
    /// The content, while it fits.
    inline: [u8; INLINE_BYTES],
    /// The content, once it is longer.
    spilled: Vec<u8>,
    length: usize,
    caps: Vec<Cap>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An empty writer.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self { inline: [0; INLINE_BYTES], spilled: Vec::new(), length: 0, caps: Vec::new() }
    }

    /// Writes a value of fixed size, at the next multiple of its alignment.
    #[inline]
    pub fn put<T: Value>(&mut self, value: T) {
        value.put(self);
    }

    /// Writes a string: its length and its bytes.
    pub fn put_string(&mut self, text: &str) {
        self.put_length(text.len());
        self.put_at(self.length, text.as_bytes());
    }

    /// Writes an array of varying length: the number of elements, then the elements.
    pub fn put_array<T: Value>(&mut self, elements: Vec<T>) {
        self.put_length(elements.len());
        T::put_all(elements, self);
    }

    /// The bytes and the capabilities written.
    #[must_use]
    pub fn finish(mut self) -> (Vec<u8>, Vec<Cap>) {
        if self.length <= INLINE_BYTES {
            self.spilled.extend_from_slice(&self.inline[..self.length]);
        }
        (self.spilled, self.caps)
    }

    /// Begins another message in the memory of the last one.
    #[inline]
    pub(crate) fn begin(&mut self) {
        debug_assert!(self.caps.is_empty(), "those of the last message were taken");
        self.length = 0;
    }

    /// The bytes written.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.length <= INLINE_BYTES { &self.inline[..self.length] } else { &self.spilled }
    }

    /// Where the bytes written are and how many there are, if they are few and there are no
    /// capabilities.
    #[inline]
    pub(crate) fn small(&self) -> Option<(&[u8; INLINE_BYTES], u32)> {
        let length = u32::try_from(self.length).ok()?;
        (self.length <= INLINE_BYTES && self.caps.is_empty()).then_some((&self.inline, length))
    }

    /// Takes the capabilities that were written.
    pub(crate) fn take_caps(&mut self) -> Vec<Cap> {
        std::mem::take(&mut self.caps)
    }

    fn put_length(&mut self, length: usize) {
        // Lengths are checked against their bounds, which the compiler keeps below 2^32.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.put_aligned(length.to_le_bytes());
    }

    /// Writes `bytes` at the next multiple of their number, a power of two.
    #[inline]
    fn put_aligned<const N: usize>(&mut self, bytes: [u8; N]) {
        let start = self.length.next_multiple_of(N);
        match self.inline.get_mut(start..start + N) {
            Some(place) => {
                place.copy_from_slice(&bytes);
                self.inline[self.length..start].fill(0);
                self.length = start + N;
            }
            None => self.spill(start, &bytes),
        }
    }

    /// Writes `bytes` so that they start at `start`, which is where the content ends.
    fn put_at(&mut self, start: usize, bytes: &[u8]) {
        match self.inline.get_mut(start..start + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length = start + bytes.len();
            }
            None => self.spill(start, bytes),
        }
    }

    /// Writes `bytes` behind what is too long to be in place, and zeros before `start`.
    #[inline(never)]
    fn spill(&mut self, start: usize, bytes: &[u8]) {
        if self.length <= INLINE_BYTES {
            self.spilled.clear();
            self.spilled.extend_from_slice(&self.inline[..self.length]);
        }
        self.spilled.resize(start, 0);
        self.spilled.extend_from_slice(bytes);
        self.length = self.spilled.len();
    }
}

/// Reads the arguments of one message.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// `None` if there are none: then there is nothing to drop either.
    caps: Option<std::vec::IntoIter<Cap>>,
}

impl<'a> Reader<'a> {
    /// Reads from `bytes`, with the capabilities that came beside them.
    #[must_use]
    pub fn new(bytes: &'a [u8], caps: Vec<Cap>) -> Self {
        Self { bytes, at: 0, caps: Some(caps.into_iter()) }
    }

    /// Reads from `bytes`, without capabilities.
    #[inline]
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, caps: None }
    }

    /// Reads a value of fixed size.
    ///
    /// # Errors
    ///
    /// [`WireError::Length`] at the end of the bytes, [`WireError::Value`] if its type has no such
    /// value, [`WireError::Caps`] if it is a capability and there is none.
    #[inline]
    pub fn get<T: Value>(&mut self) -> Result<T, WireError> {
        T::get(self)
    }

    /// Reads a string of at most `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Length`] if it is longer or the bytes end, [`WireError::Value`] if it isn't
    /// UTF-8 or has a NUL inside.
    pub fn get_string(&mut self, bytes_max: usize) -> Result<String, WireError> {
        let length = self.get_length(bytes_max)?;
        let bytes = self.take(length)?;
        if bytes.contains(&0) {
            return Err(WireError::Value(0));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(WireError::Value(u32::from(bytes[error.valid_up_to()]))),
        }
    }

    /// Reads an array of at most `count_max` elements.
    ///
    /// # Errors
    ///
    /// [`WireError::Length`] if it has more or the bytes end, and what its elements say.
    pub fn get_array<T: Value>(&mut self, count_max: usize) -> Result<Vec<T>, WireError> {
        let count = self.get_length(count_max)?;
        // What isn't there isn't allocated. Elements without bytes are capabilities.
        let (there, missing) = match (self.bytes.len() - self.at).checked_div(T::SIZE) {
            Some(elements) => (elements, WireError::Length),
            None => (self.caps_left(), WireError::Caps),
        };
        if count > there {
            return Err(missing);
        }
        T::get_all(self, count)
    }

    /// Ends the message.
    ///
    /// # Errors
    ///
    /// If there are bytes or capabilities left.
    #[inline]
    pub fn finish(self) -> Result<(), WireError> {
        if self.at != self.bytes.len() {
            Err(WireError::Length)
        } else if self.caps_left() > 0 {
            Err(WireError::Caps)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn caps_left(&self) -> usize {
        self.caps.as_ref().map_or(0, ExactSizeIterator::len)
    }

    fn get_length(&mut self, max: usize) -> Result<usize, WireError> {
        let length = u32::from_le_bytes(self.get_aligned::<LENGTH_BYTES>()?) as usize;
        if length > max { Err(WireError::Length) } else { Ok(length) }
    }

    #[inline]
    fn get_aligned<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.at = self.at.next_multiple_of(N);
        self.take(N)?.try_into().map_err(|_| WireError::Length)
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(count).ok_or(WireError::Length)?;
        let taken = self.bytes.get(self.at..end).ok_or(WireError::Length)?;
        self.at = end;
        Ok(taken)
    }
}

/// A type of fixed size on the wire.
pub trait Value: Sized {
    /// The bytes of a value, without the padding before it; 0 for a capability.
    const SIZE: usize;

    /// Writes the value.
    fn put(self, writer: &mut Writer);

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// [`WireError`] if the bytes are no such value.
    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// Writes values one behind the other.
    fn put_all(values: Vec<Self>, writer: &mut Writer) {
        for value in values {
            writer.put(value);
        }
    }

    /// Reads so many values. There are bytes, or capabilities, for all of them, but for padding.
    ///
    /// # Errors
    ///
    /// What the values say.
    fn get_all(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, WireError> {
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(reader.get()?);
        }
        Ok(values)
    }

    /// Shows every capability in the value to the visitor, as one that is copied.
    fn visit_caps(&mut self, visitor: &mut dyn CapVisitor) {
        let _ = visitor;
    }
}

macro_rules! integers {
    ($($ty:ty),*) => {
        $(impl Value for $ty {
            const SIZE: usize = size_of::<$ty>();

            #[inline]
            fn put(self, writer: &mut Writer) {
                writer.put_aligned(self.to_le_bytes());
            }

            #[inline]
            fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
                Ok(Self::from_le_bytes(reader.get_aligned()?))
            }
        })*
    };
}

integers!(u16, u32, u64, i8, i16, i32, i64);

impl Value for u8 {
    const SIZE: usize = 1;

    #[inline]
    fn put(self, writer: &mut Writer) {
        writer.put_aligned([self]);
    }

    #[inline]
    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(reader.get_aligned::<1>()?[0])
    }

    fn put_all(values: Vec<Self>, writer: &mut Writer) {
        writer.put_at(writer.length, &values);
    }

    fn get_all(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, WireError> {
        Ok(reader.take(count)?.to_vec())
    }
}

impl Value for bool {
    const SIZE: usize = 1;

    #[inline]
    fn put(self, writer: &mut Writer) {
        writer.put(u8::from(self));
    }

    #[inline]
    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.get::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(WireError::Value(other.into())),
        }
    }
}

impl Value for Iref {
    const SIZE: usize = 4;

    #[inline]
    fn put(self, writer: &mut Writer) {
        writer.put(self.0);
    }

    #[inline]
    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.get().map(Self)
    }
}

impl Value for ErrVal {
    const SIZE: usize = 8;

    #[inline]
    fn put(self, writer: &mut Writer) {
        writer.put(self.bits());
    }

    #[inline]
    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.get().map(Self::from_bits)
    }
}

impl Value for Cap {
    const SIZE: usize = 0;

    fn put(self, writer: &mut Writer) {
        writer.caps.push(self);
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.caps.as_mut().and_then(Iterator::next).ok_or(WireError::Caps)
    }

    fn visit_caps(&mut self, visitor: &mut dyn CapVisitor) {
        visitor.visit(self, Transfer::Copy);
    }
}

impl<T: Value, const N: usize> Value for [T; N] {
    const SIZE: usize = T::SIZE * N;

    fn put(self, writer: &mut Writer) {
        for element in self {
            writer.put(element);
        }
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut elements = Vec::with_capacity(N);
        for _ in 0..N {
            elements.push(reader.get()?);
        }
        elements.try_into().map_err(|_| WireError::Length)
    }

    fn visit_caps(&mut self, visitor: &mut dyn CapVisitor) {
        for element in self {
            element.visit_caps(visitor);
        }
    }
}

/// Checks a string argument before it is sent.
///
/// # Errors
///
/// [`BadArgument`] if it has more than `bytes_max` bytes or a NUL inside.
pub fn check_string(
    argument: &'static str,
    text: &str,
    bytes_max: usize,
) -> Result<(), BadArgument> {
    if text.len() > bytes_max {
        Err(BadArgument::TooLarge(argument))
    } else if text.as_bytes().contains(&0) {
        Err(BadArgument::InteriorNul(argument))
    } else {
        Ok(())
    }
}

/// Checks an array argument before it is sent.
///
/// # Errors
///
/// [`BadArgument::TooLarge`] if it has more than `count_max` elements.
pub fn check_array<T>(
    argument: &'static str,
    elements: &[T],
    count_max: usize,
) -> Result<(), BadArgument> {
    if elements.len() > count_max { Err(BadArgument::TooLarge(argument)) } else { Ok(()) }
}
