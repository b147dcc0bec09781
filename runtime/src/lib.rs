//! Dispatchers, waitsets, bindings, capabilities and interconnect drivers.

mod errval;
mod ids;
pub mod kernel;
mod sync;

pub use errval::{ErrCode, ErrVal};
pub use ids::{CoreId, DomainId, Iref};
pub use kernel::{
    Cap, CapError, CapInfo, CapKind, Counts, Holder, Kernel, LastDrop, Rights, Transfer,
};
