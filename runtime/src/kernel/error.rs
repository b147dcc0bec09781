//! Why an operation on a cap was refused.

use crate::{ErrCode, ErrVal};

/// Why an operation on a cap was refused; a refused operation has no effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CapError {
    /// It was tried on the null cap, or the slot of a `CNode` is empty.
    #[error("the null cap can't be used")]
    Null,
    /// The cap was revoked, or its holder ended, or its object is gone. It stays unusable.
    #[error("the cap was revoked, or its holder or object is gone")]
    Revoked,
    /// The cap names an object of another kind.
    #[error("the cap is of another type")]
    WrongType,
    /// The cap lacks a right that the operation needs.
    #[error("the cap lacks a right")]
    MissingRights,
    /// An offset, a length or a slot is outside the object.
    #[error("outside the object")]
    Range,
    /// The slot of a `CNode` holds a cap already.
    #[error("the slot is occupied")]
    Occupied,
    /// There are as many as there can be.
    #[error("at most {max} {of}")]
    Limit {
        /// How many there can be.
        max: usize,
        /// Of what.
        of: &'static str,
    },
    /// The cap and the holder or `CNode` belong to different kernels.
    #[error("the cap belongs to another kernel")]
    Foreign,
}

impl From<CapError> for ErrVal {
    fn from(err: CapError) -> Self {
        Self::from(match err {
            CapError::Null => ErrCode::CAP_ERR_NULL,
            CapError::Revoked => ErrCode::CAP_ERR_REVOKED,
            CapError::WrongType => ErrCode::CAP_ERR_TYPE,
            CapError::MissingRights => ErrCode::CAP_ERR_RIGHTS,
            CapError::Range => ErrCode::CAP_ERR_RANGE,
            CapError::Occupied | CapError::Limit { .. } => ErrCode::CAP_ERR_LIMIT,
            CapError::Foreign => ErrCode::FLOUNDER_ERR_RX_CAP,
        })
    }
}
