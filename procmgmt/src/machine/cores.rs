//! What happens to a domain on one core: carries out the entries of [`Table::cores`](super::Table).

use flounder::{CoreId, ErrCode, ErrVal, mutant};

use super::desk::{Desk, error};
use super::domain::{Asker, CoreState, Domain, Ended, State};
use super::effects::{Answer, Effects, What};
use super::table::{CoreCell, CoreColumn, Then};

/// How often a refused kill or cleanup is sent again: a spawnd that fails four times in a row won't
/// succeed the fifth time.
pub(super) const RETRIES_MAX: u8 = 3;

/// What happens to a domain on a core.
#[derive(Clone, Copy, Debug)]
pub(super) enum CoreEvent {
    Reply(ErrVal),
    GaveUp,
    Died(Ended),
    Stop(Ended),
    Down,
    Survived,
    Stopped,
}

impl CoreEvent {
    fn column(self) -> CoreColumn {
        match self {
            Self::Reply(err) if err.is_ok() => CoreColumn::Ok,
            Self::Reply(err) => match err.top() {
                Some(ErrCode::SPAWN_ERR_DOMAIN_NOTFOUND) => CoreColumn::NotFound,
                Some(ErrCode::SPAWN_ERR_DOMAIN_RUNNING) => CoreColumn::StillRuns,
                _ => CoreColumn::Failed,
            },
            Self::GaveUp => CoreColumn::GaveUp,
            Self::Died(_) => CoreColumn::Died,
            Self::Stop(_) => CoreColumn::Stop,
            Self::Down => CoreColumn::Down,
            Self::Survived => CoreColumn::Survived,
            Self::Stopped => CoreColumn::Stopped,
        }
    }

    /// The error that the event is to whoever asked for a spawn.
    fn failure(self) -> ErrVal {
        match self {
            Self::Reply(err) => err,
            _ => error(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST),
        }
    }
}

/// What a core stood at before the event.
#[derive(Clone, Copy, Debug)]
struct Before {
    state: CoreState,
    asker: Option<Asker>,
    died: Option<Ended>,
}

impl<P> Desk<P> {
    /// Does what the table says of this event.
    pub(super) fn step(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        event: CoreEvent,
        out: &mut Effects,
    ) {
        match self.table.core(domain.core_state(at), event.column()) {
            CoreCell::Never => unreachable!("{event:?} while {:?}", domain.core_state(at)),
            CoreCell::Ignore => {}
            CoreCell::Late => self.stats.late_replies += 1,
            CoreCell::Stray => self.stats.stray_deaths += 1,
            CoreCell::Fail => self.fail_spawn(domain, at, event.failure(), out),
            CoreCell::Go(to, then) => {
                let before = self.go(domain, at, to, out);
                self.follow(domain, at, (then, event, before), out);
            }
        }
    }

    /// Moves the core on; what it owes no longer matters then.
    fn go(&mut self, domain: &mut Domain, at: CoreId, to: CoreState, out: &mut Effects) -> Before {
        let core = domain.cores.get_mut(at).expect("a core that isn't there goes nowhere");
        let before = Before { state: core.state, asker: core.asker, died: core.died };
        if core.state == to {
            return before;
        }
        core.state = to;
        if let Some(slot) = self.slots.get_mut(&at) {
            core.request = core.request.filter(|&request| !slot.cancel(request));
            if to.is_empty() && slot.generation == core.generation {
                slot.members.remove(&domain.id);
            }
        }
        if to == CoreState::None {
            domain.cores.remove(at);
        }
        if to == CoreState::Wedged {
            self.answer_killers(domain, error(ErrCode::PROC_MGMT_ERR_KILL), out);
        }
        before
    }

    fn follow(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        (then, event, before): (Then, CoreEvent, Before),
        out: &mut Effects,
    ) {
        match (then, event) {
            (Then::Nothing, _) => {}
            (Then::Begin, CoreEvent::Reply(_)) => self.begin(domain, at, before, out),
            (Then::EndSpan, CoreEvent::Reply(_) | CoreEvent::Down) => {
                self.end_span(domain, at, (event, before), out);
            }
            (Then::Strand, CoreEvent::Survived) => self.strand(domain, at, before, out),
            (Then::SendKill, _) => self.send(domain, at, CoreState::KillPend, 0, out),
            (Then::SendCleanup, _) => self.send(domain, at, CoreState::CleanPend, 0, out),
            (Then::Retry, CoreEvent::Reply(_)) => self.retry(domain, at, out),
            (Then::Remember, CoreEvent::Died(_)) if mutant!("early-death-forgotten") => {}
            (Then::Remember, CoreEvent::Died(ended)) => {
                let asked = matches!(before.state, CoreState::SpawnPend | CoreState::SpanPend);
                assert!(asked, "only a death before the reply is remembered");
                if let Some(core) = domain.cores.get_mut(at) {
                    core.died = Some(ended);
                }
                if domain.state == State::Nil {
                    domain.ended.get_or_insert(ended);
                }
            }
            (Then::Remember, CoreEvent::Stop(ended)) => {
                assert_eq!(domain.state, State::Nil, "only a stop in NIL is remembered");
                domain.ended.get_or_insert(ended);
            }
            (Then::Death, CoreEvent::Died(ended)) => self.stop(domain, ended, Some(at), out),
            (Then::Lost, CoreEvent::Down | CoreEvent::Survived) => {
                self.stop(domain, Ended::CORE_LOST, Some(at), out);
            }
            (Then::Leak, CoreEvent::GaveUp) => self.stats.leaked_cleanups += 1,
            (then, event) => unreachable!("{then:?} doesn't follow from {event:?}"),
        }
    }

    /// The program runs.
    fn begin(&mut self, domain: &mut Domain, at: CoreId, before: Before, out: &mut Effects) {
        assert_eq!(domain.state, State::Nil, "a domain begins once");
        self.enter(domain, State::Running);
        if self.answer_asker(domain, at, before, Answer::Spawned(domain.id), out) {
            domain.detached = false;
        }
        if let Some(ended) = domain.ended {
            self.stop(domain, ended, None, out);
        }
        self.apply_death(domain, at, before, out);
    }

    /// The program is on another core, or it isn't.
    fn end_span(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        (event, before): (CoreEvent, Before),
        out: &mut Effects,
    ) {
        assert_eq!(before.state, CoreState::SpanPend, "only a span that is asked for can end");
        let err = match event {
            CoreEvent::Reply(err) if err.is_err() => err.push(ErrCode::SPAWN_ERR_SPAN),
            CoreEvent::Reply(_) if domain.state == State::Running => ErrVal::OK,
            CoreEvent::Reply(_) => error(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING),
            _ => event.failure(),
        };
        let is_late = domain.state == State::StopPend;
        if !(is_late && mutant!("span-reply-dropped-when-stopping")) {
            self.answer_asker(domain, at, before, Answer::Span(err), out);
        }
        if mutant!("span-not-recorded") {
            domain.cores.remove(at);
        }
        if domain.core_state(at) == CoreState::None {
            return;
        }
        if let (State::StopPend, Some(ended)) = (domain.state, domain.ended) {
            self.step(domain, at, CoreEvent::Stop(ended), out);
        }
        self.apply_death(domain, at, before, out);
    }

    /// What was asked for goes on running without a spawnd.
    fn strand(&mut self, domain: &mut Domain, at: CoreId, before: Before, out: &mut Effects) {
        let err = CoreEvent::Survived.failure();
        let answer = match before.state {
            CoreState::SpawnPend => Answer::NotSpawned(err),
            CoreState::SpanPend => Answer::Span(err),
            other => unreachable!("nothing was asked for in {other:?}"),
        };
        self.answer_asker(domain, at, before, answer, out);
        if domain.state == State::Nil {
            self.enter(domain, State::Running);
        }
        if domain.state == State::Running {
            self.stop(domain, Ended::CORE_LOST, Some(at), out);
        }
    }

    /// Applies a death that was seen before the reply.
    fn apply_death(&mut self, domain: &mut Domain, at: CoreId, before: Before, out: &mut Effects) {
        if let Some(ended) = before.died {
            self.step(domain, at, CoreEvent::Died(ended), out);
        }
    }

    /// The spawn failed: answers everybody who asked anything of the domain.
    fn fail_spawn(&mut self, domain: &mut Domain, at: CoreId, err: ErrVal, out: &mut Effects) {
        assert_eq!(domain.state, State::Nil, "only a spawn that is asked for can fail");
        let before = self.go(domain, at, CoreState::None, out);
        if !mutant!("failed-spawn-never-answered") {
            self.answer_asker(domain, at, before, Answer::NotSpawned(err), out);
        }
        self.answer_killers(domain, error(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING), out);
        let find = error(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND);
        self.answer_waiters(domain, (find, 0), out);
        domain.gone = true;
    }

    /// Answers whoever asked for the spawn or span; false if it died.
    fn answer_asker(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        before: Before,
        answer: Answer,
        out: &mut Effects,
    ) -> bool {
        if let Some(core) = domain.cores.get_mut(at) {
            core.asker = None;
        }
        let Some(asker) = before.asker else { return false };
        self.close(asker, domain.id, answer, out);
        true
    }

    fn retry(&mut self, domain: &mut Domain, at: CoreId, out: &mut Effects) {
        let Some(core) = domain.cores.get(at) else { return };
        let (state, retries) = (core.state, core.retries);
        if retries == RETRIES_MAX {
            self.step(domain, at, CoreEvent::GaveUp, out);
        } else {
            self.send(domain, at, state, retries + 1, out);
        }
    }

    /// Owes the spawnd what the core is in `state` for.
    fn send(
        &mut self,
        domain: &mut Domain,
        at: CoreId,
        state: CoreState,
        retries: u8,
        out: &mut Effects,
    ) {
        let core = domain.cores.get_mut(at).expect("only a core that is there owes anything");
        assert_eq!(core.state, state, "a core owes what its state says");
        let what = match state {
            CoreState::KillPend => What::Kill,
            CoreState::CleanPend => What::Cleanup,
            other => unreachable!("{other:?} owes nothing"),
        };
        core.retries = retries;
        core.request = Some(self.owe(at, domain.id, what, out));
    }
}
