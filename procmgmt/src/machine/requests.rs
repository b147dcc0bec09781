//! What clients ask: carries out the entries of [`Table::requests`](super::Table).

use std::collections::BTreeMap;

use flounder::{CoreId, DomainId, ErrCode, ErrVal, mutant};

use super::cores::CoreEvent;
use super::desk::{Desk, Shutdown, error};
use super::domain::{Asker, Core, CoreState, Cores, Domain, Ended, Rest, State};
use super::effects::{Answer, Effect, Effects, What};
use super::event::{Client, Image, Presented, SPAWN_ENDS_WITH_SPAWNER};
use super::ids::{BindingKey, Reply};
use super::table::{Act, Request, SlotAct, SlotColumn};
use super::{Column, Machine};

/// What `wait` answers besides an error that no status goes with.
const STATUS_NONE: u8 = 0;
/// What `wait` with `nohang` answers for a live domain.
const STATUS_ALIVE: u8 = 255;

impl<P> Machine<P> {
    pub(super) fn spawn(
        &mut self,
        client: Client,
        reply: Reply,
        at: CoreId,
        image: Image,
        what: What<P>,
        out: &mut Effects,
    ) {
        if let Err(code) = self.may_spawn(client, at) {
            out.answer(reply, Answer::NotSpawned(error(code)));
            return;
        }
        let id = self.desk.next_domain();
        let mut domain = new_domain(id, client.domain, at, image);
        if matches!(what, What::Spawn { flags, .. } if flags & SPAWN_ENDS_WITH_SPAWNER != 0) {
            domain.tied_to = Some(client.key);
            self.desk.clients.tie(client.key, id);
        }
        self.desk.admit(&domain);
        let asker = Asker { client: client.key, reply };
        self.desk.start(&mut domain, at, (CoreState::SpawnPend, what), asker, out);
        self.domains.insert(id, Box::new(domain));
    }

    fn may_spawn(&self, client: Client, at: CoreId) -> Result<(), ErrCode> {
        assert!(!(at.0 >= 254 && mutant!("core-outside-table")), "a table has 254 cores");
        let desk = &self.desk;
        desk.may_call(client)?;
        match desk.slot_act(at, SlotColumn::Spawn) {
            SlotAct::Accept if desk.shutdown == Shutdown::No => {}
            SlotAct::Accept | SlotAct::Refuse => {
                return Err(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND);
            }
            other => unreachable!("a spawn can't {other:?}"),
        }
        if desk.clients.domains(client.domain) >= desk.config.domains_per_client_max {
            return Err(ErrCode::PROC_MGMT_ERR_CREATE_DOMAIN_CAP);
        }
        Ok(())
    }

    pub(super) fn span(
        &mut self,
        client: Client,
        reply: Reply,
        cap: Presented,
        (at, payload): (CoreId, P),
        out: &mut Effects,
    ) {
        let refused = match self.desk.table.request(Request::Span, self.column(cap)) {
            Act::Refuse(code) => Err(code),
            Act::Extend => self.may_extend(client, cap, at),
            other => unreachable!("a span can't {other:?}"),
        };
        match refused {
            Err(code) => out.answer(reply, Answer::Span(error(code))),
            Ok(id) => self.with_domain(id, out, |desk, domain, out| {
                if mutant!("span-answered-at-once") {
                    out.answer(reply, Answer::Span(ErrVal::OK));
                }
                let asker = Asker { client: client.key, reply };
                let what = What::Span { payload };
                desk.start(domain, at, (CoreState::SpanPend, what), asker, out);
            }),
        }
    }

    /// The domain to extend, if core, earlier spans and spawnd allow it.
    fn may_extend(&self, client: Client, cap: Presented, at: CoreId) -> Result<DomainId, ErrCode> {
        let id = cap.names().ok_or(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH)?;
        let domain = self.domains.get(&id).expect("only what is there is extended");
        if domain.core_state(at) != CoreState::None {
            return Err(ErrCode::PROC_MGMT_ERR_ALREADY_SPANNED);
        }
        self.desk.obeying(at).ok_or(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND)?;
        self.desk.may_call(client)?;
        Ok(id)
    }

    pub(super) fn kill(&mut self, client: Client, reply: Reply, cap: Presented, out: &mut Effects) {
        let killer = Asker { client: client.key, reply };
        match (self.desk.table.request(Request::Kill, self.column(cap)), cap.names()) {
            (Act::Refuse(code), _) => out.answer(reply, Answer::Kill(error(code))),
            (act, Some(id)) => match self.desk.may_call(client) {
                Err(code) => out.answer(reply, Answer::Kill(error(code))),
                Ok(()) => self.end(id, (act, Ended::KILLED), Some(killer), out),
            },
            (act, None) => unreachable!("no domain to {act:?}"),
        }
    }

    /// Ends a domain that nobody has to be answered for.
    pub(super) fn end_quietly(&mut self, id: DomainId, out: &mut Effects) {
        match self.desk.table.request(Request::Kill, self.entry(id)) {
            Act::Refuse(_) | Act::Join => {}
            act => self.end(id, (act, Ended::KILLED), None, out),
        }
    }

    pub(super) fn exit(&mut self, client: Client, cap: Presented, status: u8, out: &mut Effects) {
        let row = if cap.is_own(client) { Request::ExitOwn } else { Request::ExitOther };
        match (self.desk.table.request(row, self.column(cap)), cap.names()) {
            (Act::Drop, _) => self.desk.stats.exits_dropped += 1,
            (Act::Strike, _) => {
                self.desk.stats.exits_dropped += 1;
                if self.desk.clients.strike(client.key) {
                    self.desk.stats.clients_closed += 1;
                    out.push(Effect::CloseClient(client.key));
                }
            }
            (act, Some(id)) => self.end(id, (act, Ended::exited(status)), None, out),
            (act, None) => unreachable!("no domain to {act:?}"),
        }
    }

    /// Carries out what a kill or an exit does.
    fn end(
        &mut self,
        id: DomainId,
        (act, ended): (Act, Ended),
        killer: Option<Asker>,
        out: &mut Effects,
    ) {
        self.with_domain(id, out, |desk, domain, out| match act {
            Act::Ignore => {}
            Act::Remember => {
                assert_eq!(domain.state, State::Nil, "only what may still fail is remembered");
                desk.queue_killer(domain, killer);
                desk.step(domain, domain.home, CoreEvent::Stop(ended), out);
            }
            Act::Stop => {
                desk.queue_killer(domain, killer);
                desk.stop(domain, ended, None, out);
            }
            Act::Join => desk.join(domain, killer.expect("only a killer joins"), out),
            other => unreachable!("a domain can't end by {other:?}"),
        });
    }

    pub(super) fn wait(
        &mut self,
        client: Client,
        reply: Reply,
        cap: Presented,
        nohang: bool,
        out: &mut Effects,
    ) {
        let row = if nohang { Request::WaitNohang } else { Request::Wait };
        let domain = cap.names().and_then(|id| self.domains.get_mut(&id));
        let column = match cap {
            Presented::Domain(_) => {
                domain.as_ref().map_or(Column::NoEntry, |d| Column::In(d.state))
            }
            _ => Column::NoRight,
        };
        let (err, status) = match (self.desk.table.request(row, column), domain) {
            (Act::Refuse(_), _) if mutant!("wait-with-bad-cap") => (ErrVal::OK, STATUS_NONE),
            (Act::Refuse(code), _) => (error(code), STATUS_NONE),
            (Act::Alive, Some(domain)) if mutant!("nohang-overwrites-status") => {
                domain.ended = Some(Ended::exited(STATUS_ALIVE));
                (error(ErrCode::PROC_MGMT_DOMAIN_ALIVE), STATUS_ALIVE)
            }
            (Act::Final, Some(domain))
                if domain.state == State::Cleaned && mutant!("wait-after-cleanup-hangs") =>
            {
                domain.waiters.insert(client.key, reply);
                return;
            }
            (Act::Alive, _) => (error(ErrCode::PROC_MGMT_DOMAIN_ALIVE), STATUS_ALIVE),
            (Act::Final, Some(domain)) => {
                (ErrVal::OK, domain.ended.map_or(STATUS_NONE, |ended| ended.status))
            }
            (Act::Queue, Some(domain)) => {
                if self.desk.may_wait(client) && !domain.is_waited_for_by(client.key) {
                    domain.waiters.insert(client.key, reply);
                    self.desk.clients.open_wait(client, domain.id);
                    return;
                }
                (error(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS), STATUS_NONE)
            }
            (act, _) => unreachable!("a wait can't {act:?}"),
        };
        out.answer(reply, Answer::Wait(err, status));
    }

    pub(super) fn client_gone(&mut self, key: BindingKey, out: &mut Effects) {
        let estate = self.desk.clients.remove(key);
        let is_missed = !estate.open.is_empty() && mutant!("dead-client-aborts");
        assert!(!is_missed, "a client waits for its answers");
        for id in estate.open {
            let act = self.desk.table.request(Request::ClientDies, self.entry(id));
            assert_eq!(act, Act::Forget, "a client has nothing open at a domain that ended");
            self.with_domain(id, out, |_, domain, _| forget(domain, key));
        }
        for id in estate.tied {
            if let Some(domain) = self.domains.get_mut(&id) {
                domain.tied_to = None;
            }
            self.end_quietly(id, out);
        }
    }

    pub(super) fn last_cap_dropped(&mut self, id: DomainId, out: &mut Effects) {
        match self.desk.table.request(Request::LastCap, self.entry(id)) {
            Act::Ignore => {}
            Act::Detach => self.with_domain(id, out, |_, domain, _| {
                assert_ne!(domain.state, State::Cleaned, "what is cleaned up is freed at once");
                domain.detached = true;
            }),
            Act::Free => self.with_domain(id, out, |_, domain, _| domain.gone = true),
            other => unreachable!("a record can't {other:?}"),
        }
    }

    pub(super) fn shut_down(&mut self, out: &mut Effects) {
        if self.desk.shutdown != Shutdown::No {
            return;
        }
        self.desk.shutdown = Shutdown::Asked;
        let live: Vec<_> = self.desk.listed.iter().copied().collect();
        for id in live {
            self.end_quietly(id, out);
        }
    }
}

impl<P> Desk<P> {
    /// Whether the client may have one more call open.
    fn may_call(&self, client: Client) -> Result<(), ErrCode> {
        let free = self.clients.calls(client.key) < self.config.calls_per_binding_max;
        free.then_some(()).ok_or(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS)
    }

    /// Whether the client may have one more wait open.
    fn may_wait(&self, client: Client) -> bool {
        self.clients.waits(client.domain) < self.config.waits_per_client_max
    }

    /// Queues the killer of a stop that is under way, unless that can't come to its end.
    fn join(&mut self, domain: &mut Domain, killer: Asker, out: &mut Effects) {
        let aborts = domain.ended.is_some() && mutant!("second-kill-aborts");
        assert!(!aborts, "a domain is killed once");
        if mutant!("kill-overwrites-exit") {
            domain.ended = Some(Ended::KILLED);
        }
        if mutant!("joining-killer-lost") {
            return;
        }
        if domain.any_core(|core| core == CoreState::Wedged) {
            out.answer(killer.reply, Answer::Kill(error(ErrCode::PROC_MGMT_ERR_KILL)));
        } else {
            self.queue_killer(domain, Some(killer));
        }
    }

    fn queue_killer(&mut self, domain: &mut Domain, killer: Option<Asker>) {
        if let Some(killer) = killer {
            self.clients.open_call(killer.client, domain.id);
            domain.killers.push(killer);
        }
    }

    /// Puts a domain on a core: owes its spawnd the request for it.
    fn start(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        (state, what): (CoreState, What<P>),
        asker: Asker,
        out: &mut Effects,
    ) {
        let slot = self.slots.get_mut(&at).expect("only a spawnd that obeys is asked to start");
        slot.members.insert(domain.id);
        let generation = slot.generation;
        self.clients.open_call(asker.client, domain.id);
        let request = Some(self.owe(at, domain.id, what, out));
        let core = Core { state, generation, request, retries: 0, died: None, asker: Some(asker) };
        domain.cores.insert(at, core);
    }
}

fn new_domain(id: DomainId, owner: DomainId, home: CoreId, image: Image) -> Domain {
    Domain {
        id,
        owner,
        home,
        image,
        state: State::Nil,
        ended: None,
        cores: Cores::default(),
        killers: Vec::new(),
        waiters: BTreeMap::new(),
        tied_to: None,
        detached: false,
        rest: Rest::Busy,
        gone: false,
    }
}

/// Drops everything that a dead client asked of the domain.
fn forget(domain: &mut Domain, key: BindingKey) {
    domain.killers.retain(|killer| killer.client != key);
    domain.waiters.remove(&key);
    for core in domain.cores.values_mut() {
        core.asker = core.asker.filter(|asker| asker.client != key);
    }
}
