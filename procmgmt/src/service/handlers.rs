//! The two receive tables of the `proc_mgmt` interface, one for the monitor's binding and one for
//! everybody else's: that is how only the monitor changes which spawnds there are.

use flounder::{AnyBinding, BindingError, Cap, CoreId, DomainId, Rights, mutant};
use flounder_idl::proc_mgmt::{
    AddSpawnd, Binding, Exit, GetDomainlist, GetDomainlistReply, GetStatus, GetStatusReply, Kill,
    KillReply, RemoveSpawnd, RxVtbl, Shutdown, Span, SpanReply, Spawn, SpawnReply, SpawnWithCaps,
    SpawnWithCapsReply, SurvivorEnded, Wait, WaitReply,
};

use super::ProcMgmt;
use super::caps::{own_part, presented};
use super::clients::{Pending, sent};
use super::convert;
use super::orders::Luggage;
use crate::log;
use crate::machine::{Event, Generation, Image};

/// How many domains `get_domainlist` lists at once: what its answer has room for.
const DOMAINS_PER_PAGE: usize = 256;

/// For everybody but the monitor.
pub(super) const CLIENT: RxVtbl<ProcMgmt> = RxVtbl {
    add_spawnd: add_spawnd_of_a_stranger,
    remove_spawnd: |state, _, _| state.handle(Event::NotMonitor),
    survivor_ended: |state, _, _| state.handle(Event::NotMonitor),
    shutdown: |state, _, _| state.handle(Event::NotMonitor),
    spawn_call: spawn,
    spawn_with_caps_call: spawn_with_caps,
    span_call: span,
    kill_call: kill,
    exit,
    wait_call: wait,
    get_domainlist_call: get_domainlist,
    get_status_call: get_status,
    ..RxVtbl::UNHANDLED
};

/// For the monitor's binding.
pub(super) const MONITOR: RxVtbl<ProcMgmt> =
    RxVtbl { add_spawnd, remove_spawnd, survivor_ended, shutdown, ..CLIENT };

/// Tells the machine of a client's end.
pub(super) fn client_failed(
    state: &mut ProcMgmt,
    binding: &Binding<ProcMgmt>,
    error: BindingError,
) {
    log::debug!("client {:?}: {error}", binding.peer());
    if error.is_fatal()
        && let Some(key) = state.clients.gone(binding)
    {
        state.handle(Event::ClientGone(key));
    }
}

fn add_spawnd(
    state: &mut ProcMgmt,
    _: &Binding<ProcMgmt>,
    AddSpawnd { core, generation, iref }: AddSpawnd,
) {
    let (core, generation) = (CoreId(core), Generation(generation));
    state.handle(Event::AddSpawnd { core, generation, iref, from_monitor: true });
}

fn add_spawnd_of_a_stranger(
    state: &mut ProcMgmt,
    _: &Binding<ProcMgmt>,
    AddSpawnd { core, generation, iref }: AddSpawnd,
) {
    let (core, generation) = (CoreId(core), Generation(generation));
    state.handle(Event::AddSpawnd { core, generation, iref, from_monitor: false });
}

fn remove_spawnd(
    state: &mut ProcMgmt,
    _: &Binding<ProcMgmt>,
    RemoveSpawnd { core, generation, survivors, more }: RemoveSpawnd,
) {
    let survivors = survivors.into_iter().map(DomainId).collect();
    let (core, generation) = (CoreId(core), Generation(generation));
    state.handle(Event::RemoveSpawnd { core, generation, survivors, more });
}

fn survivor_ended(
    state: &mut ProcMgmt,
    _: &Binding<ProcMgmt>,
    SurvivorEnded { core, domain }: SurvivorEnded,
) {
    state.handle(Event::SurvivorEnded { core: CoreId(core), domain: DomainId(domain) });
}

fn shutdown(state: &mut ProcMgmt, _: &Binding<ProcMgmt>, Shutdown {}: Shutdown) {
    state.handle(Event::Shutdown);
}

fn spawn(state: &mut ProcMgmt, binding: &Binding<ProcMgmt>, call: Spawn, reply: SpawnReply) {
    let Spawn { core, path, argvbuf, envbuf, flags } = call;
    let what = SpawnWithCaps {
        core,
        path,
        argvbuf,
        envbuf,
        inheritcn_cap: Cap::NULL,
        argcn_cap: Cap::NULL,
        flags,
    };
    start(state, binding, what, Pending::Spawn(reply, Cap::NULL));
}

fn spawn_with_caps(
    state: &mut ProcMgmt,
    binding: &Binding<ProcMgmt>,
    call: SpawnWithCaps,
    reply: SpawnWithCapsReply,
) {
    start(state, binding, call, Pending::SpawnWithCaps(reply, Cap::NULL));
}

fn start(state: &mut ProcMgmt, binding: &Binding<ProcMgmt>, call: SpawnWithCaps, pending: Pending) {
    let Some(client) = state.clients.client(binding) else { return };
    let reply = state.clients.keep(client, pending);
    state.handle(Event::Spawn {
        client,
        reply,
        core: CoreId(call.core),
        flags: call.flags,
        image: Image { program: call.path.into(), argv: call.argvbuf.into() },
        payload: Luggage {
            reply,
            envbuf: call.envbuf,
            own: Cap::NULL,
            caps: (call.inheritcn_cap, call.argcn_cap),
        },
    });
}

fn span(state: &mut ProcMgmt, binding: &Binding<ProcMgmt>, call: Span, reply: SpanReply) {
    let Some(client) = state.clients.client(binding) else { return };
    let reply = state.clients.keep(client, Pending::Span(reply));
    state.handle(Event::Span {
        client,
        reply,
        cap: presented(&call.domain_cap, Rights::SPAN),
        core: CoreId(call.core),
        payload: Luggage {
            reply,
            envbuf: Vec::new(),
            own: own_part(&call.domain_cap),
            caps: (call.vroot, call.dispframe),
        },
    });
}

fn kill(
    state: &mut ProcMgmt,
    binding: &Binding<ProcMgmt>,
    Kill { domain_cap }: Kill,
    reply: KillReply,
) {
    let Some(client) = state.clients.client(binding) else { return };
    let reply = state.clients.keep(client, Pending::Kill(reply));
    state.handle(Event::Kill { client, reply, cap: presented(&domain_cap, Rights::KILL) });
}

fn exit(state: &mut ProcMgmt, binding: &Binding<ProcMgmt>, Exit { domain_cap, status }: Exit) {
    let Some(client) = state.clients.client(binding) else { return };
    if mutant!("exit-never-arrives") {
        return;
    }
    let needed = if mutant!("forged-exit-status") { Rights::NONE } else { Rights::EXIT };
    let cap = presented(&domain_cap, needed);
    state.handle(Event::Exit { client, cap, status });
}

fn wait(
    state: &mut ProcMgmt,
    binding: &Binding<ProcMgmt>,
    Wait { domain_cap, nohang }: Wait,
    reply: WaitReply,
) {
    let Some(client) = state.clients.client(binding) else { return };
    let reply = state.clients.keep(client, Pending::Wait(reply));
    let cap = presented(&domain_cap, Rights::WAIT);
    state.handle(Event::Wait { client, reply, cap, nohang });
}

fn get_domainlist(
    state: &mut ProcMgmt,
    _: &Binding<ProcMgmt>,
    GetDomainlist { after }: GetDomainlist,
    reply: GetDomainlistReply,
) {
    let page = state.machine.list(DomainId(after), DOMAINS_PER_PAGE);
    sent(reply.send(convert::page(page)));
}

fn get_status(
    state: &mut ProcMgmt,
    binding: &Binding<ProcMgmt>,
    GetStatus { domain, domain_cap }: GetStatus,
    reply: GetStatusReply,
) {
    let Some(client) = state.clients.client(binding) else { return };
    let cap = presented(&domain_cap, Rights::NONE);
    let status = state.machine.status(client, DomainId(domain), cap);
    sent(reply.send(convert::status(status)));
}
