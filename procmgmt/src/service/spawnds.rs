//! The bindings to spawnds: made when the machine wants one, lost when the spawnd is.

use std::collections::BTreeMap;

use flounder::{
    AnyBinding, BindOptions, BindingError, BindingId, CoreId, DomainId, ErrVal, Half, Iref,
};
use flounder_domain::REQUESTS_MAX;
use flounder_idl::spawn::{Binding, DomainExited, Interface, RxVtbl, SpawnReply};

use super::{Letter, ProcMgmt, convert};
use crate::log;
use crate::machine::{Event, Generation, RequestId, SlotState};

/// One life of the spawnd of a core.
pub(super) type SpawndId = (CoreId, Generation);

/// How many requests to the monitor the start of the service takes: export, the name service's
/// iref, the bind to it.
const REQUESTS_AT_START: usize = 3;

/// How many binds to spawnds may be under way: what the monitor's client lets through. The cores
/// beyond, at most 256, wait for their turn.
const BINDS_MAX: usize = REQUESTS_MAX - REQUESTS_AT_START;

const SPAWND: RxVtbl<ProcMgmt> = RxVtbl { spawn_reply, domain_exited, ..RxVtbl::UNHANDLED };

/// All spawnds that the machine wants a binding to.
#[derive(Debug, Default)]
pub(super) struct Spawnds {
    links: BTreeMap<SpawndId, Binding<ProcMgmt>>,
    ids: BTreeMap<BindingId, SpawndId>,
    /// Where they listen to which a bind is not asked for yet.
    wanted: BTreeMap<CoreId, (Generation, Iref)>,
    /// How many binds are under way.
    binds: usize,
}

impl Spawnds {
    /// Notes that a binding is wanted; that to an older generation of the core no longer is.
    pub(super) fn want(&mut self, (core, generation): SpawndId, iref: Iref) {
        self.wanted.insert(core, (generation, iref));
    }

    /// The binding to a spawnd, if there is one.
    pub(super) fn link(&self, spawnd: SpawndId) -> Option<&Binding<ProcMgmt>> {
        self.links.get(&spawnd)
    }

    /// Closes the binding to a spawnd, or gives up wanting one. A bind under way goes on; the
    /// machine has the binding closed that it brings.
    pub(super) fn close(&mut self, spawnd: SpawndId) {
        let (core, generation) = spawnd;
        if self.wanted.get(&core).is_some_and(|wanted| wanted.0 == generation) {
            self.wanted.remove(&core);
        }
        if let Some(link) = self.links.remove(&spawnd) {
            self.ids.remove(&link.id());
            AnyBinding::close(&link);
        }
    }

    fn id(&self, link: &Binding<ProcMgmt>) -> Option<SpawndId> {
        self.ids.get(&link.id()).copied()
    }

    fn insert(&mut self, spawnd: SpawndId, link: Binding<ProcMgmt>) {
        self.ids.insert(link.id(), spawnd);
        self.links.insert(spawnd, link);
    }

    /// The next spawnd to bind to, if another bind may be under way.
    fn next(&mut self) -> Option<(SpawndId, Iref)> {
        if self.binds >= BINDS_MAX {
            return None;
        }
        let (core, (generation, iref)) = self.wanted.pop_first()?;
        self.binds += 1;
        Some(((core, generation), iref))
    }
}

impl ProcMgmt {
    /// Asks for as many bindings to spawnds as may be asked for.
    pub(super) fn bind_spawnds(&mut self) {
        while let Some((spawnd, iref)) = self.spawnds.next() {
            let Some(mailbox) = self.mailbox.clone() else { return };
            // The answer may come inside this call, so it takes the way of all letters.
            self.monitor.bind_with::<Interface>(iref, BindOptions::new(), move |half| {
                let _ = mailbox.send(Letter::Bound { spawnd, half });
            });
        }
    }

    /// A bind ended, one way or the other.
    pub(super) fn bind_ended(&mut self, spawnd: SpawndId, half: Result<Half, ErrVal>) {
        self.spawnds.binds -= 1;
        self.bind_spawnds();
        let (core, generation) = spawnd;
        match half.and_then(|half| self.connect_spawnd(spawnd, half)) {
            Ok(()) => {
                self.handle(Event::SpawndBound { core, generation });
                if self.machine.slot(core) == (SlotState::Up, generation) {
                    self.platform.core_up(core);
                }
            }
            Err(err) => {
                log::warn!("no binding to the spawnd of {core:?}: {err}");
                self.handle(Event::SpawndClosed { core, generation });
            }
        }
    }

    fn connect_spawnd(&mut self, spawnd: SpawndId, half: Half) -> Result<(), ErrVal> {
        let Some(ctx) = self.monitors.as_ref().and_then(AnyBinding::ctx) else { return Ok(()) };
        let link = ctx.connect::<Interface>(half, &SPAWND)?;
        link.set_error_handler(spawnd_failed);
        self.spawnds.insert(spawnd, link);
        Ok(())
    }
}

fn spawnd_failed(state: &mut ProcMgmt, link: &Binding<ProcMgmt>, error: BindingError) {
    let Some((core, generation)) = state.spawnds.id(link) else { return };
    log::warn!("spawnd of {core:?}: {error}");
    if error.is_fatal() {
        state.spawnds.close((core, generation));
        state.handle(Event::SpawndClosed { core, generation });
    }
}

fn spawn_reply(
    state: &mut ProcMgmt,
    link: &Binding<ProcMgmt>,
    SpawnReply { request, kind, err }: SpawnReply,
) {
    let Some((core, generation)) = state.spawnds.id(link) else { return };
    let (request, kind) = (RequestId(request), convert::kind(kind));
    state.handle(Event::SpawndReply { core, generation, request, kind, err });
}

fn domain_exited(
    state: &mut ProcMgmt,
    link: &Binding<ProcMgmt>,
    DomainExited { domain, cause, status }: DomainExited,
) {
    let Some((core, generation)) = state.spawnds.id(link) else { return };
    let (domain, ended) = (DomainId(domain), convert::ended(cause, status));
    state.handle(Event::DomainExited { core, generation, domain, ended });
}
