//! How a domain ends: the stop of its cores, and what follows once they are still.

use flounder::{CoreId, ErrVal, mutant};

use super::cores::CoreEvent;
use super::desk::Desk;
use super::domain::{CoreState, Domain, Ended, State};
use super::effects::Effects;

impl<P> Desk<P> {
    /// RUNNING → `STOP_PEND`: fixes the cause, unless one is remembered, and stops every core but
    /// the one it comes from.
    pub(super) fn stop(
        &mut self,
        domain: &mut Domain,
        ended: Ended,
        but: Option<CoreId>,
        out: &mut Effects,
    ) {
        assert_eq!(domain.state, State::Running, "only a running domain begins to stop");
        let ended = *domain.ended.get_or_insert(ended);
        self.enter(domain, State::StopPend);
        if mutant!("waiters-answered-early") {
            self.answer_waiters(domain, (ErrVal::OK, ended.status), out);
        }
        for at in domain.core_ids() {
            if Some(at) != but {
                self.step(domain, at, CoreEvent::Stop(ended), out);
            }
        }
    }

    /// Lets a domain advance as far as its cores allow. Done after every event that touched it.
    pub(super) fn settle(&mut self, domain: &mut Domain, out: &mut Effects) {
        if domain.state == State::StopPend && domain.all_cores(CoreState::is_still) {
            self.enter_stopped(domain, out);
        }
        if domain.state == State::Stopped {
            self.clean_up(domain, out);
        }
        domain.gone |= domain.state == State::Cleaned && domain.detached;
        self.count_rest(domain);
    }

    /// Nothing of it executes any more: the killers hear of it first, then the waiters.
    fn enter_stopped(&mut self, domain: &mut Domain, out: &mut Effects) {
        self.enter(domain, State::Stopped);
        self.untie(domain);
        self.answer_killers(domain, ErrVal::OK, out);
        let status = domain.ended.map_or(0, |ended| ended.status);
        self.answer_waiters(domain, (ErrVal::OK, status), out);
    }

    /// Has every dead core cleaned up; a spawnd that is gone took its resources along.
    fn clean_up(&mut self, domain: &mut Domain, out: &mut Effects) {
        for at in domain.core_ids() {
            let Some(core) = domain.cores.get(at) else { continue };
            if core.state != CoreState::Dead {
                continue;
            }
            let held = self.slots.get(&at).is_some_and(|slot| slot.holds(core.generation));
            let event = if held { CoreEvent::Stopped } else { CoreEvent::Down };
            self.step(domain, at, event, out);
        }
        if domain.all_cores(CoreState::is_empty) {
            self.enter(domain, State::Cleaned);
        }
    }
}
