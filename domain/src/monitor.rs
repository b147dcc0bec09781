//! The client of the core's monitor: exporting services and binding to them.
//!
//! Every dispatcher's way into the system. Answers arrive in callbacks, which suits services; the
//! `async` methods are the same for programs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use flounder::{
    AnyBinding, Badge, BindOptions, ClaimError, Ctx, Descriptor, Dispatcher, DomainId, ErrCode,
    ErrVal, Half, Holder, Home, Interface, Iref,
};
use flounder_idl::monitor::{
    AllocMonitorEpReply, AllocMonitorEpRequest, BindClientReply, BindClientRequest,
    BindServiceReply, BindServiceRequest, Binding, ExportReply, ExportRequest, GetNameIrefReply,
    GetNameIrefRequest, Heartbeat, HeartbeatReply, Interface as MonitorInterface, RxVtbl,
    SetProcMgmtEpRequest, SetSpawnIrefRequest, Unexport,
};

use crate::convert::{badge_from_wire, endpoint_of, fingerprint_to_wire, half_of, interface_name};
use crate::promise::promise;

/// How many requests may wait for the monitor's answers: more than any program needs at once, and
/// little enough that one can't fill the monitor's tables.
pub const REQUESTS_MAX: usize = 64;

/// Why there is no binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A monitor or the service refused.
    #[error("binding to {iref} was refused: {err}")]
    Refused {
        /// The service.
        iref: Iref,
        /// Why.
        err: ErrVal,
    },
    /// The service agreed but the own end could not be claimed.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

impl BindError {
    /// The error as a code for messages.
    #[must_use]
    pub fn errval(self) -> ErrVal {
        match self {
            Self::Refused { err, .. } => err,
            Self::Claim(error) => error.into(),
        }
    }
}

/// How many calls and one-way messages a client's bind may let a service owe it: a client chooses how
/// much it wants to read late, within what a service with 1,000 clients can keep.
pub const OWED_MAX: u32 = 1_024;

type Done<T> = Box<dyn FnOnce(Result<T, ErrVal>)>;
type Connect = Rc<dyn Fn(Badge, Half) -> Result<(), ErrVal>>;

/// A request that waits for the monitor's answer.
enum Pending {
    Export { connect: Connect, done: Done<Iref> },
    Bind { half: Half, done: Done<Half> },
    NameIref { done: Done<Iref> },
    MonitorEp { done: Done<Half> },
}

impl Pending {
    fn fail(self, err: ErrVal) {
        match self {
            Self::Export { done, .. } | Self::NameIref { done } => done(Err(err)),
            Self::Bind { done, .. } | Self::MonitorEp { done } => done(Err(err)),
        }
    }
}

/// What the handlers share with the methods; callbacks run with nothing borrowed.
#[derive(Default)]
struct Table {
    requests: Cell<u64>,
    pending: RefCell<BTreeMap<u64, Pending>>,
    exports: RefCell<BTreeMap<Iref, Connect>>,
    closed: Cell<bool>,
}

impl Table {
    fn take(&self, request: u64) -> Option<Pending> {
        self.pending.borrow_mut().remove(&request)
    }

    fn fail_all(&self) {
        self.closed.set(true);
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        for (_, pending) in pending {
            pending.fail(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into());
        }
    }
}

type State = Rc<Table>;

/// A client of the core's monitor. A clone is another handle to the same binding.
#[derive(Clone)]
pub struct Monitor {
    inner: Rc<Inner>,
}

struct Inner {
    table: State,
    binding: Binding<State>,
    holder: Holder,
    /// Dropped last: the binding lives on it.
    _dispatcher: Dispatcher<State>,
}

const TABLE: RxVtbl<State> = RxVtbl {
    export_reply: on_export_reply,
    bind_client_reply: on_bind_client_reply,
    bind_service_request: on_bind_service_request,
    get_name_iref_reply: on_get_name_iref_reply,
    alloc_monitor_ep_reply: on_alloc_monitor_ep_reply,
    heartbeat: on_heartbeat,
    ..RxVtbl::UNHANDLED
};

impl Monitor {
    /// Claims the end that a dispatcher is born with.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if it is no end of a monitor binding.
    pub fn claim(half: Half, home: &Home) -> Result<Self, ClaimError> {
        let table = State::default();
        let dispatcher = home.dispatcher(Rc::clone(&table));
        let binding = dispatcher.connect::<MonitorInterface>(half, &TABLE)?;
        binding.set_error_handler(|table, _, _| table.fail_all());
        let holder = home.holder().clone();
        Ok(Self { inner: Rc::new(Inner { table, binding, holder, _dispatcher: dispatcher }) })
    }

    /// True once the binding to the monitor is closed: nothing can be asked any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.table.closed.get() || AnyBinding::is_closed(&self.inner.binding)
    }

    /// Exports a service that speaks `I`. For each client `connect` gets its badge and one end,
    /// which it claims with a receive table of its choice, or says why it refuses. `done` gets the
    /// iref.
    pub fn export_with<I: Interface>(
        &self,
        connect: impl Fn(Badge, Half) -> Result<(), ErrVal> + 'static,
        done: impl FnOnce(Result<Iref, ErrVal>) + 'static,
    ) {
        let pending = Pending::Export { connect: Rc::new(connect), done: Box::new(done) };
        let descriptor = I::DESCRIPTOR;
        self.request(pending, |binding, request| {
            send(
                binding,
                ExportRequest {
                    request,
                    fingerprint: fingerprint_to_wire(descriptor.fingerprint),
                    interface_name: interface_name(descriptor),
                },
            )
        });
    }

    /// Exports a service that speaks `I` on the dispatcher of `ctx`. Each client's binding is
    /// accepted with `rx_vtbl`, before its first message can arrive; then `connect` may look at its
    /// peer, install another table or refuse it.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub async fn export<I: Interface, S: 'static>(
        &self,
        ctx: &Ctx<S>,
        rx_vtbl: &'static I::RxVtbl<S>,
        connect: fn(&mut S, &I::Binding<S>) -> Result<(), ErrVal>,
    ) -> Result<Iref, ErrVal> {
        let (resolver, promise) = promise();
        let connect = accept_on::<I, S>(ctx, rx_vtbl, connect);
        self.export_with::<I>(connect, |answer| resolver.resolve(answer));
        promise.await.unwrap_or(Err(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into()))
    }

    /// Takes an exported service back. Bindings that exist go on.
    pub fn unexport(&self, iref: Iref) {
        self.inner.table.exports.borrow_mut().remove(&iref);
        // A refused message means that the monitor is gone, and the export with it.
        let _ = send(&self.inner.binding, Unexport { iref });
    }

    /// Asks for a binding to the service behind `iref`; `done` gets the own end.
    pub fn bind_with<I: Interface>(
        &self,
        iref: Iref,
        options: BindOptions,
        done: impl FnOnce(Result<Half, ErrVal>) + 'static,
    ) {
        let (half, service) = flounder::pair::<I>(options);
        let descriptor: &Descriptor = I::DESCRIPTOR;
        let endpoint = endpoint_of(service, &self.inner.holder);
        self.request(Pending::Bind { half, done: Box::new(done) }, |binding, request| {
            send(
                binding,
                BindClientRequest {
                    request,
                    iref,
                    fingerprint: fingerprint_to_wire(descriptor.fingerprint),
                    interface_name: interface_name(descriptor),
                    endpoint,
                },
            )
        });
    }

    /// Binds to the service behind `iref`, on the dispatcher of `ctx`.
    ///
    /// # Errors
    ///
    /// [`BindError`] if a monitor or the service refuses.
    pub async fn bind<I: Interface, S: 'static>(
        &self,
        ctx: &Ctx<S>,
        iref: Iref,
        options: BindOptions,
        rx_vtbl: &I::RxVtbl<S>,
    ) -> Result<I::Binding<S>, BindError> {
        let (resolver, promise) = promise();
        self.bind_with::<I>(iref, options, |answer| resolver.resolve(answer));
        let answer = promise.await.unwrap_or(Err(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into()));
        let half = answer.map_err(|err| BindError::Refused { iref, err })?;
        Ok(ctx.connect::<I>(half, rx_vtbl)?)
    }

    /// The name service's iref.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub async fn name_iref(&self) -> Result<Iref, ErrVal> {
        let (resolver, promise) = promise();
        let done = Box::new(|answer| resolver.resolve(answer));
        self.request(Pending::NameIref { done }, |binding, request| {
            send(binding, GetNameIrefRequest { request })
        });
        promise.await.unwrap_or(Err(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into()))
    }

    /// Asks for the monitor end of a program about to start. Only a spawnd gets one.
    pub fn alloc_monitor_ep(
        &self,
        domain: DomainId,
        done: impl FnOnce(Result<Half, ErrVal>) + 'static,
    ) {
        self.request(Pending::MonitorEp { done: Box::new(done) }, |binding, request| {
            send(binding, AllocMonitorEpRequest { request, domain: domain.0 })
        });
    }

    /// Tells the monitor where its spawnd listens. Only a spawnd may, once.
    pub fn set_spawn_iref(&self, iref: Iref) {
        let _ = send(&self.inner.binding, SetSpawnIrefRequest { iref });
    }

    /// Gives the monitor the one binding that may add a spawnd. Only the process manager may, once.
    pub fn set_proc_mgmt_ep(&self, half: Half) {
        let endpoint = endpoint_of(half, &self.inner.holder);
        let _ = send(&self.inner.binding, SetProcMgmtEpRequest { endpoint });
    }

    /// Notes a request and sends it; if that can't be, it fails at once.
    fn request(
        &self,
        pending: Pending,
        send: impl FnOnce(&Binding<State>, u64) -> Result<(), ErrVal>,
    ) {
        let table = &self.inner.table;
        if table.closed.get() {
            return pending.fail(ErrCode::FLOUNDER_ERR_PEER_CLOSED.into());
        }
        if table.pending.borrow().len() >= REQUESTS_MAX {
            return pending.fail(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS.into());
        }
        let request = table.requests.get() + 1;
        table.requests.set(request);
        table.pending.borrow_mut().insert(request, pending);
        if let Err(err) = send(&self.inner.binding, request)
            && let Some(pending) = table.take(request)
        {
            pending.fail(err);
        }
    }
}

/// Sends to the monitor, queued if the channel is full.
fn send<T: flounder::Payload<MonitorInterface>>(
    binding: &Binding<State>,
    message: T,
) -> Result<(), ErrVal> {
    binding.send_or_queue(message).map_err(|error| error.code().into())
}

/// A connect callback that accepts each client on the dispatcher of `ctx`, unless it wants to be owed
/// more than [`OWED_MAX`].
pub fn accept_on<I: Interface, S: 'static>(
    ctx: &Ctx<S>,
    rx_vtbl: &'static I::RxVtbl<S>,
    connect: fn(&mut S, &I::Binding<S>) -> Result<(), ErrVal>,
) -> impl Fn(Badge, Half) -> Result<(), ErrVal> + use<I, S> {
    let ctx = ctx.clone();
    move |_, half| {
        let options = half.options();
        if options.calls_max_of().get() > OWED_MAX || options.outbox_max_of() > OWED_MAX {
            return Err(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS.into());
        }
        let binding = ctx.accept::<I>(half, rx_vtbl).map_err(ErrVal::from)?;
        let answer = ctx.with(|state| connect(state, &binding));
        if answer.is_err() {
            AnyBinding::close(&binding);
        }
        answer
    }
}

fn on_export_reply(
    table: &mut State,
    _: &Binding<State>,
    ExportReply { request, err, iref }: ExportReply,
) {
    let Some(Pending::Export { connect, done }) = table.take(request) else { return };
    match err.ok() {
        Ok(()) => {
            table.exports.borrow_mut().insert(iref, connect);
            done(Ok(iref));
        }
        Err(err) => done(Err(err)),
    }
}

fn on_bind_client_reply(
    table: &mut State,
    _: &Binding<State>,
    BindClientReply { request, err }: BindClientReply,
) {
    let Some(Pending::Bind { half, done }) = table.take(request) else { return };
    done(err.ok().map(|()| half));
}

fn on_bind_service_request(
    table: &mut State,
    binding: &Binding<State>,
    request: BindServiceRequest,
) {
    let connect = table.exports.borrow().get(&request.iref).cloned();
    let peer = badge_from_wire(&request.peer);
    let answer = match (connect, half_of(request.endpoint)) {
        (None, _) => Err(ErrCode::MON_ERR_INVALID_IREF.into()),
        (_, None) => Err(ErrCode::FLOUNDER_ERR_RX_CAP.into()),
        (Some(connect), Some(half)) => connect(peer, half.stamped(peer)),
    };
    let err = match answer {
        Ok(()) => ErrVal::OK,
        Err(err) => err.push(ErrCode::FLOUNDER_ERR_BIND_REFUSED),
    };
    let _ = send(binding, BindServiceReply { request: request.request, err });
}

fn on_get_name_iref_reply(
    table: &mut State,
    _: &Binding<State>,
    GetNameIrefReply { request, iref }: GetNameIrefReply,
) {
    let Some(Pending::NameIref { done }) = table.take(request) else { return };
    done(Ok(iref));
}

fn on_alloc_monitor_ep_reply(table: &mut State, _: &Binding<State>, reply: AllocMonitorEpReply) {
    let Some(Pending::MonitorEp { done }) = table.take(reply.request) else { return };
    let half = half_of(reply.endpoint).ok_or(ErrCode::FLOUNDER_ERR_RX_CAP.into());
    done(reply.err.ok().and(half));
}

fn on_heartbeat(_: &mut State, binding: &Binding<State>, Heartbeat { request }: Heartbeat) {
    let _ = send(binding, HeartbeatReply { request });
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("binding", &self.inner.binding).finish_non_exhaustive()
    }
}
