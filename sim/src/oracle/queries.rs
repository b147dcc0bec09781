//! What can be asked without changing anything: the list and the status of a domain.

use flounder::{Cap, ErrCode};
use flounder_idl::proc_mgmt::GetStatusResponse;
use flounder_idl::types::DomainState;

use super::answers::{Answer, Told, Waiting};
use super::model::{Model, State};
use super::requests::named;
use crate::coverage::Coverage;

/// How many domains a page of the list holds.
const PAGE_MAX: usize = 256;

impl Model {
    pub(super) fn list(&mut self, asker: Waiting, after: u64, coverage: &mut Coverage) {
        for domain in self.domains.range(after + 1..).map(|(_, domain)| domain).take(PAGE_MAX) {
            coverage.cell("get_domainlist", domain.state.name());
        }
        let listed = self.domains.range(after.saturating_add(1)..);
        let mut listed = listed.filter(|(_, domain)| domain.state != State::Cleaned);
        let page: Vec<u64> = listed.by_ref().take(PAGE_MAX).map(|(&id, _)| id).collect();
        let more = listed.next().is_some();
        self.owe(asker, Answer::List(page, more));
    }

    pub(super) fn status(
        &mut self,
        asker: Waiting,
        id: u64,
        (cap, sees_all): (&Cap, bool),
        coverage: &mut Coverage,
    ) {
        let domain = self.domains.get(&id).filter(|domain| !domain.freed);
        coverage.cell("get_status", domain.map_or("no entry", |domain| domain.state.name()));
        let sees_argv = sees_all || named(cap) == Some(id);
        let told = domain.map_or(
            Told {
                state: None,
                may_be_gone: true,
                status: 0,
                cause: 0,
                program: String::new(),
                argv: Vec::new(),
            },
            |domain| Told {
                state: Some(domain.state),
                // The record is there as long as somebody has a cap, and somebody shows one.
                may_be_gone: domain.state == State::Cleaned
                    && (named(cap) != Some(id) || domain.stranded),
                status: domain.end.map_or(0, |(_, status)| status),
                cause: domain.end.map_or(0, |(cause, _)| cause as u32),
                program: domain.program.clone(),
                argv: if sees_argv { domain.argv.clone() } else { Vec::new() },
            },
        );
        self.owe(asker, Answer::Status(id, told));
    }

    pub(super) fn compare_status(
        &mut self,
        id: u64,
        told: &Told,
        message: &GetStatusResponse,
    ) -> Result<(), String> {
        let is_gone = message.err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND)
            && message.program.is_empty()
            && message.argvbuf.is_empty();
        if is_gone && told.may_be_gone {
            if let Some(domain) = self.domains.get_mut(&id).filter(|_| told.state.is_some()) {
                domain.freed = true;
            }
            return Ok(());
        }
        let entry = &message.entry;
        // In NIL a cause that is remembered may be told already.
        let ended = told.state > Some(State::Nil) || entry.status == told.status;
        let is_right = message.err.is_ok()
            && entry.domain == id
            && Some(entry.state) == told.state.map(wire)
            && ended
            && (told.state == Some(State::Nil)
                || (entry.status == told.status && entry.cause as u32 == told.cause))
            && message.program == told.program
            && message.argvbuf == told.argv;
        is_right.then_some(()).ok_or_else(|| {
            format!("the status of domain {id} should be {told:?}, and {message:?} is sent")
        })
    }
}

fn wire(state: State) -> DomainState {
    match state {
        State::Nil => DomainState::Nil,
        State::Running => DomainState::Running,
        State::StopPend => DomainState::StopPend,
        State::Stopped => DomainState::Stopped,
        State::Cleaned => DomainState::Cleaned,
    }
}
