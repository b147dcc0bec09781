//! The process manager and everything around it, run step by step.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use flounder::platform::{Platform, ProgramStart, Service, ServiceEnv, ServiceStart};
use flounder::{
    Badge, BindOptions, Cap, CoreId, Dispatcher, DomainId, ErrVal, Half, Home, Kernel, Rights,
    Role, RpcError, Waitset,
};
use flounder_domain::convert::{badge_to_wire, endpoint_of};
use flounder_idl::proc_mgmt::{
    AddSpawnd, Binding, Exit, GetDomainlist, GetStatus, GetStatusResponse, Interface, Kill,
    RemoveSpawnd, RxVtbl, Span, Spawn, Wait,
};
use flounder_idl::spawn::{DomainExited, RequestKind, SpawnReply};
use flounder_idl::types::{DomainState, ExitCause};
use flounder_idl::{monitor, spawn};
use flounder_procmgmt::{Config, start_with};

use crate::fakes::{self, Fakes, MANAGER, Order, spawnd_iref};

/// The process manager asks nothing of the platform, and only tells it which cores are up.
struct Nowhere;

impl Platform for Nowhere {
    fn has_module(&self, _: &str) -> bool {
        unreachable!()
    }
    fn is_executable(&self, _: &std::path::Path) -> bool {
        unreachable!()
    }
    fn start_program(&self, _: ProgramStart) {
        unreachable!()
    }
    fn kill_program(&self, _: DomainId) {
        unreachable!()
    }
    fn release_program(&self, _: DomainId) {
        unreachable!()
    }
    fn start_service(&self, _: ServiceStart) {
        unreachable!()
    }
    fn core_up(&self, _: CoreId) {}
    fn shutdown_done(&self, _: u32) {
        unreachable!()
    }
}

/// A request under way: what its client is told, in words.
pub(crate) type Asked = Pin<Box<dyn Future<Output = String>>>;

/// The spawn of a domain under way.
pub(crate) type Spawning = Pin<Box<dyn Future<Output = Result<(ErrVal, Cap), RpcError>>>>;

pub(crate) struct World {
    pub(crate) kernel: Kernel,
    waitset: Waitset,
    pub(crate) fakes: Dispatcher<Fakes>,
    clients: Dispatcher<()>,
    /// A client's binding closes when its last handle drops.
    kept: RefCell<Vec<Binding<()>>>,
    /// Mints caps that no client would get.
    root: Cap,
    service: Option<Service>,
}

impl World {
    /// A process manager with spawnds on cores 0 and 1.
    pub(crate) fn new() -> Self {
        let world = Self::bare(Config::default());
        world.add_spawnd(0, 1);
        world.add_spawnd(1, 1);
        world
    }

    /// A process manager without spawnds.
    pub(crate) fn bare(config: Config) -> Self {
        let (kernel, waitset) = (Kernel::new(), Waitset::new());
        let fakes = Dispatcher::on(&waitset, kernel.holder(), Fakes::default());
        let clients = Dispatcher::on(&waitset, kernel.holder(), ());
        let (ours, monitor) = flounder::pair::<monitor::Interface>(BindOptions::new());
        let binding = fakes.accept::<monitor::Interface>(ours, &fakes::MONITOR).unwrap();
        fakes.with(|fakes| fakes.monitor = Some(binding));
        let root = kernel.process_manager().unwrap();
        let service = start_with(
            ServiceEnv {
                core: CoreId(0),
                generation: 1,
                home: Home::new(waitset.clone(), kernel.holder()),
                monitor,
                process_manager: root.copy().unwrap(),
                platform: Rc::new(Nowhere),
            },
            config,
        );
        let world = Self {
            kernel,
            waitset,
            fakes,
            clients,
            kept: RefCell::default(),
            root,
            service: Some(service),
        };
        world.run();
        world
    }

    /// Runs until nothing is left to do.
    pub(crate) fn run(&self) {
        while self.waitset.poll(64) > 0 {}
    }

    /// Ends the process manager and all that tests hold of it.
    pub(crate) fn end(&mut self) {
        self.service = None;
        self.run();
    }

    /// What a request was told so far.
    pub(crate) fn told(&self, asked: &mut Asked) -> String {
        self.run();
        ready(asked).unwrap_or_else(|| "-".into())
    }

    // The monitor.

    pub(crate) fn monitor(&self) -> Binding<Fakes> {
        self.fakes.with(|fakes| fakes.manager.clone().unwrap())
    }

    pub(crate) fn add_spawnd(&self, core: u8, generation: u64) {
        let iref = spawnd_iref(core, generation);
        self.monitor().add_spawnd(AddSpawnd { core, generation, iref }).unwrap();
        self.run();
    }

    pub(crate) fn remove_spawnd(&self, core: u8, generation: u64, survivors: &[DomainId]) {
        let survivors = survivors.iter().map(|domain| domain.0).collect();
        let message = RemoveSpawnd { core, generation, survivors, more: false };
        self.monitor().remove_spawnd(message).unwrap();
        self.run();
    }

    // Spawnds.

    pub(crate) fn link(&self, core: u8) -> spawn::Binding<Fakes> {
        self.fakes.with(|fakes| fakes.links[&CoreId(core)].clone())
    }

    /// What spawnds were ordered and have not answered: `kill@0 span@1`.
    pub(crate) fn orders(&self) -> String {
        self.run();
        let words = self.fakes.with(|fakes| {
            let all = fakes.orders.iter().flat_map(|(core, orders)| {
                orders.iter().map(move |order| format!("{}@{}", word(order.kind), core.0))
            });
            all.collect::<Vec<_>>()
        });
        words.join(" ")
    }

    /// Takes the oldest order out that a spawnd has not answered.
    pub(crate) fn take_order(&self, core: u8, kind: RequestKind) -> Order {
        self.run();
        self.fakes.with(|fakes| {
            let orders = fakes.orders.get_mut(&CoreId(core)).unwrap();
            let nth = orders.iter().position(|order| order.kind == kind).unwrap();
            orders.remove(nth)
        })
    }

    /// Answers an order, and keeps what came with it.
    pub(crate) fn answer(&self, core: u8, kind: RequestKind, err: impl Into<ErrVal>) -> Order {
        let order = self.take_order(core, kind);
        self.reply(core, order.request, kind, err.into());
        order
    }

    pub(crate) fn reply(&self, core: u8, request: u64, kind: RequestKind, err: ErrVal) {
        self.link(core).spawn_reply(SpawnReply { request, kind, err }).unwrap();
        self.run();
    }

    /// Answers OK to everything until nothing is ordered any more.
    pub(crate) fn obey(&self) {
        loop {
            self.run();
            let next = self.fakes.with(|fakes| {
                let mut orders = fakes.orders.iter_mut();
                orders.find_map(|(core, orders)| Some((core.0, orders.pop()?)))
            });
            let Some((core, order)) = next else { return };
            self.reply(core, order.request, order.kind, ErrVal::OK);
        }
    }

    pub(crate) fn died(&self, core: u8, domain: DomainId, cause: ExitCause, status: u8) {
        let message = DomainExited { domain: domain.0, cause, status };
        self.link(core).domain_exited(message).unwrap();
        self.run();
    }

    // Clients.

    /// Hands the process manager a client's end; the client's own end.
    pub(crate) fn knock(&self, badge: Badge, options: BindOptions) -> (Half, ErrVal) {
        let (own, service) = flounder::pair::<Interface>(options);
        let endpoint = endpoint_of(service, &self.fakes.holder());
        let peer = badge_to_wire(badge);
        let request = monitor::BindServiceRequest { request: 1, iref: MANAGER, peer, endpoint };
        let monitor = self.fakes.with(|fakes| fakes.monitor.clone().unwrap());
        monitor.bind_service_request(request).unwrap();
        self.run();
        let err = self.fakes.with(|fakes| fakes.admitted.pop().unwrap());
        (own, err)
    }

    pub(crate) fn client_with(&self, badge: Badge, options: BindOptions) -> Binding<()> {
        let (own, err) = self.knock(badge, options);
        assert!(err.is_ok(), "{err}");
        let client = self.clients.connect::<Interface>(own, &RxVtbl::UNHANDLED).unwrap();
        self.kept.borrow_mut().push(client.clone());
        client
    }

    pub(crate) fn operator(&self) -> Binding<()> {
        let badge = Badge { role: Role::Operator, ..Badge::default() };
        self.client_with(badge, BindOptions::new())
    }

    pub(crate) fn program(&self, domain: DomainId) -> Binding<()> {
        let badge = Badge { domain, ..Badge::default() };
        self.client_with(badge, BindOptions::new())
    }

    /// A cap that the test makes for itself.
    pub(crate) fn mint(&self, domain: DomainId, rights: Rights) -> Cap {
        let all = self.root.retype_domain(domain, None).unwrap();
        all.copy_with(rights).unwrap()
    }

    /// Begins a spawn on core 0.
    pub(crate) fn spawn(&self, client: &Binding<()>, core: u8) -> Spawning {
        let call = client.spawn(spawn_call(core)).unwrap();
        self.run();
        Box::pin(async move { call.await.map(|answer| (answer.err, answer.domain_cap)) })
    }

    /// Spawns a domain on core 0 that runs; its id, its spawner's cap, its own.
    pub(crate) fn running(&self, client: &Binding<()>) -> (DomainId, Cap, Cap) {
        let mut spawning = self.spawn(client, 0);
        let order = self.answer(0, RequestKind::Spawn, ErrVal::OK);
        let (err, cap) = ready(&mut spawning).unwrap().unwrap();
        assert!(err.is_ok(), "{err}");
        (order.domain, cap, order.own)
    }

    pub(crate) fn kill(&self, client: &Binding<()>, cap: &Cap) -> Asked {
        let call = client.kill(Kill { domain_cap: copy(cap) }).unwrap();
        self.run();
        Box::pin(async move { words(call.await.map(|answer| code(answer.err))) })
    }

    pub(crate) fn wait(&self, client: &Binding<()>, cap: &Cap, nohang: bool) -> Asked {
        let call = client.wait(Wait { domain_cap: copy(cap), nohang }).unwrap();
        self.run();
        let told = async move {
            words(call.await.map(|answer| format!("{} {}", code(answer.err), answer.status)))
        };
        Box::pin(told)
    }

    pub(crate) fn span(&self, client: &Binding<()>, cap: &Cap, core: u8) -> Asked {
        let (vroot, dispframe) = (Cap::NULL, Cap::NULL);
        let call = client.span(Span { domain_cap: copy(cap), core, vroot, dispframe }).unwrap();
        self.run();
        Box::pin(async move { words(call.await.map(|answer| code(answer.err))) })
    }

    pub(crate) fn exit(&self, client: &Binding<()>, cap: &Cap, status: u8) {
        client.exit(Exit { domain_cap: copy(cap), status }).unwrap();
        self.run();
    }

    pub(crate) fn status(
        &self,
        client: &Binding<()>,
        id: DomainId,
        cap: &Cap,
    ) -> GetStatusResponse {
        let call = client.get_status(GetStatus { domain: id.0, domain_cap: copy(cap) }).unwrap();
        self.run();
        ready(&mut Box::pin(call)).unwrap().unwrap()
    }

    /// How a domain stands, as an operator sees it: `StopPend Killed 9`.
    pub(crate) fn stands(&self, id: DomainId) -> String {
        let answer = self.status(&self.operator(), id, &Cap::NULL);
        if answer.err.is_err() {
            return code(answer.err);
        }
        let entry = answer.entry;
        match entry.cause {
            ExitCause::None => format!("{:?}", entry.state),
            cause => format!("{:?} {cause:?} {}", entry.state, entry.status),
        }
    }

    pub(crate) fn list(&self, client: &Binding<()>, after: u64) -> (Vec<u64>, bool) {
        let call = client.get_domainlist(GetDomainlist { after }).unwrap();
        self.run();
        let page = ready(&mut Box::pin(call)).unwrap().unwrap();
        (page.domains, page.more)
    }

    /// Brings a running domain on core 0 into a later state: by an exit with 7.
    pub(crate) fn bring(&self, id: DomainId, own: &Cap, state: DomainState) {
        if state as u8 >= DomainState::StopPend as u8 {
            self.exit(&self.program(id), own, 7);
        }
        if state as u8 >= DomainState::Stopped as u8 {
            self.answer(0, RequestKind::Kill, ErrVal::OK);
        }
        if state as u8 >= DomainState::Cleaned as u8 {
            self.answer(0, RequestKind::Cleanup, ErrVal::OK);
        }
    }
}

pub(crate) fn spawn_call(core: u8) -> Spawn {
    Spawn {
        core,
        path: "/modules/hello".into(),
        argvbuf: b"hello\0--loud\0".to_vec(),
        envbuf: b"LANG=C\0".to_vec(),
        flags: 0,
    }
}

/// What a future is ready with, if it is.
pub(crate) fn ready<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// The outermost code without the prefix that most have.
pub(crate) fn code(err: ErrVal) -> String {
    let name = err.top().unwrap().to_string();
    name.trim_start_matches("PROC_MGMT_ERR_").trim_start_matches("PROC_MGMT_").to_owned()
}

fn words(answer: Result<String, RpcError>) -> String {
    answer.unwrap_or_else(|error| format!("{error:?}"))
}

fn copy(cap: &Cap) -> Cap {
    if cap.is_null() { Cap::NULL } else { cap.copy().unwrap() }
}

fn word(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Spawn => "spawn",
        RequestKind::Span => "span",
        RequestKind::Kill => "kill",
        RequestKind::Cleanup => "cleanup",
    }
}
