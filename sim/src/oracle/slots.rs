//! The slots of spawnds (§3): who is there, whose replies count, what happens when one is gone.

use std::collections::BTreeMap;

use flounder::Iref;
use flounder_idl::proc_mgmt;
use flounder_idl::spawn::Message;

use super::cores::{Said, said};
use super::model::{Core, Model, Slot, Stand, State};
use super::truth::{Life, Truth};
use crate::coverage::Coverage;
use crate::who::Who;

impl Model {
    pub(super) fn add_spawnd(
        &mut self,
        core: u8,
        generation: u64,
        iref: Iref,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        let slot = self.slots.entry(core).or_default();
        if generation <= slot.generation {
            coverage.cell(slot.stand.name(), "add same");
            // A monitor hears of it once, from the child that it started as this spawnd.
            return Err(format!("I10: spawnd {core}, generation {generation}, is added twice"));
        }
        let column = if slot.stand == Stand::Absent { "add" } else { "add newer" };
        coverage.cell(slot.stand.name(), column);
        if matches!(slot.stand, Stand::Up | Stand::Lost) {
            self.spawnd_down(core, coverage);
        }
        let slot = self.slots.entry(core).or_default();
        *slot = Slot { stand: Stand::Binding, generation, iref, ..Slot::default() };
        Ok(())
    }

    /// The process manager is bound to the spawnd of `core`.
    pub(super) fn bound(&mut self, core: u8, coverage: &mut Coverage) -> Result<(), String> {
        let slot = self.slots.entry(core).or_default();
        if slot.stand != Stand::Binding {
            return Err(format!("core {core} is up although its slot is {}", slot.stand.name()));
        }
        coverage.cell("BINDING", "bound");
        slot.stand = Stand::Up;
        Ok(())
    }

    pub(super) fn remove_spawnd(
        &mut self,
        (core, generation): (u8, u64),
        (survivors, more): (&[u64], bool),
        coverage: &mut Coverage,
    ) {
        let slot = self.slots.entry(core).or_default();
        if slot.generation != generation {
            if slot.stand == Stand::Absent {
                coverage.cell("ABSENT", "remove");
            }
            return;
        }
        for id in survivors {
            let domain = self.domains.get(id).filter(|domain| domain.state != State::Cleaned);
            let part = domain.and_then(|domain| domain.parts.get(&core));
            if part.is_some_and(|part| part.generation == generation) {
                slot.survivors.insert(*id);
            }
        }
        if more {
            return;
        }
        coverage.cell(slot.stand.name(), "remove");
        match slot.stand {
            Stand::Absent | Stand::Down => {}
            Stand::Binding => *slot = Slot::default(),
            Stand::Up | Stand::Lost => self.spawnd_down(core, coverage),
        }
    }

    /// D14: what a monitor doesn't count among the survivors of a spawnd has ended before it says so.
    pub(super) fn all_survivors(
        &self,
        peer: Who,
        message: &proc_mgmt::Message,
        truth: &Truth,
    ) -> Result<(), String> {
        let (Who::Monitor(0), proc_mgmt::Message::RemoveSpawnd(gone)) = (peer, message) else {
            return Ok(());
        };
        let before = self.slots.get(&gone.core).map(|slot| &slot.survivors);
        let is_told = |id: &u64| {
            gone.survivors.contains(id) || before.is_some_and(|before| before.contains(id))
        };
        let mut left = self.parts_of(gone.core, gone.generation).into_iter();
        let is_alive = |id: &u64| truth.life((*id, gone.core)) == Some(Life::Alive);
        match left.find(|id| !gone.more && is_alive(id) && !is_told(id)) {
            Some(id) => Err(format!("D14: {gone:?} although domain {id} is alive there")),
            None => Ok(()),
        }
    }

    /// A generation is gone, and everything it had but for the survivors.
    fn spawnd_down(&mut self, core: u8, coverage: &mut Coverage) {
        let Some(slot) = self.slots.get_mut(&core) else { return };
        slot.stand = Stand::Down;
        slot.asked = BTreeMap::new();
        let generation = slot.generation;
        let survivors = std::mem::take(&mut slot.survivors);
        if let Some(channel) = slot.channel.take() {
            self.may_close.insert(channel);
        }
        let there = |id: &u64| {
            let part = self.domains[id].parts.get(&core);
            part.is_some_and(|part| part.generation == generation)
        };
        let members: Vec<u64> = self.domains.keys().copied().filter(there).collect();
        for id in members {
            let survived = survivors.contains(&id);
            let is_clean = self.domains[&id].parts[&core].state == Core::Clean;
            if survived || !is_clean {
                self.down(id, core, survived, coverage);
            }
        }
    }

    /// The process manager asks the monitor to end a spawnd: one whose binding it lost, or that it
    /// couldn't bind to.
    pub(super) fn fences(
        &mut self,
        core: u8,
        generation: u64,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        let slot = self.slots.entry(core).or_default();
        if slot.generation != generation {
            return Ok(()); // it was said when that one was still there
        }
        match slot.stand {
            Stand::Up => Err(format!("spawnd {core}/{generation} is fenced, and it is up")),
            Stand::Binding => {
                coverage.cell("BINDING", "closed");
                *slot = Slot::default();
                Ok(())
            }
            Stand::Absent | Stand::Lost | Stand::Down => Ok(()),
        }
    }

    pub(super) fn survivor_ended(&mut self, core: u8, id: u64, coverage: &mut Coverage) {
        let part = self.domains.get(&id).and_then(|domain| domain.parts.get(&core));
        if part.is_some_and(|part| part.state == Core::Wedged) {
            self.died(id, core, super::model::CORE_LOST, coverage);
        }
    }

    /// The binding to a spawnd failed or was closed by it.
    pub(super) fn spawnd_closed(&mut self, (channel, peer): (u64, Who), coverage: &mut Coverage) {
        self.next_batch();
        self.may_close.insert(channel);
        let Who::Spawnd { core, generation } = peer else { return };
        let slot = self.slots.get_mut(&core).filter(|slot| slot.generation == generation);
        if let Some(slot) = slot.filter(|slot| slot.stand == Stand::Up) {
            coverage.cell("UP", "closed");
            slot.stand = Stand::Lost;
            slot.channel = None;
        }
    }

    /// The process manager takes a message of a spawnd.
    pub(super) fn spawnd_says(
        &mut self,
        (channel, peer): (u64, Who),
        message: &Message,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        self.next_batch();
        let Who::Spawnd { core, generation } = peer else {
            return Err(format!("the process manager hears {message:?} of {peer}"));
        };
        let slot = self.slots.entry(core).or_default();
        slot.channel.get_or_insert(channel);
        match said(message) {
            Some(Said::Death(id, cause, status)) => {
                self.reported((core, generation), (id, cause, status), coverage);
            }
            Some(Said::Reply(..)) if slot.generation != generation || slot.stand != Stand::Up => {
                coverage.cell(slot.stand.name(), "reply");
            }
            Some(Said::Reply(request, kind, code)) => match slot.asked.remove(&request) {
                Some((id, asked)) if asked == kind => {
                    coverage.cell("UP", "reply");
                    self.decide(core, (request, id, kind), code, coverage);
                }
                _ => {
                    coverage.cell("UP", "violation");
                    slot.stand = Stand::Lost;
                    self.may_close.insert(channel);
                    slot.channel = None;
                }
            },
            None => return Err(format!("{peer} says {message:?} to the process manager")),
        }
        Ok(())
    }
}
