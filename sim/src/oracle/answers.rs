//! What clients are owed, and whether what they get is that: each answer once, to the call it belongs
//! to, in the order in which things were decided.

use flounder::{Cap, CapKind, ErrCode, ErrVal, Header, Rights};
use flounder_idl::proc_mgmt::Message;

use super::model::{Model, State};
use super::truth::Truth;
use crate::coverage::Coverage;
use crate::net::Speaks;

const FIND: ErrCode = ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND;

/// A call that waits: the channel it came over and its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Waiting {
    pub(super) channel: u64,
    pub(super) call: u64,
}

/// An answer that is decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// With the domain, and whether its spawner may span it.
    Spawned(u64, bool),
    NotSpawned(ErrCode),
    Span(ErrCode),
    /// With the domain that must be dead if it is OK.
    Kill(u64, ErrCode),
    Wait(u64, ErrCode, u8),
    /// Ids, ascending, and whether there are more.
    List(Vec<u64>, bool),
    Status(u64, Told),
    /// That, or that there is no such domain: nobody was ever given a cap to it.
    OrGone(Box<Answer>),
}

/// What a status tells of a domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Told {
    /// `None` if there is no such domain.
    pub(super) state: Option<State>,
    /// It may be gone already.
    pub(super) may_be_gone: bool,
    pub(super) status: u8,
    pub(super) cause: u32,
    pub(super) program: String,
    pub(super) argv: Vec<u8>,
}

/// An answer that has to be sent.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) call: u64,
    pub(super) batch: u64,
    pub(super) answer: Answer,
}

impl Model {
    pub(super) fn owe(&mut self, to: Waiting, answer: Answer) {
        let batch = self.batch;
        if let Some(client) = self.clients.get_mut(&to.channel).filter(|client| !client.gone) {
            client.due.push_back(Due { call: to.call, batch, answer });
        }
    }

    /// Answers what was asked with a cap of that domain, to which nobody may have one.
    pub(super) fn owe_of(&mut self, id: Option<u64>, to: Waiting, answer: Answer) {
        let domain = id.and_then(|id| self.domains.get(&id));
        if domain.is_some_and(|it| it.stranded && it.state == State::Cleaned) {
            self.owe(to, Answer::OrGone(Box::new(answer)));
        } else {
            self.owe(to, answer);
        }
    }

    /// Answers a call that counts among the outstanding ones.
    pub(super) fn close_call(&mut self, to: Waiting, answer: Answer) {
        if let Some(client) = self.clients.get_mut(&to.channel) {
            client.calls = client.calls.saturating_sub(1);
        }
        self.owe(to, answer);
    }

    pub(super) fn owe_kill(&mut self, to: Waiting, domain: u64, code: ErrCode) {
        self.close_call(to, Answer::Kill(domain, code));
    }

    pub(super) fn owe_wait(&mut self, to: Waiting, domain: u64, (code, status): (ErrCode, u8)) {
        self.owe(to, Answer::Wait(domain, code, status));
    }

    /// The process manager sends something to a client or to the monitor.
    pub(super) fn answers(
        &mut self,
        channel: u64,
        header: Header,
        message: &Message,
        (truth, coverage): (&Truth, &mut Coverage),
    ) -> Result<(), String> {
        if let Message::ShutdownDone(done) = message {
            return self.shutdown_done(done.wedged);
        }
        if let Message::FenceSpawnd(fence) = message {
            return self.fences(fence.core, fence.generation, coverage);
        }
        let Header::Response(call) = header else {
            return Err(format!("the process manager says {message:?} to a client"));
        };
        let Some(client) = self.clients.get_mut(&channel) else {
            return Err(format!("the process manager answers a stranger: {message:?}"));
        };
        let front = client.due.front().map(|due| due.batch);
        let place = client.due.iter().position(|due| due.call == call.number());
        let Some(due) = place.and_then(|place| client.due.remove(place)) else {
            return Err(format!("call {} is answered before its time: {message:?}", call.number()));
        };
        if front != Some(due.batch) {
            return Err(format!("{message:?} overtakes what was decided before"));
        }
        if is_freed(&due.answer, message) {
            coverage.cell("last cap", "CLEANED");
        }
        self.compare(&due.answer, message)?;
        match due.answer {
            Answer::Kill(domain, ErrCode::OK) | Answer::Wait(domain, ErrCode::OK, _) => {
                let alive = truth.alive(domain);
                let is_dead = alive.iter().all(|&core| truth.is_played(core));
                is_dead.then_some(()).ok_or_else(|| {
                    format!("I6: {message:?} although domain {domain} is alive on {alive:?}")
                })
            }
            _ => Ok(()),
        }
    }

    fn compare(&mut self, due: &Answer, message: &Message) -> Result<(), String> {
        let is_right = match (due, message) {
            (Answer::Spawned(domain, spans), Message::SpawnResponse(m)) => {
                m.err.is_ok() && is_spawners(&m.domain_cap, *domain, *spans)
            }
            (Answer::Spawned(domain, spans), Message::SpawnWithCapsResponse(m)) => {
                m.err.is_ok() && is_spawners(&m.domain_cap, *domain, *spans)
            }
            (Answer::NotSpawned(code), Message::SpawnResponse(m)) => {
                m.err.is(*code) && m.domain_cap.is_null()
            }
            (Answer::NotSpawned(code), Message::SpawnWithCapsResponse(m)) => {
                m.err.is(*code) && m.domain_cap.is_null()
            }
            (Answer::Span(code), Message::SpanResponse(m)) => m.err.is(*code),
            (Answer::Kill(_, code), Message::KillResponse(m)) => m.err.is(*code),
            (Answer::Wait(_, code, status), Message::WaitResponse(m)) => {
                m.err.is(*code) && m.status == *status
            }
            (Answer::List(domains, more), Message::GetDomainlistResponse(m)) => {
                m.domains == *domains && m.more == *more
            }
            (Answer::OrGone(_), Message::KillResponse(m)) if m.err.is(FIND) => true,
            (Answer::OrGone(_), Message::WaitResponse(m)) if m.err.is(FIND) => m.status == 0,
            (Answer::OrGone(_), Message::SpanResponse(m)) if m.err.is(FIND) => true,
            (Answer::OrGone(answer), _) => return self.compare(answer, message),
            (Answer::Status(id, told), Message::GetStatusResponse(m)) => {
                return self.compare_status(*id, told, m);
            }
            _ => false,
        };
        is_right.then_some(()).ok_or_else(|| format!("{due:?} is due, and {message:?} is sent"))
    }

    /// The process manager closes a channel.
    pub(super) fn closes(&mut self, channel: u64, speaks: Speaks) -> Result<(), String> {
        let may = match speaks {
            Speaks::ProcMgmt => self.clients.get(&channel).is_none_or(|it| it.gone || it.may_close),
            Speaks::Spawn => {
                self.may_close.remove(&channel)
                    || self.slots.values().all(|slot| slot.channel != Some(channel))
            }
            _ => true,
        };
        if may || self.ended {
            Ok(())
        } else {
            Err(format!("the process manager closes channel #{channel} for no reason"))
        }
    }
}

/// True if a record is gone that was there, as far as is known: its last cap was dropped.
fn is_freed(due: &Answer, message: &Message) -> bool {
    match (due, message) {
        (Answer::Status(_, told), Message::GetStatusResponse(m)) => {
            told.state.is_some() && m.err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND)
        }
        _ => false,
    }
}

/// True for a cap of that domain with the rights of who spawned it.
fn is_spawners(cap: &Cap, domain: u64, spans: bool) -> bool {
    let rights = Rights::WAIT.union(Rights::KILL);
    let rights = if spans { rights.union(Rights::SPAN) } else { rights };
    cap.identify().is_ok_and(|info| {
        info.kind == CapKind::Domain
            && info.domain.is_some_and(|found| found.0 == domain)
            && info.rights == rights
    })
}

/// The outermost code of an error.
pub(super) fn top(err: ErrVal) -> ErrCode {
    err.top().unwrap_or(ErrCode::OK)
}
