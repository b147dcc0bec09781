//! The programs of scenarios: clients that do as they are told, and those that clients spawn.

use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::task::{Poll, Waker};

use flounder::{Ctx, DomainId, Holder, Mailbox};
use flounder_boot::Modules;
use flounder_domain::{Env, ExitStatus};

use super::answer::Answer;
use super::calls::Call;
use super::client::{Asker, Heard, Presented, perform};
use crate::programs::PANIC_MESSAGE;
use flounder_multicore::bare::idle;

/// How many jobs of one client can wait to be begun.
const JOBS_MAX: usize = 1 << 16;

/// What the programs and whoever plays the scenario share.
#[derive(Clone, Default)]
pub(crate) struct Wings {
    /// Where clients say that they are there, once somebody plays.
    pub(crate) door: Arc<OnceLock<Mailbox<Entrance>>>,
    pub(crate) gate: Gate,
}

/// A client is there.
pub(crate) struct Entrance {
    pub(crate) domain: DomainId,
    pub(crate) holder: Holder,
    pub(crate) jobs: Mailbox<Job>,
}

/// Something for a client to do.
pub(crate) struct Job {
    pub(crate) call: Call,
    pub(crate) presented: Presented,
    pub(crate) answering: Answering,
}

/// Sends the answer, in any case: that there is none, if the client ends before.
pub(crate) struct Answering {
    pub(crate) line: usize,
    pub(crate) to: Mailbox<(usize, Heard)>,
}

impl Answering {
    pub(crate) fn send(mut self, heard: Heard) {
        self.deliver(heard);
    }

    fn deliver(&mut self, heard: Heard) {
        // Refused only once nobody plays any more.
        let _ = self.to.send((std::mem::take(&mut self.line), heard));
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if self.line != 0 {
            self.deliver((Answer::closed(), flounder::Cap::NULL));
        }
    }
}

/// Holds the threads of programs that don't wait on their dispatcher.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<u64>, Condvar)>);

impl Gate {
    /// Lets those pass that wait now.
    pub(crate) fn release(&self) {
        if let Ok(mut opened) = self.0.0.lock() {
            *opened += 1;
        }
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let Ok(opened) = self.0.0.lock() else { return };
        let before = *opened;
        drop(self.0.1.wait_while(opened, |opened| *opened == before));
    }
}

/// Adds the programs of scenarios.
pub(crate) fn modules(modules: Modules, wings: &Wings) -> Modules {
    let (door, gate, gate_async) =
        (Arc::clone(&wings.door), wings.gate.clone(), wings.gate.clone());
    modules
        .asynchronous("client", move |env| act(env, Arc::clone(&door)))
        .spanning_asynchronous("client", async |_| pending().await)
        .asynchronous("idle", idle)
        .blocking("idle-blocking", |env: Env| env.block_on(pending()))
        .asynchronous("true", async |_| ExitStatus::SUCCESS)
        .asynchronous("false", async |_| ExitStatus::FAILURE)
        .asynchronous("crash", async |_| panic!("{PANIC_MESSAGE}"))
        .blocking("hog", move |_: Env| {
            gate.pass();
            ExitStatus::SUCCESS
        })
        .asynchronous("hog-async", move |_: Env| {
            let gate = gate_async.clone();
            async move {
                gate.pass();
                ExitStatus::SUCCESS
            }
        })
}

/// A client's state.
#[derive(Default)]
struct Actor {
    leaves: bool,
    waker: Option<Waker>,
}

/// Does as it is told until it is told to leave.
async fn act(env: Env, door: Arc<OnceLock<Mailbox<Entrance>>>) -> ExitStatus {
    let (Some(door), Ok(processes)) = (door.get(), env.system().processes().await) else {
        return ExitStatus::FAILURE;
    };
    let (domain, holder) = (env.id(), env.home().holder().clone());
    let own = env.domain_cap().copy().unwrap_or(flounder::Cap::NULL);
    let asker = Rc::new(Asker { processes, holder: holder.clone(), core: env.core(), domain, own });
    let actor = env.dispatcher(Actor::default());
    let ctx = actor.ctx();
    let jobs = actor.mailbox(JOBS_MAX, move |actor: &mut Actor, job| {
        actor.begin(&ctx, Rc::clone(&asker), job);
    });
    let _ = door.send(Entrance { domain, holder, jobs });
    poll_fn(|cx| {
        actor.with(|actor| {
            actor.waker = Some(cx.waker().clone());
            if actor.leaves { Poll::Ready(ExitStatus::SUCCESS) } else { Poll::Pending }
        })
    })
    .await
}

impl Actor {
    fn begin(&mut self, ctx: &Ctx<Self>, asker: Rc<Asker>, job: Job) {
        let Job { call, presented, answering } = job;
        if call == Call::Close {
            self.leaves = true;
            answering.send((Answer::of(flounder::ErrVal::OK), flounder::Cap::NULL));
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
            return;
        }
        ctx.spawn_local(async move {
            let heard = perform(&asker, &call, presented).await;
            answering.send(heard);
        });
    }
}
