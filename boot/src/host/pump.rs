//! The thread of a core that moves what processes print into their files. A disk may hold it up, as
//! it must no service.

use std::collections::BTreeMap;
use std::io::{self, PipeReader};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use flounder::{
    CoreId, Ctx, DescriptorWatch, Dispatcher, DomainId, Interest, Kernel, Mailbox, MonotonicClock,
    Waitset,
};

use super::desk::HostEvent;
use super::output::{Found, Keeper, Sink};
use crate::jobs::JOBS_MAX;

/// What the thread is asked to do.
enum Job {
    /// Keep what a process prints.
    Keep(DomainId, Sink),
    /// Keep the rest of it, and tell.
    Finish(DomainId),
    /// Stop.
    Stop,
}

/// The thread.
#[derive(Debug)]
pub(super) struct Pump {
    jobs: Mailbox<Job>,
    thread: Option<JoinHandle<()>>,
}

impl Pump {
    /// Starts the thread of a core, and waits until it listens.
    pub(super) fn start(
        core: CoreId,
        kernel: &Kernel,
        events: Mailbox<HostEvent>,
    ) -> io::Result<Self> {
        let (sender, started) = channel();
        let kernel = kernel.clone();
        let thread = Builder::new()
            .name(format!("output.{core}"))
            .spawn(move || run(&kernel, events, &sender))?;
        let jobs = started.recv().map_err(|_| io::Error::other("the thread didn't start"))??;
        Ok(Self { jobs, thread: Some(thread) })
    }

    pub(super) fn keep(&self, domain: DomainId, sink: Sink) -> bool {
        self.jobs.send(Job::Keep(domain, sink)).is_ok()
    }

    pub(super) fn finish(&self, domain: DomainId) -> bool {
        self.jobs.send(Job::Finish(domain)).is_ok()
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Ready = Sender<io::Result<Mailbox<Job>>>;

fn run(kernel: &Kernel, events: Mailbox<HostEvent>, ready: &Ready) {
    let waitset = Waitset::with_clock(Rc::new(MonotonicClock::new()), None);
    if let Err(error) = waitset.open() {
        let _ = ready.send(Err(error));
        return;
    }
    let state = Outputs { kept: BTreeMap::new(), events, own: None };
    let dispatcher = Dispatcher::on(&waitset, kernel.holder(), state);
    let jobs = dispatcher.mailbox(JOBS_MAX, Outputs::handle);
    let own = dispatcher.ctx();
    dispatcher.with(|state| state.own = Some(own));
    if ready.send(Ok(jobs)).is_ok() {
        dispatcher.run();
    }
}

/// The state of the thread.
struct Outputs {
    kept: BTreeMap<DomainId, Kept>,
    events: Mailbox<HostEvent>,
    own: Option<Ctx<Self>>,
}

/// The output of one process.
struct Kept {
    reader: Rc<PipeReader>,
    keeper: Keeper,
    /// `None` once nothing can come.
    watch: Option<DescriptorWatch>,
}

impl Outputs {
    fn handle(&mut self, job: Job) {
        match job {
            Job::Keep(domain, sink) => self.keep(domain, sink),
            Job::Finish(domain) => {
                if let Some(mut kept) = self.kept.remove(&domain) {
                    kept.keeper.finish(&kept.reader);
                }
                // Closed: the loop has ended, and nobody waits.
                let _ = self.events.send(HostEvent::Kept { domain });
            }
            Job::Stop => {
                self.kept.clear();
                if let Some(ctx) = self.own.take() {
                    ctx.stop();
                }
            }
        }
    }

    fn keep(&mut self, domain: DomainId, Sink { reader, keeper }: Sink) {
        let Some(ctx) = &self.own else { return };
        let reader = Rc::new(reader);
        let event = move |state: &mut Self, _: &Rc<PipeReader>| state.pump(domain);
        // Unwatched it is read at the end: a program that prints more than a pipe holds waits.
        let watch = ctx.watch_descriptor(Rc::clone(&reader), Interest::Readable, event).ok();
        self.kept.insert(domain, Kept { reader, keeper, watch });
    }

    fn pump(&mut self, domain: DomainId) {
        if let Some(kept) = self.kept.get_mut(&domain)
            && kept.keeper.pump(&kept.reader) == Found::End
        {
            kept.watch = None;
        }
    }
}
