//! What happens to spawnds: carries out the entries of [`Table::slots`](super::Table), matches
//! replies to requests, and passes deaths on to the domains.

use flounder::{CoreId, DomainId, ErrVal, Iref, mutant};

use super::Machine;
use super::cores::CoreEvent;
use super::desk::Desk;
use super::domain::{Cause, CoreState, Domain, Ended, State};
use super::effects::{Effect, Effects, OrderKind};
use super::ids::{Generation, RequestId};
use super::spawnd::{Asked, Slot};
use super::table::{SlotAct, SlotColumn, SlotState};

impl<P> Machine<P> {
    pub(super) fn add_spawnd(
        &mut self,
        core: CoreId,
        generation: Generation,
        iref: Iref,
        from_monitor: bool,
        out: &mut Effects,
    ) {
        let known = self.desk.slots.get(&core).map_or(Generation::default(), |s| s.generation);
        let column = match from_monitor {
            false => SlotColumn::AddForeign,
            true if generation > known => SlotColumn::AddNewer,
            true => SlotColumn::AddSame,
        };
        match self.desk.slot_act(core, column) {
            SlotAct::Ignore => {}
            SlotAct::NotMonitor => self.desk.stats.not_monitor += 1,
            SlotAct::Exists => self.desk.stats.spawnd_exists += 1,
            SlotAct::Bind => self.desk.bind(core, generation, iref, out),
            SlotAct::Replace => {
                self.down(core, out);
                self.desk.bind(core, generation, iref, out);
            }
            other => unreachable!("a spawnd can't be added by {other:?}"),
        }
    }

    pub(super) fn spawnd_bound(&mut self, core: CoreId, generation: Generation, out: &mut Effects) {
        let act = if self.concerns(core, generation) {
            self.desk.slot_act(core, SlotColumn::Bound)
        } else {
            SlotAct::Close
        };
        match act {
            SlotAct::Ignore => {}
            SlotAct::Close => out.push(Effect::CloseSpawnd { core, generation }),
            SlotAct::Raise => {
                assert_eq!(self.desk.slot_state(core), SlotState::Binding, "only a bind ends");
                self.desk.set_slot(core, SlotState::Up);
            }
            other => unreachable!("a bind can't end by {other:?}"),
        }
    }

    pub(super) fn spawnd_closed(
        &mut self,
        core: CoreId,
        generation: Generation,
        out: &mut Effects,
    ) {
        if !self.concerns(core, generation) {
            return;
        }
        match self.desk.slot_act(core, SlotColumn::Closed) {
            SlotAct::Ignore => return,
            SlotAct::Unbind => self.desk.unbind(core, generation, out),
            SlotAct::Lose => {
                self.desk.set_slot(core, SlotState::Lost);
                out.push(Effect::CloseSpawnd { core, generation });
            }
            other => unreachable!("a binding can't end by {other:?}"),
        }
        out.push(Effect::FenceSpawnd { core, generation });
    }

    pub(super) fn remove_spawnd(
        &mut self,
        core: CoreId,
        generation: Generation,
        survivors: Vec<DomainId>,
        more: bool,
        out: &mut Effects,
    ) {
        if !self.concerns(core, generation) {
            return;
        }
        self.note_survivors(core, generation, survivors);
        if more {
            return;
        }
        match self.desk.slot_act(core, SlotColumn::Remove) {
            SlotAct::Ignore => {}
            SlotAct::Unbind => self.desk.unbind(core, generation, out),
            SlotAct::Down => self.down(core, out),
            other => unreachable!("a spawnd can't be removed by {other:?}"),
        }
    }

    /// Remembers who survived. A domain that isn't there any more can't have.
    fn note_survivors(&mut self, core: CoreId, generation: Generation, survivors: Vec<DomainId>) {
        let Some(slot) = self.desk.slots.get_mut(&core) else { return };
        for id in survivors {
            let there = self.domains.get(&id).filter(|domain| domain.state != State::Cleaned);
            let there = there.and_then(|domain| domain.cores.get(core));
            if there.is_some_and(|there| there.generation == generation) {
                slot.survivors.insert(id);
            } else {
                self.desk.stats.stray_survivors += 1;
            }
        }
    }

    /// The generation on `core` is gone, and with it all it had, but for the survivors.
    fn down(&mut self, core: CoreId, out: &mut Effects) {
        let slot = self.desk.slots.get_mut(&core).expect("only what was up goes down");
        let was_up = matches!(slot.state, SlotState::Up | SlotState::Lost);
        assert!(was_up, "only what was up goes down");
        let generation = slot.generation;
        let old = std::mem::replace(slot, Slot::new(SlotState::Down, generation));
        if old.state == SlotState::Up {
            out.push(Effect::CloseSpawnd { core, generation });
        }
        for &id in old.members.union(&old.survivors) {
            if mutant!("dead-spawnd-hangs-clients") {
                break;
            }
            if !self.domains.contains_key(&id) {
                continue; // a survivor that was cleaned up and freed since it was told
            }
            let survived = old.survivors.contains(&id);
            let event = if survived { CoreEvent::Survived } else { CoreEvent::Down };
            self.with_domain(id, out, |desk, domain, out| {
                // Its caps are made when its spawn is handed out: there is none that could go last.
                domain.detached |= domain.state == State::Nil && old.owes(domain.cores.get(core));
                desk.step(domain, core, event, out);
            });
        }
    }

    /// The monitor says that a survivor ended.
    pub(super) fn survivor_ended(&mut self, core: CoreId, id: DomainId, out: &mut Effects) {
        let state = self.core_state(id, core);
        if state != CoreState::Wedged {
            self.desk.stats.stray_deaths += 1;
            return;
        }
        // A wedged core's domain has its cause; what this end was no longer matters.
        let event = CoreEvent::Died(Ended::CORE_LOST);
        self.with_domain(id, out, |desk, domain, out| desk.step(domain, core, event, out));
    }

    pub(super) fn spawnd_reply(
        &mut self,
        core: CoreId,
        generation: Generation,
        (request, kind): (RequestId, OrderKind),
        err: ErrVal,
        out: &mut Effects,
    ) {
        let act = if self.concerns(core, generation) {
            self.desk.slot_act(core, SlotColumn::Reply)
        } else {
            SlotAct::Stale
        };
        match act {
            SlotAct::Stale => self.desk.stats.stale_replies += 1,
            SlotAct::Violation => self.violation(core, generation, out),
            SlotAct::Match => {
                assert_eq!(self.desk.slot_state(core), SlotState::Up, "only what is up replies");
                let slot = self.desk.slots.get_mut(&core);
                let first = slot.as_ref().and_then(|slot| slot.oldest());
                let by_order = first.filter(|_| mutant!("replies-by-order"));
                let request = by_order.unwrap_or(request);
                match slot.and_then(|slot| slot.answered(request)) {
                    Some(asked) if asked.kind == kind => {
                        self.decide(core, (request, asked), err, out);
                    }
                    _ => self.violation(core, generation, out),
                }
            }
            other => unreachable!("a reply can't {other:?}"),
        }
    }

    /// Applies a reply, unless what it answers is decided already.
    fn decide(
        &mut self,
        at: CoreId,
        (request, asked): (RequestId, Asked),
        err: ErrVal,
        out: &mut Effects,
    ) {
        let domain = self.domains.get_mut(&asked.domain);
        match domain.and_then(|domain| domain.cores.get_mut(at)) {
            Some(core) if core.request == Some(request) => core.request = None,
            _ => {
                self.desk.stats.late_replies += 1;
                return;
            }
        }
        let is_ignored = asked.kind == OrderKind::Kill && mutant!("kill-error-ignored");
        let event = CoreEvent::Reply(if is_ignored { ErrVal::OK } else { err });
        self.with_domain(asked.domain, out, |desk, domain, out| {
            desk.step(domain, at, event, out);
        });
    }

    /// Closes the generation of a spawnd that broke the rules, and has it ended. What it had is
    /// decided once the monitor says what survived.
    fn violation(&mut self, core: CoreId, generation: Generation, out: &mut Effects) {
        self.desk.stats.violations += 1;
        let aborts = self.desk.stats.violations > 0 && mutant!("unsolicited-reply-aborts");
        assert!(!aborts, "every reply was asked for");
        self.spawnd_closed(core, generation, out);
    }

    pub(super) fn domain_exited(
        &mut self,
        core: CoreId,
        generation: Generation,
        id: DomainId,
        ended: Ended,
        out: &mut Effects,
    ) {
        let knows = |domain: &Domain| {
            domain.cores.get(core).is_none_or(|there| there.generation == generation)
        };
        if !self.domains.get(&id).is_some_and(|domain| knows(domain)) {
            self.desk.stats.stray_deaths += 1;
            return;
        }
        if ended.cause == Cause::Crashed && mutant!("crashed-stays-running") {
            return;
        }
        let event = CoreEvent::Died(ended.as_death());
        self.with_domain(id, out, |desk, domain, out| desk.step(domain, core, event, out));
    }

    /// True if an event of that generation is about the slot's state. ABSENT has no generation, so
    /// there every event is.
    fn concerns(&self, core: CoreId, generation: Generation) -> bool {
        self.desk.slots.get(&core).is_none_or(|slot| slot.generation == generation)
    }
}

impl<P> Desk<P> {
    fn bind(&mut self, core: CoreId, generation: Generation, iref: Iref, out: &mut Effects) {
        self.slots.insert(core, Slot::new(SlotState::Binding, generation));
        out.push(Effect::BindSpawnd { core, generation, iref });
    }

    fn unbind(&mut self, core: CoreId, generation: Generation, out: &mut Effects) {
        self.slots.remove(&core);
        out.push(Effect::CloseSpawnd { core, generation });
    }

    fn set_slot(&mut self, core: CoreId, state: SlotState) {
        if let Some(slot) = self.slots.get_mut(&core) {
            slot.state = state;
        }
    }
}
