//! What the process manager talks to, spoken by hand: the monitor of its core with the name service
//! and the routes to spawnds, and the spawnds, which do nothing unless a test says so.

use std::collections::{BTreeMap, BTreeSet};

use flounder::{AnyBinding, BindingId, Cap, CoreId, DomainId, ErrCode, ErrVal, Iref, Rights};
use flounder_domain::convert::half_of;
use flounder_idl::spawn::RequestKind;
use flounder_idl::{monitor, nameservice, proc_mgmt, spawn};

/// Where the fake name service listens.
const NAMES: Iref = Iref(1);
/// The iref that the process manager gets.
pub(crate) const MANAGER: Iref = Iref(2);

/// Where a spawnd listens.
pub(crate) fn spawnd_iref(core: u8, generation: u64) -> Iref {
    Iref::new(CoreId(core), 10 + u32::try_from(generation).unwrap())
}

/// An order a spawnd got.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: u64,
    pub(crate) kind: RequestKind,
    pub(crate) domain: DomainId,
    pub(crate) path: String,
    pub(crate) argv: Vec<u8>,
    pub(crate) env: Vec<u8>,
    pub(crate) authority: Cap,
    pub(crate) own: Cap,
    pub(crate) caps: [Cap; 2],
}

impl Order {
    fn bare(request: u64, kind: RequestKind, domain: u64, authority: Cap) -> Self {
        Self {
            request,
            kind,
            domain: DomainId(domain),
            path: String::new(),
            argv: Vec::new(),
            env: Vec::new(),
            authority,
            own: Cap::NULL,
            caps: [Cap::NULL, Cap::NULL],
        }
    }
}

/// Everything around the process manager.
#[derive(Default)]
pub(crate) struct Fakes {
    pub(crate) monitor: Option<monitor::Binding<Fakes>>,
    /// The monitor's own binding to the process manager.
    pub(crate) manager: Option<proc_mgmt::Binding<Fakes>>,
    pub(crate) names: Vec<(String, Iref)>,
    /// How binds to the process manager ended.
    pub(crate) admitted: Vec<ErrVal>,
    pub(crate) shutdown_done: Vec<u32>,
    /// The spawnds that the process manager wants ended.
    pub(crate) fenced: Vec<(CoreId, u64)>,
    /// Spawnds that can't be bound to.
    pub(crate) refused: BTreeSet<Iref>,
    /// Keeps binds to spawnds unanswered.
    pub(crate) hold: bool,
    pub(crate) held: Vec<monitor::BindClientRequest>,
    pub(crate) links: BTreeMap<CoreId, spawn::Binding<Fakes>>,
    cores: BTreeMap<BindingId, CoreId>,
    pub(crate) orders: BTreeMap<CoreId, Vec<Order>>,
    /// Cores whose spawnd saw its binding close.
    pub(crate) closed: Vec<CoreId>,
}

pub(crate) const MONITOR: monitor::RxVtbl<Fakes> = monitor::RxVtbl {
    export_request: |_, binding, message| {
        let reply =
            monitor::ExportReply { request: message.request, err: ErrVal::OK, iref: MANAGER };
        binding.send_or_queue(reply).unwrap();
    },
    get_name_iref_request: |_, binding, message| {
        let reply = monitor::GetNameIrefReply { request: message.request, iref: NAMES };
        binding.send_or_queue(reply).unwrap();
    },
    bind_client_request: |fakes, _, message| {
        if fakes.hold {
            fakes.held.push(message);
        } else {
            bind(fakes, message);
        }
    },
    bind_service_reply: |fakes, _, message| fakes.admitted.push(message.err),
    set_proc_mgmt_ep_request: |fakes, binding, message| {
        let half = half_of(message.endpoint).unwrap();
        let ctx = binding.ctx().unwrap();
        fakes.manager = Some(ctx.connect::<proc_mgmt::Interface>(half, &TO_MANAGER).unwrap());
    },
    ..monitor::RxVtbl::UNHANDLED
};

const TO_MANAGER: proc_mgmt::RxVtbl<Fakes> = proc_mgmt::RxVtbl {
    shutdown_done: |fakes, _, message| fakes.shutdown_done.push(message.wedged),
    fence_spawnd: |fakes, _, fence| fakes.fenced.push((CoreId(fence.core), fence.generation)),
    ..proc_mgmt::RxVtbl::UNHANDLED
};

const NAME_SERVICE: nameservice::RxVtbl<Fakes> = nameservice::RxVtbl {
    register_call: |fakes, _, call, reply| {
        fakes.names.push((call.name, call.iref));
        reply.send(nameservice::RegisterResponse { err: ErrVal::OK }).unwrap();
    },
    ..nameservice::RxVtbl::UNHANDLED
};

const SPAWND: spawn::RxVtbl<Fakes> = spawn::RxVtbl {
    spawn_request: |fakes, link, message| {
        let kind = RequestKind::Spawn;
        let bare = Order::bare(message.request, kind, message.domain, message.procmng_cap);
        let order = Order {
            path: message.path,
            argv: message.argvbuf,
            env: message.envbuf,
            own: message.domain_cap,
            ..bare
        };
        fakes.note(link, order);
    },
    spawn_with_caps_request: |fakes, link, message| {
        let kind = RequestKind::Spawn;
        let bare = Order::bare(message.request, kind, message.domain, message.procmng_cap);
        let order = Order {
            path: message.path,
            argv: message.argvbuf,
            env: message.envbuf,
            own: message.domain_cap,
            caps: [message.inheritcn_cap, message.argcn_cap],
            ..bare
        };
        fakes.note(link, order);
    },
    span_request: |fakes, link, message| {
        let kind = RequestKind::Span;
        let bare = Order::bare(message.request, kind, message.domain, message.procmng_cap);
        let order = Order {
            path: message.path,
            own: message.domain_cap,
            caps: [message.vroot, message.dispframe],
            ..bare
        };
        fakes.note(link, order);
    },
    kill_request: |fakes, link, message| {
        let kind = RequestKind::Kill;
        fakes.note(link, Order::bare(message.request, kind, message.domain, message.procmng_cap));
    },
    cleanup_request: |fakes, link, message| {
        let kind = RequestKind::Cleanup;
        fakes.note(link, Order::bare(message.request, kind, message.domain, message.procmng_cap));
    },
    ..spawn::RxVtbl::UNHANDLED
};

/// Carries out a bind of the process manager to the name service or a spawnd.
pub(crate) fn bind(fakes: &mut Fakes, message: monitor::BindClientRequest) {
    let monitor = fakes.monitor.clone().unwrap();
    let ctx = monitor.ctx().unwrap();
    let half = half_of(message.endpoint).unwrap();
    let err = if fakes.refused.contains(&message.iref) {
        ErrCode::MON_ERR_INVALID_IREF.into()
    } else if message.iref == NAMES {
        ctx.accept::<nameservice::Interface>(half, &NAME_SERVICE).unwrap();
        ErrVal::OK
    } else {
        let link = ctx.accept::<spawn::Interface>(half, &SPAWND).unwrap();
        link.set_error_handler(|fakes, link, _| {
            let core = fakes.cores[&link.id()];
            fakes.closed.push(core);
        });
        let core = message.iref.core();
        fakes.cores.insert(link.id(), core);
        fakes.links.insert(core, link);
        ErrVal::OK
    };
    let reply = monitor::BindClientReply { request: message.request, err };
    monitor.send_or_queue(reply).unwrap();
}

impl Fakes {
    fn note(&mut self, link: &spawn::Binding<Self>, order: Order) {
        let authority = order.authority.identify().expect("a spawnd can tell who orders");
        assert_eq!(authority.rights, Rights::NONE, "and can't make Domain caps of it");
        let core = self.cores[&link.id()];
        self.orders.entry(core).or_default().push(order);
    }
}
