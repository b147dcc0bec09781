//! The irefs that one monitor gave out, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{CoreId, ErrCode, Iref};

use crate::peers::{ChildKey, Interface};

/// The iref of the name service, the first that monitor 0 gives out: it exports the service before it
/// has a child. A constant, so that every monitor can tell it without asking.
pub const NAME_SERVICE_IREF: Iref = Iref(1);

/// How many services a child can export at a time. Programs export one or a few.
pub const EXPORTS_PER_CHILD_MAX: usize = 64;

/// Who is behind an iref.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Owner {
    /// The monitor itself.
    Own,
    Child(ChildKey),
}

/// One exported service.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Export {
    pub(crate) owner: Owner,
    pub(crate) interface: Interface,
}

/// The services that the children of one monitor exported, and its own.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Exports {
    core: CoreId,
    /// How many irefs were given out; none is given out twice.
    count: u32,
    services: BTreeMap<Iref, Export>,
    owned: BTreeMap<ChildKey, BTreeSet<Iref>>,
}

impl Exports {
    pub(crate) fn new(core: CoreId) -> Self {
        Self { core, count: 0, services: BTreeMap::new(), owned: BTreeMap::new() }
    }

    /// Exports a service of the monitor itself.
    pub(crate) fn add_own(&mut self, interface: Interface) -> Result<Iref, ErrCode> {
        self.insert(Export { owner: Owner::Own, interface })
    }

    pub(crate) fn add(&mut self, owner: ChildKey, interface: Interface) -> Result<Iref, ErrCode> {
        if self.owned.get(&owner).is_some_and(|irefs| irefs.len() >= EXPORTS_PER_CHILD_MAX) {
            return Err(ErrCode::MON_ERR_LIMIT);
        }
        let iref = self.insert(Export { owner: Owner::Child(owner), interface })?;
        self.owned.entry(owner).or_default().insert(iref);
        Ok(iref)
    }

    fn insert(&mut self, export: Export) -> Result<Iref, ErrCode> {
        if self.count == Iref::COUNT_MAX {
            return Err(ErrCode::MON_ERR_LIMIT);
        }
        self.count += 1;
        let iref = Iref::new(self.core, self.count);
        self.services.insert(iref, export);
        Ok(iref)
    }

    /// Takes `iref` back if `owner` has it.
    pub(crate) fn remove(&mut self, owner: ChildKey, iref: Iref) {
        let Some(irefs) = self.owned.get_mut(&owner) else { return };
        if irefs.remove(&iref) {
            self.services.remove(&iref);
        }
        if irefs.is_empty() {
            self.owned.remove(&owner);
        }
    }

    pub(crate) fn child_gone(&mut self, child: ChildKey) {
        for iref in self.owned.remove(&child).unwrap_or_default() {
            self.services.remove(&iref);
        }
    }

    pub(crate) fn find(&self, iref: Iref) -> Option<&Export> {
        self.services.get(&iref)
    }

    pub(crate) fn owns(&self, child: ChildKey, iref: Iref) -> bool {
        self.owned.get(&child).is_some_and(|irefs| irefs.contains(&iref))
    }

    /// How many services are exported now.
    pub(crate) fn len(&self) -> usize {
        self.services.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flounder::Fingerprint;

    fn echo() -> Interface {
        Interface { name: "echo".into(), fingerprint: Fingerprint::new(0, 1) }
    }

    #[test]
    fn irefs_are_never_reused() {
        let mut exports = Exports::new(CoreId(2));
        let first = exports.add(ChildKey(1), echo()).unwrap();
        exports.remove(ChildKey(1), first);
        exports.remove(ChildKey(1), first);
        let second = exports.add(ChildKey(1), echo()).unwrap();
        exports.child_gone(ChildKey(1));
        let third = exports.add(ChildKey(1), echo()).unwrap();
        assert_eq!([first, second, third], [1, 2, 3].map(|count| Iref::new(CoreId(2), count)));
        assert_eq!(exports.len(), 1);
    }

    #[test]
    fn only_the_owner_takes_an_iref_back() {
        let mut exports = Exports::new(CoreId(0));
        let own = exports.add_own(echo()).unwrap();
        let iref = exports.add(ChildKey(1), echo()).unwrap();
        exports.remove(ChildKey(2), iref);
        exports.remove(ChildKey(1), own);
        assert_eq!(own, NAME_SERVICE_IREF);
        assert_eq!(exports.len(), 2);
    }

    #[test]
    fn a_child_reaches_its_limit_alone() {
        let mut exports = Exports::new(CoreId(0));
        for _ in 0..EXPORTS_PER_CHILD_MAX {
            exports.add(ChildKey(1), echo()).unwrap();
        }
        assert_eq!(exports.add(ChildKey(1), echo()), Err(ErrCode::MON_ERR_LIMIT));
        assert!(exports.add(ChildKey(2), echo()).is_ok());
    }

    #[test]
    fn the_last_iref_is_the_last() {
        let mut exports = Exports::new(CoreId(0));
        exports.count = Iref::COUNT_MAX - 1;
        assert!(exports.add(ChildKey(1), echo()).is_ok());
        assert_eq!(exports.add(ChildKey(1), echo()), Err(ErrCode::MON_ERR_LIMIT));
    }
}
