//! Those that bindings are compared with: what one would write by hand.

pub(crate) mod atomics;
pub(crate) mod channels;
#[cfg(feature = "peers")]
pub(crate) mod peers;
pub(crate) mod ring;
pub(crate) mod sleepers;

use crate::race::Outcome;
use crate::sample::{Samples, Slice};

/// Runs `peer` and `own` on their CPUs, and returns what `own` measured. `own` must have the peer
/// return when it is done.
pub(crate) fn face(
    slice: Slice,
    peer: impl FnOnce() -> Outcome<()> + Send + 'static,
    own: impl FnOnce() -> Outcome<Samples> + Send + 'static,
) -> Outcome<Samples> {
    let peer = flounder::thread::spawn("peer", Some(slice.there), peer)?;
    let own = flounder::thread::spawn("own", Some(slice.here), own)?;
    let samples = own.join().map_err(|_| "the measuring side panicked")??;
    peer.join().map_err(|_| "the peer panicked")???;
    samples
}
