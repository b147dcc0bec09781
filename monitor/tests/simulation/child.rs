//! A dispatcher that exports services, binds to others' and knows what it is owed.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{CoreId, ErrCode, ErrVal, Iref};
use flounder_monitor::{PENDING_PER_CHILD_MAX, RequestId};

use crate::token::{End, Token};

/// Where a child lives, and which one it is.
pub(crate) type ChildId = (CoreId, u64);

/// A bind request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) iref: Iref,
    pub(crate) interface: &'static str,
    pub(crate) end: End,
    /// How many others waited when it was made.
    pub(crate) others: usize,
}

#[derive(Default, Debug)]
pub(crate) struct Child {
    pub(crate) requests: u64,
    pub(crate) exporting: BTreeMap<u64, &'static str>,
    pub(crate) exports: BTreeSet<Iref>,
    pub(crate) asks: BTreeMap<u64, Ask>,
    /// Binds to its services that it hasn't decided yet.
    pub(crate) offers: Vec<(RequestId, Token)>,
    pub(crate) accepted: Vec<Token>,
}

/// What really happened, for answers to be compared with.
#[derive(Default, Debug)]
pub(crate) struct Truth {
    /// What is or was exported, and by whom.
    pub(crate) services: BTreeMap<Iref, (ChildId, &'static str)>,
    pub(crate) unexported: BTreeSet<Iref>,
    pub(crate) dead: BTreeSet<ChildId>,
    pub(crate) lost_cores: BTreeSet<CoreId>,
    pub(crate) accepted: BTreeSet<End>,
    pub(crate) refused: BTreeSet<End>,
}

impl Truth {
    /// Whether `err` is a true answer to `ask`.
    pub(crate) fn explains(&self, ask: &Ask, err: ErrVal, cores: u8) -> bool {
        let core = ask.iref.core();
        let service = self.services.get(&ask.iref);
        let lost = self.lost_cores.contains(&core);
        let dead = service.is_some_and(|(owner, _)| self.dead.contains(owner));
        match err.top() {
            Some(ErrCode::OK) => self.accepted.contains(&ask.end),
            Some(ErrCode::FLOUNDER_ERR_BIND_REFUSED) => self.refused.contains(&ask.end),
            Some(ErrCode::FLOUNDER_ERR_BIND) => dead || lost,
            Some(ErrCode::FLOUNDER_ERR_BIND_MISMATCH) => {
                service.is_some_and(|(_, interface)| *interface != ask.interface)
            }
            Some(ErrCode::MON_ERR_INVALID_IREF) => {
                service.is_none() || dead || self.unexported.contains(&ask.iref)
            }
            Some(ErrCode::MON_ERR_INVALID_CORE) => core.0 >= cores || lost,
            Some(ErrCode::MON_ERR_LIMIT) => ask.others >= PENDING_PER_CHILD_MAX,
            _ => false,
        }
    }
}
