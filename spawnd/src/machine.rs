//! The decisions of one core's spawnd: an event in, effects out.
//!
//! ```text
//! none      spawn, span: Waiting; of a process of the host: Starting
//! Waiting   endpoint: Starting; no endpoint: none
//! Starting  started: Running, or Killing if kills wait; ended: Ended; failed: none; broke: Undoing
//! Running   kill: Killing; ended: Ended
//! Killing   ended: Ended; grace over: Wedged
//! Undoing   ended: none; grace over: Stray
//! Wedged    ended: Ended
//! Stray     ended: none
//! Ended     cleanup: none
//! ```
//!
//! A start is answered before anything else is said of its domain: kills that come earlier wait, and
//! so does the report of a program that ends at once. A kill is answered OK once nothing of the
//! domain executes; after the grace time it is answered `SPAWN_ERR_DOMAIN_RUNNING`, which is final.
//! A death while a kill is open answers the kill and isn't reported again. News that fit no state
//! are counted and change nothing.

mod event;
mod outbox;
#[cfg(test)]
mod sim;
mod slot;
#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};
use std::time::Duration;

use flounder::{DomainId, ErrCode, ErrVal, mutant};

pub use event::{
    Cause, Death, Effect, Effects, Event, Order, Payload, RequestId, RequestKind, StartError,
};
use outbox::Outbox;
pub use outbox::Owed;
use slot::{Opening, Slots, State};

/// The limits of a spawnd.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How many domains there can be on the core, ended ones that aren't cleaned up included.
    /// Default 100,000: as many as the process manager lists, so that a single core can hold them.
    pub domains_max: usize,
    /// How many requests can be unanswered. Default 200,000: the process manager has at most one
    /// open for each domain on a core, and as many again may be refused for want of room.
    pub requests_max: usize,
    /// How long a killed program has to end before it is given up. Default 2 seconds.
    pub grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { domains_max: 100_000, requests_max: 200_000, grace: Duration::from_secs(2) }
    }
}

/// What the machine passed over, for diagnostics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Completions, endpoints and timers that came late or for no known domain.
    pub ignored: u64,
    /// Requests beyond [`Config::requests_max`].
    pub overruns: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    Open,
    Stopping,
    Stopped,
}

/// The state of one core's spawnd.
///
/// ```
/// use flounder::{DomainId, ErrVal};
/// use flounder_spawnd::machine::{
///     Config, Effect, Event, Machine, Order, Owed, Payload, RequestId, RequestKind,
/// };
///
/// #[derive(Debug)]
/// struct Executable(&'static str);
///
/// impl Payload for Executable {
///     type Endpoint = ();
///
///     fn is_dispatcher(&self) -> bool {
///         false
///     }
/// }
///
/// let (mut machine, mut effects) = (Machine::new(Config::default()), Vec::new());
/// let (request, domain, program) = (RequestId(7), DomainId(1), Executable("/bin/true"));
/// machine.handle(Event::Request { request, order: Order::Spawn { domain, program } }, &mut effects);
/// assert!(matches!(effects[..], [Effect::Start { domain: DomainId(1), .. }]));
///
/// machine.handle(Event::Started { domain }, &mut effects);
/// let reply = Owed::Reply { request, kind: RequestKind::Spawn, err: ErrVal::OK };
/// assert_eq!(machine.next_owed(), Some(&reply));
/// machine.sent();
/// ```
#[derive(Clone, Debug)]
pub struct Machine<P: Payload> {
    config: Config,
    phase: Phase,
    slots: Slots<P>,
    outbox: Outbox,
    counts: Counts,
}

/// What is decided from: not what never changes, nor what is only counted.
impl<P: Payload + Hash> Hash for Machine<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { config: _, counts: _, phase, slots, outbox } = self;
        (phase, slots, outbox).hash(state);
    }
}

impl<P: Payload> Machine<P> {
    /// A spawnd without domains.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (slots, outbox) = (Slots::new(), Outbox::default());
        Self { config, phase: Phase::Open, slots, outbox, counts: Counts::default() }
    }

    /// Takes in one event; what has to be done at once is appended to `out`.
    pub fn handle(&mut self, event: Event<P>, out: &mut Effects<P>) {
        match event {
            Event::Request { request, order } => {
                if self.admit(out) {
                    self.on_order(request, order, out);
                }
            }
            Event::Refused { request, kind, code } => {
                if self.admit(out) {
                    self.reply(request, kind, code);
                }
            }
            Event::MonitorEndpoint { domain, result } => self.on_endpoint(domain, result, out),
            Event::Started { domain } => self.on_started(domain, out),
            Event::StartFailed { domain, why } => self.on_start_failed(domain, why, out),
            Event::StartBroke { domain, why } => self.on_start_broke(domain, why, out),
            Event::Ended { domain, death } => self.on_ended(domain, death, out),
            Event::Timer { domain } => self.on_timer(domain),
            Event::Stop => self.on_stop(out),
        }
        self.look_at_stop(out);
    }

    /// What the process manager has to be told next. [`Machine::sent`] follows once the binding has
    /// taken it; until then this stays the same.
    #[must_use]
    pub fn next_owed(&self) -> Option<&Owed> {
        self.outbox.next()
    }

    /// Takes [`Machine::next_owed`] off the queue.
    pub fn sent(&mut self) {
        self.outbox.sent();
    }

    /// How many messages are owed: at most `2 * requests_max + domains_max`.
    #[must_use]
    pub fn owed(&self) -> usize {
        self.outbox.len()
    }

    /// How many domains have a slot, ended ones that aren't cleaned up included.
    #[must_use]
    pub fn domains(&self) -> usize {
        self.slots.len()
    }

    /// What was passed over so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn admit(&mut self, out: &mut Effects<P>) -> bool {
        let admitted = self.outbox.admit(self.config.requests_max);
        if !admitted {
            self.counts.overruns += 1;
            out.push(Effect::Overrun);
        }
        admitted
    }

    fn on_order(&mut self, request: RequestId, order: Order<P>, out: &mut Effects<P>) {
        let opening = Opening { request, kind: order.kind(), killers: Vec::new() };
        match order {
            Order::Spawn { domain, program } | Order::Span { domain, program } => {
                self.on_start(domain, opening, program, out);
            }
            Order::Kill { domain } => self.on_kill(domain, request, out),
            Order::Cleanup { domain } => self.on_cleanup(domain, request, out),
        }
    }

    fn on_start(&mut self, domain: DomainId, opening: Opening, program: P, out: &mut Effects<P>) {
        if self.phase != Phase::Open {
            return self.reply(opening.request, opening.kind, ErrCode::SPAWN_ERR_RUN);
        }
        if self.slots.contains(domain) || self.slots.len() >= self.config.domains_max {
            return self.reply(opening.request, opening.kind, ErrCode::SPAWN_ERR_DOMAIN_ALLOCATE);
        }
        if mutant!("many-domains-get-id-0") && self.slots.len() > 255 {
            return self.reply(opening.request, opening.kind, ErrCode::OK);
        }
        let next = if program.is_dispatcher() {
            out.push(Effect::AskMonitorEndpoint { domain });
            State::WaitingEndpoint { opening, program }
        } else {
            out.push(Effect::Start { domain, program, endpoint: None });
            State::Starting { opening }
        };
        self.slots.put(domain, next);
    }

    fn on_kill(&mut self, domain: DomainId, request: RequestId, out: &mut Effects<P>) {
        let Some(mut state) = self.slots.take(domain) else {
            return self.answer_kill(request, ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND);
        };
        match &mut state {
            State::WaitingEndpoint { opening, .. }
            | State::Starting { opening }
            | State::Undoing { opening, .. } => opening.killers.push(request),
            State::Killing { killers } => killers.push(request),
            State::Running => state = self.kill(domain, vec![request], out),
            State::Wedged | State::Stray => {
                self.answer_kill(request, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
            }
            State::Ended => self.answer_kill(request, ErrCode::OK),
        }
        self.slots.put(domain, state);
    }

    fn on_cleanup(&mut self, domain: DomainId, request: RequestId, out: &mut Effects<P>) {
        let code = match self.slots.take(domain) {
            None => ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND,
            Some(State::Ended) => {
                out.push(Effect::Release { domain });
                ErrCode::OK
            }
            Some(state) => {
                self.slots.put(domain, state);
                ErrCode::SPAWN_ERR_DOMAIN_RUNNING
            }
        };
        self.reply(request, RequestKind::Cleanup, code);
    }

    fn on_endpoint(
        &mut self,
        domain: DomainId,
        result: Result<P::Endpoint, ErrVal>,
        out: &mut Effects<P>,
    ) {
        match (self.slots.take(domain), result) {
            (Some(State::WaitingEndpoint { opening, program }), Ok(endpoint)) => {
                out.push(Effect::Start { domain, program, endpoint: Some(endpoint) });
                self.slots.put(domain, State::Starting { opening });
            }
            (Some(State::WaitingEndpoint { opening, .. }), Err(err)) => {
                self.answer_failed_start(opening, err.push(ErrCode::SPAWN_ERR_RUN));
            }
            (other, _) => self.ignore(domain, other),
        }
    }

    fn on_started(&mut self, domain: DomainId, out: &mut Effects<P>) {
        match self.slots.take(domain) {
            Some(State::Starting { opening }) => {
                self.reply(opening.request, opening.kind, ErrCode::OK);
                let next = match opening.killers {
                    killers if killers.is_empty() => State::Running,
                    killers => self.kill(domain, killers, out),
                };
                self.slots.put(domain, next);
            }
            // Given up while it was on its way: what was to be ended then is ended now.
            Some(state @ (State::Undoing { .. } | State::Stray)) => {
                out.push(Effect::Kill { domain });
                self.slots.put(domain, state);
            }
            other => self.ignore(domain, other),
        }
    }

    fn on_start_failed(&mut self, domain: DomainId, why: StartError, out: &mut Effects<P>) {
        match self.slots.take(domain) {
            Some(State::Starting { opening }) => {
                self.answer_failed_start(opening, why.code().into());
            }
            Some(State::Undoing { opening, err }) => {
                out.push(Effect::DisarmGrace { domain });
                self.answer_failed_start(opening, err);
            }
            Some(State::Stray) => (),
            other => self.ignore(domain, other),
        }
    }

    fn on_start_broke(&mut self, domain: DomainId, why: StartError, out: &mut Effects<P>) {
        match self.slots.take(domain) {
            Some(State::Starting { opening }) => {
                out.push(Effect::Kill { domain });
                self.undo(domain, opening, why.code().into(), out);
            }
            Some(state @ (State::Undoing { .. } | State::Stray)) => {
                out.push(Effect::Kill { domain });
                self.slots.put(domain, state);
            }
            other => self.ignore(domain, other),
        }
    }

    fn on_ended(&mut self, domain: DomainId, death: Death, out: &mut Effects<P>) {
        match self.slots.take(domain) {
            // It ended before the platform told that it started.
            Some(State::Starting { opening }) => {
                self.reply(opening.request, opening.kind, ErrCode::OK);
                if opening.killers.is_empty() {
                    self.outbox.push(Owed::Exited { domain, death });
                }
                self.answer_kills(opening.killers, ErrCode::OK);
                self.slots.put(domain, State::Ended);
            }
            Some(State::Running | State::Wedged) => {
                self.outbox.push(Owed::Exited { domain, death });
                self.slots.put(domain, State::Ended);
            }
            Some(State::Killing { killers }) => {
                out.push(Effect::DisarmGrace { domain });
                self.answer_kills(killers, ErrCode::OK);
                self.slots.put(domain, State::Ended);
            }
            Some(State::Undoing { opening, err }) => {
                out.extend([Effect::DisarmGrace { domain }, Effect::Release { domain }]);
                self.answer_failed_start(opening, err);
            }
            Some(State::Stray) => out.push(Effect::Release { domain }),
            other => self.ignore(domain, other),
        }
    }

    fn on_timer(&mut self, domain: DomainId) {
        match self.slots.take(domain) {
            Some(State::Killing { killers }) => {
                self.answer_kills(killers, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
                self.slots.put(domain, State::Wedged);
            }
            Some(State::Undoing { opening, err }) => {
                self.push_reply(opening.request, opening.kind, err);
                self.answer_kills(opening.killers, ErrCode::SPAWN_ERR_DOMAIN_RUNNING);
                self.slots.put(domain, State::Stray);
            }
            other => self.ignore(domain, other),
        }
    }

    fn on_stop(&mut self, out: &mut Effects<P>) {
        if self.phase != Phase::Open {
            return;
        }
        self.phase = Phase::Stopping;
        for domain in self.slots.domains() {
            let Some(state) = self.slots.take(domain) else { continue };
            self.stop_domain(domain, state, out);
        }
    }

    fn stop_domain(&mut self, domain: DomainId, state: State<P>, out: &mut Effects<P>) {
        let err = ErrVal::from(ErrCode::SPAWN_ERR_RUN);
        match state {
            State::WaitingEndpoint { opening, .. } => self.answer_failed_start(opening, err),
            State::Starting { opening } => self.undo(domain, opening, err, out),
            State::Running => {
                let next = self.kill(domain, Vec::new(), out);
                self.slots.put(domain, next);
            }
            state => self.slots.put(domain, state),
        }
    }

    fn look_at_stop(&mut self, out: &mut Effects<P>) {
        if self.phase == Phase::Stopping && self.slots.holding_stop() == 0 {
            self.phase = Phase::Stopped;
            out.push(Effect::Stopped { survivors: self.slots.survivors() });
        }
    }

    fn kill(&self, domain: DomainId, killers: Vec<RequestId>, out: &mut Effects<P>) -> State<P> {
        out.extend([
            Effect::Kill { domain },
            Effect::ArmGrace { domain, after: self.config.grace },
        ]);
        State::Killing { killers }
    }

    fn undo(&mut self, domain: DomainId, opening: Opening, err: ErrVal, out: &mut Effects<P>) {
        out.push(Effect::ArmGrace { domain, after: self.config.grace });
        self.slots.put(domain, State::Undoing { opening, err });
    }

    /// The start first, then the kills that came before its reply: there is nothing to kill.
    fn answer_failed_start(&mut self, opening: Opening, err: ErrVal) {
        self.push_reply(opening.request, opening.kind, err);
        self.answer_kills(opening.killers, ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND);
    }

    fn answer_kills(&mut self, killers: Vec<RequestId>, code: ErrCode) {
        for request in killers {
            self.answer_kill(request, code);
        }
    }

    fn answer_kill(&mut self, request: RequestId, code: ErrCode) {
        self.reply(request, RequestKind::Kill, code);
    }

    fn reply(&mut self, request: RequestId, kind: RequestKind, code: ErrCode) {
        self.push_reply(request, kind, code.into());
    }

    fn push_reply(&mut self, request: RequestId, kind: RequestKind, err: ErrVal) {
        self.outbox.push(Owed::Reply { request, kind, err });
    }

    fn ignore(&mut self, domain: DomainId, state: Option<State<P>>) {
        self.counts.ignored += 1;
        if let Some(state) = state {
            self.slots.put(domain, state);
        }
    }
}
