//! A platform that notes what it is asked and ends programs when the test says so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use flounder::platform::{Completion, Platform, ProgramStart, ServiceStart};
use flounder::{CoreId, DomainId};

/// What a spawnd asked of the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Start(u64),
    Kill(u64),
    Release(u64),
}

#[derive(Default)]
pub(crate) struct FakePlatform {
    calls: RefCell<Vec<Call>>,
    programs: RefCell<BTreeMap<DomainId, ProgramStart>>,
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
        let sent = self.programs.borrow()[&domain].completions.send(completion);
        assert_eq!(sent, Ok(()));
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
        let domain = program.domain;
        self.calls.borrow_mut().push(Call::Start(domain.0));
        self.programs.borrow_mut().insert(domain, program);
        if !self.holds.get() {
            self.complete(Completion::Started { domain });
        }
    }

    fn kill_program(&self, domain: DomainId) {
        self.calls.borrow_mut().push(Call::Kill(domain.0));
    }

    fn release_program(&self, domain: DomainId) {
        self.calls.borrow_mut().push(Call::Release(domain.0));
        self.programs.borrow_mut().remove(&domain);
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
