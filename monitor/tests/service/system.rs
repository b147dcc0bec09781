//! Monitors on one waitset, and what stands in for the rest of a system: a platform whose services do
//! no more than what their monitor must hear. Nothing runs unless [`System::settle`] lets it, so a test
//! decides what happens before what.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use flounder::platform::{
    Platform, ProgramStart, Service, ServiceEvent, ServiceKind, ServiceStart,
};
use flounder::{
    Badge, BindOptions, Clock, CoreId, Dispatcher, DomainId, ErrCode, ErrVal, Half, Home, Iref,
    Kernel, Mailbox, Role, Time, Waitset,
};
use flounder_domain::{Monitor, NameService};
use flounder_idl::{proc_mgmt, spawn};
use flounder_monitor::{Command, MonitorEnv, child_pair, link_pair, start};

use crate::echo::{self, Echo, EchoReply, EchoResponse};
use flounder::AnyBinding;

/// How often a future is looked at: more than any conversation here has steps.
const ROUNDS_MAX: usize = 64;

/// How many wedged domains the process manager here tells of.
pub(crate) const WEDGED: u32 = 2;

/// A client of a monitor, and an echo server if it exports one.
pub(crate) struct Client {
    pub(crate) monitor: Monitor,
    pub(crate) dispatcher: Dispatcher<Seen>,
}

/// Who called an echo server.
pub(crate) type Seen = Vec<Badge>;

pub(crate) const ECHO: echo::RxVtbl<Seen> = echo::RxVtbl {
    echo_call: |seen: &mut Seen, binding, call: Echo, reply: EchoReply| {
        seen.push(binding.peer());
        let _ = reply.send(EchoResponse { reply: call.text });
    },
    ..echo::RxVtbl::UNHANDLED
};

/// What the process manager heard, a line for each message.
type News = Vec<String>;

const PROC_MGMT: proc_mgmt::RxVtbl<News> = proc_mgmt::RxVtbl {
    add_spawnd: |news, _, add| {
        news.push(format!("add {} life {} at {}", add.core, add.generation, add.iref));
    },
    remove_spawnd: |news, _, remove| {
        let proc_mgmt::RemoveSpawnd { core, generation, survivors, more } = remove;
        let more = if more { ", more" } else { "" };
        news.push(format!("remove {core} life {generation}: {} survive{more}", survivors.len()));
    },
    survivor_ended: |news, _, ended| {
        news.push(format!("{} ended on {}", ended.domain, ended.core));
    },
    shutdown: |news, binding, _| {
        news.push("shutdown".into());
        let _ = binding.shutdown_done(proc_mgmt::ShutdownDone { wedged: WEDGED });
    },
    ..proc_mgmt::RxVtbl::UNHANDLED
};

/// What a monitor started, and whom it hears of its end.
pub(crate) struct Started {
    pub(crate) monitor: Monitor,
    pub(crate) events: Mailbox<ServiceEvent>,
    news: Option<(Dispatcher<News>, proc_mgmt::Binding<News>)>,
}

/// The platform of one core.
pub(crate) struct FakePlatform {
    home: Box<dyn Fn() -> Home>,
    pub(crate) started: RefCell<BTreeMap<ServiceKind, Started>>,
    pub(crate) order: RefCell<Vec<(ServiceKind, u64)>>,
    pub(crate) stopped: Cell<Option<u32>>,
    pub(crate) fenced: RefCell<Vec<(ServiceKind, u64)>>,
    pub(crate) given_up: Cell<Option<ServiceKind>>,
}

impl Platform for FakePlatform {
    fn has_module(&self, _: &str) -> bool {
        false
    }

    fn is_executable(&self, _: &Path) -> bool {
        false
    }

    fn start_program(&self, _: ProgramStart) {}

    fn kill_program(&self, _: DomainId) {}

    fn release_program(&self, _: DomainId) {}

    fn start_service(&self, service: ServiceStart) {
        let ServiceStart { service, generation, monitor, events } = service;
        let home = (self.home)();
        let monitor = Monitor::claim(monitor, &home).unwrap();
        let news = match service {
            ServiceKind::ProcMgmt => Some(start_proc_mgmt(&monitor, &home)),
            ServiceKind::Spawnd => {
                start_spawnd(&monitor);
                None
            }
        };
        self.order.borrow_mut().push((service, generation));
        self.started.borrow_mut().insert(service, Started { monitor, events, news });
    }

    fn fence_service(&self, service: ServiceKind, generation: u64) {
        self.fenced.borrow_mut().push((service, generation));
    }

    fn service_given_up(&self, service: ServiceKind) {
        assert_eq!(self.given_up.replace(Some(service)), None, "told once");
    }

    fn core_up(&self, core: CoreId) {
        unreachable!("a monitor doesn't say that core {core} is up");
    }

    fn shutdown_done(&self, wedged: u32) {
        assert_eq!(self.stopped.replace(Some(wedged)), None, "told once");
    }
}

fn start_proc_mgmt(monitor: &Monitor, home: &Home) -> (Dispatcher<News>, proc_mgmt::Binding<News>) {
    let dispatcher = home.dispatcher(News::new());
    let (own, monitors) = flounder::pair::<proc_mgmt::Interface>(BindOptions::new());
    let binding = dispatcher.accept::<proc_mgmt::Interface>(own, &PROC_MGMT).unwrap();
    monitor.set_proc_mgmt_ep(monitors);
    (dispatcher, binding)
}

fn start_spawnd(monitor: &Monitor) {
    let teller = monitor.clone();
    let refuse = |_, _| Err(ErrCode::MON_ERR_NOT_PERMITTED.into());
    monitor.export_with::<spawn::Interface>(refuse, move |iref| {
        teller.set_spawn_iref(iref.unwrap());
    });
}

/// Time that passes when a test says so.
#[derive(Default)]
struct VirtualClock(Cell<Time>);

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        self.0.get()
    }
}

/// Some cores of a system.
pub(crate) struct System {
    pub(crate) kernel: Kernel,
    clock: Rc<VirtualClock>,
    pub(crate) waitset: Waitset,
    pub(crate) platforms: Vec<Rc<FakePlatform>>,
    pub(crate) monitors: Vec<Option<(Service, Mailbox<Command>)>>,
}

impl System {
    /// Boots cores 0 to `cores` - 1 and waits until they have said what they have to say.
    pub(crate) fn boot(cores: u8) -> Self {
        let (kernel, clock) = (Kernel::new(), Rc::new(VirtualClock::default()));
        let waitset = Waitset::with_clock(Rc::clone(&clock) as Rc<dyn Clock>, None);
        let (platforms, monitors) = (Vec::new(), Vec::new());
        let mut system = Self { kernel, clock, waitset, platforms, monitors };
        (0..cores).for_each(|core| system.add_core(CoreId(core)));
        system.settle();
        system
    }

    fn add_core(&mut self, core: CoreId) {
        let uplink = (core != CoreId(0)).then(|| {
            let (half, uplink) = link_pair();
            self.command(CoreId(0), Command::AddLink { core, half });
            uplink
        });
        let (waitset, kernel) = (self.waitset.clone(), self.kernel.clone());
        let platform = Rc::new(FakePlatform {
            home: Box::new(move || Home::new(waitset.clone(), kernel.holder())),
            started: RefCell::default(),
            order: RefCell::default(),
            stopped: Cell::default(),
            fenced: RefCell::default(),
            given_up: Cell::default(),
        });
        self.platforms.push(Rc::clone(&platform));
        let env = MonitorEnv { core, home: self.home(), platform, uplink };
        self.monitors.push(Some(start(env)));
    }

    pub(crate) fn home(&self) -> Home {
        Home::new(self.waitset.clone(), self.kernel.holder())
    }

    pub(crate) fn command(&self, core: CoreId, command: Command) {
        let (_, commands) = self.monitors[core.index()].as_ref().unwrap();
        commands.send(command).unwrap();
    }

    /// Lets time pass, and everything happen that it brings.
    pub(crate) fn pass(&self, span: Duration) {
        self.clock.0.set(self.clock.now() + span);
        self.settle();
    }

    /// Lets everything happen that can.
    pub(crate) fn settle(&self) {
        while self.waitset.poll(usize::MAX) > 0 {}
    }

    /// What `future` is ready with, `None` if it waits for something that doesn't happen.
    pub(crate) fn try_finish<F: Future>(&self, future: F) -> Option<F::Output> {
        let (mut future, mut cx) = (pin!(future), Context::from_waker(Waker::noop()));
        for _ in 0..ROUNDS_MAX {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Some(output);
            }
            self.settle();
        }
        None
    }

    pub(crate) fn finish<F: Future>(&self, future: F) -> F::Output {
        self.try_finish(future).expect("it is answered")
    }

    /// The child's end of an operator's binding to the monitor of `core`.
    pub(crate) fn operator_end(&self, core: u8) -> Half {
        let (half, end) = child_pair(CoreId(core));
        self.command(CoreId(core), Command::AddOperator { half });
        end
    }

    pub(crate) fn operator(&self, core: u8) -> Client {
        self.client(self.operator_end(core))
    }

    /// The end that a program of `domain` is born with on `core`.
    pub(crate) fn program_end(&self, core: u8, domain: u64) -> Half {
        let end = Rc::new(RefCell::new(None));
        let keep = Rc::clone(&end);
        self.service(core, ServiceKind::Spawnd)
            .alloc_monitor_ep(DomainId(domain), move |answer| *keep.borrow_mut() = Some(answer));
        self.settle();
        let end = end.borrow_mut().take();
        end.expect("it is answered").unwrap()
    }

    pub(crate) fn program(&self, core: u8, domain: u64) -> Client {
        self.client(self.program_end(core, domain))
    }

    fn client(&self, end: Half) -> Client {
        let home = self.home();
        let monitor = Monitor::claim(end, &home).unwrap();
        Client { monitor, dispatcher: home.dispatcher(Seen::new()) }
    }

    /// The monitor client of a service.
    pub(crate) fn service(&self, core: u8, service: ServiceKind) -> Monitor {
        self.platforms[usize::from(core)].started.borrow()[&service].monitor.clone()
    }

    /// Tells the monitor of `core` what became of a service.
    pub(crate) fn service_event(&self, core: u8, service: ServiceKind, event: ServiceEvent) {
        self.platforms[usize::from(core)].started.borrow()[&service].events.send(event).unwrap();
        self.settle();
    }

    /// What the process manager heard since it was last asked.
    pub(crate) fn news(&self) -> News {
        let started = self.platforms[0].started.borrow();
        let (news, _) = started[&ServiceKind::ProcMgmt].news.as_ref().unwrap();
        news.with(std::mem::take)
    }

    /// The process manager wants a spawnd ended.
    pub(crate) fn has_fenced(&self, core: u8, generation: u64) {
        let started = self.platforms[0].started.borrow();
        let (_, binding) = started[&ServiceKind::ProcMgmt].news.as_ref().unwrap();
        binding.fence_spawnd(proc_mgmt::FenceSpawnd { core, generation }).unwrap();
        drop(started);
        self.settle();
    }

    /// Exports an echo server.
    pub(crate) fn export(&self, client: &Client) -> Iref {
        let Client { monitor, dispatcher } = client;
        let ctx = dispatcher.ctx();
        self.finish(monitor.export::<echo::Interface, _>(&ctx, &ECHO, |_, _| Ok(()))).unwrap()
    }

    /// Binds to an echo server and calls it.
    pub(crate) fn echo(&self, client: &Client, iref: Iref) -> Result<String, ErrVal> {
        let ctx = client.dispatcher.ctx();
        let unhandled = &echo::RxVtbl::UNHANDLED;
        let bind =
            client.monitor.bind::<echo::Interface, _>(&ctx, iref, BindOptions::new(), unhandled);
        let binding = self.finish(bind).map_err(flounder_domain::BindError::errval)?;
        let answer = self.finish(binding.call(Echo { text: "hello".into() }));
        Ok(answer.unwrap().reply)
    }

    /// A client's binding to the name service, and the dispatcher it lives on.
    pub(crate) fn names(&self, monitor: &Monitor) -> (NameService, Dispatcher<()>) {
        let dispatcher = self.home().dispatcher(());
        let names = self.finish(NameService::bind(monitor, &dispatcher.ctx())).unwrap();
        (names, dispatcher)
    }
}

pub(crate) fn program_badge(core: u8, domain: u64) -> Badge {
    Badge { core: CoreId(core), domain: DomainId(domain), role: Role::Program }
}
