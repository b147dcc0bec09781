//! What a message says, in a few numbers: enough to read a trace and to hash it.

use std::any::Any;
use std::fmt;

use flounder::{Cap, ErrVal, Rights};
use flounder_idl::{monitor, proc_mgmt, spawn};

use crate::net::Speaks;

/// Up to three numbers of a message with their names; an empty name ends the list.
#[derive(Clone, Copy, Default)]
pub(crate) struct Note([(&'static str, u64); 3]);

impl Note {
    /// What is noted of a message of one of the system's interfaces.
    pub(crate) fn of(speaks: Speaks, message: &dyn Any) -> Self {
        let noted = match speaks {
            Speaks::ProcMgmt => message.downcast_ref().map(of_proc_mgmt),
            Speaks::Spawn => message.downcast_ref().map(of_spawn),
            Speaks::Monitor => message.downcast_ref().map(of_monitor),
            Speaks::Other => None,
        };
        noted.unwrap_or_default()
    }

    pub(crate) fn digest(&self) -> u64 {
        let [(_, a), (_, b), (_, c)] = self.0;
        a ^ b.rotate_left(21) ^ c.rotate_left(42)
    }

    fn one(name: &'static str, value: u64) -> Self {
        Self([(name, value), ("", 0), ("", 0)])
    }

    fn two(first: (&'static str, u64), second: (&'static str, u64)) -> Self {
        Self([first, second, ("", 0)])
    }
}

/// The domain a cap names, 0 if it names none.
fn domain(cap: &Cap) -> (&'static str, u64) {
    ("domain", cap.identify().ok().and_then(|info| info.domain).map_or(0, |domain| domain.0))
}

fn rights(cap: &Cap) -> (&'static str, u64) {
    let rights = cap.identify().map_or(Rights::NONE, |info| info.rights);
    let bits = [Rights::WAIT, Rights::KILL, Rights::SPAN, Rights::EXIT];
    let bits = (0..).zip(bits).map(|(bit, right)| u64::from(rights.contains(right)) << bit);
    ("rights", bits.sum())
}

fn err(err: ErrVal) -> (&'static str, u64) {
    ("err", err.bits())
}

fn core(core: u8) -> (&'static str, u64) {
    ("core", core.into())
}

fn of_proc_mgmt(message: &proc_mgmt::Message) -> Note {
    use proc_mgmt::Message::{
        AddSpawnd, Exit, GetDomainlist, GetDomainlistResponse, GetStatus, GetStatusResponse, Kill,
        KillResponse, RemoveSpawnd, ShutdownDone, Span, SpanResponse, Spawn, SpawnResponse,
        SurvivorEnded, Wait, WaitResponse,
    };
    match message {
        AddSpawnd(m) => Note::two(core(m.core), ("generation", m.generation)),
        RemoveSpawnd(m) => {
            let survivors = ("survivors", m.survivors.len() as u64);
            Note([core(m.core), ("generation", m.generation), survivors])
        }
        SurvivorEnded(m) => Note::two(core(m.core), ("domain", m.domain)),
        ShutdownDone(m) => Note::one("wedged", m.wedged.into()),
        Spawn(m) => Note::two(core(m.core), ("flags", m.flags.into())),
        SpawnResponse(m) => Note::two(err(m.err), domain(&m.domain_cap)),
        Span(m) => Note([domain(&m.domain_cap), rights(&m.domain_cap), core(m.core)]),
        SpanResponse(m) => Note::two(err(m.err), ("", 0)),
        Kill(m) => Note::two(domain(&m.domain_cap), rights(&m.domain_cap)),
        KillResponse(m) => Note::two(err(m.err), ("", 0)),
        Exit(m) => {
            Note([domain(&m.domain_cap), rights(&m.domain_cap), ("status", m.status.into())])
        }
        Wait(m) => {
            Note([domain(&m.domain_cap), rights(&m.domain_cap), ("nohang", m.nohang.into())])
        }
        WaitResponse(m) => Note::two(err(m.err), ("status", m.status.into())),
        GetStatus(m) => Note::one("domain", m.domain),
        GetStatusResponse(m) => {
            Note([err(m.err), ("state", m.entry.state as u64), ("status", m.entry.status.into())])
        }
        GetDomainlist(m) => Note::one("after", m.after),
        GetDomainlistResponse(m) => Note::one("domains", m.domains.len() as u64),
        _ => Note::default(),
    }
}

fn of_spawn(message: &spawn::Message) -> Note {
    use spawn::Message::{
        CleanupRequest, DomainExited, KillRequest, SpanRequest, SpawnReply, SpawnRequest,
        SpawnWithCapsRequest,
    };
    let order = |request, domain| Note::two(("request", request), ("domain", domain));
    match message {
        SpawnRequest(m) => order(m.request, m.domain),
        SpawnWithCapsRequest(m) => order(m.request, m.domain),
        SpanRequest(m) => order(m.request, m.domain),
        KillRequest(m) => order(m.request, m.domain),
        CleanupRequest(m) => order(m.request, m.domain),
        SpawnReply(m) => Note([("request", m.request), ("kind", m.kind as u64), err(m.err)]),
        DomainExited(m) => {
            Note([("domain", m.domain), ("cause", m.cause as u64), ("status", m.status.into())])
        }
    }
}

fn of_monitor(message: &monitor::Message) -> Note {
    use monitor::Message::{
        AllocMonitorEpReply, AllocMonitorEpRequest, BindClientReply, BindClientRequest,
        BindServiceReply, BindServiceRequest, ExportReply, ExportRequest, SetSpawnIrefRequest,
    };
    let reply = |request, error| Note::two(("request", request), err(error));
    let iref = |iref: flounder::Iref| ("iref", u64::from(iref.0));
    match message {
        ExportRequest(m) => Note::one("request", m.request),
        ExportReply(m) => reply(m.request, m.err),
        BindClientRequest(m) => Note::two(("request", m.request), iref(m.iref)),
        BindClientReply(m) => reply(m.request, m.err),
        BindServiceRequest(m) => Note::two(("request", m.request), iref(m.iref)),
        BindServiceReply(m) => reply(m.request, m.err),
        AllocMonitorEpRequest(m) => Note::two(("request", m.request), ("domain", m.domain)),
        AllocMonitorEpReply(m) => reply(m.request, m.err),
        SetSpawnIrefRequest(m) => Note::two(iref(m.iref), ("", 0)),
        _ => Note::default(),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0.iter().filter(|(name, _)| !name.is_empty()) {
            match *name {
                "err" => write!(f, " {}", top(*value))?,
                "rights" => write!(f, " rights {value:04b}")?,
                name => write!(f, " {name} {value}")?,
            }
        }
        Ok(())
    }
}

/// The outermost code of an error that was noted.
fn top(bits: u64) -> String {
    match flounder::ErrVal::from_bits(bits).top() {
        Some(code) => code.to_string(),
        None => format!("error {bits:#x}"),
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({self})")
    }
}
