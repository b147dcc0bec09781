//! The watch over the core's spawnd: is it alive, what of it is left once it isn't, when does another
//! come up.
//!
//! ```text
//! None      begun: Up
//! Up        heartbeats missed, binding gone, process manager asks: Fencing; ended: Ending or Backoff
//! Fencing   ended: Ending or Backoff
//! Ending    all survivors ended, or the grace time is over: Backoff or GivenUp
//! Backoff   time over: None, a new generation is started
//! ```
//!
//! There is no clock here, only timers, of which at most one is armed: the newest. A spawnd is dead
//! after [`WatchConfig::heartbeats_missed_max`] periods without an answer. The process manager hears of
//! an end only when the survivors are known: those that end within the grace time are none.

use std::collections::BTreeSet;
use std::time::Duration;

use flounder::DomainId;

use crate::event::TimerId;
use crate::peers::{ChildKey, Generation, RequestId};

/// How a monitor watches over its spawnd.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct WatchConfig {
    /// How often a spawnd is asked whether it turns. Default 2.5 seconds.
    pub heartbeat_period: Duration,
    /// After how many periods without an answer it is dead. Default 4: 10 seconds in all, so that a
    /// busy machine is not mistaken for a dead spawnd.
    pub heartbeats_missed_max: u32,
    /// How long what a dead spawnd started has to end before it counts as a survivor. Default 2
    /// seconds, as for a kill.
    pub grace: Duration,
    /// How long after the first failure another spawnd is started; each further failure doubles it,
    /// up to [`WatchConfig::backoff_max`]. Default 10 milliseconds.
    pub backoff_first: Duration,
    /// The longest time between two generations. Default 5 seconds.
    pub backoff_max: Duration,
    /// How many restarts in a row may fail before one has answered a heartbeat; then the core stays
    /// without. Default 16: about 40 seconds of trying.
    pub restarts_max: u32,
}

impl WatchConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heartbeat_period: Duration::from_millis(2_500),
            heartbeats_missed_max: 4,
            grace: Duration::from_secs(2),
            backoff_first: Duration::from_millis(10),
            backoff_max: Duration::from_secs(5),
            restarts_max: 16,
        }
    }

    /// The time before the next start after so many failures in a row.
    fn backoff(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.backoff_first.saturating_mul(doubled).min(self.backoff_max)
    }
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    /// There is none, and none was asked for.
    None,
    /// It runs. The heartbeat that it owes an answer to, and how many periods it has owed it.
    Up { child: ChildKey, owes: Option<RequestId>, missed: u32 },
    /// It shall end.
    Fencing,
    /// It has ended; these are told to.
    Ending { left: BTreeSet<DomainId> },
    /// The next one waits for its time.
    Backoff,
    /// Too many failed.
    GivenUp,
}

/// What the watch wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// Ask the spawnd whether it turns.
    Heartbeat { to: ChildKey, request: RequestId },
    /// End this generation, and what it started.
    Fence(Generation),
    /// This generation is gone but for the survivors: tell the process manager.
    Gone { generation: Generation, survivors: Vec<DomainId> },
    /// A survivor has ended after all: tell the process manager.
    Ended(DomainId),
    /// Start this generation.
    Start(Generation),
    /// Say that there will be no other.
    GiveUp,
    /// Come back with this timer.
    Arm { timer: TimerId, after: Duration },
}

/// The watch over one core's spawnd.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Watch {
    config: WatchConfig,
    state: State,
    generation: Generation,
    /// How many generations in a row failed.
    failures: u32,
    timers: u64,
    heartbeats: u64,
}

impl Watch {
    pub(crate) fn new(config: WatchConfig) -> Self {
        let (state, generation) = (State::None, Generation(0));
        Self { config, state, generation, failures: 0, timers: 0, heartbeats: 0 }
    }

    /// A spawnd was started.
    pub(crate) fn begun(&mut self, child: ChildKey, generation: Generation, out: &mut Vec<Order>) {
        self.generation = generation;
        self.state = State::Up { child, owes: None, missed: 0 };
        self.arm(self.config.heartbeat_period, out);
    }

    /// A spawnd's binding to its monitor is closed: nothing can be heard of it.
    pub(crate) fn child_gone(&mut self, child: ChildKey, out: &mut Vec<Order>) {
        if matches!(self.state, State::Up { child: own, .. } if own == child) {
            self.fence_now(out);
        }
    }

    /// Somebody who may wants this generation to end.
    pub(crate) fn fence(&mut self, generation: Generation, out: &mut Vec<Order>) {
        if generation == self.generation && matches!(self.state, State::Up { .. }) {
            self.fence_now(out);
        }
    }

    /// The spawnd answered a heartbeat.
    pub(crate) fn answered(&mut self, from: ChildKey, request: RequestId) {
        if let State::Up { child, owes, missed } = &mut self.state
            && *child == from
            && *owes == Some(request)
        {
            (*owes, *missed) = (None, 0);
            self.failures = 0;
        }
    }

    /// The platform says that this generation has ended, and what of it hasn't yet.
    pub(crate) fn ended(
        &mut self,
        generation: Generation,
        left: &[DomainId],
        out: &mut Vec<Order>,
    ) {
        let is_expected = matches!(self.state, State::Up { .. } | State::Fencing);
        if generation != self.generation || !is_expected {
            return;
        }
        let left: BTreeSet<_> = left.iter().copied().collect();
        if left.is_empty() {
            return self.gone(left, out);
        }
        self.state = State::Ending { left };
        self.arm(self.config.grace, out);
    }

    /// Something that a dead spawnd started has ended.
    pub(crate) fn survivor_ended(&mut self, domain: DomainId, out: &mut Vec<Order>) {
        let State::Ending { left } = &mut self.state else {
            return out.push(Order::Ended(domain));
        };
        if !left.remove(&domain) {
            out.push(Order::Ended(domain));
        } else if left.is_empty() {
            self.gone(BTreeSet::new(), out);
        }
    }

    /// A timer is due.
    pub(crate) fn timer(&mut self, timer: TimerId, out: &mut Vec<Order>) {
        if timer != TimerId(self.timers) {
            return;
        }
        match std::mem::replace(&mut self.state, State::None) {
            State::Up { child, owes, missed } => {
                let missed = if owes.is_some() { missed + 1 } else { 0 };
                if missed >= self.config.heartbeats_missed_max {
                    return self.fence_now(out);
                }
                let owes = Some(owes.unwrap_or_else(|| self.heartbeat(child, out)));
                self.state = State::Up { child, owes, missed };
                self.arm(self.config.heartbeat_period, out);
            }
            State::Ending { left } => self.gone(left, out),
            State::Backoff => out.push(Order::Start(Generation(self.generation.0 + 1))),
            other => self.state = other,
        }
    }

    fn heartbeat(&mut self, to: ChildKey, out: &mut Vec<Order>) -> RequestId {
        self.heartbeats += 1;
        let request = RequestId(self.heartbeats);
        out.push(Order::Heartbeat { to, request });
        request
    }

    fn fence_now(&mut self, out: &mut Vec<Order>) {
        self.state = State::Fencing;
        out.push(Order::Fence(self.generation));
    }

    /// Tells who survived, and sees to a successor.
    fn gone(&mut self, survivors: BTreeSet<DomainId>, out: &mut Vec<Order>) {
        let survivors = survivors.into_iter().collect();
        out.push(Order::Gone { generation: self.generation, survivors });
        self.failures += 1;
        if self.failures > self.config.restarts_max {
            self.state = State::GivenUp;
            out.push(Order::GiveUp);
        } else {
            self.state = State::Backoff;
            self.arm(self.config.backoff(self.failures), out);
        }
    }

    fn arm(&mut self, after: Duration, out: &mut Vec<Order>) {
        self.timers += 1;
        out.push(Order::Arm { timer: TimerId(self.timers), after });
    }
}

#[cfg(test)]
mod tests;
