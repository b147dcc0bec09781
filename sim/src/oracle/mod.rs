//! Whether what happens is what should: an independent reading of the lifecycle page, and the
//! invariants.
//!
//! The oracle hears what the process manager, the spawnds and the monitors receive and send, never
//! what they think. [`model`] is a process manager written from the page; each answer and each order
//! has to be one that it gives too. [`ledger`] holds the books of requests and replies, [`truth`]
//! what is really alive.

mod answers;
mod cores;
mod ledger;
mod model;
mod queries;
mod requests;
mod rest;
mod slots;
pub(crate) mod truth;

use std::any::Any;
use std::rc::Rc;

use flounder::tap::TapEnd;
use flounder::{CoreId, Header};
use flounder_idl::{monitor, proc_mgmt, spawn};

use crate::coverage::Coverage;
use crate::net::{Link, Speaks};
use crate::who::Who;
use ledger::{MonitorLedger, SpawndLedger};
use model::Model;
pub(crate) use model::{Core as CoreState, State};
use truth::Truth;

/// How many complaints are kept: the first one counts.
const COMPLAINTS_MAX: usize = 8;

/// What the process manager of the world was started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) domains_per_client_max: u32,
    pub(crate) calls_per_binding_max: u32,
}

/// Hears everything, and complains.
pub(crate) struct Oracle {
    pub(crate) model: Model,
    spawnds: SpawndLedger,
    monitors: MonitorLedger,
    truth: Rc<Truth>,
    complaints: Vec<String>,
}

impl Oracle {
    pub(crate) fn new(limits: Limits, truth: Rc<Truth>) -> Self {
        Self {
            model: Model::new(limits),
            spawnds: SpawndLedger::default(),
            monitors: MonitorLedger::default(),
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
    ) {
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        let found = match (link.speaks, own) {
            (Speaks::ProcMgmt, Who::ProcMgmt) => message
                .downcast_ref::<proc_mgmt::Message>()
                .map(|message| self.model.answers(end.channel, header, message, &self.truth)),
            (Speaks::Spawn, Who::ProcMgmt) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.model.orders(end.channel, peer, message)),
            (Speaks::Spawn, Who::Spawnd { core, .. }) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.spawnds.sends(end.channel, core, message, &self.truth)),
            (Speaks::Monitor, _) => message
                .downcast_ref::<monitor::Message>()
                .map(|message| self.monitors.sends(end.channel, own, message)),
            _ => None,
        };
        self.check(found.unwrap_or(Ok(())));
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
            (Speaks::ProcMgmt, Who::ProcMgmt) => message
                .downcast_ref::<proc_mgmt::Message>()
                .map(|message| self.model.hears((end.channel, peer), header, message, coverage)),
            (Speaks::Spawn, Who::ProcMgmt) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.model.spawnd_says((end.channel, peer), message, coverage)),
            (Speaks::Spawn, Who::Spawnd { core, .. }) => message
                .downcast_ref::<spawn::Message>()
                .map(|message| self.spawnds.hears((end.channel, peer), core, message, &self.truth)),
            (Speaks::Monitor, Who::Monitor(_)) => {
                message.downcast_ref::<monitor::Message>().map(|message| {
                    self.monitors.hears(end.channel, message);
                    Ok(())
                })
            }
            _ => None,
        };
        self.check(found.unwrap_or(Ok(())));
    }

    pub(crate) fn found_closed(&mut self, end: TapEnd, link: &Link, coverage: &mut Coverage) {
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
        self.spawnds.closed(end.channel);
        self.monitors.closed(end.channel);
        if link.end(end).who == Who::ProcMgmt {
            let found = self.model.closes(end.channel, link.speaks);
            self.check(found);
        }
    }

    /// What must hold when nothing is under way.
    pub(crate) fn check_rest(&mut self) {
        for found in self.model.at_rest(&self.truth) {
            self.complain(found);
        }
        for found in self.spawnds.at_rest().into_iter().chain(self.monitors.at_rest()) {
            self.complain(found);
        }
    }
}
