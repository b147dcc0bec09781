//! The program of the workload: it does what it is told, with its own cap and its own bindings.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use flounder::{AnyBinding, BindOptions, Cap, Dispatcher, Iref, Rights};
use flounder_domain::{Env, ExitStatus, Processes};
use flounder_idl::proc_mgmt::{Exit, Kill, Span, Spawn, Wait};
use flounder_idl::spawn;

use super::client::unheard;
use crate::oracle::truth::Part;
use crate::programs::Programs;

/// What a puppet is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// Return that status.
    Return(u8),
    /// Panic.
    Panic,
    /// Say `exit`, with that status.
    Exit(u8),
    /// Say `exit`, with that status and a cap that was lent.
    ExitLent(u8),
    /// Say `exit` with the null cap.
    ExitWithNothing,
    /// Say `exit` with the cap of a domain it spawned.
    ExitOfChild(u8),
    /// Ask to span to that core, with good caps or with none.
    Span(u8, bool),
    /// Spawn a program on that core.
    Spawn(u8),
    /// Kill a domain it spawned, or wait for it.
    KillChild,
    WaitForChild,
    /// Try `kill` and `wait` with its own cap, which has no right to.
    KillSelf,
    WaitForSelf,
    /// Say that it is the spawnd of its core.
    PoseAsSpawnd,
    /// Order the spawnd that listens there to kill a domain.
    CommandSpawnd(Iref, u64),
}

/// What one puppet has still to do.
#[derive(Default)]
struct Script {
    lines: VecDeque<Line>,
    lent: Option<Cap>,
    waker: Option<Waker>,
}

/// All puppets of a world.
#[derive(Clone, Default)]
pub(crate) struct Puppets(Rc<RefCell<BTreeMap<Part, Script>>>);

impl Puppets {
    /// The programs of the workload.
    pub(crate) fn programs(&self) -> Programs {
        let (main, span) = (self.clone(), self.clone());
        Programs::new()
            .asynchronous("puppet", move |env| play(main.clone(), env))
            .spanning_asynchronous("puppet", move |env| play(span.clone(), env))
            .asynchronous("brief", async |env: Env| ExitStatus(status_of(&env)))
            .asynchronous("single", async |_| std::future::pending().await)
    }

    /// Tells a puppet what to do next. False if there is none.
    pub(crate) fn tell(&self, part: Part, line: Line) -> bool {
        let mut scripts = self.0.borrow_mut();
        let Some(script) = scripts.get_mut(&part) else { return false };
        script.lines.push_back(line);
        let waker = script.waker.take();
        drop(scripts);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Gives a puppet a cap that isn't its own.
    pub(crate) fn lend(&self, part: Part, cap: Cap) {
        let before = self.0.borrow_mut().get_mut(&part).and_then(|it| it.lent.replace(cap));
        drop(before);
    }

    fn lent(&self, part: Part) -> Cap {
        let lent = self.0.borrow_mut().get_mut(&part).and_then(|it| it.lent.take());
        lent.unwrap_or(Cap::NULL)
    }

    async fn next(&self, part: Part) -> Line {
        poll_fn(|cx| {
            let mut scripts = self.0.borrow_mut();
            let script = scripts.entry(part).or_default();
            if let Some(line) = script.lines.pop_front() {
                return Poll::Ready(line);
            }
            script.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

fn status_of(env: &Env) -> u8 {
    env.arg(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Off the list when it ends, however that comes about.
struct OnStage(Puppets, Part);

impl Drop for OnStage {
    fn drop(&mut self) {
        let script = self.0.0.borrow_mut().remove(&self.1);
        drop(script);
    }
}

async fn play(puppets: Puppets, env: Env) -> ExitStatus {
    let part = (env.id().0, env.core().0);
    puppets.0.borrow_mut().entry(part).or_default();
    let _stage = OnStage(puppets.clone(), part);
    let tasks = env.dispatcher(());
    let mut actor =
        Actor { puppets: puppets.clone(), env, tasks, processes: None, children: Rc::default() };
    loop {
        match puppets.next(part).await {
            Line::Return(status) => return ExitStatus(status),
            // No message on standard error: the panic is meant.
            Line::Panic => std::panic::resume_unwind(Box::new("a puppet was told to panic")),
            line => actor.act(line).await,
        }
    }
}

/// A puppet at work.
struct Actor {
    puppets: Puppets,
    env: Env,
    tasks: Dispatcher<()>,
    processes: Option<Processes>,
    children: Rc<RefCell<Vec<Cap>>>,
}

impl Actor {
    async fn act(&mut self, line: Line) {
        match line {
            Line::PoseAsSpawnd => {
                let (ctx, table) = (self.tasks.ctx(), &spawn::RxVtbl::UNHANDLED);
                let monitor = self.env.system().monitor();
                let iref = monitor.export::<spawn::Interface, ()>(&ctx, table, |(), _| Ok(()));
                if let Ok(iref) = iref.await {
                    monitor.set_spawn_iref(iref);
                }
            }
            Line::CommandSpawnd(iref, domain) => self.command(iref, domain).await,
            Line::ExitLent(status) => {
                if let Some(processes) = &self.processes {
                    let domain_cap = self.puppets.lent((self.env.id().0, self.env.core().0));
                    // Unheard or not: it is said once.
                    drop(processes.binding().exit(Exit { domain_cap, status }));
                }
            }
            line => {
                if self.processes.is_none() {
                    self.processes = self.env.system().processes().await.ok();
                }
                if let Some(processes) = self.processes.clone() {
                    self.ask(&processes, line);
                }
            }
        }
    }

    fn ask(&self, processes: &Processes, line: Line) {
        let binding = processes.binding();
        if binding.is_closed() {
            return;
        }
        let own = || self.env.domain_cap().copy().unwrap_or(Cap::NULL);
        // A full channel is an answer, too: the puppet says its line another time, or never.
        let exit = |domain_cap, status| drop(binding.exit(Exit { domain_cap, status }));
        match line {
            Line::Exit(status) => exit(own(), status),
            Line::ExitWithNothing => exit(Cap::NULL, 1),
            Line::ExitOfChild(status) => exit(self.child(), status),
            Line::Span(core, is_good) => self.span(processes, core, is_good),
            Line::Spawn(core) => self.spawn(processes, core),
            Line::KillChild | Line::KillSelf => {
                let domain_cap = if line == Line::KillSelf { own() } else { self.child() };
                if let Ok(call) = binding.kill(Kill { domain_cap }) {
                    self.later(unheard(call));
                }
            }
            Line::WaitForChild | Line::WaitForSelf => {
                let domain_cap = if line == Line::WaitForSelf { own() } else { self.child() };
                if let Ok(call) = binding.wait(Wait { domain_cap, nohang: false }) {
                    self.later(unheard(call));
                }
            }
            _ => {}
        }
    }

    fn child(&self) -> Cap {
        self.children.borrow().last().and_then(|cap| cap.copy().ok()).unwrap_or(Cap::NULL)
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        self.tasks.spawn_local(task);
    }

    fn span(&self, processes: &Processes, core: u8, is_good: bool) {
        let holder = self.env.home().holder();
        let domain_cap = self.env.domain_cap().copy().unwrap_or(Cap::NULL);
        let (vroot, dispframe) = if is_good {
            (holder.vnode(self.env.id()), holder.frame(4096).unwrap_or(Cap::NULL))
        } else {
            (Cap::NULL, Cap::NULL)
        };
        let call = processes.binding().span(Span { domain_cap, core, vroot, dispframe });
        if let Ok(call) = call {
            self.later(unheard(call));
        }
    }

    fn spawn(&self, processes: &Processes, core: u8) {
        let call = processes.binding().spawn(spawn_of("puppet", core, 0, 0));
        let Ok(call) = call else { return };
        let children = Rc::clone(&self.children);
        self.later(async move {
            if let Ok(answer) = call.await
                && answer.err.is_ok()
            {
                children.borrow_mut().push(answer.domain_cap);
            }
        });
    }

    /// Orders a spawnd something without the cap that it takes.
    async fn command(&self, iref: Iref, domain: u64) {
        let dispatcher = self.env.dispatcher(());
        let monitor = self.env.system().monitor();
        let (ctx, table) = (dispatcher.ctx(), &spawn::RxVtbl::UNHANDLED);
        let options = BindOptions::new();
        let bound = monitor.bind::<spawn::Interface, ()>(&ctx, iref, options, table).await;
        let Ok(binding) = bound else { return };
        let procmng_cap = self.env.domain_cap().copy_with(Rights::NONE).unwrap_or(Cap::NULL);
        let order = spawn::KillRequest { request: 1, procmng_cap, domain };
        drop(binding.kill_request(order));
        let order = spawn::CleanupRequest { request: 2, procmng_cap: Cap::NULL, domain };
        drop(binding.cleanup_request(order));
        // It has answered when its monitor has.
        let _ = monitor.name_iref().await;
        drop(dispatcher);
    }
}

/// What spawns a program of the workload, with a status as its argument.
pub(crate) fn spawn_of(program: &str, core: u8, status: u8, flags: u8) -> Spawn {
    Spawn {
        core,
        path: program.into(),
        argvbuf: format!("{program}\0{status}\0").into_bytes(),
        envbuf: Vec::new(),
        flags,
    }
}
