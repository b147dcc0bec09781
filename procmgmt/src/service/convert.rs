//! Between the machine's words and those of the interfaces.

use flounder::{DomainId, ErrVal, mutant};
use flounder_idl::proc_mgmt::{GetDomainlistResponse, GetStatusResponse};
use flounder_idl::spawn::RequestKind;
use flounder_idl::types::{DomainEntry, DomainState, ExitCause};

use crate::machine::{Cause, Ended, OrderKind, Page, State, Status};

/// What `get_status` answers for a domain that isn't there.
const NO_ENTRY: DomainEntry = DomainEntry {
    domain: DomainId::NONE.0,
    state: DomainState::Nil,
    cause: ExitCause::None,
    status: 0,
    core: 0,
    cores: 0,
    wedged: 0,
};

pub(super) fn kind(kind: RequestKind) -> OrderKind {
    match kind {
        RequestKind::Spawn => OrderKind::Spawn,
        RequestKind::Span => OrderKind::Span,
        RequestKind::Kill => OrderKind::Kill,
        RequestKind::Cleanup => OrderKind::Cleanup,
    }
}

/// What a spawnd reports. A death without a cause is a crash.
pub(super) fn ended(cause: ExitCause, status: u8) -> Ended {
    match cause {
        ExitCause::Exited => Ended::exited(status),
        ExitCause::Killed => Ended { cause: Cause::Killed, status },
        ExitCause::CoreLost => Ended { cause: Cause::CoreLost, status },
        ExitCause::Crashed | ExitCause::None => Ended::crashed(status),
    }
}

pub(super) fn page(page: Page) -> GetDomainlistResponse {
    let domains = page.domains.into_iter().map(|domain| domain.0).collect();
    GetDomainlistResponse { domains, more: page.more }
}

pub(super) fn status(status: Result<Status<'_>, ErrVal>) -> GetStatusResponse {
    match status {
        Err(err) => {
            let err = if mutant!("unknown-domain-has-a-status") { ErrVal::OK } else { err };
            GetStatusResponse { err, entry: NO_ENTRY, program: String::new(), argvbuf: Vec::new() }
        }
        Ok(status) => GetStatusResponse {
            err: ErrVal::OK,
            entry: entry(&status),
            program: status.program.to_owned(),
            argvbuf: status.argv.to_vec(),
        },
    }
}

fn entry(status: &Status<'_>) -> DomainEntry {
    DomainEntry {
        domain: status.domain.0,
        state: match status.state {
            State::Nil => DomainState::Nil,
            State::Running => DomainState::Running,
            State::StopPend => DomainState::StopPend,
            State::Stopped => DomainState::Stopped,
            State::Cleaned => DomainState::Cleaned,
        },
        cause: match status.ended.map(|ended| ended.cause) {
            None => ExitCause::None,
            Some(Cause::Exited) => ExitCause::Exited,
            Some(Cause::Killed) => ExitCause::Killed,
            Some(Cause::Crashed) => ExitCause::Crashed,
            Some(Cause::CoreLost) => ExitCause::CoreLost,
        },
        status: status.ended.map_or(0, |ended| ended.status),
        core: status.core.0,
        cores: status.cores,
        wedged: status.wedged,
    }
}
