//! What the machine remembers of clients: what each binding has open, and each owner's quota.
//!
//! A binding is known from its first open request until its death; one with nothing open and no
//! offence takes no room.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use flounder::DomainId;

use super::event::Client;
use super::ids::BindingKey;

/// How many exits with a wrong cap cost a client its binding: nobody sends three by accident.
pub(super) const STRIKES_MAX: u8 = 3;

#[derive(Clone, Hash, Debug, Default)]
struct Binding {
    /// Domains at which it has requests open, and how many.
    open: BTreeMap<DomainId, u32>,
    /// How many of those are calls other than `wait`.
    calls: u32,
    /// How many are waits, and who is charged for them.
    waits: u32,
    waits_owner: DomainId,
    /// Domains that end with it.
    tied: BTreeSet<DomainId>,
    strikes: u8,
}

/// What a binding leaves behind when it dies.
#[derive(Debug, Default)]
pub(super) struct Estate {
    /// Domains at which it had requests open.
    pub(super) open: Vec<DomainId>,
    /// Domains that end with it.
    pub(super) tied: Vec<DomainId>,
}

/// What an owner is charged for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Charge {
    domains: u32,
    waits: u32,
}

/// All clients.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Clients {
    bindings: BTreeMap<BindingKey, Binding>,
    /// What each owner has.
    charged: BTreeMap<DomainId, Charge>,
}

impl Clients {
    /// How many calls the binding has open, not counting `wait`.
    pub(super) fn calls(&self, key: BindingKey) -> u32 {
        self.bindings.get(&key).map_or(0, |binding| binding.calls)
    }

    pub(super) fn open_call(&mut self, key: BindingKey, domain: DomainId) {
        self.bindings.entry(key).or_default().calls += 1;
        self.open(key, domain);
    }

    pub(super) fn open_wait(&mut self, client: Client, domain: DomainId) {
        let binding = self.bindings.entry(client.key).or_default();
        binding.waits += 1;
        binding.waits_owner = client.domain;
        self.charged.entry(client.domain).or_default().waits += 1;
        self.open(client.key, domain);
    }

    fn open(&mut self, key: BindingKey, domain: DomainId) {
        *self.bindings.entry(key).or_default().open.entry(domain).or_default() += 1;
    }

    pub(super) fn close_call(&mut self, key: BindingKey, domain: DomainId) {
        if let Some(binding) = self.bindings.get_mut(&key) {
            binding.calls -= 1;
        }
        self.close(key, domain);
    }

    pub(super) fn close_wait(&mut self, key: BindingKey, domain: DomainId) {
        if let Some(binding) = self.bindings.get_mut(&key) {
            binding.waits -= 1;
            let owner = binding.waits_owner;
            self.discharge(owner, Charge { domains: 0, waits: 1 });
        }
        self.close(key, domain);
    }

    fn close(&mut self, key: BindingKey, domain: DomainId) {
        let Some(binding) = self.bindings.get_mut(&key) else { return };
        if let Entry::Occupied(mut open) = binding.open.entry(domain) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
        self.forget_idle(key);
    }

    /// From now on `domain` ends with the binding.
    pub(super) fn tie(&mut self, key: BindingKey, domain: DomainId) {
        self.bindings.entry(key).or_default().tied.insert(domain);
    }

    pub(super) fn untie(&mut self, key: BindingKey, domain: DomainId) {
        if let Some(binding) = self.bindings.get_mut(&key) {
            binding.tied.remove(&domain);
            self.forget_idle(key);
        }
    }

    /// Counts an offence; true for the one that costs the binding.
    pub(super) fn strike(&mut self, key: BindingKey) -> bool {
        let strikes = &mut self.bindings.entry(key).or_default().strikes;
        *strikes = strikes.saturating_add(1);
        *strikes == STRIKES_MAX
    }

    /// Forgets a binding that died.
    pub(super) fn remove(&mut self, key: BindingKey) -> Estate {
        let Some(binding) = self.bindings.remove(&key) else { return Estate::default() };
        self.discharge(binding.waits_owner, Charge { domains: 0, waits: binding.waits });
        Estate {
            open: binding.open.into_keys().collect(),
            tied: binding.tied.into_iter().collect(),
        }
    }

    /// How many domains the owner has, live or unreaped.
    pub(super) fn domains(&self, owner: DomainId) -> u32 {
        self.charged.get(&owner).map_or(0, |charge| charge.domains)
    }

    /// How many waits the owner has open, over all its bindings.
    pub(super) fn waits(&self, owner: DomainId) -> u32 {
        self.charged.get(&owner).map_or(0, |charge| charge.waits)
    }

    pub(super) fn charge_domain(&mut self, owner: DomainId) {
        self.charged.entry(owner).or_default().domains += 1;
    }

    pub(super) fn discharge_domain(&mut self, owner: DomainId) {
        self.discharge(owner, Charge { domains: 1, waits: 0 });
    }

    fn discharge(&mut self, owner: DomainId, less: Charge) {
        if let Entry::Occupied(mut charged) = self.charged.entry(owner) {
            let charge = charged.get_mut();
            charge.domains -= less.domains;
            charge.waits -= less.waits;
            if *charge == Charge::default() {
                charged.remove();
            }
        }
    }

    /// How many bindings and owners take room.
    pub(super) fn len(&self) -> usize {
        self.bindings.len() + self.charged.len()
    }

    fn forget_idle(&mut self, key: BindingKey) {
        let idle = |b: &Binding| b.open.is_empty() && b.tied.is_empty() && b.strikes == 0;
        if self.bindings.get(&key).is_some_and(idle) {
            self.bindings.remove(&key);
        }
    }
}
