//! The bindings to other monitors: the interface `intermon`.

use std::collections::BTreeMap;

use flounder::{AnyBinding, BindingError, CoreId, Ctx, DomainId, ErrCode, Half, Holder, Payload};
use flounder_domain::convert::{
    badge_from_wire, badge_to_wire, endpoint_of, fingerprint_to_wire, half_of,
};
use flounder_idl::intermon::{
    AddSpawnd, BindReply, BindRequest, Binding, Connect, ConnectFailed, ConnectRequest,
    FenceSpawnd, Interface as LinkInterface, RemoveSpawnd, RxVtbl, SurvivorEnded,
};

use super::children::interface;
use super::{Monitor, monitor_badge, options, reads};
use crate::event::{Effect, Event, PeerMessage, SpawndNews};
use crate::log;
use crate::outbox::LINK_OUTBOX_MAX;
use crate::peers::{Generation, RequestId};

const TABLE: RxVtbl<Monitor> = RxVtbl {
    connect_request: on_connect_request,
    connect: on_connect,
    connect_failed: on_connect_failed,
    bind_request: on_bind_request,
    bind_reply: on_bind_reply,
    add_spawnd: on_add_spawnd,
    remove_spawnd: on_remove_spawnd,
    survivor_ended: on_survivor_ended,
    fence_spawnd: on_fence_spawnd,
};

/// Makes the two ends of a link between monitors.
#[must_use]
pub fn link_pair() -> (Half, Half) {
    flounder::pair::<LinkInterface>(options(LINK_OUTBOX_MAX))
}

/// The links of this monitor.
#[derive(Default)]
pub(super) struct Links {
    /// One for each core, two if both monitors made one; the first is sent on.
    cores: BTreeMap<CoreId, Vec<Binding<Monitor>>>,
}

impl Links {
    /// Claims one end of a link to the monitor of `core`; false if it is no such end, or if the
    /// monitor has ended.
    pub(super) fn claim(&mut self, ctx: &Ctx<Monitor>, core: CoreId, half: Half) -> bool {
        let claimed = ctx.accept::<LinkInterface>(half.stamped(monitor_badge(core)), &TABLE);
        match claimed {
            Ok(binding) => {
                binding.set_error_handler(on_error);
                self.cores.entry(core).or_default().push(binding);
                true
            }
            Err(error) => {
                log::warn!("a link to core {core}: {error}");
                false
            }
        }
    }

    /// Closes every link to `core`.
    pub(super) fn close(&mut self, core: CoreId) {
        for binding in self.cores.remove(&core).unwrap_or_default() {
            binding.close();
        }
    }

    fn has(&self, link: &Binding<Monitor>) -> bool {
        let links = self.cores.get(&link.peer().core);
        links.is_some_and(|links| links.iter().any(|known| known.id() == link.id()))
    }

    fn send<T: Payload<LinkInterface>>(&self, to: CoreId, message: T) -> bool {
        let link = self.cores.get(&to).and_then(|links| links.first());
        link.is_none_or(|link| reads(&link.send_or_queue(message)))
    }

    /// Tells the monitor of `to` what the machine has to say; false if it doesn't read.
    pub(super) fn tell(&self, holder: &Holder, to: CoreId, message: PeerMessage<Half>) -> bool {
        match message {
            PeerMessage::ConnectRequest { from, target, endpoint } => {
                let endpoint = endpoint_of(endpoint, holder);
                self.send(to, ConnectRequest { from: from.0, target: target.0, endpoint })
            }
            PeerMessage::Connect { from, endpoint } => {
                self.send(to, Connect { from: from.0, endpoint: endpoint_of(endpoint, holder) })
            }
            PeerMessage::ConnectFailed { target } => {
                self.send(to, ConnectFailed { target: target.0 })
            }
            PeerMessage::BindRequest { request, iref, interface, peer, endpoint } => self.send(
                to,
                BindRequest {
                    request: request.0,
                    iref,
                    fingerprint: fingerprint_to_wire(interface.fingerprint),
                    interface_name: interface.name,
                    peer: badge_to_wire(peer),
                    endpoint: endpoint_of(endpoint, holder),
                },
            ),
            PeerMessage::BindReply { request, err } => {
                self.send(to, BindReply { request: request.0, err })
            }
            PeerMessage::Spawnd(news) => self.pass_on(to, news),
            PeerMessage::FenceSpawnd { generation } => {
                self.send(to, FenceSpawnd { core: to.0, generation: generation.0 })
            }
        }
    }

    fn pass_on(&self, to: CoreId, news: SpawndNews) -> bool {
        match news {
            SpawndNews::Add { core, generation, iref } => {
                self.send(to, AddSpawnd { core: core.0, generation: generation.0, iref })
            }
            SpawndNews::Remove { core, generation, survivors, more } => {
                let survivors = survivors.into_iter().map(|domain| domain.0).collect();
                let (core, generation) = (core.0, generation.0);
                self.send(to, RemoveSpawnd { core, generation, survivors, more })
            }
            SpawndNews::SurvivorEnded { core, domain } => {
                self.send(to, SurvivorEnded { core: core.0, domain: domain.0 })
            }
        }
    }
}

impl Monitor {
    fn peer_says(&mut self, link: &Binding<Self>, message: PeerMessage<Half>) {
        if let Some(ctx) = link.ctx() {
            self.handle(&ctx, Event::Peer { from: link.peer().core, message });
        }
    }

    /// Answers a message whose end is none: the machine has nothing to pass on.
    fn refuse(&mut self, link: &Binding<Self>, message: PeerMessage<Half>) {
        if let Some(ctx) = link.ctx() {
            self.carry_out(&ctx, vec![Effect::ToPeer { to: link.peer().core, message }]);
        }
    }
}

fn on_error(monitor: &mut Monitor, link: &Binding<Monitor>, error: BindingError) {
    let core = link.peer().core;
    log::debug!("link to core {core}: {error}");
    if !error.is_fatal() || !monitor.links.has(link) {
        return;
    }
    monitor.links.close(core);
    if let Some(ctx) = link.ctx() {
        monitor.handle(&ctx, Event::LinkGone { core });
    }
}

fn on_connect_request(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    ConnectRequest { from, target, endpoint }: ConnectRequest,
) {
    let (from, target) = (CoreId(from), CoreId(target));
    match half_of(endpoint) {
        Some(endpoint) => {
            monitor.peer_says(link, PeerMessage::ConnectRequest { from, target, endpoint });
        }
        None => monitor.refuse(link, PeerMessage::ConnectFailed { target }),
    }
}

fn on_connect(monitor: &mut Monitor, link: &Binding<Monitor>, Connect { from, endpoint }: Connect) {
    if let Some(endpoint) = half_of(endpoint) {
        monitor.peer_says(link, PeerMessage::Connect { from: CoreId(from), endpoint });
    }
}

fn on_connect_failed(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    ConnectFailed { target }: ConnectFailed,
) {
    monitor.peer_says(link, PeerMessage::ConnectFailed { target: CoreId(target) });
}

fn on_bind_request(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    BindRequest { request, iref, fingerprint, interface_name, peer, endpoint }: BindRequest,
) {
    let request = RequestId(request);
    let Some(endpoint) = half_of(endpoint) else {
        let err = ErrCode::FLOUNDER_ERR_RX_CAP.into();
        return monitor.refuse(link, PeerMessage::BindReply { request, err });
    };
    let (interface, peer) = (interface(&fingerprint, interface_name), badge_from_wire(&peer));
    let message = PeerMessage::BindRequest { request, iref, interface, peer, endpoint };
    monitor.peer_says(link, message);
}

fn on_bind_reply(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    BindReply { request, err }: BindReply,
) {
    monitor.peer_says(link, PeerMessage::BindReply { request: RequestId(request), err });
}

fn on_add_spawnd(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    AddSpawnd { core, generation, iref }: AddSpawnd,
) {
    let (core, generation) = (CoreId(core), Generation(generation));
    monitor.peer_says(link, PeerMessage::Spawnd(SpawndNews::Add { core, generation, iref }));
}

fn on_remove_spawnd(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    RemoveSpawnd { core, generation, survivors, more }: RemoveSpawnd,
) {
    let (core, generation) = (CoreId(core), Generation(generation));
    let survivors = survivors.into_iter().map(DomainId).collect();
    let news = SpawndNews::Remove { core, generation, survivors, more };
    monitor.peer_says(link, PeerMessage::Spawnd(news));
}

fn on_survivor_ended(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    SurvivorEnded { core, domain }: SurvivorEnded,
) {
    let (core, domain) = (CoreId(core), DomainId(domain));
    monitor.peer_says(link, PeerMessage::Spawnd(SpawndNews::SurvivorEnded { core, domain }));
}

fn on_fence_spawnd(
    monitor: &mut Monitor,
    link: &Binding<Monitor>,
    FenceSpawnd { generation, .. }: FenceSpawnd,
) {
    let generation = Generation(generation);
    monitor.peer_says(link, PeerMessage::FenceSpawnd { generation });
}
