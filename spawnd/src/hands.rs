//! How the machine's effects reach the world: the platform, the monitor, the clock.
//!
//! Nothing here answers at once. Completions and endpoints arrive in mailboxes and timers fire from
//! the waitset, so an effect never comes back as an event while others are still to be carried out.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use flounder::platform::{
    Completion, Platform, ProcessSpan, ProcessStart, ProgramEnd, ProgramStart, StartFailure,
};
use flounder::{Ctx, DomainId, ErrVal, Half, Mailbox, Timer};
use flounder_domain::{Monitor, REQUESTS_MAX};

use crate::launch::Launch;
use crate::machine::{Cause, Death, Event, StartError};
use crate::service::Spawnd;

/// How many completions of one domain can wait: that it started and that it ended.
const COMPLETIONS_PER_DOMAIN: usize = 2;

/// The exit status of a program that panicked: 128 and the number of SIGABRT.
const STATUS_PANICKED: u8 = 134;

/// The exit status of a program that a signal ended, less the signal's number.
const STATUS_SIGNALLED: u8 = 128;

/// What a spawnd acts with.
pub(crate) struct Hands {
    ctx: Ctx<Spawnd>,
    platform: Rc<dyn Platform>,
    endpoints: Endpoints,
    completions: Mailbox<Completion>,
    grace: BTreeMap<DomainId, Timer>,
}

impl Hands {
    pub(crate) fn new(
        ctx: &Ctx<Spawnd>,
        monitor: Monitor,
        platform: Rc<dyn Platform>,
        domains_max: usize,
    ) -> Self {
        let completions_max = COMPLETIONS_PER_DOMAIN.saturating_mul(domains_max);
        let completions = ctx.mailbox(completions_max, |spawnd: &mut Spawnd, completion| {
            spawnd.handle(event_of(completion));
        });
        let (endpoints, grace) = (Endpoints::new(ctx, monitor), BTreeMap::new());
        Self { ctx: ctx.clone(), platform, endpoints, completions, grace }
    }

    pub(crate) fn platform(&self) -> &dyn Platform {
        &*self.platform
    }

    pub(crate) fn monitor(&self) -> &Monitor {
        &self.endpoints.monitor
    }

    pub(crate) fn endpoints(&mut self) -> &mut Endpoints {
        &mut self.endpoints
    }

    /// Starts what was launched; only a module has a monitor's end.
    pub(crate) fn start(&self, domain: DomainId, launch: Launch, monitor: Option<Half>) {
        let completions = self.completions.clone();
        match (launch, monitor) {
            (Launch::Module { image, entry, argv, env, domain_cap }, Some(monitor)) => {
                self.platform().start_program(ProgramStart {
                    domain,
                    image,
                    entry,
                    argv,
                    env,
                    domain_cap,
                    monitor,
                    completions,
                });
            }
            (Launch::Process { path, argv, env, domain_cap }, None) => {
                let start = ProcessStart { domain, path, argv, env, domain_cap, completions };
                self.platform().start_process(start);
            }
            (Launch::Widen { home, domain_cap }, None) => {
                self.platform().span_process(ProcessSpan { domain, home, domain_cap, completions });
            }
            (launch, _) => unreachable!("modules, and only they, get a monitor: {launch:?}"),
        }
    }

    pub(crate) fn arm_grace(&mut self, domain: DomainId, after: Duration) {
        let at = self.ctx.waitset().now() + after;
        let timer = self.ctx.timer(at, move |spawnd| spawnd.on_grace_over(domain));
        self.grace.insert(domain, timer);
    }

    pub(crate) fn disarm_grace(&mut self, domain: DomainId) {
        self.grace.remove(&domain);
    }
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands")
            .field("endpoints", &self.endpoints)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

/// Asks the monitor for endpoints, as many at a time as its client takes. What waits is bounded by
/// the domains: each asks once.
#[derive(Debug)]
pub(crate) struct Endpoints {
    monitor: Monitor,
    answers: Mailbox<EndpointAnswer>,
    waiting: VecDeque<DomainId>,
    open: usize,
}

/// What the monitor said, or why it couldn't be asked.
struct EndpointAnswer {
    domain: DomainId,
    result: Result<Half, ErrVal>,
}

impl Endpoints {
    fn new(ctx: &Ctx<Spawnd>, monitor: Monitor) -> Self {
        let answers = ctx.mailbox(REQUESTS_MAX, |spawnd: &mut Spawnd, answer: EndpointAnswer| {
            spawnd.on_endpoint(answer.domain, answer.result);
        });
        Self { monitor, answers, waiting: VecDeque::new(), open: 0 }
    }

    pub(crate) fn ask(&mut self, domain: DomainId) {
        self.waiting.push_back(domain);
        self.ask_next();
    }

    /// Notes that an answer was handled: there is room for another question.
    pub(crate) fn answered(&mut self) {
        debug_assert!(self.open > 0, "an answer belongs to a question");
        self.open -= 1;
        self.ask_next();
    }

    fn ask_next(&mut self) {
        while self.open < REQUESTS_MAX
            && let Some(domain) = self.waiting.pop_front()
        {
            self.open += 1;
            let answers = self.answers.clone();
            self.monitor.alloc_monitor_ep(domain, move |result| {
                // There is room for the answer to every open question; it is refused only if the
                // dispatcher has ended, and then nobody waits for it.
                let _ = answers.send(EndpointAnswer { domain, result });
            });
        }
    }
}

fn event_of(completion: Completion) -> Event<Launch> {
    match completion {
        Completion::Started { domain } => Event::Started { domain },
        Completion::StartFailed { domain, why } => {
            Event::StartFailed { domain, why: start_error(why) }
        }
        Completion::Ended { domain, end } => Event::Ended { domain, death: death(end) },
    }
}

fn start_error(why: StartFailure) -> StartError {
    match why {
        StartFailure::Load => StartError::Load,
        StartFailure::Span => StartError::Span,
        _ => StartError::Run,
    }
}

fn death(end: ProgramEnd) -> Death {
    match end {
        ProgramEnd::Exited(status) => Death { cause: Cause::Exited, status },
        ProgramEnd::Signalled(signal) => {
            Death { cause: Cause::Crashed, status: STATUS_SIGNALLED.saturating_add(signal) }
        }
        _ => Death { cause: Cause::Crashed, status: STATUS_PANICKED },
    }
}
