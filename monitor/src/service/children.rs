//! The bindings to the dispatchers of this core: the interface `monitor`.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use flounder::{
    AnyBinding, Badge, BindingError, BindingId, CoreId, Ctx, DomainId, ErrCode, Half, Holder, Iref,
    Mailbox, Payload,
};
use flounder_domain::convert::{badge_to_wire, endpoint_of, fingerprint_from_wire, half_of};
use flounder_idl::monitor::{
    AllocMonitorEpReply, AllocMonitorEpRequest, BindClientReply, BindClientRequest,
    BindServiceReply, BindServiceRequest, Binding, ExportReply, ExportRequest, GetNameIrefReply,
    GetNameIrefRequest, Heartbeat, HeartbeatReply, Interface as MonitorInterface, RxVtbl,
    SetProcMgmtEpRequest, SetSpawnIrefRequest, Unexport,
};
use flounder_idl::types;

use super::{Monitor, monitor_badge, options, reads};
use crate::event::{Effect, Event, FromChild, ToChild};
use crate::log;
use crate::outbox::CHILD_OUTBOX_MAX;
use crate::peers::{ChildKey, ChildKind, Interface, RequestId};

const TABLE: RxVtbl<Monitor> = RxVtbl {
    export_request: on_export_request,
    unexport: on_unexport,
    bind_client_request: on_bind_client_request,
    bind_service_reply: on_bind_service_reply,
    get_name_iref_request: on_get_name_iref_request,
    alloc_monitor_ep_request: on_alloc_monitor_ep_request,
    set_spawn_iref_request: on_set_spawn_iref_request,
    set_proc_mgmt_ep_request: on_set_proc_mgmt_ep_request,
    heartbeat_reply: on_heartbeat_reply,
    ..RxVtbl::UNHANDLED
};

/// Makes the two ends of a binding between the monitor of `core` and a dispatcher there: the
/// monitor's, and the one the dispatcher is born with.
#[must_use]
pub fn child_pair(core: CoreId) -> (Half, Half) {
    let (monitors, childs) = flounder::pair::<MonitorInterface>(options(CHILD_OUTBOX_MAX));
    (monitors, childs.stamped(monitor_badge(core)))
}

/// How many messages a program's binding to its monitor holds in each direction. Programs say little
/// to it, what finds the channel full waits in the outbox, and a core may have 100,000 of them.
const PROGRAM_CAPACITY: NonZeroU16 = NonZeroU16::new(2).unwrap();

/// What has become of a program's way to its monitor.
pub(super) struct Settled {
    child: ChildKey,
    domain: DomainId,
    /// The monitor's end; `None` if the program ended without a word.
    half: Option<Half>,
}

/// Where it is said what has become of programs' ways.
#[derive(Clone)]
pub(super) struct Tickets {
    /// A program wants an answer.
    pub(super) used: Mailbox<Settled>,
    /// There is nothing to do but to forget it: no loop is woken for that. The end of a program, which
    /// is most often why, does.
    pub(super) unused: Mailbox<Settled>,
}

/// The end a program is born with. The other one is made, and put into the mailbox, when the program
/// first needs its monitor.
fn program_end(core: CoreId, child: ChildKey, domain: DomainId, to: Tickets) -> Half {
    let options = options(CHILD_OUTBOX_MAX).capacity(PROGRAM_CAPACITY);
    let childs = flounder::ticket::<MonitorInterface>(options, move |half| {
        let to = if half.is_some() { to.used } else { to.unused };
        // The mailbox has room for every child; closed, there is no monitor to reach.
        let _ = to.send(Settled { child, domain, half });
    });
    childs.stamped(monitor_badge(core))
}

/// The bindings of the children, found by either of their names.
#[derive(Default)]
pub(super) struct Dispatchers {
    /// How many keys were given out; none is given out twice.
    count: u64,
    bindings: BTreeMap<ChildKey, Binding<Monitor>>,
    keys: BTreeMap<BindingId, ChildKey>,
}

impl Dispatchers {
    /// The key of another child.
    fn next(&mut self) -> ChildKey {
        self.count += 1;
        ChildKey(self.count)
    }

    /// Claims the monitor's end for a child with this badge. `None` if it is no such end, or if the
    /// monitor has ended.
    pub(super) fn claim(
        &mut self,
        ctx: &Ctx<Monitor>,
        half: Half,
        badge: Badge,
    ) -> Option<ChildKey> {
        let child = self.next();
        self.claim_as(child, ctx, half.stamped(badge)).then_some(child)
    }

    fn claim_as(&mut self, child: ChildKey, ctx: &Ctx<Monitor>, half: Half) -> bool {
        let claimed = ctx.accept::<MonitorInterface>(half, &TABLE);
        let Ok(binding) = claimed.inspect_err(|error| log::warn!("a child's end: {error}")) else {
            return false;
        };
        binding.set_error_handler(on_error);
        self.keys.insert(binding.id(), child);
        self.bindings.insert(child, binding);
        true
    }

    /// Closes a child's binding and forgets it.
    pub(super) fn close(&mut self, child: ChildKey) {
        if let Some(binding) = self.bindings.remove(&child) {
            self.keys.remove(&binding.id());
            binding.close();
        }
    }

    /// Sends to a child, if it is still there; false if it doesn't read.
    pub(super) fn send<T: Payload<MonitorInterface>>(&self, to: ChildKey, message: T) -> bool {
        self.bindings.get(&to).is_none_or(|binding| reads(&binding.send_or_queue(message)))
    }

    /// Tells a child what the machine has to say; false if it doesn't read.
    pub(super) fn tell(&self, holder: &Holder, to: ChildKey, message: ToChild<Half>) -> bool {
        match message {
            ToChild::ExportReply { request: RequestId(request), result } => {
                let (iref, err) = match result {
                    Ok(iref) => (iref, flounder::ErrVal::OK),
                    Err(err) => (Iref::NULL, err),
                };
                self.send(to, ExportReply { request, err, iref })
            }
            ToChild::BindClientReply { request: RequestId(request), err } => {
                self.send(to, BindClientReply { request, err })
            }
            ToChild::BindServiceRequest { request: RequestId(request), iref, peer, endpoint } => {
                let (peer, endpoint) = (badge_to_wire(peer), endpoint_of(endpoint, holder));
                self.send(to, BindServiceRequest { request, iref, peer, endpoint })
            }
            ToChild::GetNameIrefReply { request: RequestId(request), iref } => {
                self.send(to, GetNameIrefReply { request, iref })
            }
            ToChild::Heartbeat { request: RequestId(request) } => {
                self.send(to, Heartbeat { request })
            }
            ToChild::AllocMonitorEpRefused { request: RequestId(request), err } => {
                let endpoint = flounder::Cap::NULL;
                self.send(to, AllocMonitorEpReply { request, err, endpoint })
            }
        }
    }
}

/// An interface as a message names it.
pub(super) fn interface(fingerprint: &types::Fingerprint, name: String) -> Interface {
    Interface { name, fingerprint: fingerprint_from_wire(fingerprint) }
}

impl Monitor {
    /// Gives a new program a key, and an end to be born with.
    pub(super) fn alloc_program(&mut self, domain: DomainId) -> Option<(ChildKey, Half)> {
        let tickets = self.tickets.clone()?;
        let child = self.children.next();
        Some((child, program_end(self.core, child, domain, tickets)))
    }

    /// A program came to its monitor, or never will.
    pub(super) fn settled(&mut self, ctx: &Ctx<Self>, settled: Settled) {
        let Settled { child, domain, half } = settled;
        let badge = ChildKind::Program { domain }.badge(self.core);
        let claimed =
            half.is_some_and(|half| self.children.claim_as(child, ctx, half.stamped(badge)));
        if !claimed {
            self.handle(ctx, Event::ChildGone { child });
        }
    }

    fn child_says(&mut self, binding: &Binding<Self>, message: FromChild<Half>) {
        if let (Some(&from), Some(ctx)) = (self.children.keys.get(&binding.id()), binding.ctx()) {
            self.handle(&ctx, Event::Child { from, message });
        }
    }

    /// Refuses a bind whose end is none: the machine has nothing to pass on.
    fn refuse_bind(&mut self, binding: &Binding<Self>, request: RequestId) {
        if let (Some(&to), Some(ctx)) = (self.children.keys.get(&binding.id()), binding.ctx()) {
            let err = ErrCode::FLOUNDER_ERR_RX_CAP.into();
            let message = ToChild::BindClientReply { request, err };
            self.carry_out(&ctx, vec![Effect::ToChild { to, message }]);
        }
    }
}

fn on_error(monitor: &mut Monitor, binding: &Binding<Monitor>, error: BindingError) {
    log::debug!("child {:?}: {error}", binding.peer());
    if !error.is_fatal() {
        return;
    }
    let child = monitor.children.keys.get(&binding.id()).copied();
    if let (Some(child), Some(ctx)) = (child, binding.ctx()) {
        monitor.children.close(child);
        monitor.handle(&ctx, Event::ChildGone { child });
    }
}

fn on_export_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    ExportRequest { request, fingerprint, interface_name }: ExportRequest,
) {
    let (request, interface) = (RequestId(request), interface(&fingerprint, interface_name));
    monitor.child_says(binding, FromChild::ExportRequest { request, interface });
}

fn on_unexport(monitor: &mut Monitor, binding: &Binding<Monitor>, Unexport { iref }: Unexport) {
    monitor.child_says(binding, FromChild::Unexport { iref });
}

fn on_bind_client_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    BindClientRequest { request, iref, fingerprint, interface_name, endpoint }: BindClientRequest,
) {
    let request = RequestId(request);
    let Some(endpoint) = half_of(endpoint) else {
        return monitor.refuse_bind(binding, request);
    };
    let interface = interface(&fingerprint, interface_name);
    let message = FromChild::BindClientRequest { request, iref, interface, endpoint };
    monitor.child_says(binding, message);
}

fn on_bind_service_reply(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    BindServiceReply { request, err }: BindServiceReply,
) {
    let request = RequestId(request);
    monitor.child_says(binding, FromChild::BindServiceReply { request, err });
}

fn on_get_name_iref_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    GetNameIrefRequest { request }: GetNameIrefRequest,
) {
    let request = RequestId(request);
    monitor.child_says(binding, FromChild::GetNameIrefRequest { request });
}

fn on_alloc_monitor_ep_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    AllocMonitorEpRequest { request, domain }: AllocMonitorEpRequest,
) {
    let (request, domain) = (RequestId(request), DomainId(domain));
    monitor.child_says(binding, FromChild::AllocMonitorEpRequest { request, domain });
}

fn on_set_spawn_iref_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    SetSpawnIrefRequest { iref }: SetSpawnIrefRequest,
) {
    monitor.child_says(binding, FromChild::SetSpawnIrefRequest { iref });
}

fn on_set_proc_mgmt_ep_request(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    SetProcMgmtEpRequest { endpoint }: SetProcMgmtEpRequest,
) {
    if let Some(endpoint) = half_of(endpoint) {
        monitor.child_says(binding, FromChild::SetProcMgmtEpRequest { endpoint });
    }
}

fn on_heartbeat_reply(
    monitor: &mut Monitor,
    binding: &Binding<Monitor>,
    HeartbeatReply { request }: HeartbeatReply,
) {
    if !monitor.is_deaf {
        let request = RequestId(request);
        monitor.child_says(binding, FromChild::HeartbeatReply { request });
    }
}
