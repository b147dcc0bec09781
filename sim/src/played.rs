//! A spawnd that is played: it keeps what it is ordered, and says what the world has it say.

use std::cell::RefCell;
use std::rc::Rc;

use flounder::platform::{Service, ServiceEnv};
use flounder::{AnyBinding, Cap, CapKind, ErrCode, ErrVal};
use flounder_domain::{Monitor, accept_on};
use flounder_idl::spawn::{
    Binding, CleanupRequest, DomainExited, Interface, KillRequest, RequestKind, RxVtbl,
    SpanRequest, SpawnReply, SpawnRequest, SpawnWithCapsRequest,
};
use flounder_idl::types::ExitCause;

/// Of so many domains one is never killed or cleaned up.
const STUBBORN: u64 = 5;

/// An order that was not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) request: u64,
    pub(crate) kind: RequestKind,
    pub(crate) domain: u64,
}

/// What a played spawnd knows.
#[derive(Default)]
pub(crate) struct Played {
    binding: Option<Binding<Rc<RefCell<Self>>>>,
    pub(crate) orders: Vec<Order>,
    /// The last order that was answered.
    pub(crate) last: Option<Order>,
}

type State = Rc<RefCell<Played>>;

const TABLE: RxVtbl<State> = RxVtbl {
    spawn_request: |state, binding, m: SpawnRequest| {
        keep(state, (binding, &m.procmng_cap), (m.request, RequestKind::Spawn, m.domain));
    },
    spawn_with_caps_request: |state, binding, m: SpawnWithCapsRequest| {
        keep(state, (binding, &m.procmng_cap), (m.request, RequestKind::Spawn, m.domain));
    },
    span_request: |state, binding, m: SpanRequest| {
        keep(state, (binding, &m.procmng_cap), (m.request, RequestKind::Span, m.domain));
    },
    kill_request: |state, binding, m: KillRequest| {
        keep(state, (binding, &m.procmng_cap), (m.request, RequestKind::Kill, m.domain));
    },
    cleanup_request: |state, binding, m: CleanupRequest| {
        keep(state, (binding, &m.procmng_cap), (m.request, RequestKind::Cleanup, m.domain));
    },
    ..RxVtbl::UNHANDLED
};

fn keep(
    state: &mut State,
    (binding, cap): (&Binding<State>, &Cap),
    (request, kind, domain): (u64, RequestKind, u64),
) {
    if !cap.identify().is_ok_and(|shown| shown.kind == CapKind::ProcessManager) {
        return; // a stranger's, who isn't worth an answer
    }
    let mut played = state.borrow_mut();
    played.binding = Some(binding.clone());
    played.orders.push(Order { request, kind, domain });
}

impl Played {
    /// Starts one where a spawnd would be.
    pub(crate) fn start(env: ServiceEnv) -> (Service, Rc<RefCell<Self>>) {
        let ServiceEnv { home, monitor, .. } = env;
        let played = State::default();
        let dispatcher = home.dispatcher(Rc::clone(&played));
        let monitor =
            Monitor::claim(monitor, &home).expect("a service is born with a monitor's end");
        let connect = accept_on::<Interface, _>(&dispatcher.ctx(), &TABLE, |_, _| Ok(()));
        let monitor = Rc::new(monitor);
        // A monitor's client keeps what it calls back with: it must not keep itself, should the
        // answer never come.
        let tells = Rc::downgrade(&monitor);
        monitor.export_with::<Interface>(connect, move |iref| {
            if let (Ok(iref), Some(monitor)) = (iref, tells.upgrade()) {
                monitor.set_spawn_iref(iref);
            }
        });
        (Box::new((dispatcher, monitor)), played)
    }

    /// What it says to the order at `place`, if it is stubborn about that domain.
    pub(crate) fn mood(&self, place: usize) -> Option<ErrVal> {
        let order = self.orders.get(place)?;
        let ends = matches!(order.kind, RequestKind::Kill | RequestKind::Cleanup);
        let is_stubborn = ends && order.domain % STUBBORN == 0;
        is_stubborn.then(|| ErrCode::SPAWN_ERR_RUN.into())
    }

    /// Answers the order at `place`. False if there is none, or nobody to hear it.
    pub(crate) fn answer(&mut self, place: usize, err: ErrVal) -> bool {
        let Some(&order) = self.orders.get(place) else { return false };
        if self.binding.as_ref().is_none_or(AnyBinding::is_closed) {
            self.orders.clear();
            return false;
        }
        let said = self.reply(order.request, order.kind, err);
        if said {
            self.orders.remove(place);
            self.last = Some(order);
        }
        said
    }

    /// Answers, whatever was asked. False if there is nobody to hear it, or no room.
    pub(crate) fn reply(&self, request: u64, kind: RequestKind, err: ErrVal) -> bool {
        let said = |binding: &Binding<State>| {
            binding.spawn_reply(SpawnReply { request, kind, err }).is_ok()
        };
        self.binding.as_ref().filter(|binding| !binding.is_closed()).is_some_and(said)
    }

    /// Tells of a death, whoever died.
    pub(crate) fn tell(&self, domain: u64, cause: ExitCause, status: u8) -> bool {
        let said = |binding: &Binding<State>| {
            binding.domain_exited(DomainExited { domain, cause, status }).is_ok()
        };
        self.binding.as_ref().filter(|binding| !binding.is_closed()).is_some_and(said)
    }
}
