//! The process manager's decisions: an event in, effects out. No clock, no IO, no caps, no bindings.
//!
//! The handlers around it resolve caps, keep reply tokens and talk to bindings; the simulator feeds
//! it the same events and reads the same effects. What happens in which state is data
//! ([`Table::LIFECYCLE`]); the code here carries the entries out.
//!
//! **Invariant:** toward a spawnd no message is queued. What a core owes or was asked is part of the
//! state, at most one owed request per domain and core, handed out by [`Machine::take_order`] when
//! the binding has room.
//!
//! **Invariant:** no event looks at all domains, but for `Shutdown`; and none but `RemoveSpawnd`
//! looks at all domains of a core.
//!
//! ```
//! use flounder::{CoreId, DomainId, Iref};
//! use flounder_procmgmt::machine::{Config, Effect, Effects, Event, Generation, Machine};
//!
//! let mut machine = Machine::<()>::new(Config::default());
//! let mut effects = Effects::default();
//! let (core, generation, iref) = (CoreId(0), Generation(1), Iref::new(CoreId(0), 1));
//! machine.handle(Event::AddSpawnd { core, generation, iref, from_monitor: true }, &mut effects);
//! assert_eq!(effects.as_slice(), [Effect::BindSpawnd { core, generation, iref }]);
//! assert!(machine.list(DomainId::NONE, 256).domains.is_empty());
//! ```

mod clients;
mod cores;
mod desk;
mod domain;
mod effects;
mod event;
mod ids;
mod query;
mod requests;
mod slots;
mod spawnd;
mod stats;
mod stop;
mod table;

use std::collections::BTreeMap;

use flounder::{CoreId, DomainId};

use self::desk::Desk;
use self::domain::Domain;
pub use self::domain::{Cause, CoreState, Ended, State};
pub use self::effects::{Answer, Effect, Effects, Order, OrderKind, What};
pub use self::event::{
    Client, Event, Image, Presented, SPAWN_ENDS_WITH_SPAWNER, SPAWN_SPANNED_BY_SPAWNER,
};
pub use self::ids::{BindingKey, Generation, Reply, RequestId};
pub use self::query::{Footprint, Page, Status};
pub use self::stats::Stats;
pub use self::table::{
    Act, Column, CoreCell, CoreColumn, Request, SlotAct, SlotColumn, SlotState, Table, Then,
};

/// How many domains one client may have unless the system says otherwise: the quota of
/// `PROC_MGMT_ERR_CREATE_DOMAIN_CAP`.
pub const DOMAINS_PER_CLIENT_MAX: u32 = 1_024;

/// How many waits one client may have open unless the system says otherwise: one for each domain of
/// 16 default quotas, which a supervisor of many spawners may watch.
pub const WAITS_PER_CLIENT_MAX: u32 = 16 * DOMAINS_PER_CLIENT_MAX;

/// What can be set when the system is put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How many domains, live or with their record still held by a cap, one client may have.
    pub domains_per_client_max: u32,
    /// How many calls other than `wait` one binding may have open. Its waits are bounded by one per
    /// domain.
    pub calls_per_binding_max: u32,
    /// How many waits one client may have open over all its bindings.
    pub waits_per_client_max: u32,
}

impl Default for Config {
    /// 1,024 domains and 16,384 waits a client, and the 64 calls a binding lets through.
    fn default() -> Self {
        Self {
            domains_per_client_max: DOMAINS_PER_CLIENT_MAX,
            calls_per_binding_max: 64,
            waits_per_client_max: WAITS_PER_CLIENT_MAX,
        }
    }
}

/// The state of the process manager. `P` is what travels from a spawn or span to its order.
///
/// Two that hash alike decide alike, if they run on the same tables: what is only counted is left
/// out. So a model checker can tell states apart.
#[derive(Clone, Hash, Debug)]
pub struct Machine<P> {
    /// Boxed: the nodes of a map to which ids come in order are little more than half full.
    domains: BTreeMap<DomainId, Box<Domain>>,
    desk: Desk<P>,
}

impl<P> Machine<P> {
    /// A process manager that knows no spawnd and no domain.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_table(config, Table::LIFECYCLE)
    }

    /// One that runs on other tables, to show what each of their entries is good for.
    #[must_use]
    pub fn with_table(config: Config, table: Table) -> Self {
        Self { domains: BTreeMap::new(), desk: Desk::new(config, table) }
    }

    /// Handles one event; what is to be done about it is added to `out`.
    ///
    /// # Panics
    ///
    /// On tables other than [`Table::LIFECYCLE`], where an entry makes no sense.
    pub fn handle(&mut self, event: Event<P>, out: &mut Effects) {
        match event {
            Event::AddSpawnd { core, generation, iref, from_monitor } => {
                self.add_spawnd(core, generation, iref, from_monitor, out);
            }
            Event::SpawndBound { core, generation } => self.spawnd_bound(core, generation, out),
            Event::SpawndClosed { core, generation } => self.spawnd_closed(core, generation, out),
            Event::RemoveSpawnd { core, generation, survivors, more } => {
                self.remove_spawnd(core, generation, survivors, more, out);
            }
            Event::SurvivorEnded { core, domain } => self.survivor_ended(core, domain, out),
            Event::NotMonitor => self.desk.stats.not_monitor += 1,
            Event::Shutdown => self.shut_down(out),
            Event::SpawndReply { core, generation, request, kind, err } => {
                self.spawnd_reply(core, generation, (request, kind), err, out);
            }
            Event::DomainExited { core, generation, domain, ended } => {
                self.domain_exited(core, generation, domain, ended, out);
            }
            Event::Spawn { client, reply, core, flags, image, payload } => {
                let what = What::Spawn { flags, payload };
                self.spawn(client, reply, core, image, what, out);
            }
            Event::Span { client, reply, cap, core, payload } => {
                self.span(client, reply, cap, (core, payload), out);
            }
            Event::Kill { client, reply, cap } => self.kill(client, reply, cap, out),
            Event::Exit { client, cap, status } => self.exit(client, cap, status, out),
            Event::Wait { client, reply, cap, nohang } => {
                self.wait(client, reply, cap, nohang, out);
            }
            Event::ClientGone(key) => self.client_gone(key, out),
            Event::LastCapDropped(domain) => self.last_cap_dropped(domain, out),
        }
        self.desk.finish_shutdown(out);
    }

    /// Hands out the next request for the spawnd of `core`: its oldest. Once taken it counts as
    /// sent, so ask only while the binding has room; one that can't be sent goes back with
    /// [`Machine::put_back`], or is reported as a reply with the error of the binding.
    pub fn take_order(&mut self, core: CoreId) -> Option<Order<P>> {
        self.desk.slots.get_mut(&core)?.take()
    }

    /// Takes an order back that was not sent; it becomes the next again. One that no longer matters
    /// is dropped.
    pub fn put_back(&mut self, core: CoreId, order: Order<P>) {
        let there = self.domains.get(&order.domain).and_then(|domain| domain.cores.get(core));
        let matters = there.is_some_and(|there| there.request == Some(order.request));
        if let Some(slot) = self.desk.slots.get_mut(&core) {
            slot.put_back(order, matters);
        }
    }

    /// Does something to one domain, then lets it advance as far as it can.
    fn with_domain(
        &mut self,
        id: DomainId,
        out: &mut Effects,
        act: impl FnOnce(&mut Desk<P>, &mut Domain, &mut Effects),
    ) {
        let domain = self.domains.get_mut(&id).expect("only what is there is acted on");
        act(&mut self.desk, domain, out);
        self.desk.settle(domain, out);
        if domain.gone
            && let Some(domain) = self.domains.remove(&id)
        {
            self.desk.free(&domain, out);
        }
    }

    /// The column of the request table that a cap leads to.
    fn column(&self, cap: Presented) -> Column {
        match cap {
            Presented::Nothing | Presented::Weak(_) => Column::NoRight,
            Presented::Domain(id) => self.entry(id),
        }
    }

    /// The column of the request table that a domain is in.
    fn entry(&self, id: DomainId) -> Column {
        self.domains.get(&id).map_or(Column::NoEntry, |domain| Column::In(domain.state))
    }
}
