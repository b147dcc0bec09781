//! A platform that notes what it is asked and ends programs when the test says so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use flounder::platform::{
    Completion, Platform, ProcessSpan, ProcessStart, ProgramStart, ServiceStart,
};
use flounder::{CoreId, DomainId, Mailbox};

/// What a spawnd asked of the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Start(u64),
    StartProcess(u64),
    /// Of a process that a core started.
    SpanProcess(u64, u8),
    Kill(u64),
    Release(u64),
}

#[derive(Default)]
pub(crate) struct FakePlatform {
    calls: RefCell<Vec<Call>>,
    programs: RefCell<BTreeMap<DomainId, ProgramStart>>,
    processes: RefCell<BTreeMap<DomainId, ProcessStart>>,
    completions: RefCell<BTreeMap<DomainId, Mailbox<Completion>>>,
    holds: Cell<bool>,
}

impl FakePlatform {
    /// Lets starts wait for the test's completion.
    pub(crate) fn hold(&self) {
        self.holds.set(true);
    }

    /// What was asked since the last time.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.take()
    }

    /// Looks at a program that was started.
    pub(crate) fn with_program<R>(&self, domain: u64, look: impl FnOnce(&ProgramStart) -> R) -> R {
        look(&self.programs.borrow()[&DomainId(domain)])
    }

    /// Tells the spawnd what became of a program.
    pub(crate) fn complete(&self, completion: Completion) {
        let domain = match completion {
            Completion::Started { domain }
            | Completion::StartFailed { domain, .. }
            | Completion::Ended { domain, .. } => domain,
        };
        let sent = self.completions.borrow()[&domain].send(completion);
        assert_eq!(sent, Ok(()));
    }

    /// Looks at a process that was started.
    pub(crate) fn with_process<R>(&self, domain: u64, look: impl FnOnce(&ProcessStart) -> R) -> R {
        look(&self.processes.borrow()[&DomainId(domain)])
    }

    fn started(&self, call: Call, domain: DomainId, completions: Mailbox<Completion>) {
        self.calls.borrow_mut().push(call);
        self.completions.borrow_mut().insert(domain, completions);
        if !self.holds.get() {
            self.complete(Completion::Started { domain });
        }
    }
}

impl Platform for FakePlatform {
    fn has_module(&self, name: &str) -> bool {
        name == "echo"
    }

    fn is_executable(&self, path: &Path) -> bool {
        path == Path::new("/bin/sh")
    }

    fn start_program(&self, program: ProgramStart) {
        let (domain, completions) = (program.domain, program.completions.clone());
        self.programs.borrow_mut().insert(domain, program);
        self.started(Call::Start(domain.0), domain, completions);
    }

    fn start_process(&self, process: ProcessStart) {
        let (domain, completions) = (process.domain, process.completions.clone());
        self.processes.borrow_mut().insert(domain, process);
        self.started(Call::StartProcess(domain.0), domain, completions);
    }

    fn span_process(&self, span: ProcessSpan) {
        let ProcessSpan { domain, home, completions, .. } = span;
        self.started(Call::SpanProcess(domain.0, home.0), domain, completions);
    }

    fn kill_program(&self, domain: DomainId) {
        self.calls.borrow_mut().push(Call::Kill(domain.0));
    }

    fn release_program(&self, domain: DomainId) {
        self.calls.borrow_mut().push(Call::Release(domain.0));
        self.programs.borrow_mut().remove(&domain);
        self.processes.borrow_mut().remove(&domain);
        self.completions.borrow_mut().remove(&domain);
    }

    fn start_service(&self, service: ServiceStart) {
        unreachable!("a spawnd starts no service: {service:?}");
    }

    fn core_up(&self, core: CoreId) {
        unreachable!("a spawnd doesn't say that core {core} is up");
    }

    fn shutdown_done(&self, wedged: u32) {
        unreachable!("a spawnd doesn't shut down, with {wedged} wedged or without");
    }
}
