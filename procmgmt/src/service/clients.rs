//! Who is bound to the process manager, and which of their calls wait for an answer.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use flounder::{AnyBinding, BindingId, Cap, DomainId, ErrCode, ErrVal, ReplyError, Role, mutant};
use flounder_domain::{CALLS_MAX, WAITS_MAX};
use flounder_idl::proc_mgmt::{
    Binding, KillReply, KillResponse, SpanReply, SpanResponse, SpawnReply, SpawnResponse,
    SpawnWithCapsReply, SpawnWithCapsResponse, WaitReply, WaitResponse,
};

use super::ProcMgmt;
use crate::log;
use crate::machine::{Answer, BindingKey, Client, Reply};

/// How many calls a client's binding may let wait, waits included: what the process client of the
/// domain library asks for. A bind that asks for more is refused.
pub const CALLS_PER_BINDING_MAX: u32 = CALLS_MAX + WAITS_MAX;

/// How many bindings one domain may have: one for each of its dispatchers on 256 cores. Services and
/// operators, which have no domain, are not limited.
pub const BINDINGS_PER_DOMAIN_MAX: u32 = 256;

/// A call that is not answered yet.
#[derive(Debug)]
pub(super) enum Pending {
    /// A spawn, and the cap that its client gets; null until the spawnd is asked.
    Spawn(SpawnReply, Cap),
    /// The same with caps.
    SpawnWithCaps(SpawnWithCapsReply, Cap),
    Span(SpanReply),
    Kill(KillReply),
    Wait(WaitReply),
}

impl Pending {
    /// Lets the client have this cap if the spawn succeeds.
    fn keep(&mut self, spawner: Cap) {
        if let Self::Spawn(_, cap) | Self::SpawnWithCaps(_, cap) = self {
            *cap = spawner;
        }
    }

    fn send(self, answer: Answer) {
        match (self, answer) {
            (Self::Spawn(reply, cap), Answer::Spawned(_)) => {
                sent(reply.send(SpawnResponse { err: ErrVal::OK, domain_cap: cap }));
            }
            (Self::Spawn(reply, cap), Answer::NotSpawned(err)) => {
                let is_given = mutant!("failed-spawn-gives-cap");
                let domain_cap = if is_given { cap } else { Cap::NULL };
                sent(reply.send(SpawnResponse { err, domain_cap }));
            }
            (Self::SpawnWithCaps(reply, cap), Answer::Spawned(_)) => {
                sent(reply.send(SpawnWithCapsResponse { err: ErrVal::OK, domain_cap: cap }));
            }
            (Self::SpawnWithCaps(reply, _), Answer::NotSpawned(err)) => {
                sent(reply.send(SpawnWithCapsResponse { err, domain_cap: Cap::NULL }));
            }
            (Self::Span(reply), Answer::Span(err)) => sent(reply.send(SpanResponse { err })),
            (Self::Kill(reply), Answer::Kill(err)) => sent(reply.send(KillResponse { err })),
            (Self::Wait(reply), Answer::Wait(err, status)) => {
                sent(reply.send(WaitResponse { err, status }));
            }
            (pending, answer) => unreachable!("{answer:?} doesn't answer {pending:?}"),
        }
    }
}

/// Sees to an answer that was refused. A busy channel keeps it, and of a client that is gone the
/// error handler tells; so what's left is an answer that can't be sent, and its caller hears that
/// there is none.
pub(super) fn sent<R, T>(answer: Result<(), ReplyError<R, T>>) {
    if let Err(ReplyError::Argument(bad, _, token)) = answer {
        log::error!("an answer is longer than the calls it answers: {bad}");
        drop(token);
    }
}

/// One client's binding.
#[derive(Debug)]
struct Record {
    binding: Binding<ProcMgmt>,
    client: Client,
    open: BTreeSet<Reply>,
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Clients {
    records: BTreeMap<BindingKey, Record>,
    keys: BTreeMap<BindingId, BindingKey>,
    /// How many bindings each domain has.
    domains: BTreeMap<DomainId, u32>,
    pending: BTreeMap<Reply, (BindingKey, Pending)>,
    last_key: u64,
    last_reply: u64,
}

impl Clients {
    /// Takes a new client, unless its domain has enough bindings.
    pub(super) fn admit(&mut self, binding: &Binding<ProcMgmt>) -> Result<(), ErrCode> {
        let domain = binding.peer().domain;
        if domain != DomainId::NONE {
            let bindings = self.domains.entry(domain).or_default();
            if *bindings >= BINDINGS_PER_DOMAIN_MAX {
                return Err(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS);
            }
            *bindings += 1;
        }
        self.insert(binding);
        Ok(())
    }

    /// Takes the monitor's binding.
    pub(super) fn admit_monitor(&mut self, binding: &Binding<ProcMgmt>) {
        self.insert(binding);
    }

    fn insert(&mut self, binding: &Binding<ProcMgmt>) {
        self.last_key += 1;
        let key = BindingKey(self.last_key);
        let peer = binding.peer();
        let client = Client { key, domain: peer.domain, operator: peer.role == Role::Operator };
        self.keys.insert(binding.id(), key);
        let record = Record { binding: binding.clone(), client, open: BTreeSet::new() };
        self.records.insert(key, record);
    }

    /// Who is behind the binding; `None` once it was closed.
    pub(super) fn client(&self, binding: &Binding<ProcMgmt>) -> Option<Client> {
        let key = self.keys.get(&binding.id())?;
        self.records.get(key).map(|record| record.client)
    }

    /// Keeps a call until it is answered.
    pub(super) fn keep(&mut self, client: Client, pending: Pending) -> Reply {
        self.last_reply += 1;
        let reply = Reply(self.last_reply);
        if let Some(record) = self.records.get_mut(&client.key) {
            record.open.insert(reply);
            self.pending.insert(reply, (client.key, pending));
        }
        reply
    }

    /// Keeps the cap that goes with the answer to a spawn. It drops if the client is dead.
    pub(super) fn keep_cap(&mut self, reply: Reply, spawner: Cap) {
        if let Some((_, pending)) = self.pending.get_mut(&reply) {
            pending.keep(spawner);
        }
    }

    /// Answers a call.
    pub(super) fn answer(&mut self, reply: Reply, answer: Answer) {
        let Some((key, pending)) = self.pending.remove(&reply) else { return };
        if let Some(record) = self.records.get_mut(&key) {
            record.open.remove(&reply);
        }
        pending.send(answer);
    }

    /// Closes a client's binding and forgets it. Closed first: its calls get no answer.
    pub(super) fn close(&mut self, key: BindingKey) {
        if let Some(record) = self.records.get(&key) {
            AnyBinding::close(&record.binding);
            self.forget(key);
        }
    }

    /// Forgets a client whose binding is closed.
    pub(super) fn gone(&mut self, binding: &Binding<ProcMgmt>) -> Option<BindingKey> {
        let key = *self.keys.get(&binding.id())?;
        self.forget(key);
        Some(key)
    }

    /// Forgets a client, its calls and the caps it would have got.
    fn forget(&mut self, key: BindingKey) {
        let Some(Record { binding, client, open }) = self.records.remove(&key) else { return };
        self.keys.remove(&binding.id());
        for reply in open {
            self.pending.remove(&reply);
        }
        if let Entry::Occupied(mut bindings) = self.domains.entry(client.domain) {
            *bindings.get_mut() -= 1;
            if *bindings.get() == 0 {
                bindings.remove();
            }
        }
    }
}
