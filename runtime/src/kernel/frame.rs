//! Frames: memory that several domains share, reached only through caps.
//!
//! No slice of a Frame is ever handed out, so a revocation needs nobody's cooperation and bytes
//! that a peer changes meanwhile can't break a Rust rule: each byte is an atomic of its own.

use super::object::Body;
use super::{Cap, CapError, Rights};
use crate::sync::atomic::{AtomicU8, Ordering};

/// The largest Frame: 16 MiB. Frames carry arguments and pages between domains; a slip in a length
/// mustn't take the machine's memory.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

pub(super) struct Memory(Box<[AtomicU8]>);

impl Memory {
    pub(super) fn new(bytes: usize) -> Result<Self, CapError> {
        match bytes {
            0 => Err(CapError::Range),
            1..=FRAME_BYTES_MAX => Ok(Self((0..bytes).map(|_| AtomicU8::new(0)).collect())),
            _ => Err(CapError::Limit { max: FRAME_BYTES_MAX, of: "bytes in a Frame" }),
        }
    }

    fn part(&self, offset: usize, bytes: usize) -> Result<&[AtomicU8], CapError> {
        let end = offset.checked_add(bytes).ok_or(CapError::Range)?;
        self.0.get(offset..end).ok_or(CapError::Range)
    }
}

impl Cap {
    /// The size of this Frame in bytes. Needs no right.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`], [`CapError::WrongType`].
    pub fn frame_bytes(&self) -> Result<usize, CapError> {
        Ok(self.memory(Rights::NONE)?.0.len())
    }

    /// Reads the bytes from `offset` on into `bytes`. Needs READ.
    ///
    /// Of bytes that are written at the same time some may be old and some new; who wants more
    /// sends a message when the Frame is ready.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`], [`CapError::WrongType`],
    /// [`CapError::MissingRights`]; [`CapError::Range`] leaves `bytes` as they were.
    pub fn read_at(&self, offset: usize, bytes: &mut [u8]) -> Result<(), CapError> {
        let part = self.memory(Rights::READ)?.part(offset, bytes.len())?;
        for (byte, shared) in bytes.iter_mut().zip(part) {
            // Relaxed, also in `write_at`: the message that says "ready" orders the bytes.
            *byte = shared.load(Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes `bytes` from `offset` on. Needs WRITE.
    ///
    /// # Errors
    ///
    /// [`CapError::Null`], [`CapError::Revoked`], [`CapError::WrongType`],
    /// [`CapError::MissingRights`]; [`CapError::Range`] writes nothing.
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Result<(), CapError> {
        let part = self.memory(Rights::WRITE)?.part(offset, bytes.len())?;
        for (shared, byte) in part.iter().zip(bytes) {
            shared.store(*byte, Ordering::Relaxed);
        }
        Ok(())
    }

    fn memory(&self, rights: Rights) -> Result<&Memory, CapError> {
        let held = self.usable()?;
        let Body::Frame(memory) = held.node.object().body() else {
            return Err(CapError::WrongType);
        };
        held.require(rights)?;
        Ok(memory)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::Kernel;

    #[test]
    fn sizes() {
        let holder = Kernel::new().holder();
        let limit = CapError::Limit { max: FRAME_BYTES_MAX, of: "bytes in a Frame" };
        let cases = [
            (0, Err(CapError::Range)),
            (1, Ok(1)),
            (4096, Ok(4096)),
            (FRAME_BYTES_MAX + 1, Err(limit)),
            (usize::MAX, Err(limit)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(holder.frame(bytes).and_then(|cap| cap.frame_bytes()), expected);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "16 MiB of atomics, one by one, take Miri minutes")]
    fn the_largest_frame_can_be_made() {
        let frame = Kernel::new().holder().frame(FRAME_BYTES_MAX).unwrap();
        frame.write_at(FRAME_BYTES_MAX - 1, &[7]).unwrap();
    }

    #[test]
    fn only_what_lies_inside_is_read_or_written() {
        let frame = Kernel::new().holder().frame(8).unwrap();
        let cases = [
            (0, 8, Ok(())),
            (8, 0, Ok(())),
            (3, 2, Ok(())),
            (7, 2, Err(CapError::Range)),
            (9, 0, Err(CapError::Range)),
            (usize::MAX, 2, Err(CapError::Range)),
        ];
        for (offset, bytes, expected) in cases {
            frame.write_at(0, &[0; 8]).unwrap();
            let mut read = vec![9; bytes];
            assert_eq!(frame.write_at(offset, &vec![1; bytes]), expected, "{offset}+{bytes}");
            assert_eq!(frame.read_at(offset, &mut read), expected, "{offset}+{bytes}");
            let untouched = if expected.is_ok() { 1 } else { 9 };
            assert!(read.iter().all(|&byte| byte == untouched));
            let mut all = [0; 8];
            frame.read_at(0, &mut all).unwrap();
            let written: usize = all.into_iter().map(usize::from).sum();
            assert_eq!(written, if expected.is_ok() { bytes } else { 0 });
        }
    }

    #[test]
    fn rights_and_type_are_checked() {
        let holder = Kernel::new().holder();
        let frame = holder.frame(8).unwrap();
        let reader = frame.copy_with(Rights::READ).unwrap();
        let writer = frame.copy_with(Rights::WRITE).unwrap();
        let cases = [
            (&frame, Ok(()), Ok(())),
            (&reader, Ok(()), Err(CapError::MissingRights)),
            (&writer, Err(CapError::MissingRights), Ok(())),
            (&holder.cnode(), Err(CapError::WrongType), Err(CapError::WrongType)),
            (&Cap::NULL, Err(CapError::Null), Err(CapError::Null)),
        ];
        for (cap, read, write) in cases {
            assert_eq!(cap.read_at(0, &mut [0]), read, "{cap:?}");
            assert_eq!(cap.write_at(0, &[1]), write, "{cap:?}");
        }
    }
}
