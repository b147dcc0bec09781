//! Dispatchers, waitsets, bindings, capabilities and interconnect drivers.

mod errval;
mod ids;
mod sync;

pub use errval::{ErrCode, ErrVal};
pub use ids::{CoreId, DomainId, Iref};
