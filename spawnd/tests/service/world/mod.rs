//! A core around a spawnd, all on one thread: a monitor played by hand, a platform that does what
//! the test says, a clock that stands until it is moved.

mod monitor;
mod platform;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use flounder::platform::{Completion, ProgramEnd, Service, ServiceEnv};
use flounder::{
    AnyBinding, BindOptions, Cap, Clock, CoreId, Dispatcher, DomainId, ErrCode, ErrVal, Home,
    Kernel, Payload, Rights, Time, Waitset,
};
use flounder_idl::spawn::{
    Binding, CleanupRequest, DomainExited, ExitCause, Interface, KillRequest, RequestKind, RxVtbl,
    SpanRequest, SpawnReply, SpawnRequest, SpawnWithCapsRequest,
};
use flounder_spawnd::machine::Config;

use monitor::FakeMonitor;
pub(crate) use platform::{Call, FakePlatform};

/// More turns than any test needs.
const TURNS_MAX: usize = 100_000;

/// What the process manager's or a stranger's end hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// A reply: id, kind, the top of its error.
    Reply(u64, RequestKind, ErrCode),
    /// A death: domain, cause, status.
    Exited(u64, ExitCause, u8),
    /// The binding was closed by the other side.
    Closed,
}

struct Manual(Rc<Cell<Time>>);

impl Clock for Manual {
    fn now(&self) -> Time {
        self.0.get()
    }
}

/// A core with a spawnd.
pub(crate) struct World {
    pub(crate) waitset: Waitset,
    pub(crate) kernel: Kernel,
    pub(crate) root: Cap,
    pub(crate) platform: Rc<FakePlatform>,
    pub(crate) monitor: FakeMonitor,
    pub(crate) service: Option<Service>,
    now: Rc<Cell<Time>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let now = Rc::new(Cell::new(Time::default()));
        let waitset = Waitset::with_clock(Rc::new(Manual(Rc::clone(&now))), None);
        let kernel = Kernel::new();
        let root = kernel.process_manager().expect("made once");
        let (monitor, half) = FakeMonitor::new(&Home::new(waitset.clone(), kernel.holder()));
        let platform = Rc::new(FakePlatform::default());
        let env = ServiceEnv {
            core: CoreId(1),
            generation: 1,
            home: Home::new(waitset.clone(), kernel.holder()),
            monitor: half,
            process_manager: Cap::NULL,
            platform: Rc::clone(&platform) as _,
        };
        let service = Some(flounder_spawnd::start_with(env, config));
        let world = Self { waitset, kernel, root, platform, monitor, service, now };
        world.turn();
        world
    }

    /// Runs until nothing is left to do.
    pub(crate) fn turn(&self) {
        assert!(self.waitset.poll(TURNS_MAX) < TURNS_MAX, "the core comes to rest");
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, span: Duration) {
        self.now.set(self.now.get() + span);
        self.turn();
    }

    /// A peer bound to the spawnd, read whenever the core turns.
    pub(crate) fn peer(&self) -> Peer {
        self.peer_on(&self.waitset)
    }

    /// A peer bound to the spawnd that reads when its own waitset is polled.
    pub(crate) fn peer_on(&self, waitset: &Waitset) -> Peer {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        self.monitor.bind_spawnd(there);
        self.turn();
        let dispatcher = Dispatcher::on(waitset, self.kernel.holder(), Vec::new());
        let binding = dispatcher.connect::<Interface>(here, &PEER).expect("it speaks spawn");
        binding.set_error_handler(|heard, _, _| heard.push(Heard::Closed));
        Peer { binding, dispatcher }
    }

    /// A cap that identifies the process manager.
    pub(crate) fn cap(&self) -> Cap {
        self.root.copy_with(Rights::NONE).expect("the root is usable")
    }

    /// Tells spawnd what became of a program.
    pub(crate) fn complete(&self, completion: Completion) {
        self.platform.complete(completion);
        self.turn();
    }

    pub(crate) fn ended(&self, domain: u64, end: ProgramEnd) {
        self.complete(Completion::Ended { domain: DomainId(domain), end });
    }

    pub(crate) fn spawn(&self, request: u64, domain: u64) -> SpawnRequest {
        SpawnRequest {
            request,
            procmng_cap: self.cap(),
            domain_cap: self.domain_cap(domain),
            domain,
            path: "/modules/echo".into(),
            argvbuf: b"echo\0hello\0".to_vec(),
            envbuf: b"LANG=C\0".to_vec(),
            flags: 0,
        }
    }

    pub(crate) fn spawn_with_caps(&self, request: u64, domain: u64) -> SpawnWithCapsRequest {
        SpawnWithCapsRequest {
            request,
            procmng_cap: self.cap(),
            domain_cap: self.domain_cap(domain),
            domain,
            path: "/modules/echo".into(),
            argvbuf: Vec::new(),
            envbuf: Vec::new(),
            inheritcn_cap: Cap::NULL,
            argcn_cap: Cap::NULL,
            flags: 0,
        }
    }

    pub(crate) fn span(&self, request: u64, domain: u64) -> SpanRequest {
        let holder = self.kernel.holder();
        SpanRequest {
            request,
            procmng_cap: self.cap(),
            domain_cap: self.domain_cap(domain),
            domain,
            path: "/modules/echo".into(),
            vroot: holder.vnode(DomainId(domain)),
            dispframe: self.frame(4096),
        }
    }

    pub(crate) fn kill(&self, request: u64, domain: u64) -> KillRequest {
        KillRequest { request, procmng_cap: self.cap(), domain }
    }

    pub(crate) fn cleanup(&self, request: u64, domain: u64) -> CleanupRequest {
        CleanupRequest { request, procmng_cap: self.cap(), domain }
    }

    pub(crate) fn frame(&self, bytes: usize) -> Cap {
        self.kernel.holder().frame(bytes).expect("within the limit")
    }

    fn domain_cap(&self, domain: u64) -> Cap {
        self.root.retype_domain(DomainId(domain), None).expect("the root mints domains")
    }
}

/// A copy of `cap` that is no longer usable.
pub(crate) fn revoked(cap: &Cap) -> Cap {
    let copy = cap.copy().expect("usable");
    cap.revoke().expect("usable");
    copy
}

const PEER: RxVtbl<Vec<Heard>> = RxVtbl {
    spawn_reply: |heard: &mut Vec<Heard>, _, reply: SpawnReply| {
        heard.push(Heard::Reply(reply.request, reply.kind, top(reply.err)));
    },
    domain_exited: |heard: &mut Vec<Heard>, _, exited: DomainExited| {
        heard.push(Heard::Exited(exited.domain, exited.cause, exited.status));
    },
    ..RxVtbl::UNHANDLED
};

fn top(err: ErrVal) -> ErrCode {
    err.top().unwrap_or(ErrCode::OK)
}

/// An end of a binding to the spawnd.
pub(crate) struct Peer {
    pub(crate) binding: Binding<Vec<Heard>>,
    pub(crate) dispatcher: Dispatcher<Vec<Heard>>,
}

impl Peer {
    pub(crate) fn ask<T: Payload<Interface>>(&self, message: T) {
        assert!(self.binding.send_or_queue(message).is_ok(), "the channel takes it");
    }

    /// Asks, lets the core work, and says what was heard since the last time.
    pub(crate) fn told<T: Payload<Interface>>(&self, world: &World, message: T) -> Vec<Heard> {
        self.ask(message);
        self.heard(world)
    }

    pub(crate) fn heard(&self, world: &World) -> Vec<Heard> {
        world.turn();
        self.dispatcher.with(std::mem::take)
    }
}
