//! How many caps a holder has: each has a seat, and seats are limited, so that nobody grows by what
//! others send.

use std::fmt;
use std::ops::Deref;

use super::{CapError, Holder};
use crate::sync::Count;

/// How many caps one holder can have: a client holds one for each of its domains, of which the
/// system manages 100,000, and the process manager one or two. Those in `CNode`s don't count.
///
/// Whatever a holder derives, takes out of a `CNode` or is sent beyond it is refused with
/// [`CapError::Limit`]. Objects that it makes itself, other than Frames, are counted but not refused.
pub const HOLDER_CAPS_MAX: usize = 1 << 18;

/// How many caps a holder has.
#[derive(Default)]
pub(super) struct Seats(Count);

impl Seats {
    /// How many are taken.
    #[cfg(all(test, not(loom)))]
    pub(super) fn taken(&self) -> usize {
        self.0.get()
    }
}

/// A holder's place for one cap, given back on drop.
pub(super) struct Seat(Holder);

impl Seat {
    /// A place for one more cap.
    pub(super) fn take(holder: &Holder) -> Result<Self, CapError> {
        if holder.seats().0.add_below(HOLDER_CAPS_MAX) {
            Ok(Self(holder.clone()))
        } else {
            Err(CapError::Limit { max: HOLDER_CAPS_MAX, of: "caps of a holder" })
        }
    }

    /// A place for an object of the holder's own making.
    pub(super) fn for_own(holder: &Holder) -> Self {
        holder.seats().0.add();
        Self(holder.clone())
    }
}

impl Deref for Seat {
    type Target = Holder;

    fn deref(&self) -> &Holder {
        &self.0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.seats().0.subtract();
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::kernel::{Cap, Kernel, Transfer};
    use crate::{DomainId, ErrCode, ErrVal, Rights};

    /// What a full holder tries, and what it keeps.
    type Attempt = fn(&Cap, &Cap, &Holder, &Kernel) -> Result<Cap, CapError>;

    const REFUSED: [(&str, Attempt); 7] = [
        ("copy", |own, _, _, _| own.copy()),
        ("copy with fewer rights", |own, _, _, _| own.copy_with(Rights::READ)),
        ("a frame", |_, _, holder, _| holder.frame(1)),
        ("out of a cnode", |_, cnode, _, _| cnode.take(0)),
        ("copied out of a cnode", |_, cnode, _, _| cnode.copy_from(0)),
        ("moved here", |_, _, holder, kernel| sent(kernel, Transfer::Move, holder)),
        ("copied here", |_, _, holder, kernel| sent(kernel, Transfer::Copy, holder)),
    ];

    /// A cap of somebody else, sent to `holder`; refused, it is as usable as before.
    fn sent(kernel: &Kernel, how: Transfer, holder: &Holder) -> Result<Cap, CapError> {
        let refused = kernel.holder().frame(1)?.transfer(how, holder);
        refused.map_err(|(back, err)| {
            assert!(back.identify().is_ok(), "{how:?}");
            err
        })
    }

    #[test]
    #[cfg_attr(miri, ignore = "a quarter of a million caps take Miri hours")]
    fn a_full_holder_is_refused_and_nothing_changes() {
        let kernel = Kernel::new();
        let holder = kernel.holder();
        let (own, cnode) = (holder.frame(1).unwrap(), holder.cnode());
        cnode.put(0, own.copy().unwrap()).unwrap();
        let mut caps: Vec<_> = (2..HOLDER_CAPS_MAX).map(|_| own.copy().unwrap()).collect();
        let before = kernel.counts();
        let limit = CapError::Limit { max: HOLDER_CAPS_MAX, of: "caps of a holder" };
        assert_eq!(ErrVal::from(limit), ErrCode::CAP_ERR_LIMIT.into());
        for (what, attempt) in REFUSED {
            assert_eq!(attempt(&own, &cnode, &holder, &kernel).unwrap_err(), limit, "{what}");
            assert_eq!((kernel.counts(), cnode.occupied()), (before, Ok(vec![0])), "{what}");
        }
        for (what, attempt) in REFUSED {
            // Each has the place that the last one left.
            caps.pop();
            let granted = attempt(&own, &cnode, &holder, &kernel).expect(what);
            if cnode.occupied() == Ok(vec![]) {
                cnode.put(0, granted).unwrap();
                caps.push(own.copy().unwrap());
            } else {
                caps.push(granted);
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "a quarter of a million caps take Miri hours")]
    fn a_full_process_manager_mints_no_domain() {
        let kernel = Kernel::new();
        let root = kernel.process_manager().unwrap();
        let caps: Vec<_> = (1..HOLDER_CAPS_MAX).map(|_| root.copy().unwrap()).collect();
        let before = kernel.counts();
        let refused = root.retype_domain(DomainId(1), None).unwrap_err();
        assert_eq!(refused, CapError::Limit { max: HOLDER_CAPS_MAX, of: "caps of a holder" });
        assert_eq!(kernel.counts(), before);
        drop(caps);
        assert!(root.retype_domain(DomainId(1), None).is_ok());
    }
}
