//! A client of the workload: what it holds, what it asked, and how it asks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use flounder::{AnyBinding, Cap, CoreId, Iref};
use flounder_domain::Processes;
use flounder_idl::proc_mgmt::{
    AddSpawnd, Binding, Exit, GetDomainlist, GetStatus, Kill, RemoveSpawnd, Shutdown, Span, Spawn,
    SpawnWithCaps, SurvivorEnded, Wait,
};

use crate::host::Host;
use crate::world::World;

/// Waits for an answer: what it says is the oracle's business.
pub(super) async fn unheard<F: Future>(answer: F) {
    let _ = answer.await;
}

/// A client on a host.
pub(crate) struct Client {
    pub(crate) host: Host,
    processes: Rc<RefCell<Option<Processes>>>,
    /// Caps of what it spawned.
    caps: Rc<RefCell<Vec<Cap>>>,
    pub(crate) refused: Rc<Cell<u64>>,
}

impl Client {
    /// A new client, which binds to the process manager first.
    pub(crate) fn new(world: &mut World, core: CoreId) -> Self {
        let host = world.host(core);
        let processes = Rc::new(RefCell::new(None));
        let (found, system) = (Rc::clone(&processes), host.system());
        host.spawn(async move {
            if let Ok(there) = system.processes().await {
                found.replace(Some(there));
            }
        });
        Self { host, processes, caps: Rc::default(), refused: Rc::default() }
    }

    fn binding(&self) -> Option<Binding<()>> {
        let processes = self.processes.borrow();
        processes.as_ref().map(|there| there.binding().clone()).filter(|it| !it.is_closed())
    }

    /// Spawns a program; the cap is kept when it comes.
    pub(crate) fn spawn(&self, what: Spawn) {
        let Some(binding) = self.binding() else { return };
        let Ok(call) = binding.spawn(what) else { return };
        let (caps, refused) = (Rc::clone(&self.caps), Rc::clone(&self.refused));
        self.host.spawn(async move {
            match call.await {
                Ok(answer) if answer.err.is_ok() => caps.borrow_mut().push(answer.domain_cap),
                _ => refused.set(refused.get() + 1),
            }
        });
    }

    /// Spawns a program with an empty `CNode`.
    pub(crate) fn spawn_with_caps(&self, what: Spawn) {
        let Some(binding) = self.binding() else { return };
        let Spawn { core, path, argvbuf, envbuf, flags } = what;
        let inheritcn_cap = self.host.home().holder().cnode();
        let argcn_cap = Cap::NULL;
        let what = SpawnWithCaps { core, path, argvbuf, envbuf, inheritcn_cap, argcn_cap, flags };
        let Ok(call) = binding.spawn_with_caps(what) else { return };
        let caps = Rc::clone(&self.caps);
        self.host.spawn(async move {
            if let Ok(answer) = call.await
                && answer.err.is_ok()
            {
                caps.borrow_mut().push(answer.domain_cap);
            }
        });
    }

    /// Kills a domain as soon as there is room for it.
    pub(crate) fn kill_later(&self, domain_cap: Cap) {
        let Some(binding) = self.binding() else { return };
        self.host.spawn(async move { unheard(binding.call(Kill { domain_cap })).await });
    }

    pub(crate) fn kill(&self, domain_cap: Cap) {
        let Some(binding) = self.binding() else { return };
        if let Ok(call) = binding.kill(Kill { domain_cap }) {
            self.host.spawn(unheard(call));
        }
    }

    pub(crate) fn wait(&self, domain_cap: Cap, nohang: bool) {
        let Some(binding) = self.binding() else { return };
        if let Ok(call) = binding.wait(Wait { domain_cap, nohang }) {
            self.host.spawn(unheard(call));
        }
    }

    /// Says `exit` for a domain, which it isn't.
    pub(crate) fn exit(&self, domain_cap: Cap, status: u8) {
        let Some(binding) = self.binding() else { return };
        // Refused or not, it must have no effect.
        drop(binding.exit(Exit { domain_cap, status }));
    }

    /// Spans a domain, with good caps or with none.
    pub(crate) fn span(&self, domain_cap: Cap, core: u8, is_good: bool) {
        let Some(binding) = self.binding() else { return };
        let holder = self.host.home().holder();
        let domain = domain_cap.identify().ok().and_then(|info| info.domain);
        let (vroot, dispframe) = match domain.filter(|_| is_good) {
            Some(domain) => (holder.vnode(domain), holder.frame(4096).unwrap_or(Cap::NULL)),
            None => (Cap::NULL, Cap::NULL),
        };
        if let Ok(call) = binding.span(Span { domain_cap, core, vroot, dispframe }) {
            self.host.spawn(unheard(call));
        }
    }

    pub(crate) fn status(&self, domain: u64, domain_cap: Cap) {
        let Some(binding) = self.binding() else { return };
        if let Ok(call) = binding.get_status(GetStatus { domain, domain_cap }) {
            self.host.spawn(unheard(call));
        }
    }

    pub(crate) fn list(&self, after: u64) {
        let Some(binding) = self.binding() else { return };
        if let Ok(call) = binding.get_domainlist(GetDomainlist { after }) {
            self.host.spawn(unheard(call));
        }
    }

    /// Says what only the monitor may say.
    pub(crate) fn pose_as_monitor(&self, core: u8, generation: u64, what: usize) {
        let Some(binding) = self.binding() else { return };
        // Refused or not, it must have no effect.
        let _ = match what {
            0 => binding.shutdown(Shutdown {}).is_ok(),
            1 => {
                let survivors = Vec::new();
                let gone = RemoveSpawnd { core, generation, survivors, more: false };
                binding.remove_spawnd(gone).is_ok()
            }
            2 => binding.survivor_ended(SurvivorEnded { core, domain: generation }).is_ok(),
            _ => {
                let iref = Iref::new(CoreId(core), 1);
                binding.add_spawnd(AddSpawnd { core, generation, iref }).is_ok()
            }
        };
    }

    /// The cap that names `domain`, or any.
    pub(crate) fn cap_of(&self, domain: Option<u64>, random: usize) -> Option<Cap> {
        let caps = self.caps.borrow();
        let names = |cap: &&Cap| {
            let named = cap.identify().ok().and_then(|info| info.domain).map(|id| id.0);
            domain.is_none() || named == domain
        };
        let fitting: Vec<&Cap> = caps.iter().filter(names).collect();
        let cap = fitting.get(random % fitting.len().max(1))?;
        cap.copy().ok()
    }

    /// Drops one of its caps.
    pub(crate) fn drop_a_cap(&self, random: usize) {
        let mut caps = self.caps.borrow_mut();
        if caps.is_empty() {
            return;
        }
        let place = random % caps.len();
        let dropped = caps.swap_remove(place);
        drop(caps);
        drop(dropped);
    }
}
