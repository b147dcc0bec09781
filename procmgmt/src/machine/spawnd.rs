//! A core's slot for its spawnd: which generation obeys there, what it is owed, what it was asked.
//!
//! Requests are numbered when they begin to be owed, so the order of the numbers is the order of
//! sending. A domain has at most one owed request on a core, which bounds the owed ones by the
//! domains there; asked ones are bounded the same way times the few kinds a domain goes through.

use std::collections::{BTreeMap, BTreeSet};

use flounder::DomainId;

use super::domain::Core;
use super::effects::{Order, OrderKind, What};
use super::ids::{Generation, RequestId};
use super::table::SlotState;

/// A request that was handed out, to be matched by its reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asked {
    pub(super) domain: DomainId,
    pub(super) kind: OrderKind,
}

/// The slot of one core. A core without one is in ABSENT.
#[derive(Clone, Hash, Debug)]
pub(super) struct Slot<P> {
    pub(super) state: SlotState,
    /// The generation the state is about.
    pub(super) generation: Generation,
    /// Domains that this generation has something of.
    pub(super) members: BTreeSet<DomainId>,
    /// Survivors told so far, in a list that comes in parts.
    pub(super) survivors: BTreeSet<DomainId>,
    owed: BTreeMap<RequestId, (DomainId, What<P>)>,
    asked: BTreeMap<RequestId, Asked>,
}

impl<P> Slot<P> {
    /// A slot in that state, owing nothing.
    pub(super) fn new(state: SlotState, generation: Generation) -> Self {
        Self {
            state,
            generation,
            members: BTreeSet::new(),
            survivors: BTreeSet::new(),
            owed: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// True if that generation may still hold something of a domain.
    pub(super) fn holds(&self, generation: Generation) -> bool {
        self.generation == generation && matches!(self.state, SlotState::Up | SlotState::Lost)
    }

    pub(super) fn owe(&mut self, request: RequestId, domain: DomainId, what: What<P>) {
        self.owed.insert(request, (domain, what));
    }

    /// True if a domain's request there was not handed out yet.
    pub(super) fn owes(&self, there: Option<&Core>) -> bool {
        let request = there.and_then(|core| core.request);
        request.is_some_and(|request| self.owed.contains_key(&request))
    }

    /// Takes back a request that was not handed out yet; true if it was there.
    pub(super) fn cancel(&mut self, request: RequestId) -> bool {
        self.owed.remove(&request).is_some()
    }

    /// Hands the oldest owed request out.
    pub(super) fn take(&mut self) -> Option<Order<P>> {
        if self.state != SlotState::Up {
            return None;
        }
        let (request, (domain, what)) = self.owed.pop_first()?;
        self.asked.insert(request, Asked { domain, kind: what.kind() });
        Some(Order { generation: self.generation, request, domain, what })
    }

    /// Takes a request back that was not sent, to be handed out next if it still `matters`.
    pub(super) fn put_back(&mut self, order: Order<P>, matters: bool) {
        if self.asked.remove(&order.request).is_some() && matters {
            self.owe(order.request, order.domain, order.what);
        }
    }

    /// The oldest request that waits for its reply.
    pub(super) fn oldest(&self) -> Option<RequestId> {
        self.asked.keys().next().copied()
    }

    /// What was asked under that id, forgetting it.
    pub(super) fn answered(&mut self, request: RequestId) -> Option<Asked> {
        self.asked.remove(&request)
    }

    /// How many requests are owed.
    pub(super) fn owed(&self) -> usize {
        self.owed.len()
    }

    /// How many requests wait for their reply.
    pub(super) fn asked(&self) -> usize {
        self.asked.len()
    }
}
