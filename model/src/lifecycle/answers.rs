//! What clients are owed, what they are told, and what is true.

use std::fmt;

use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_procmgmt::machine::{
    Answer, BindingKey, Cause, Client, CoreState, Ended, Presented, Reply, State, Stats, Status,
};

use super::CORES;
use super::action::cores;
use super::world::World;
use crate::tell::Tell;

/// A request that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Asked {
    Spawn(DomainId, CoreId),
    Span(DomainId, CoreId),
    Kill(DomainId),
    Wait(DomainId),
}

impl Asked {
    /// Where its answer goes. A number that says what was asked, not when: two ways to the same
    /// questions are one state.
    pub(super) fn reply(self, client: usize, open: &[(Reply, Self)]) -> Reply {
        let (kind, DomainId(domain), CoreId(core)) = match self {
            Self::Spawn(domain, core) => (1, domain, core),
            Self::Span(domain, core) => (2, domain, core),
            Self::Kill(domain) => (3, domain, CoreId(0)),
            Self::Wait(domain) => (4, domain, CoreId(0)),
        };
        let digits = [client as u64, kind, domain, u64::from(core), 0];
        let mut reply = digits.iter().fold(0, |number, digit| number * 10 + digit);
        while open.iter().any(|(taken, _)| taken.0 == reply) {
            reply += 1;
        }
        Reply(reply)
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn(domain, core) => write!(f, "to spawn domain {domain} on core {core}"),
            Self::Span(domain, core) => write!(f, "to span domain {domain} to core {core}"),
            Self::Kill(domain) => write!(f, "to kill domain {domain}"),
            Self::Wait(domain) => write!(f, "to wait for domain {domain}"),
        }
    }
}

/// What may have ended a domain.
#[derive(Clone, Copy, Default, Hash, Debug)]
pub(super) struct Causes {
    pub(super) killed: bool,
    pub(super) exited: bool,
    pub(super) panicked: bool,
}

/// What is true of a domain.
#[derive(Clone, Copy, Default, Hash, Debug)]
pub(super) struct Truth {
    /// How the process manager said that it stands.
    pub(super) seen: Option<(State, Option<Ended>)>,
    /// On which cores a program of it was started.
    pub(super) ran: [bool; CORES],
    pub(super) causes: Causes,
    /// The client that it ends with.
    pub(super) tied_to: Option<usize>,
    /// Its record is freed.
    pub(super) is_gone: bool,
}

/// Who may see everything.
pub(super) const OPERATOR: Client =
    Client { key: BindingKey(99), domain: DomainId::NONE, operator: true };

impl World {
    pub(super) fn truth_mut(&mut self, domain: DomainId) -> &mut Truth {
        let index = usize::try_from(domain.0 - 1).expect("domains are few");
        &mut self.truths[index]
    }

    pub(super) fn status(&self, domain: DomainId) -> Option<Status<'_>> {
        self.manager.status(OPERATOR, domain, Presented::Nothing).ok()
    }

    /// An answer arrives: it was asked for, and it is true.
    pub(super) fn answered(
        &mut self,
        reply: Reply,
        answer: Answer,
        tell: &mut Tell,
    ) -> Result<(), String> {
        tell.say(|| format!("  answer to request {}: {answer:?}", reply.0));
        let open = (0..).zip(&mut self.clients).find_map(|(client, asker)| {
            let index = asker.open.iter().position(|(number, _)| *number == reply)?;
            Some((client, asker.open.remove(index).1))
        });
        let Some((client, asked)) = open else {
            return Err(format!("{answer:?} answers no open request"));
        };
        if self.is_true((client, asked), answer) {
            return Ok(());
        }
        Err(format!("{answer:?} is no true answer to client {client}, which asked {asked}"))
    }

    fn is_true(&self, (client, asked): (usize, Asked), answer: Answer) -> bool {
        match (asked, answer) {
            (Asked::Spawn(domain, core), Answer::Spawned(told)) => {
                told == domain && self.has_run(domain, core)
            }
            (Asked::Spawn(domain, _), Answer::NotSpawned(err)) => {
                err.is_err() && (!self.is_alive(domain) || self.is_wedged(domain))
            }
            (Asked::Span(domain, core), Answer::Span(err)) => {
                err.is_err() || self.has_run(domain, core)
            }
            (Asked::Kill(domain), Answer::Kill(err)) => self.is_true_of_kill(domain, err),
            (Asked::Wait(domain), Answer::Wait(err, status)) => {
                self.is_true_of_wait((client, domain), err, status)
            }
            _ => false,
        }
    }

    fn has_run(&self, domain: DomainId, core: CoreId) -> bool {
        let truth = usize::try_from(domain.0 - 1).ok().and_then(|index| self.truths.get(index));
        truth.is_some_and(|truth| truth.ran[usize::from(core.0)])
    }

    fn is_wedged(&self, domain: DomainId) -> bool {
        cores().any(|at| self.manager.core_state(domain, at) == CoreState::Wedged)
    }

    fn is_true_of_kill(&self, domain: DomainId, err: ErrVal) -> bool {
        let is_over = self.status(domain).is_none_or(|status| status.state >= State::Stopped);
        match err.top() {
            Some(ErrCode::OK) => is_over && !self.is_alive(domain),
            // A failed spawn answers its killers before its record goes.
            Some(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING) => !self.is_alive(domain),
            Some(ErrCode::PROC_MGMT_ERR_KILL) => self.is_wedged(domain) || self.is_stuck(domain),
            _ => false,
        }
    }

    fn is_true_of_wait(
        &self,
        (client, domain): (usize, DomainId),
        err: ErrVal,
        status: u8,
    ) -> bool {
        let known = self.status(domain);
        match err.top() {
            Some(ErrCode::OK) => {
                let is_it = |it: Status<'_>| {
                    it.state >= State::Stopped && it.ended.map(|ended| ended.status) == Some(status)
                };
                known.is_some_and(is_it) && !self.is_alive(domain)
            }
            Some(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND) => status == 0 && !self.is_alive(domain),
            // One wait for each domain and client.
            Some(ErrCode::FLOUNDER_ERR_TOO_MANY_CALLS) => {
                let mut open = self.clients[client].open.iter();
                status == 0 && open.any(|(_, asked)| *asked == Asked::Wait(domain))
            }
            _ => false,
        }
    }

    /// After each event: states go forward, causes stay and are legitimate.
    pub(super) fn look_at_domains(&mut self) -> Result<(), String> {
        for index in 0..self.truths.len() {
            let domain = DomainId(index as u64 + 1);
            let truth = self.truths[index];
            let now = self.status(domain).map(|status| (status.state, status.ended));
            match (truth.seen, now) {
                (_, None) if truth.is_gone => {}
                (None, None) => {} // refused
                (Some((before, _)), None) => {
                    return Err(format!("the record of domain {domain} vanishes in {before:?}"));
                }
                (before, Some(now)) => self.look_at(domain, before, now)?,
            }
            let truth = &mut self.truths[index];
            truth.seen = now.or(truth.seen);
            if truth.is_gone || now.is_some_and(|(state, _)| state == State::Cleaned) {
                *truth = Truth { seen: truth.seen, is_gone: truth.is_gone, ..Truth::default() };
            }
        }
        Ok(())
    }

    fn look_at(
        &self,
        domain: DomainId,
        before: Option<(State, Option<Ended>)>,
        (state, ended): (State, Option<Ended>),
    ) -> Result<(), String> {
        let (was, had) = before.unwrap_or((State::Nil, None));
        if state < was {
            return Err(format!("domain {domain} goes back from {was:?} to {state:?}"));
        }
        if had.is_some() && had != ended {
            return Err(format!("what ended domain {domain} was {had:?} and is {ended:?}"));
        }
        if had.is_none() && ended.is_some_and(|ended| !self.is_legitimate(domain, ended)) {
            return Err(format!("nothing explains that domain {domain} {ended:?}"));
        }
        if ended.is_none() && state > State::Running {
            return Err(format!("domain {domain} is {state:?} without a cause"));
        }
        Ok(())
    }

    fn is_legitimate(&self, domain: DomainId, ended: Ended) -> bool {
        let Some(truth) =
            usize::try_from(domain.0 - 1).ok().and_then(|index| self.truths.get(index))
        else {
            return false;
        };
        match (ended.cause, ended.status) {
            (Cause::Exited, 7) => truth.causes.exited,
            (Cause::Killed, 9) => truth.causes.killed || self.shut_down_began,
            (Cause::Crashed, 134) => truth.causes.panicked,
            (Cause::CoreLost, 254) => self.has_lost_a_spawnd,
            _ => false,
        }
    }

    /// Spawnds here keep to the rules, but for one that is made to lie.
    pub(super) fn no_violation(&self) -> Result<(), String> {
        let Stats { violations, leaked_cleanups, .. } = self.manager.stats();
        if violations > u64::from(self.has_lost_a_spawnd) || leaked_cleanups > 0 {
            return Err(format!("{violations} violations, {leaked_cleanups} leaks"));
        }
        Ok(())
    }
}
