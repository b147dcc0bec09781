//! The loop that runs a core's asynchronous programs.
//!
//! A program is a dispatcher of its own, contained: its panic ends it and nothing else. All it had
//! is dropped, and its holder ended, before anybody hears of its end. The loop also waits for the
//! threads of blocking programs that have ended: services never do.

use std::collections::BTreeMap;

use flounder::platform::{Completion, ProgramEnd};
use flounder::{Ctx, Dispatcher, DomainId, Holder, Home, Mailbox, Waitset};

use crate::jobs::{Completions, JOBS_MAX, ProgramJob};
use crate::modules::AsyncMain;
use crate::newborn::{KILLED, Newborn};
use crate::observers::Observers;

/// The state of a program loop.
pub(crate) struct ProgramLoop {
    programs: BTreeMap<DomainId, Resident>,
    waitset: Waitset,
    observers: Observers,
    /// The loop as its own handlers see it, once it runs.
    own: Option<(Ctx<Self>, Mailbox<ProgramJob>)>,
}

/// A program on the loop.
struct Resident {
    _dispatcher: Dispatcher<()>,
    home: Home,
    completions: Completions,
}

impl Resident {
    /// Ends all its dispatchers, the own one first, and then what it holds.
    fn stop(&self) {
        self.home.end();
        self.home.holder().end();
    }
}

impl ProgramLoop {
    /// Makes the loop's dispatcher and the mailbox for its jobs.
    pub(crate) fn start(
        waitset: &Waitset,
        holder: Holder,
        observers: Observers,
    ) -> (Dispatcher<Self>, Mailbox<ProgramJob>) {
        let (programs, own) = (BTreeMap::new(), None);
        let state = Self { programs, waitset: waitset.clone(), observers, own };
        let dispatcher = Dispatcher::on(waitset, holder, state);
        let jobs = dispatcher.mailbox(JOBS_MAX, Self::handle);
        let own = (dispatcher.ctx(), jobs.clone());
        dispatcher.with(|state| state.own = Some(own));
        (dispatcher, jobs)
    }

    fn handle(&mut self, job: ProgramJob) {
        match job {
            ProgramJob::Start { newborn, main, completions } => {
                self.spawn(*newborn, main, completions);
            }
            ProgramJob::Kill(domain) => self.end(domain, ProgramEnd::Exited(KILLED)),
            ProgramJob::Ended(domain, end) => self.end(domain, end),
            ProgramJob::Join(threads) => {
                for thread in threads {
                    // It catches every panic of its program.
                    let _ = thread.join();
                }
            }
            ProgramJob::Stop => {
                for program in std::mem::take(&mut self.programs).values() {
                    program.stop();
                }
                if let Some((ctx, _)) = self.own.take() {
                    ctx.stop();
                }
            }
        }
    }

    fn spawn(&mut self, newborn: Newborn, main: AsyncMain, completions: Completions) {
        let Some((_, jobs)) = &self.own else { return };
        let (domain, holder, is_span) = (newborn.domain, newborn.holder.clone(), newborn.is_span());
        let panicked = jobs.clone();
        let home = Home::contained(self.waitset.clone(), holder, move |_| {
            // The mailbox has room for the end of every domain.
            let _ = panicked.send(ProgramJob::Ended(domain, ProgramEnd::Panicked));
        });
        let home = self.observers.settle_program(home, &newborn);
        let (dispatcher, env) = (home.dispatcher(()), newborn.into_env(home.clone()));
        let ended = jobs.clone();
        dispatcher.spawn_local(async move {
            let status = main(env).await;
            if is_span {
                std::future::pending::<()>().await;
            }
            let _ = ended.send(ProgramJob::Ended(domain, ProgramEnd::Exited(status.0)));
        });
        completions.send(Completion::Started { domain });
        self.programs.insert(domain, Resident { _dispatcher: dispatcher, home, completions });
    }

    /// Ends a program, unless it has ended already.
    fn end(&mut self, domain: DomainId, end: ProgramEnd) {
        let Some(program) = self.programs.remove(&domain) else { return };
        program.stop();
        program.completions.send(Completion::Ended { domain, end });
    }
}
