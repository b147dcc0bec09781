//! The monitor's side of a spawnd's binding, spoken by hand.

use flounder::{AnyBinding, BindOptions, CoreId, Dispatcher, ErrCode, ErrVal, Half, Home, Iref};
use flounder_domain::convert::endpoint_of;
use flounder_idl::monitor::{
    AllocMonitorEpReply, AllocMonitorEpRequest, BindServiceRequest, Binding, ExportReply,
    Interface, RxVtbl,
};
use flounder_idl::types::{Badge, Role};

/// A monitor with one spawnd.
pub(crate) struct FakeMonitor {
    dispatcher: Dispatcher<State>,
    binding: Binding<State>,
}

#[derive(Default)]
struct State {
    spawn_iref: Option<Iref>,
    /// Requests for endpoints that wait for [`FakeMonitor::answer`].
    asked: Vec<AllocMonitorEpRequest>,
    holds: bool,
    refuses: Option<ErrCode>,
    /// The monitor's ends of the programs' bindings.
    programs: Vec<Half>,
}

const TABLE: RxVtbl<State> = RxVtbl {
    export_request: |_, binding, request| {
        let iref = Iref::new(CoreId(1), 7);
        let reply = ExportReply { request: request.request, err: ErrVal::OK, iref };
        binding.export_reply(reply).expect("there is room");
    },
    set_spawn_iref_request: |state: &mut State, _, request| state.spawn_iref = Some(request.iref),
    alloc_monitor_ep_request: |state: &mut State, binding, request| {
        state.asked.push(request);
        if !state.holds {
            answer(state, binding);
        }
    },
    ..RxVtbl::UNHANDLED
};

fn answer(state: &mut State, binding: &Binding<State>) {
    let holder = binding.ctx().expect("it runs").holder();
    for request in std::mem::take(&mut state.asked) {
        let (program, monitor) = flounder::pair::<Interface>(BindOptions::new());
        state.programs.push(monitor);
        let reply = AllocMonitorEpReply {
            request: request.request,
            err: state.refuses.map_or(ErrVal::OK, ErrVal::from),
            endpoint: endpoint_of(program, &holder),
        };
        assert!(binding.send_or_queue(reply).is_ok(), "there is room");
    }
}

impl FakeMonitor {
    pub(crate) fn new(home: &Home) -> (Self, Half) {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let dispatcher = home.dispatcher(State::default());
        let binding = dispatcher.accept::<Interface>(here, &TABLE).expect("it speaks monitor");
        (Self { dispatcher, binding }, there)
    }

    /// Hands a peer's end to the spawnd, which must have said where it listens.
    pub(crate) fn bind_spawnd(&self, half: Half) {
        let iref = self.dispatcher.with(|state| state.spawn_iref).expect("the spawnd listens");
        let message = BindServiceRequest {
            request: 1,
            iref,
            peer: Badge { core: 0, domain: 0, role: Role::Service },
            endpoint: endpoint_of(half, &self.dispatcher.holder()),
        };
        self.binding.bind_service_request(message).expect("there is room");
    }

    /// Lets requests for endpoints wait.
    pub(crate) fn hold(&self) {
        self.dispatcher.with(|state| state.holds = true);
    }

    /// How many requests wait.
    pub(crate) fn held(&self) -> usize {
        self.dispatcher.with(|state| state.asked.len())
    }

    /// Answers what waits.
    pub(crate) fn answer(&self) {
        self.dispatcher.with(|state| answer(state, &self.binding));
    }

    /// Refuses endpoints from now on.
    pub(crate) fn refuse(&self, code: ErrCode) {
        self.dispatcher.with(|state| state.refuses = Some(code));
    }

    /// Closes the binding to the spawnd.
    pub(crate) fn close(&self) {
        self.binding.close();
    }
}
