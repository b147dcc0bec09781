//! The programs of one simulated core: how one starts, ends, or doesn't.

use flounder::platform::{
    Completion, Entry, Image, ProgramEnd, ProgramStart, ServiceEvent, ServiceKind, StartFailure,
};
use flounder::{Dispatcher, DomainId, Holder, Home, Mailbox};
use flounder_domain::{Birth, Env};

use super::{CorePlatform, Job, hand_over};
use crate::fault::Mark;
use crate::oracle::truth::Life;
use crate::programs::Main;

/// The status of a program that was killed.
const KILLED: u8 = 9;

/// A program that was started and not yet released.
pub(super) struct Resident {
    pub(super) home: Home,
    pub(super) dispatcher: Option<Dispatcher<()>>,
    pub(super) completions: Mailbox<Completion>,
    pub(super) ended: bool,
    /// It won't end when it is killed.
    pub(super) wedged: bool,
    pub(super) killed: bool,
    /// The life of the spawnd that started it.
    pub(super) spawnd: u64,
}

impl CorePlatform {
    pub(super) fn start(&self, start: ProgramStart) {
        let (domain, completions) = (start.domain, start.completions.clone());
        let entry = match self.shared.start_failure.take() {
            Some(why) => {
                self.shared.net.state.borrow_mut().coverage.mark(Mark::StartFailure);
                Err(why)
            }
            None => self.entry(&start),
        };
        match entry {
            Err(why) => {
                self.shared.truth.forget(self.part(domain));
                self.programs.borrow_mut().remove(&domain);
                if completions.send(Completion::StartFailed { domain, why }).is_err() {
                    self.survivor_ended(domain);
                }
            }
            Ok(main) => self.start_as(start, &main),
        }
    }

    fn entry(&self, start: &ProgramStart) -> Result<Main, StartFailure> {
        let Image::Module(name) = &start.image else { return Err(StartFailure::Load) };
        let programs = &self.shared.programs;
        match start.entry {
            Entry::Main { .. } => programs.main(name).ok_or(StartFailure::Load),
            Entry::Span { .. } => programs.span(name).ok_or(StartFailure::Span),
        }
    }

    /// Starts a program as one that was not killed meanwhile.
    fn start_as(&self, start: ProgramStart, main: &Main) {
        let ProgramStart { domain, entry, argv, env, domain_cap, monitor, completions, .. } = start;
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain) else { return };
        let (home, holder) = (resident.home.clone(), resident.home.holder().clone());
        let is_span = matches!(entry, Entry::Span { .. });
        let birth = Birth {
            core: self.core,
            domain,
            argv,
            env,
            entry: in_hands_of(entry, &holder),
            domain_cap: hand_over(domain_cap, &holder),
            monitor,
            home: home.clone(),
        };
        let running = main(Env::new(birth));
        let dispatcher = home.dispatcher(());
        let me = std::rc::Weak::clone(&self.me);
        dispatcher.spawn_local(async move {
            let status = running.await;
            if is_span {
                std::future::pending::<()>().await;
            }
            if let Some(platform) = me.upgrade() {
                platform.push(Job::Ended(domain, ProgramEnd::Exited(status.0)));
            }
        });
        resident.dispatcher = Some(dispatcher);
        self.shared.truth.set(self.part(domain), Life::Alive);
        let _ = completions.send(Completion::Started { domain });
    }

    pub(super) fn finish_kill(&self, domain: DomainId) {
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain) else { return };
        resident.killed = true;
        let is_wedged = resident.wedged;
        drop(programs);
        if !is_wedged {
            self.end(domain, ProgramEnd::Exited(KILLED));
        }
    }

    /// A program is over: all it had is dropped before anybody hears of it.
    pub(super) fn end(&self, domain: DomainId, end: ProgramEnd) {
        let mut programs = self.programs.borrow_mut();
        let Some(resident) = programs.get_mut(&domain).filter(|resident| !resident.ended) else {
            return;
        };
        resident.ended = true;
        let (home, dispatcher) = (resident.home.clone(), resident.dispatcher.take());
        let completions = resident.completions.clone();
        drop(programs);
        home.end();
        drop(dispatcher);
        home.holder().end();
        self.shared.truth.set(self.part(domain), Life::Ended);
        self.shared.net.mix_in(domain.0);
        if completions.send(Completion::Ended { domain, end }).is_err() {
            self.programs.borrow_mut().remove(&domain);
            self.shared.truth.forget(self.part(domain));
            self.survivor_ended(domain);
        }
    }

    /// The spawnd of an ended program is gone: its monitor hears of it.
    pub(super) fn survivor_ended(&self, domain: DomainId) {
        if let Some(spawnd) = self.services.borrow().get(&ServiceKind::Spawnd) {
            let _ = spawnd.events.send(ServiceEvent::SurvivorEnded { domain });
        }
    }

    /// Has a program return or panic.
    pub(crate) fn ends(&self, domain: DomainId, end: ProgramEnd) {
        self.push(Job::Ended(domain, end));
    }

    /// Has a program not end when it is killed.
    pub(crate) fn wedge(&self, domain: DomainId) {
        if let Some(resident) = self.programs.borrow_mut().get_mut(&domain) {
            resident.wedged = true;
        }
    }

    /// Ends what was wedged and killed.
    pub(crate) fn unwedge(&self) -> bool {
        let mut programs = self.programs.borrow_mut();
        let mut killed = Vec::new();
        for (&domain, resident) in programs.iter_mut().filter(|(_, resident)| resident.wedged) {
            resident.wedged = false;
            if resident.killed && !resident.ended {
                killed.push(domain);
            }
        }
        drop(programs);
        for &domain in &killed {
            self.push(Job::Kill(domain));
        }
        let phantoms = std::mem::take(&mut *self.phantoms.borrow_mut());
        let any = !killed.is_empty() || !phantoms.is_empty();
        for domain in phantoms {
            self.push(Job::PhantomEnds(domain));
        }
        any
    }
}

fn in_hands_of(entry: Entry, holder: &Holder) -> Entry {
    match entry {
        Entry::Main { inheritcn, argcn } => {
            Entry::Main { inheritcn: hand_over(inheritcn, holder), argcn: hand_over(argcn, holder) }
        }
        Entry::Span { vroot, dispframe } => {
            Entry::Span { vroot: hand_over(vroot, holder), dispframe: hand_over(dispframe, holder) }
        }
    }
}
