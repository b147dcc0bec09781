//! What clients and the monitor ask (§2, the table of events; §3, who may add a spawnd).

use std::collections::BTreeMap;

use flounder::{Cap, CapKind, ErrCode, Header, Rights};
use flounder_idl::proc_mgmt::Message;
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::ExitCause;

use super::answers::{Answer, Waiting};
use super::model::{Client, Core, Domain, End, KILLED, Model, Order, Part, Stand, State};
use crate::coverage::Coverage;
use crate::fault::Mark;
use crate::who::Who;

/// Bit 0 of a spawn's flags: the domain ends with its spawner.
const ENDS_WITH_SPAWNER: u8 = 1;
/// Bit 1: the spawner may span the domain.
const SPANNED_BY_SPAWNER: u8 = 2;
/// The third wrong exit costs the binding.
const STRIKES_MAX: u8 = 3;

/// What a cap is for a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Weak(u64),
    Domain(u64),
}

/// What a cap shows of itself to a request that needs `right`.
fn shown(cap: &Cap, right: Rights) -> Shown {
    match cap.identify() {
        Ok(info) if info.kind == CapKind::Domain => match info.domain {
            Some(domain) if info.rights.contains(right) => Shown::Domain(domain.0),
            Some(domain) => Shown::Weak(domain.0),
            None => Shown::Nothing,
        },
        _ => Shown::Nothing,
    }
}

/// Whom a cap names, whatever it allows.
pub(super) fn named(cap: &Cap) -> Option<u64> {
    match shown(cap, Rights::NONE) {
        Shown::Domain(domain) | Shown::Weak(domain) => Some(domain),
        Shown::Nothing => None,
    }
}

/// The domain in the badge of whoever is at the other end; 0 for what has none.
fn badge(who: Who) -> u64 {
    match who {
        Who::Program { domain, .. } => domain,
        _ => 0,
    }
}

impl Model {
    /// The process manager takes a message of a client or of the monitor.
    pub(super) fn hears(
        &mut self,
        (channel, peer): (u64, Who),
        header: Header,
        message: &Message,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        self.next_batch();
        if self.clients.get(&channel).is_none_or(|client| client.gone) {
            return Ok(());
        }
        let from_monitor = matches!(peer, Who::Monitor(0));
        match (header, message) {
            (Header::Call(call), _) => {
                self.requests += 1;
                let asker = Waiting { channel, call: call.number() };
                self.call((asker, peer), message, coverage);
            }
            (_, Message::Exit(m)) => {
                self.requests += 1;
                self.exit((channel, peer), &m.domain_cap, m.status, coverage);
            }
            (_, Message::AddSpawnd(m)) if from_monitor => {
                return self.add_spawnd(m.core, m.generation, m.iref, coverage);
            }
            (_, Message::AddSpawnd(m)) => {
                coverage.mark(Mark::StrangerAddsSpawnd);
                coverage.cell(self.stand(m.core).name(), "foreign add");
            }
            (_, Message::RemoveSpawnd(m)) if from_monitor => {
                let id = (m.core, m.generation);
                self.remove_spawnd(id, (&m.survivors, m.more), coverage);
            }
            (_, Message::SurvivorEnded(m)) if from_monitor => {
                self.survivor_ended(m.core, m.domain, coverage);
            }
            (_, Message::Shutdown(_)) if from_monitor => self.shut_down(coverage),
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, (asker, peer): (Waiting, Who), message: &Message, coverage: &mut Coverage) {
        match message {
            Message::Spawn(m) => {
                let image = (m.path.clone(), m.argvbuf.clone());
                self.spawn((asker, peer), (m.core, m.flags), image, coverage);
            }
            Message::SpawnWithCaps(m) => {
                let image = (m.path.clone(), m.argvbuf.clone());
                self.spawn((asker, peer), (m.core, m.flags), image, coverage);
            }
            Message::Span(m) => self.span(asker, &m.domain_cap, m.core, coverage),
            Message::Kill(m) => self.kill(asker, &m.domain_cap, coverage),
            Message::Wait(m) => self.wait(asker, &m.domain_cap, m.nohang, coverage),
            Message::GetDomainlist(m) => self.list(asker, m.after, coverage),
            Message::GetStatus(m) => {
                let sees_all = matches!(peer, Who::Host { .. });
                self.status(asker, m.domain, (&m.domain_cap, sees_all), coverage);
            }
            _ => {}
        }
    }

    /// Notes the cell of an event by a cap; the state of the domain it may act on.
    fn column(
        &self,
        row: &'static str,
        shown: Shown,
        coverage: &mut Coverage,
    ) -> Result<(u64, State), ErrCode> {
        let Shown::Domain(id) = shown else {
            coverage.cell(row, "no right");
            return Err(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH);
        };
        let Some(domain) = self.domains.get(&id) else {
            coverage.cell(row, "no entry");
            return Err(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND);
        };
        coverage.cell(row, domain.state.name());
        Ok((id, domain.state))
    }

    fn may_call(&self, asker: Waiting, coverage: &mut Coverage) -> Result<(), ErrCode> {
        let calls = self.clients.get(&asker.channel).map_or(0, |client| client.calls);
        if calls < self.limits.calls_per_binding_max {
            return Ok(());
        }
        coverage.mark(Mark::TooManyCalls);
        Err(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS)
    }

    fn open_call(&mut self, asker: Waiting) {
        if let Some(client) = self.clients.get_mut(&asker.channel) {
            client.calls += 1;
        }
    }

    fn spawn(
        &mut self,
        (asker, peer): (Waiting, Who),
        (core, flags): (u8, u8),
        (program, argv): (String, Vec<u8>),
        coverage: &mut Coverage,
    ) {
        coverage.cell(self.stand(core).name(), "spawn");
        let owner = badge(peer);
        if let Err(code) = self.may_spawn(asker, owner, core, coverage) {
            return self.owe(asker, Answer::NotSpawned(code));
        }
        self.last_domain += 1;
        self.open_call(asker);
        let part = self.new_part(core, (Core::SpawnPend, RequestKind::Spawn), asker);
        let tied = (flags & ENDS_WITH_SPAWNER != 0).then_some(asker.channel);
        let domain = Domain {
            owner,
            state: State::Nil,
            end: None,
            parts: BTreeMap::from([(core, part)]),
            killers: Vec::new(),
            waiters: Vec::new(),
            program,
            argv,
            tied,
            spans: flags & SPANNED_BY_SPAWNER != 0,
            stranded: false,
            freed: false,
        };
        self.domains.insert(self.last_domain, domain);
    }

    fn may_spawn(
        &self,
        asker: Waiting,
        owner: u64,
        core: u8,
        coverage: &mut Coverage,
    ) -> Result<(), ErrCode> {
        self.may_call(asker, coverage)?;
        if self.stand(core) != Stand::Up || self.shutdown {
            return Err(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND);
        }
        let theirs = self.domains.values().filter(|it| it.owner == owner && !it.is_freed());
        if theirs.count() >= self.limits.domains_per_client_max as usize {
            coverage.mark(Mark::QuotaExhausted);
            coverage.cell("UP", "quota");
            return Err(ErrCode::PROC_MGMT_ERR_CREATE_DOMAIN_CAP);
        }
        Ok(())
    }

    fn new_part(&self, core: u8, (state, kind): (Core, RequestKind), asker: Waiting) -> Part {
        let generation = self.slots.get(&core).map_or(0, |slot| slot.generation);
        let order = Order::Owed(kind);
        Part { state, generation, order, retries: 0, died: None, asker: Some(asker) }
    }

    fn span(&mut self, asker: Waiting, cap: &Cap, core: u8, coverage: &mut Coverage) {
        match self.may_span(asker, shown(cap, Rights::SPAN), core, coverage) {
            Err(err) => self.owe_of(named(cap), asker, Answer::Span(err)),
            Ok(id) => {
                self.open_call(asker);
                let part = self.new_part(core, (Core::SpanPend, RequestKind::Span), asker);
                if let Some(domain) = self.domains.get_mut(&id) {
                    domain.parts.insert(core, part);
                }
            }
        }
    }

    fn may_span(
        &self,
        asker: Waiting,
        shown: Shown,
        core: u8,
        coverage: &mut Coverage,
    ) -> Result<u64, ErrCode> {
        let (id, state) = self.column("span", shown, coverage)?;
        if state != State::Running {
            return Err(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING);
        }
        if self.domains[&id].parts.contains_key(&core) {
            coverage.cell("span, RUNNING", "spanned");
            return Err(ErrCode::PROC_MGMT_ERR_ALREADY_SPANNED);
        }
        if self.stand(core) != Stand::Up {
            coverage.cell("span, RUNNING", "no spawnd");
            return Err(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND);
        }
        self.may_call(asker, coverage)?;
        coverage.cell("span, RUNNING", "asked");
        Ok(id)
    }

    fn kill(&mut self, asker: Waiting, cap: &Cap, coverage: &mut Coverage) {
        let found = self.may_kill(asker, shown(cap, Rights::KILL), coverage);
        let (id, state) = match found {
            Ok(found) => found,
            Err(code) => return self.owe_of(named(cap), asker, Answer::Kill(0, code)),
        };
        let is_wedged = self.domains.get(&id).is_some_and(|domain| domain.has(Core::Wedged));
        if state == State::StopPend {
            coverage.cell("kill, STOP_PEND", if is_wedged { "wedged" } else { "joins" });
        }
        if state == State::StopPend && is_wedged {
            return self.owe(asker, Answer::Kill(id, ErrCode::PROC_MGMT_ERR_KILL));
        }
        self.open_call(asker);
        if let Some(domain) = self.domains.get_mut(&id) {
            domain.killers.push(asker);
        }
        self.end(id, KILLED, coverage);
    }

    fn may_kill(
        &self,
        asker: Waiting,
        shown: Shown,
        coverage: &mut Coverage,
    ) -> Result<(u64, State), ErrCode> {
        let (id, state) = self.column("kill", shown, coverage)?;
        if matches!(state, State::Stopped | State::Cleaned) {
            return Err(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING);
        }
        self.may_call(asker, coverage)?;
        Ok((id, state))
    }

    /// A kill or an exit: remembered in NIL, begins the stop in RUNNING, too late afterwards.
    pub(super) fn end(&mut self, id: u64, end: End, coverage: &mut Coverage) {
        let Some(domain) = self.domains.get_mut(&id) else { return };
        match domain.state {
            State::Nil => {
                coverage.cell("SPAWN_PEND", "stop");
                if end.0 == ExitCause::Exited {
                    coverage.mark(Mark::ExitBeforeReply);
                }
                domain.end.get_or_insert(end);
            }
            State::Running => {
                self.stop(id, end, None, coverage);
                self.settle(id);
            }
            _ => {}
        }
    }

    fn exit(
        &mut self,
        (channel, peer): (u64, Who),
        cap: &Cap,
        status: u8,
        coverage: &mut Coverage,
    ) {
        let own = badge(peer);
        if own == 0 || named(cap).is_some_and(|named| named != own) {
            // It is dropped, whatever the column.
            let _ = self.column("exit of another", shown(cap, Rights::EXIT), coverage);
            return;
        }
        match self.column("exit", shown(cap, Rights::EXIT), coverage) {
            Ok((id, _)) => self.end(id, (ExitCause::Exited, status), coverage),
            Err(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH) => self.strike(channel, coverage),
            Err(_) => {}
        }
    }

    fn strike(&mut self, channel: u64, coverage: &mut Coverage) {
        let Some(client) = self.clients.get_mut(&channel) else { return };
        client.strikes += 1;
        if client.strikes == STRIKES_MAX {
            client.may_close = true;
            self.client_gone(channel, coverage);
        }
    }

    fn wait(&mut self, asker: Waiting, cap: &Cap, nohang: bool, coverage: &mut Coverage) {
        let row = if nohang { "wait nohang" } else { "wait" };
        let (id, state) = match self.column(row, shown(cap, Rights::WAIT), coverage) {
            Ok(found) => found,
            Err(code) => return self.owe(asker, Answer::Wait(0, code, 0)),
        };
        let Some(domain) = self.domains.get_mut(&id) else { return };
        let answer = if matches!(state, State::Stopped | State::Cleaned) {
            (ErrCode::OK, domain.end.map_or(0, |(_, status)| status))
        } else if nohang {
            (ErrCode::PROC_MGMT_DOMAIN_ALIVE, 255)
        } else if domain.waiters.iter().any(|waiter| waiter.channel == asker.channel) {
            (ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS, 0)
        } else {
            return domain.waiters.push(asker);
        };
        self.owe_of(Some(id), asker, Answer::Wait(id, answer.0, answer.1));
    }

    /// A client's binding is gone: what it asked is forgotten, what is tied to it ends.
    pub(super) fn client_gone(&mut self, channel: u64, coverage: &mut Coverage) {
        self.next_batch();
        match self.clients.get_mut(&channel) {
            Some(client) if !client.gone => {
                *client = Client { gone: true, ..Client::default() };
            }
            _ => return,
        }
        let mut tied = Vec::new();
        for (&id, domain) in &mut self.domains {
            let before = domain.killers.len() + domain.waiters.len();
            domain.killers.retain(|killer| killer.channel != channel);
            domain.waiters.retain(|waiter| waiter.channel != channel);
            for part in domain.parts.values_mut() {
                part.asker = part.asker.filter(|asker| asker.channel != channel);
            }
            if before > domain.killers.len() + domain.waiters.len() {
                coverage.cell("asker dies", domain.state.name());
            }
            if domain.tied == Some(channel) {
                domain.tied = None;
                tied.push(id);
            }
        }
        for id in tied {
            self.end(id, KILLED, coverage);
        }
    }

    fn shut_down(&mut self, coverage: &mut Coverage) {
        coverage.mark(Mark::Shutdown);
        self.shutdown = true;
        for id in self.domains.keys().copied().collect::<Vec<_>>() {
            self.end(id, KILLED, coverage);
        }
    }
}
