//! Whether what happens is what should: an independent reading of the lifecycle page, and the
//! invariants.
//!
//! The oracle hears what the process manager, the spawnds and the monitors receive and send, never
//! what they think. [`model`] is a process manager written from the page; each answer and each order
//! has to be one that it gives too. [`ledger`] holds the books of requests and replies, [`truth`]
//! what is really alive, [`watch`] when a spawnd may be ended and started.

mod answers;
mod cores;
mod ledger;
mod model;
mod queries;
mod requests;
mod rest;
mod slots;
pub(crate) mod truth;
mod watch;

use std::any::Any;
use std::rc::Rc;

use flounder::tap::TapEnd;
use flounder::{Clock, CoreId, Header};
use flounder_idl::{monitor, proc_mgmt, spawn};
use flounder_monitor::WatchConfig;

use crate::clock::VirtualClock;
use crate::coverage::Coverage;
use crate::fault::Mark;
use crate::net::{Link, Speaks};
use crate::who::Who;
use ledger::{MonitorLedger, SpawndLedger};
use model::Model;
pub(crate) use model::{Core as CoreState, State};
use truth::Truth;
use watch::Watches;

/// How many complaints are kept: the first one counts.
const COMPLAINTS_MAX: usize = 8;

/// What the services of the world were started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) domains_per_client_max: u32,
    pub(crate) calls_per_binding_max: u32,
    pub(crate) watch: WatchConfig,
}

/// Hears everything, and complains.
pub(crate) struct Oracle {
    pub(crate) model: Model,
    spawnds: SpawndLedger,
    monitors: MonitorLedger,
    watches: Watches,
    clock: VirtualClock,
    truth: Rc<Truth>,
    complaints: Vec<String>,
}

impl Oracle {
    pub(crate) fn new(limits: Limits, clock: VirtualClock, truth: Rc<Truth>) -> Self {
        Self {
            model: Model::new(limits),
            spawnds: SpawndLedger::default(),
            monitors: MonitorLedger::default(),
            watches: Watches::new(limits.watch),
            clock,
            truth,
            complaints: Vec::new(),
        }
    }

    pub(crate) fn complain(&mut self, what: String) {
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push(what);
        }
    }

    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn check(&mut self, found: Result<(), String>) {
        if let Err(what) = found {
            self.complain(what);
        }
    }

    /// The platform hears that the process manager is bound to a spawnd.
    pub(crate) fn core_up(&mut self, core: CoreId, coverage: &mut Coverage) {
        let found = self.model.bound(core.0, coverage);
        self.check(found);
    }

    /// True if nothing is to happen to a core's spawnd but heartbeats.
    pub(crate) fn is_calm(&self, core: u8) -> bool {
        self.watches.is_calm(core)
    }

    /// A monitor has its platform start a spawnd.
    pub(crate) fn spawnd_started(&mut self, core: CoreId, generation: u64) {
        let found = self.watches.started(core.0, generation, self.clock.now());
        self.check(found);
    }

    /// A monitor has its platform end a spawnd.
    pub(crate) fn spawnd_fenced(&mut self, core: CoreId, generation: u64, coverage: &mut Coverage) {
        let found = self.watches.fences(core.0, generation, self.clock.now());
        if found == Ok(true) {
            coverage.mark(Mark::SpawndFenced);
        }
        self.check(found.map(drop));
    }

    /// A spawnd has ended, however that came about.
    pub(crate) fn spawnd_ended(&mut self, core: CoreId, generation: u64) {
        self.watches.ended(core.0, generation, self.clock.now());
    }

    /// A monitor says that there will be no other spawnd.
    pub(crate) fn spawnd_given_up(&mut self, core: CoreId, coverage: &mut Coverage) {
        coverage.mark(Mark::SpawndGivenUp);
        let found = self.watches.given_up(core.0);
        self.check(found);
    }

    pub(crate) fn introduced(&mut self, end: TapEnd, link: &Link) {
        if link.speaks == Speaks::ProcMgmt && link.end(end).who == Who::ProcMgmt {
            self.model.admit(end.channel);
        }
    }

    pub(crate) fn sending(
        &mut self,
        end: TapEnd,
        link: &Link,
        (header, message): (Header, &mut dyn Any),
        coverage: &mut Coverage,
    ) {
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        let found = match (link.speaks, own) {
            (Speaks::ProcMgmt, Who::ProcMgmt) => message
                .downcast_ref::<proc_mgmt::Message>()
                .map(|message| self.proc_mgmt_sends(end.channel, (header, message), coverage)),
            (Speaks::Spawn, Who::ProcMgmt) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.model.orders(end.channel, peer, message)),
            (Speaks::Spawn, Who::Spawnd { core, .. }) => {
                message.downcast_ref::<spawn::Message>().map(|message| {
                    self.spawnds.sends((end.channel, core), message, &self.truth, coverage)
                })
            }
            (Speaks::Monitor, _) => message
                .downcast_ref::<monitor::Message>()
                .map(|message| self.monitor_or_child_sends(end.channel, (own, peer), message)),
            _ => None,
        };
        self.check(found.unwrap_or(Ok(())));
    }

    fn proc_mgmt_sends(
        &mut self,
        channel: u64,
        (header, message): (Header, &proc_mgmt::Message),
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        if let proc_mgmt::Message::FenceSpawnd(fence) = message {
            self.watches.may_end(fence.core, fence.generation);
        }
        self.model.answers(channel, header, message, (&self.truth, coverage))
    }

    fn monitor_or_child_sends(
        &mut self,
        channel: u64,
        (own, peer): (Who, Who),
        message: &monitor::Message,
    ) -> Result<(), String> {
        if let (monitor::Message::Heartbeat(beat), Who::Spawnd { core, generation }) =
            (message, peer)
        {
            return self.watches.asks((core, generation), beat.request);
        }
        self.monitors.sends(channel, own, message)
    }

    fn monitor_hears(&mut self, (channel, peer): (u64, Who), message: &monitor::Message) {
        if let (monitor::Message::HeartbeatReply(beat), Who::Spawnd { core, generation }) =
            (message, peer)
        {
            self.watches.answered((core, generation), beat.request, self.clock.now());
        }
        self.monitors.hears(channel, message);
    }

    pub(crate) fn received(
        &mut self,
        end: TapEnd,
        link: &Link,
        (header, message): (Header, &mut dyn Any),
        coverage: &mut Coverage,
    ) {
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        let found = match (link.speaks, own) {
            (Speaks::ProcMgmt, Who::ProcMgmt) => {
                message.downcast_ref::<proc_mgmt::Message>().map(|message| {
                    let all = self.model.all_survivors(peer, message, &self.truth);
                    let heard = self.model.hears((end.channel, peer), header, message, coverage);
                    heard.and(all)
                })
            }
            (Speaks::Spawn, Who::ProcMgmt) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.model.spawnd_says((end.channel, peer), message, coverage)),
            (Speaks::Spawn, Who::Spawnd { core, .. }) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.spawnds.hears((end.channel, peer), core, message, &self.truth)),
            (Speaks::Monitor, Who::Monitor(_)) => {
                message.downcast_ref::<monitor::Message>().map(|message| {
                    self.monitor_hears((end.channel, peer), message);
                    Ok(())
                })
            }
            _ => None,
        };
        self.check(found.unwrap_or(Ok(())));
    }

    pub(crate) fn found_closed(&mut self, end: TapEnd, link: &Link, coverage: &mut Coverage) {
        self.spawnd_cut_off(end, link);
        if link.end(end).who != Who::ProcMgmt {
            return;
        }
        match link.speaks {
            Speaks::ProcMgmt => self.model.client_gone(end.channel, coverage),
            Speaks::Spawn => {
                let peer = link.end(end.peer()).who;
                self.model.spawnd_closed((end.channel, peer), coverage);
            }
            _ => {}
        }
    }

    pub(crate) fn closed(&mut self, end: TapEnd, link: &Link) {
        self.spawnd_cut_off(end, link);
        self.spawnds.closed(end.channel);
        self.monitors.closed(end.channel);
        if link.end(end).who == Who::ProcMgmt {
            let found = self.model.closes(end.channel, link.speaks);
            self.check(found);
        }
    }

    /// A monitor that has no binding to its spawnd ends it.
    fn spawnd_cut_off(&mut self, end: TapEnd, link: &Link) {
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        if let (Speaks::Monitor, Who::Monitor(_), Who::Spawnd { core, generation }) =
            (link.speaks, own, peer)
        {
            self.watches.may_end(core, generation);
        }
    }

    /// What must hold when nothing is under way.
    pub(crate) fn check_rest(&mut self) {
        let up = |core| self.watches.is_up(core);
        for found in self.model.at_rest(&self.truth, up) {
            self.complain(found);
        }
        for found in self.watches.at_rest() {
            self.complain(found);
        }
        for found in self.spawnds.at_rest().into_iter().chain(self.monitors.at_rest()) {
            self.complain(found);
        }
    }
}
