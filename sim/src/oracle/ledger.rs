//! The books of what is asked and answered beside the process manager: at spawnds (§4) and monitors.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{CapKind, ErrCode};
use flounder_idl::spawn::{Message, RequestKind};
use flounder_idl::{monitor, spawn};

use super::answers::top;
use super::truth::{Life, Truth};
use crate::coverage::Coverage;
use crate::who::Who;

/// An order that a spawnd has received and not answered.
#[derive(Clone, Copy, Debug)]
struct Open {
    domain: u64,
    kind: RequestKind,
    /// Whether it came with the right cap.
    is_authorised: bool,
}

/// What spawnds were asked, by channel and request.
#[derive(Default)]
pub(super) struct SpawndLedger {
    open: BTreeMap<(u64, u64), Vec<Open>>,
}

impl SpawndLedger {
    pub(super) fn hears(
        &mut self,
        (channel, peer): (u64, Who),
        core: u8,
        message: &Message,
        truth: &Truth,
    ) -> Result<(), String> {
        let (request, domain, kind, cap) = match message {
            Message::SpawnRequest(m) => (m.request, m.domain, RequestKind::Spawn, &m.procmng_cap),
            Message::SpawnWithCapsRequest(m) => {
                (m.request, m.domain, RequestKind::Spawn, &m.procmng_cap)
            }
            Message::SpanRequest(m) => (m.request, m.domain, RequestKind::Span, &m.procmng_cap),
            Message::KillRequest(m) => (m.request, m.domain, RequestKind::Kill, &m.procmng_cap),
            Message::CleanupRequest(m) => {
                (m.request, m.domain, RequestKind::Cleanup, &m.procmng_cap)
            }
            Message::SpawnReply(_) | Message::DomainExited(_) => return Ok(()),
        };
        let shown = cap.identify();
        let is_authorised = shown.is_ok_and(|info| info.kind == CapKind::ProcessManager);
        if is_authorised && peer != Who::ProcMgmt {
            return Err(format!("I11: {peer} commands the spawnd of core {core}"));
        }
        if truth.is_played(core) {
            return Ok(()); // it answers as it likes
        }
        let open = Open { domain, kind, is_authorised };
        self.open.entry((channel, request)).or_default().push(open);
        Ok(())
    }

    pub(super) fn sends(
        &mut self,
        (channel, core): (u64, u8),
        message: &Message,
        truth: &Truth,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        let is_played = truth.is_played(core);
        match message {
            _ if is_played => Ok(()),
            Message::SpawnReply(reply) => {
                coverage.cell("spawnd answers", column(top(reply.err)));
                self.replies(channel, core, reply, truth)
            }
            Message::DomainExited(exited) => {
                let life = truth.life((exited.domain, core));
                if life == Some(Life::Ended) {
                    return Ok(());
                }
                Err(format!(
                    "spawnd {core} reports a death of {}, which is {life:?}",
                    exited.domain
                ))
            }
            other => Err(format!("spawnd {core} sends {other:?}")),
        }
    }

    fn replies(
        &mut self,
        channel: u64,
        core: u8,
        reply: &spawn::SpawnReply,
        truth: &Truth,
    ) -> Result<(), String> {
        let key = (channel, reply.request);
        let open = self.open.get_mut(&key).and_then(|open| {
            let place = open.iter().position(|open| open.kind == reply.kind)?;
            Some(open.remove(place))
        });
        self.open.retain(|other, open| *other != key || !open.is_empty());
        let Some(Open { domain, kind, is_authorised }) = open else {
            return Err(format!("spawnd {core} answers what was not asked: {reply:?}"));
        };
        if !is_authorised && reply.err.is_ok() {
            return Err(format!("I11: spawnd {core} obeys {reply:?} without the cap"));
        }
        let life = truth.life((domain, core));
        let is_true = match (kind, top(reply.err)) {
            (RequestKind::Spawn | RequestKind::Span, ErrCode::OK) => {
                matches!(life, Some(Life::Alive | Life::Ended))
            }
            (RequestKind::Kill, ErrCode::OK) => life != Some(Life::Alive),
            (RequestKind::Cleanup, ErrCode::OK) => life.is_none(),
            _ => true,
        };
        is_true.then_some(()).ok_or_else(|| {
            format!("spawnd {core} says {reply:?} of domain {domain}, which is {life:?}")
        })
    }

    pub(super) fn closed(&mut self, channel: u64) {
        self.open.retain(|&(other, _), _| other != channel);
    }

    pub(super) fn at_rest(&self) -> Vec<String> {
        let line = |(&(channel, request), open): (&(u64, u64), &Vec<Open>)| {
            format!("I1: a spawnd never answered request {request} over #{channel}: {open:?}")
        };
        self.open.iter().map(line).collect()
    }
}

/// What a code is called in the table of what spawnds answer.
fn column(code: ErrCode) -> &'static str {
    code.name().strip_prefix("SPAWN_ERR_").unwrap_or(code.name())
}

/// What a child may ask of its monitor, and it of the child.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Asked {
    Export,
    Bind,
    Serve,
    NameIref,
    Endpoint,
}

/// What monitors and their children asked each other, by channel and request.
#[derive(Default)]
pub(super) struct MonitorLedger {
    open: BTreeSet<(u64, Asked, u64)>,
}

impl MonitorLedger {
    /// A monitor takes a child's message.
    pub(super) fn hears(&mut self, channel: u64, message: &monitor::Message) {
        use monitor::Message as M;
        let key = match message {
            M::ExportRequest(m) => (channel, Asked::Export, m.request),
            M::BindClientRequest(m) => (channel, Asked::Bind, m.request),
            M::GetNameIrefRequest(m) => (channel, Asked::NameIref, m.request),
            M::AllocMonitorEpRequest(m) => (channel, Asked::Endpoint, m.request),
            _ => return,
        };
        self.open.insert(key);
    }

    /// A monitor or a child sends something.
    pub(super) fn sends(
        &mut self,
        channel: u64,
        own: Who,
        message: &monitor::Message,
    ) -> Result<(), String> {
        use monitor::Message as M;
        let key = match message {
            M::ExportReply(m) => (channel, Asked::Export, m.request),
            M::BindClientReply(m) => (channel, Asked::Bind, m.request),
            M::GetNameIrefReply(m) => (channel, Asked::NameIref, m.request),
            M::AllocMonitorEpReply(m) => (channel, Asked::Endpoint, m.request),
            M::BindServiceReply(m) => (channel, Asked::Serve, m.request),
            M::BindServiceRequest(m) => {
                self.open.insert((channel, Asked::Serve, m.request));
                return Ok(());
            }
            _ => return Ok(()),
        };
        if self.open.remove(&key) || !matches!(own, Who::Monitor(_)) {
            return Ok(());
        }
        Err(format!("I1: {own} answers what was not asked, or twice: {message:?}"))
    }

    pub(super) fn closed(&mut self, channel: u64) {
        self.open.retain(|&(other, ..)| other != channel);
    }

    pub(super) fn at_rest(&self) -> Vec<String> {
        let line = |&(channel, asked, request): &(u64, Asked, u64)| {
            format!("I1: {asked:?} {request} over #{channel} was never answered")
        };
        self.open.iter().map(line).collect()
    }
}
