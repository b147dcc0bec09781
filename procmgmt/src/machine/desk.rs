//! Everything the machine knows besides the domains' records: slots, clients, counters, the table.
//! Kept apart from the records, so that one record can be worked on with all of this at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use flounder::{CoreId, DomainId, ErrCode, ErrVal, mutant};

use super::clients::Clients;
use super::domain::{Asker, Domain, Rest, State};
use super::effects::{Answer, Effect, Effects, What};
use super::ids::{Generation, RequestId};
use super::spawnd::Slot;
use super::table::{Act, Column, Request, SlotAct, SlotColumn, SlotState};
use super::{Config, Stats, Table};

/// How far a shutdown has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Shutdown {
    /// Nobody asked.
    No,
    /// Domains are ending.
    Asked,
    /// The monitor was answered.
    Done,
}

#[derive(Clone, Debug)]
pub(super) struct Desk<P> {
    pub(super) config: Config,
    pub(super) table: Table,
    pub(super) slots: BTreeMap<CoreId, Slot<P>>,
    pub(super) clients: Clients,
    pub(super) stats: Stats,
    pub(super) shutdown: Shutdown,
    /// Domains that `get_domainlist` lists.
    pub(super) listed: BTreeSet<DomainId>,
    /// How many domains something will still happen to.
    busy: u32,
    /// How many are held back only by cores that can't be stopped.
    wedged: u32,
    last_domain: DomainId,
    last_request: RequestId,
}

/// What is decided from: not what never changes, nor what is only counted.
impl<P: Hash> Hash for Desk<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            config: _,
            table: _,
            stats: _,
            slots,
            clients,
            shutdown,
            listed,
            busy,
            wedged,
            last_domain,
            last_request,
        } = self;
        (slots, clients, shutdown, listed, busy, wedged, last_domain, last_request).hash(state);
    }
}

impl<P> Desk<P> {
    pub(super) fn new(config: Config, table: Table) -> Self {
        Self {
            config,
            table,
            slots: BTreeMap::new(),
            clients: Clients::default(),
            stats: Stats::default(),
            shutdown: Shutdown::No,
            listed: BTreeSet::new(),
            busy: 0,
            wedged: 0,
            last_domain: DomainId::NONE,
            last_request: RequestId(0),
        }
    }

    /// A domain id never used before.
    pub(super) fn next_domain(&mut self) -> DomainId {
        self.last_domain.0 += 1;
        self.last_domain
    }

    /// What a slot event does on `core`.
    pub(super) fn slot_act(&self, core: CoreId, column: SlotColumn) -> SlotAct {
        self.table.slot(self.slot_state(core), column)
    }

    pub(super) fn slot_state(&self, core: CoreId) -> SlotState {
        self.slots.get(&core).map_or(SlotState::Absent, |slot| slot.state)
    }

    /// The generation that obeys on `core`, if one does.
    pub(super) fn obeying(&self, core: CoreId) -> Option<Generation> {
        let slot = self.slots.get(&core)?;
        let accepts = self.table.slot(slot.state, SlotColumn::Spawn) == SlotAct::Accept;
        accepts.then_some(slot.generation)
    }

    /// From now on `core`'s spawnd owes `domain` this; the request that it becomes.
    pub(super) fn owe(
        &mut self,
        core: CoreId,
        domain: DomainId,
        what: What<P>,
        out: &mut Effects,
    ) -> RequestId {
        self.last_request.0 += 1;
        if let Some(slot) = self.slots.get_mut(&core) {
            slot.owe(self.last_request, domain, what);
            out.push(Effect::Owes(core));
        }
        self.last_request
    }

    /// Answers a call other than `wait`.
    pub(super) fn close(
        &mut self,
        asker: Asker,
        domain: DomainId,
        answer: Answer,
        out: &mut Effects,
    ) {
        self.clients.close_call(asker.client, domain);
        out.answer(asker.reply, answer);
    }

    /// Answers every killer.
    pub(super) fn answer_killers(&mut self, domain: &mut Domain, err: ErrVal, out: &mut Effects) {
        let mut killers = std::mem::take(&mut domain.killers);
        if mutant!("one-killer-answered") {
            killers.truncate(1);
        }
        for killer in killers {
            self.close(killer, domain.id, Answer::Kill(err), out);
        }
    }

    /// Answers every waiter.
    pub(super) fn answer_waiters(
        &mut self,
        domain: &mut Domain,
        (err, status): (ErrVal, u8),
        out: &mut Effects,
    ) {
        let mut waiters: Vec<_> = std::mem::take(&mut domain.waiters).into_iter().collect();
        waiters.sort_unstable_by_key(|&(_, reply)| reply);
        for (client, reply) in waiters {
            self.clients.close_wait(client, domain.id);
            out.answer(reply, Answer::Wait(err, status));
        }
    }

    /// Enters the record of a new domain into the books.
    pub(super) fn admit(&mut self, domain: &Domain) {
        self.clients.charge_domain(domain.owner);
        self.list(domain);
        self.busy += 1;
    }

    /// Moves the domain on to another state.
    pub(super) fn enter(&mut self, domain: &mut Domain, to: State) {
        debug_assert!(domain.state < to, "states never go back: {:?} to {to:?}", domain.state);
        domain.state = to;
        self.list(domain);
    }

    /// Strikes a record that is freed out of the books.
    pub(super) fn free(&mut self, domain: &Domain, out: &mut Effects) {
        self.untie(domain);
        self.clients.discharge_domain(domain.owner);
        self.listed.remove(&domain.id);
        if let Some(count) = self.count(domain.rest) {
            *count -= 1;
        }
        out.push(Effect::Freed(domain.id));
    }

    /// The domain no longer ends with its spawner: it ended.
    pub(super) fn untie(&mut self, domain: &Domain) {
        if let Some(key) = domain.tied_to {
            self.clients.untie(key, domain.id);
        }
    }

    /// Counts the domain where it now stands towards a shutdown.
    pub(super) fn count_rest(&mut self, domain: &mut Domain) {
        let rest = domain.rest();
        if let Some(count) = self.count(domain.rest) {
            *count -= 1;
        }
        if let Some(count) = self.count(rest) {
            *count += 1;
        }
        domain.rest = rest;
    }

    /// Tells the monitor once nothing more will happen to any domain.
    pub(super) fn finish_shutdown(&mut self, out: &mut Effects) {
        if self.shutdown == Shutdown::Asked && self.busy == 0 {
            self.shutdown = Shutdown::Done;
            out.push(Effect::ShutdownDone { wedged: self.wedged });
        }
    }

    fn count(&mut self, rest: Rest) -> Option<&mut u32> {
        match rest {
            Rest::Busy => Some(&mut self.busy),
            Rest::Wedged => Some(&mut self.wedged),
            Rest::Done => None,
        }
    }

    fn list(&mut self, domain: &Domain) {
        match self.table.request(Request::GetDomainlist, Column::In(domain.state)) {
            Act::Listed => self.listed.insert(domain.id),
            Act::Unlisted => self.listed.remove(&domain.id),
            other => unreachable!("a domain can't be {other:?} in the list"),
        };
    }
}

/// The error value of one code.
pub(super) fn error(code: ErrCode) -> ErrVal {
    ErrVal::from(code)
}
