//! What spawnds answer and report (§2, the table of cores), and what they are asked.

use flounder::ErrCode;
use flounder_idl::spawn::{Message, RequestKind};
use flounder_idl::types::ExitCause;

use super::answers::{Answer, Waiting, top};
use super::model::{CORE_LOST, Core, Domain, End, Model, Order, State};
use crate::coverage::Coverage;
use crate::fault::Mark;
use crate::who::Who;

/// A kill or cleanup that failed is asked again this often.
const RETRIES_MAX: u8 = 3;

impl Model {
    /// The process manager sends an order to a spawnd: it has to be owed.
    pub(super) fn orders(
        &mut self,
        channel: u64,
        peer: Who,
        message: &Message,
    ) -> Result<(), String> {
        let (request, id, kind) = match message {
            Message::SpawnRequest(m) => (m.request, m.domain, RequestKind::Spawn),
            Message::SpawnWithCapsRequest(m) => (m.request, m.domain, RequestKind::Spawn),
            Message::SpanRequest(m) => (m.request, m.domain, RequestKind::Span),
            Message::KillRequest(m) => (m.request, m.domain, RequestKind::Kill),
            Message::CleanupRequest(m) => (m.request, m.domain, RequestKind::Cleanup),
            other => return Err(format!("the process manager sends {other:?}")),
        };
        let Who::Spawnd { core, generation } = peer else {
            return Err(format!("{kind:?} of domain {id} goes to {peer}"));
        };
        if request <= self.last_request
            && self.slots.values().any(|it| it.asked.contains_key(&request))
        {
            return Err(format!("I13: request {request} is used twice"));
        }
        self.last_request = self.last_request.max(request);
        let slot = self.slots.entry(core).or_default();
        if slot.generation != generation {
            return Err(format!("{kind:?} of domain {id} goes to an old spawnd of core {core}"));
        }
        let domain = self.domains.get_mut(&id);
        if domain.as_ref().is_some_and(|domain| !carries(message, domain)) {
            return Err(format!("domain {id} is spawned as another program: {message:?}"));
        }
        let part = domain.and_then(|domain| domain.parts.get_mut(&core));
        let Some(part) = part.filter(|part| part.order == Order::Owed(kind)) else {
            return Err(format!("{kind:?} of domain {id} is sent to core {core} and not owed"));
        };
        part.order = Order::Asked(request);
        slot.asked.insert(request, (id, kind));
        slot.channel = Some(channel);
        Ok(())
    }

    /// A spawnd's reply that its slot lets through.
    pub(super) fn decide(
        &mut self,
        core: u8,
        (request, id, kind): (u64, u64, RequestKind),
        err: ErrCode,
        coverage: &mut Coverage,
    ) {
        let part = self.domains.get_mut(&id).and_then(|domain| domain.parts.get_mut(&core));
        let Some(part) = part.filter(|part| part.order == Order::Asked(request)) else {
            if part_is(self, id, core, Core::Dead) {
                coverage.cell("DEAD", "late");
            }
            return;
        };
        part.order = Order::Nothing;
        let state = part.state;
        match kind {
            RequestKind::Spawn => self.spawn_replied(id, core, err, coverage),
            RequestKind::Span => self.span_replied(id, core, err, coverage),
            RequestKind::Kill => self.kill_replied(id, core, err, coverage),
            RequestKind::Cleanup => self.cleanup_replied(id, core, err, coverage),
        }
        debug_assert_ne!(state, Core::Clean, "what is clean asks nothing");
        self.settle(id);
    }

    fn spawn_replied(&mut self, id: u64, core: u8, err: ErrCode, coverage: &mut Coverage) {
        if err != ErrCode::OK {
            coverage.cell("SPAWN_PEND", "error");
            return self.spawn_failed(id, core, err);
        }
        coverage.cell("SPAWN_PEND", "OK");
        let Some(domain) = self.domains.get_mut(&id) else { return };
        domain.state = State::Running;
        let (remembered, spans) = (domain.end, domain.spans);
        let (asker, died) = self.take_asker(id, core, Core::Run);
        if let Some(asker) = asker {
            self.close_call(asker, Answer::Spawned(id, spans));
        }
        if let Some(end) = remembered {
            self.stop(id, end, None, coverage);
        }
        if let Some(end) = died {
            self.died(id, core, end, coverage);
        }
    }

    /// The entry goes; whoever asked is answered.
    fn spawn_failed(&mut self, id: u64, core: u8, err: ErrCode) {
        let (asker, _) = self.take_asker(id, core, Core::Clean);
        if let Some(asker) = asker {
            self.close_call(asker, Answer::NotSpawned(err));
        }
        let Some(domain) = self.domains.remove(&id) else { return };
        for killer in domain.killers {
            self.owe_kill(killer, id, ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING);
        }
        for waiter in domain.waiters {
            self.owe_wait(waiter, id, (ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND, 0));
        }
    }

    /// Moves a core on; who asked for it, and the death that was remembered.
    fn take_asker(&mut self, id: u64, core: u8, to: Core) -> (Option<Waiting>, Option<End>) {
        let part = self.domains.get_mut(&id).and_then(|domain| domain.parts.get_mut(&core));
        part.map_or((None, None), |part| {
            part.state = to;
            (part.asker.take(), part.died.take())
        })
    }

    fn span_replied(&mut self, id: u64, core: u8, err: ErrCode, coverage: &mut Coverage) {
        if err != ErrCode::OK {
            coverage.cell(self.row(id, core), "error");
            return self.span_failed(id, core, ErrCode::SPAWN_ERR_SPAN);
        }
        coverage.cell(self.row(id, core), "OK");
        let is_running = self.domains.get(&id).is_some_and(|it| it.state == State::Running);
        let to = if is_running { Core::Run } else { Core::KillPend };
        let (asker, died) = self.take_asker(id, core, to);
        let err = if is_running {
            ErrCode::OK
        } else {
            self.owe_order(id, core, RequestKind::Kill, 0);
            ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING
        };
        if let Some(asker) = asker {
            self.close_call(asker, Answer::Span(err));
        }
        if let Some(end) = died {
            self.died(id, core, end, coverage);
        }
    }

    fn span_failed(&mut self, id: u64, core: u8, err: ErrCode) {
        let (asker, _) = self.take_asker(id, core, Core::Clean);
        if let Some(asker) = asker {
            self.close_call(asker, Answer::Span(err));
        }
        if let Some(domain) = self.domains.get_mut(&id) {
            domain.parts.remove(&core);
        }
    }

    fn kill_replied(&mut self, id: u64, core: u8, err: ErrCode, coverage: &mut Coverage) {
        match err {
            ErrCode::OK => {
                coverage.cell("KILL_PEND", "OK");
                self.go(id, core, Core::Dead);
            }
            ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND => {
                coverage.cell("KILL_PEND", "NOTFOUND");
                self.go(id, core, Core::Dead);
            }
            ErrCode::SPAWN_ERR_DOMAIN_RUNNING => {
                coverage.cell("KILL_PEND", "RUNNING");
                self.wedge(id, core);
            }
            _ if self.retry(id, core, RequestKind::Kill) => coverage.cell("KILL_PEND", "error"),
            _ => {
                coverage.cell("KILL_PEND", "gave up");
                self.wedge(id, core);
            }
        }
    }

    fn cleanup_replied(&mut self, id: u64, core: u8, err: ErrCode, coverage: &mut Coverage) {
        let (column, is_over) = match err {
            ErrCode::OK => ("OK", true),
            ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND => ("NOTFOUND", true),
            _ if self.retry(id, core, RequestKind::Cleanup) => ("error", false),
            _ => ("gave up", true),
        };
        coverage.cell("CLEAN_PEND", column);
        if is_over {
            self.go(id, core, Core::Clean);
        }
    }

    fn owe_order(&mut self, id: u64, core: u8, kind: RequestKind, retries: u8) {
        let part = self.domains.get_mut(&id).and_then(|domain| domain.parts.get_mut(&core));
        if let Some(part) = part {
            (part.order, part.retries) = (Order::Owed(kind), retries);
        }
    }

    /// Asks once more, unless that was done often enough.
    fn retry(&mut self, id: u64, core: u8, kind: RequestKind) -> bool {
        let part = self.domains.get(&id).and_then(|domain| domain.parts.get(&core));
        let retries = part.map_or(RETRIES_MAX, |part| part.retries);
        if retries < RETRIES_MAX {
            self.owe_order(id, core, kind, retries + 1);
        }
        retries < RETRIES_MAX
    }

    /// Moves a core on; what it owed no longer matters.
    pub(super) fn go(&mut self, id: u64, core: u8, to: Core) {
        let part = self.domains.get_mut(&id).and_then(|domain| domain.parts.get_mut(&core));
        if let Some(part) = part {
            (part.state, part.order) = (to, Order::Nothing);
        }
    }

    /// The core can't be stopped: every killer hears so.
    pub(super) fn wedge(&mut self, id: u64, core: u8) {
        self.go(id, core, Core::Wedged);
        let Some(domain) = self.domains.get_mut(&id) else { return };
        for killer in std::mem::take(&mut domain.killers) {
            self.owe_kill(killer, id, ErrCode::PROC_MGMT_ERR_KILL);
        }
    }

    /// A spawnd, or the monitor, tells that a program ended.
    pub(super) fn died(&mut self, id: u64, core: u8, end: End, coverage: &mut Coverage) {
        coverage.cell(self.row(id, core), "died");
        let Some(domain) = self.domains.get_mut(&id) else { return };
        let Some(part) = domain.parts.get_mut(&core) else { return };
        match part.state {
            Core::SpawnPend | Core::SpanPend => {
                part.died = Some(end);
                coverage.mark(Mark::ExitBeforeReply);
                if domain.state == State::Nil {
                    domain.end.get_or_insert(end);
                }
            }
            Core::Run => {
                self.go(id, core, Core::Dead);
                self.stop(id, end, Some(core), coverage);
            }
            Core::KillPend | Core::Wedged => self.go(id, core, Core::Dead),
            Core::Dead | Core::CleanPend | Core::Clean => {}
        }
        self.settle(id);
    }

    /// The spawnd of a core is gone, and the domain's part there with it, unless it survived.
    pub(super) fn down(&mut self, id: u64, core: u8, survived: bool, coverage: &mut Coverage) {
        let found = self.domains.get(&id);
        let Some((state, part)) = found.and_then(|it| Some((it.state, it.parts.get(&core)?.state)))
        else {
            return;
        };
        coverage.cell(self.row(id, core), if survived { "survived" } else { "down" });
        match part {
            Core::SpawnPend if survived => self.strand(id, core, Answer::NotSpawned, coverage),
            Core::SpawnPend => {
                self.spawn_failed(id, core, ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST);
            }
            Core::SpanPend if survived => self.strand(id, core, Answer::Span, coverage),
            Core::SpanPend => self.span_failed(id, core, ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST),
            Core::Wedged if survived => {}
            _ if survived => self.wedge(id, core),
            _ => self.go(id, core, Core::Clean),
        }
        if part == Core::Run && state == State::Running {
            self.stop(id, CORE_LOST, Some(core), coverage);
        }
        self.settle(id);
    }

    /// The row of the table of cores that a domain is in.
    fn row(&self, id: u64, core: u8) -> &'static str {
        let found = self.domains.get(&id);
        let part = found.and_then(|domain| Some((domain.state, domain.parts.get(&core)?.state)));
        match part {
            Some((State::StopPend, Core::SpanPend)) => "SPAN_PEND, stops",
            Some((_, part)) => part.name(),
            None => "NONE",
        }
    }

    /// What was asked for runs on without its spawnd.
    fn strand(
        &mut self,
        id: u64,
        core: u8,
        answer: fn(ErrCode) -> Answer,
        coverage: &mut Coverage,
    ) {
        self.wedge(id, core);
        let (asker, _) = self.take_asker(id, core, Core::Wedged);
        if let Some(asker) = asker {
            self.close_call(asker, answer(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST));
        }
        let Some(domain) = self.domains.get_mut(&id) else { return };
        domain.stranded |= domain.state == State::Nil;
        if matches!(domain.state, State::Nil | State::Running) {
            domain.state = State::Running;
            self.stop(id, CORE_LOST, Some(core), coverage);
        }
    }

    /// A spawnd reports a death: an exit, or anything else, which is a crash.
    pub(super) fn reported(
        &mut self,
        (core, generation): (u8, u64),
        (id, cause, status): (u64, ExitCause, u8),
        coverage: &mut Coverage,
    ) {
        let part = self.domains.get(&id).and_then(|domain| domain.parts.get(&core));
        if part.is_some_and(|part| part.generation != generation) {
            return; // of something that an earlier life of that spawnd had
        }
        let cause = if cause == ExitCause::Exited { cause } else { ExitCause::Crashed };
        self.died(id, core, (cause, status), coverage);
    }
}

/// True if a spawn carries what its client sent.
fn carries(message: &Message, domain: &Domain) -> bool {
    match message {
        Message::SpawnRequest(m) => m.path == domain.program && m.argvbuf == domain.argv,
        Message::SpawnWithCapsRequest(m) => m.path == domain.program && m.argvbuf == domain.argv,
        _ => true,
    }
}

fn part_is(model: &Model, id: u64, core: u8, state: Core) -> bool {
    let part = model.domains.get(&id).and_then(|domain| domain.parts.get(&core));
    part.is_some_and(|part| part.state == state)
}

/// What a spawnd's message to the process manager is.
pub(super) enum Said {
    Reply(u64, RequestKind, ErrCode),
    Death(u64, ExitCause, u8),
}

/// Reads a message of a spawnd.
pub(super) fn said(message: &Message) -> Option<Said> {
    match message {
        Message::SpawnReply(m) => Some(Said::Reply(m.request, m.kind, top(m.err))),
        Message::DomainExited(m) => Some(Said::Death(m.domain, m.cause, m.status)),
        _ => None,
    }
}
