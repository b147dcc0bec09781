//! The service around the machine: takes requests in, carries effects out, pays what is owed.
//!
//! Any peer may bind, since a cap decides and not a binding: each request presents the
//! `ProcessManager` cap. The binding over which the last request with that cap came is the process
//! manager's; replies and reports go there, and the one before it is closed, so that nobody waits on
//! it in vain. A request without the cap is answered on its own binding and changes nothing.
//!
//! If the process manager's binding closes, programs run on and their states are kept, but nobody is
//! told any more, until a binding presents the cap again.

use flounder::platform::{Service, ServiceEnv};
use flounder::{AnyBinding, Cap, Ctx, DomainId, ErrCode, ErrVal, Half, Iref, TxError};
use flounder_domain::{Monitor, accept_on};
use flounder_idl::spawn::{
    self as wire, Binding, CleanupRequest, DomainExited, ExitCause, Interface, KillRequest, RxVtbl,
    SpanRequest, SpawnReply, SpawnRequest, SpawnWithCapsRequest,
};

use crate::authority::Presented;
use crate::hands::Hands;
use crate::launch::{self, Launch};
use crate::log;
use crate::machine::{
    Cause, Config, Effect, Effects, Event, Machine, Order, Owed, RequestId, RequestKind,
};

/// Starts a core's spawnd. It runs as long as what is returned is kept.
///
/// # Panics
///
/// If the environment's monitor end is no end of a monitor binding.
#[must_use]
pub fn start(env: ServiceEnv) -> Service {
    start_with(env, Config::default())
}

/// Starts a core's spawnd with limits of its own.
///
/// # Panics
///
/// If the environment's monitor end is no end of a monitor binding.
#[must_use]
pub fn start_with(env: ServiceEnv, config: Config) -> Service {
    let ServiceEnv { core, generation, home, monitor, platform, .. } = env;
    let monitor = Monitor::claim(monitor, &home).expect("a service is born with a monitor's end");
    let domains_max = config.domains_max;
    let dispatcher = home.dispatcher(Spawnd::new(config));
    let ctx = dispatcher.ctx();
    let hands = Hands::new(&ctx, monitor.clone(), platform, domains_max);
    dispatcher.with(|spawnd| spawnd.hands = Some(hands));
    let connect = accept_on::<Interface, _>(&ctx, &TABLE, |_, _| Ok(()));
    monitor.export_with::<Interface>(connect, move |answer| announce(&ctx, answer));
    log::debug!("spawnd of core {core}, generation {generation}, started");
    Box::new(dispatcher)
}

/// Tells the monitor where its spawnd listens.
fn announce(ctx: &Ctx<Spawnd>, answer: Result<Iref, ErrVal>) {
    match answer {
        Ok(iref) if !ctx.has_ended() => {
            ctx.with(|spawnd| spawnd.hands().monitor().set_spawn_iref(iref));
        }
        Ok(_) => (),
        Err(err) => log::warn!("the monitor refused to export a spawnd: {err}"),
    }
}

const TABLE: RxVtbl<Spawnd> = RxVtbl {
    spawn_request: on_spawn,
    spawn_with_caps_request: on_spawn_with_caps,
    span_request: on_span,
    kill_request: on_kill,
    cleanup_request: on_cleanup,
    ..RxVtbl::UNHANDLED
};

/// The state of a spawnd's dispatcher.
#[derive(Debug)]
pub(crate) struct Spawnd {
    machine: Machine<Launch>,
    manager: Option<Binding<Self>>,
    /// `None` only until the dispatcher exists that they need.
    hands: Option<Hands>,
}

/// A request before its contents are looked at.
#[derive(Clone, Copy)]
struct Asked {
    request: RequestId,
    kind: RequestKind,
    presented: Presented,
}

impl Asked {
    fn new(request: wire::Requestid, kind: RequestKind, cap: &Cap) -> Self {
        Self { request: RequestId(request), kind, presented: Presented::of(cap) }
    }
}

fn on_spawn(spawnd: &mut Spawnd, binding: &Binding<Spawnd>, message: SpawnRequest) {
    let asked = Asked::new(message.request, RequestKind::Spawn, &message.procmng_cap);
    spawnd.on_request(binding, asked, |hands| launch::spawn(message, hands.platform()));
}

fn on_spawn_with_caps(
    spawnd: &mut Spawnd,
    binding: &Binding<Spawnd>,
    message: SpawnWithCapsRequest,
) {
    let asked = Asked::new(message.request, RequestKind::Spawn, &message.procmng_cap);
    spawnd.on_request(binding, asked, |hands| launch::spawn_with_caps(message, hands.platform()));
}

fn on_span(spawnd: &mut Spawnd, binding: &Binding<Spawnd>, message: SpanRequest) {
    let asked = Asked::new(message.request, RequestKind::Span, &message.procmng_cap);
    spawnd.on_request(binding, asked, |hands| launch::span(message, hands.platform()));
}

fn on_kill(spawnd: &mut Spawnd, binding: &Binding<Spawnd>, message: KillRequest) {
    let KillRequest { request, procmng_cap, domain } = message;
    let asked = Asked::new(request, RequestKind::Kill, &procmng_cap);
    spawnd.on_request(binding, asked, |_| Ok(Order::Kill { domain: DomainId(domain) }));
}

fn on_cleanup(spawnd: &mut Spawnd, binding: &Binding<Spawnd>, message: CleanupRequest) {
    let CleanupRequest { request, procmng_cap, domain } = message;
    let asked = Asked::new(request, RequestKind::Cleanup, &procmng_cap);
    spawnd.on_request(binding, asked, |_| Ok(Order::Cleanup { domain: DomainId(domain) }));
}

impl Spawnd {
    fn new(config: Config) -> Self {
        Self { machine: Machine::new(config), manager: None, hands: None }
    }

    /// Lets the machine decide, and does what it says.
    pub(crate) fn handle(&mut self, event: Event<Launch>) {
        let mut effects = Effects::new();
        self.machine.handle(event, &mut effects);
        for effect in effects {
            self.carry_out(effect);
        }
        self.send_owed();
    }

    pub(crate) fn on_grace_over(&mut self, domain: DomainId) {
        self.hands().disarm_grace(domain);
        self.handle(Event::Timer { domain });
    }

    pub(crate) fn on_endpoint(&mut self, domain: DomainId, result: Result<Half, ErrVal>) {
        self.hands().endpoints().answered();
        self.handle(Event::MonitorEndpoint { domain, result });
    }

    fn on_request(
        &mut self,
        binding: &Binding<Self>,
        asked: Asked,
        order: impl FnOnce(&Hands) -> Result<Order<Launch>, ErrCode>,
    ) {
        let Asked { request, kind, presented } = asked;
        match presented.check() {
            Ok(()) => self.obey(binding),
            Err(code) if self.is_manager(binding) => {
                return self.handle(Event::Refused { request, kind, code });
            }
            Err(code) => return refuse(binding, request, kind, code),
        }
        let event = match order(self.hands()) {
            Ok(order) => Event::Request { request, order },
            Err(code) => Event::Refused { request, kind, code },
        };
        self.handle(event);
    }

    /// Makes a binding that presented the cap the process manager's.
    fn obey(&mut self, binding: &Binding<Self>) {
        if self.is_manager(binding) {
            return;
        }
        log::debug!("the process manager's binding is {binding:?}");
        if let Some(former) = self.manager.replace(binding.clone()) {
            former.close();
        }
    }

    fn is_manager(&self, binding: &Binding<Self>) -> bool {
        self.manager.as_ref().is_some_and(|manager| manager.id() == binding.id())
    }

    fn carry_out(&mut self, effect: Effect<Launch>) {
        match effect {
            Effect::AskMonitorEndpoint { domain } => self.hands().endpoints().ask(domain),
            Effect::Start { domain, program, endpoint } => {
                self.hands().start(domain, program, endpoint);
            }
            Effect::Kill { domain } => self.hands().platform().kill_program(domain),
            Effect::ArmGrace { domain, after } => self.hands().arm_grace(domain, after),
            Effect::DisarmGrace { domain } => self.hands().disarm_grace(domain),
            Effect::Release { domain } => self.hands().platform().release_program(domain),
            Effect::Overrun => self.close_manager(),
            Effect::Stopped { survivors } => log::debug!("stopped but for {survivors:?}"),
        }
    }

    fn close_manager(&mut self) {
        log::warn!("the process manager has too many requests open");
        if let Some(manager) = self.manager.take() {
            manager.close();
        }
    }

    /// Sends what is owed as far as there is room. Without a process manager, or with one whose
    /// binding has closed, it is dropped.
    fn send_owed(&mut self) {
        while let Some(owed) = self.machine.next_owed() {
            let Some(manager) = &self.manager else {
                self.machine.sent();
                continue;
            };
            match tell(manager, *owed) {
                Ok(()) => self.machine.sent(),
                Err(TxError::Busy(_)) => {
                    // An earlier registration that is still pending serves as well.
                    let _ = manager.register_send(|spawnd, _| spawnd.send_owed());
                    return;
                }
                Err(_) => self.manager = None,
            }
        }
    }

    fn hands(&mut self) -> &mut Hands {
        self.hands.as_mut().expect("a spawnd gets its hands before its first event")
    }
}

fn tell(manager: &Binding<Spawnd>, owed: Owed) -> Result<(), TxError<()>> {
    match owed {
        Owed::Reply { request, kind, err } => {
            manager.spawn_reply(reply(request, kind, err)).map_err(|error| error.map(drop))
        }
        Owed::Exited { domain, death } => {
            let message =
                DomainExited { domain: domain.0, cause: cause(death.cause), status: death.status };
            manager.domain_exited(message).map_err(|error| error.map(drop))
        }
    }
}

/// Answers a stranger. One that doesn't take its answers is cut off.
fn refuse(binding: &Binding<Spawnd>, request: RequestId, kind: RequestKind, code: ErrCode) {
    log::debug!("request {request} of {:?} refused: {code}", binding.peer());
    if binding.send_or_queue(reply(request, kind, code.into())).is_err() {
        binding.close();
    }
}

fn reply(request: RequestId, kind: RequestKind, err: ErrVal) -> SpawnReply {
    let kind = match kind {
        RequestKind::Spawn => wire::RequestKind::Spawn,
        RequestKind::Span => wire::RequestKind::Span,
        RequestKind::Kill => wire::RequestKind::Kill,
        RequestKind::Cleanup => wire::RequestKind::Cleanup,
    };
    SpawnReply { request: request.0, kind, err }
}

fn cause(cause: Cause) -> ExitCause {
    match cause {
        Cause::Exited => ExitCause::Exited,
        Cause::Crashed => ExitCause::Crashed,
    }
}
