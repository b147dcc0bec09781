//! What can be asked of the machine without changing anything: the list, one domain's status, and
//! what tests and tools look at.

use std::ops::Bound;

use flounder::{CoreId, DomainId, ErrVal, mutant};

use super::desk::error;
use super::domain::{CoreState, Ended, State};
use super::event::{Client, Image, Presented};
use super::ids::Generation;
use super::spawnd::Slot;
use super::table::{Act, Request, SlotState};
use super::{Machine, Stats};

/// A part of the list of domains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Domains that are not cleaned up, ascending.
    pub domains: Vec<DomainId>,
    /// Whether there are others after the last of these.
    pub more: bool,
}

/// How a domain stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status<'a> {
    /// The domain.
    pub domain: DomainId,
    /// Its state.
    pub state: State,
    /// What ended it, as soon as that is fixed.
    pub ended: Option<Ended>,
    /// The core it was spawned on.
    pub core: CoreId,
    /// On how many cores it may run.
    pub cores: u16,
    /// On how many of them it can't be stopped.
    pub wedged: u16,
    /// Its program.
    pub program: &'a str,
    /// Its arguments; empty for those who may not see them.
    pub argv: &'a [u8],
}

/// How much the machine holds, to see that it gives everything back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Footprint {
    /// Records of domains.
    pub domains: usize,
    /// Bindings and quota owners that are remembered.
    pub clients: usize,
    /// Requests that spawnds are owed.
    pub owed: usize,
    /// Requests whose reply has not come.
    pub asked: usize,
}

impl<P> Machine<P> {
    /// Up to `count_max` domains that are not cleaned up, ascending, beginning after `after`.
    #[must_use]
    pub fn list(&self, after: DomainId, count_max: usize) -> Page {
        if mutant!("long-list-aborts") {
            self.fit_into_table();
        }
        let mut rest = self.desk.listed.range((Bound::Excluded(after), Bound::Unbounded)).copied();
        let domains = rest.by_ref().take(count_max).collect();
        Page { domains, more: rest.next().is_some() }
    }

    /// What the former service's list did.
    fn fit_into_table(&self) {
        assert!(self.desk.listed.len() < 1_024, "a list has so many places");
    }

    /// How a domain stands. Everybody may ask; the arguments are for operators and for those with a
    /// cap of that domain.
    ///
    /// # Errors
    ///
    /// `PROC_MGMT_ERR_DOMAIN_TABLE_FIND` if there is no such domain.
    ///
    /// # Panics
    ///
    /// On tables other than [`Table::LIFECYCLE`](super::Table::LIFECYCLE), where an entry makes no
    /// sense.
    pub fn status(
        &self,
        client: Client,
        id: DomainId,
        cap: Presented,
    ) -> Result<Status<'_>, ErrVal> {
        let act = self.desk.table.request(Request::GetStatus, self.entry(id));
        let domain = match (act, self.domains.get(&id)) {
            (Act::Tell, Some(domain)) => domain,
            (Act::Refuse(code), _) => return Err(error(code)),
            (act, _) => unreachable!("a status can't be {act:?}"),
        };
        let count = |is: fn(CoreState) -> bool| {
            let count = domain.cores.values().filter(|core| is(core.state)).count();
            u16::try_from(count).unwrap_or(u16::MAX)
        };
        let may_see_argv = client.operator || cap.names() == Some(id);
        Ok(Status {
            domain: id,
            state: domain.state,
            ended: domain.ended,
            core: domain.home,
            cores: count(|core| !core.is_still() && core != CoreState::CleanPend),
            wedged: count(|core| core == CoreState::Wedged),
            program: &domain.image.program,
            argv: if may_see_argv { &domain.image.argv } else { &[] },
        })
    }

    /// What a domain was spawned as: an [`Order`](super::Order) says only which domain it is about.
    #[must_use]
    pub fn image(&self, id: DomainId) -> Option<&Image> {
        self.domains.get(&id).map(|domain| &domain.image)
    }

    /// How a domain stands on one core.
    #[must_use]
    pub fn core_state(&self, id: DomainId, core: CoreId) -> CoreState {
        self.domains.get(&id).map_or(CoreState::None, |domain| domain.core_state(core))
    }

    /// How a core's spawnd stands, and which generation it is.
    #[must_use]
    pub fn slot(&self, core: CoreId) -> (SlotState, Generation) {
        let absent = (SlotState::Absent, Generation::default());
        self.desk.slots.get(&core).map_or(absent, |slot| (slot.state, slot.generation))
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.desk.stats
    }

    /// How much it holds.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        let slots = self.desk.slots.values();
        Footprint {
            domains: self.domains.len(),
            clients: self.desk.clients.len(),
            owed: slots.clone().map(Slot::owed).sum(),
            asked: slots.map(Slot::asked).sum(),
        }
    }
}
