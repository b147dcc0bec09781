//! The services of one simulated core: how one starts, and what its end ends.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::platform::{Platform, Service, ServiceEnv, ServiceEvent, ServiceKind};
use flounder::{DomainId, Home, Mailbox, Waitset};

use super::{CorePlatform, Job};
use crate::played::Played;
use crate::random::mix;

/// Of so many domains on a played spawnd's core one survives it, as far as its monitor hears. A power
/// of two.
const PHANTOMS: u64 = 2;

/// A service that runs.
pub(super) struct RunningService {
    pub(super) generation: u64,
    pub(super) home: Home,
    pub(super) events: Mailbox<ServiceEvent>,
    pub(super) handle: Option<Service>,
    pub(super) played: Option<Rc<RefCell<Played>>>,
}

impl CorePlatform {
    /// A service panics: its holder ends, what a spawnd started is killed, the monitor hears of it.
    pub(crate) fn crash(&self, service: ServiceKind) -> bool {
        let services = self.services.borrow();
        let generation = services.get(&service).map_or(0, |running| running.generation);
        drop(services);
        self.end_service(service, generation)
    }

    /// Ends that life of a service, if it hasn't ended.
    pub(super) fn end_service(&self, service: ServiceKind, generation: u64) -> bool {
        let mut services = self.services.borrow_mut();
        let running = services.get_mut(&service);
        let Some(running) = running.filter(|it| it.generation == generation) else { return false };
        let Some(handle) = running.handle.take() else { return false };
        let (home, events) = (running.home.clone(), running.events.clone());
        let played = running.played.take();
        drop(services);
        drop(played.map(|played| played.take()));
        home.end();
        drop(handle);
        home.holder().end();
        let survivors = match service {
            ServiceKind::Spawnd => self.spawnd_ends(generation),
            ServiceKind::ProcMgmt => Vec::new(),
        };
        let _ = events.send(ServiceEvent::Ended { service, generation, survivors });
        true
    }

    /// A spawnd is about to start: maybe one that won't live long.
    pub(super) fn spawnd_starts(&self, generation: u64) {
        self.shared.net.state.borrow_mut().oracle.spawnd_started(self.core, generation);
        if let Some(left) = self.crashes.get().checked_sub(1) {
            self.crashes.set(left);
            self.push(Job::Crash(generation));
        }
    }

    /// Has so many spawnds crash as soon as they are started, this one first.
    pub(crate) fn crash_in_a_row(&self, times: u32) -> bool {
        self.crashes.set(times);
        times == 0 || self.crash(ServiceKind::Spawnd)
    }

    /// Has a played spawnd leave that domain behind when it ends.
    pub(crate) fn haunt(&self, domain: DomainId) {
        self.haunting.set(Some(domain));
    }

    /// A spawnd has ended; what of it hasn't.
    fn spawnd_ends(&self, generation: u64) -> Vec<DomainId> {
        self.shared.net.state.borrow_mut().oracle.spawnd_ended(self.core, generation);
        let mut left = self.kill_all(generation);
        if self.shared.truth.is_played(self.core.0) {
            left.extend(self.leave_phantoms(generation));
        }
        left
    }

    /// A played spawnd has started nothing, so what survives it is made up: some of what it was asked
    /// for. Half of that ends soon, the other half when the world is healed.
    fn leave_phantoms(&self, generation: u64) -> Vec<DomainId> {
        let of_it = self.shared.net.state.borrow().oracle.model.parts_of(self.core.0, generation);
        let (seed, sure) = (mix(self.shared.net.hash()), self.haunting.take());
        let is_left =
            |id: &DomainId| sure == Some(*id) || mix(id.0 ^ seed).is_multiple_of(PHANTOMS);
        let left: Vec<_> = of_it.into_iter().map(DomainId).filter(is_left).collect();
        for &domain in &left {
            if mix(domain.0 ^ seed) & PHANTOMS == 0 && sure != Some(domain) {
                self.push(Job::PhantomEnds(domain));
            } else {
                self.phantoms.borrow_mut().insert(domain);
            }
        }
        left
    }

    /// Kills what a spawnd started, and forgets what of it has ended.
    fn kill_all(&self, generation: u64) -> Vec<DomainId> {
        let mut programs = self.programs.borrow_mut();
        let of_it = programs.iter().filter(|(_, resident)| resident.spawnd == generation);
        let ended: Vec<_> =
            of_it.filter(|(_, resident)| resident.ended).map(|(&domain, _)| domain).collect();
        let forgotten: Vec<_> = ended.iter().map(|domain| programs.remove(domain)).collect();
        drop(programs);
        drop(forgotten);
        for domain in ended {
            self.shared.truth.forget(self.part(domain));
        }
        let programs = self.programs.borrow();
        let live = programs.iter().filter(|(_, it)| !it.ended && it.spawnd == generation);
        let domains: Vec<_> = live.map(|(&domain, _)| domain).collect();
        drop(programs);
        for &domain in &domains {
            self.kill_program(domain);
        }
        domains
    }

    /// Which life of the spawnd starts programs now.
    pub(crate) fn generation(&self) -> u64 {
        self.services.borrow().get(&ServiceKind::Spawnd).map_or(0, |spawnd| spawnd.generation)
    }

    /// The played spawnd of the core, if that is what it has.
    pub(crate) fn played(&self) -> Option<Rc<RefCell<Played>>> {
        self.services.borrow().get(&ServiceKind::Spawnd)?.played.clone()
    }

    /// Has a played spawnd answer its oldest order. False if it has none.
    pub(crate) fn obey(&self) -> bool {
        let Some(played) = self.played() else { return false };
        let mut played = played.borrow_mut();
        let err = played.mood(0).unwrap_or(flounder::ErrVal::OK);
        played.answer(0, err)
    }

    pub(super) fn panicked(&self, service: ServiceKind) {
        let mut state = self.shared.net.state.borrow_mut();
        state.oracle.complain(format!("I16: {service:?} on core {} panicked", self.core));
    }

    pub(super) fn label(&self, service: ServiceKind, generation: u64) -> String {
        match service {
            ServiceKind::ProcMgmt => "proc_mgmt".to_owned(),
            ServiceKind::Spawnd => format!("spawnd.{}/{generation}", self.core),
        }
    }

    pub(super) fn waitset(&self, service: ServiceKind) -> &Waitset {
        match service {
            ServiceKind::ProcMgmt => &self.loops.proc_mgmt,
            ServiceKind::Spawnd => &self.loops.spawnd,
        }
    }

    pub(super) fn run(
        &self,
        service: ServiceKind,
        env: ServiceEnv,
    ) -> (Service, Option<Rc<RefCell<Played>>>) {
        let config = self.shared.config;
        match service {
            ServiceKind::ProcMgmt => {
                let mut limits = flounder_procmgmt::Config::default();
                limits.domains_per_client_max = config.domains_per_client_max;
                (flounder_procmgmt::start_with(env, limits), None)
            }
            ServiceKind::Spawnd if config.plays(self.core) => {
                self.shared.truth.play(self.core.0);
                let (service, played) = Played::start(env);
                (service, Some(played))
            }
            ServiceKind::Spawnd => {
                let mut limits = flounder_spawnd::machine::Config::default();
                limits.grace = config.grace;
                limits.domains_max = config.domains_per_core_max;
                (flounder_spawnd::start_with(env, limits), None)
            }
        }
    }
}
