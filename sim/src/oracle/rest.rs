//! What must hold when nothing is under way (§5: I1, I2, I5, I8), and what a shutdown tells.

use super::model::{Core, Model, Order, Stand, State};
use super::truth::{Life, Truth};

impl Model {
    /// What doesn't hold although nothing is under way. `is_up` says whose spawnd lives, as far as its
    /// monitor is concerned.
    pub(super) fn at_rest(&self, truth: &Truth, is_up: impl Fn(u8) -> bool) -> Vec<String> {
        let mut found = self.owed();
        found.extend(self.adrift(is_up));
        for (&id, domain) in &self.domains {
            found.extend(self.unsettled(id, truth).map(|what| format!("domain {id}: {what}")));
            let may_wait = domain.state == State::Running || domain.has(Core::Wedged);
            if !domain.waiters.is_empty() && !may_wait {
                found.push(format!("I2: a wait for domain {id} is open in {:?}", domain.state));
            }
        }
        found.extend(truth.all().into_iter().filter_map(|(part, life)| self.stray(part, life)));
        found
    }

    /// Answers that are decided and were never sent.
    fn owed(&self) -> Vec<String> {
        let there = self.clients.iter().filter(|(_, client)| !client.gone);
        let due = there.filter_map(|(channel, client)| Some((channel, client.due.front()?)));
        let line = |(channel, due): (&u64, &super::answers::Due)| {
            format!("I1: call {} over #{channel} is owed {:?}", due.call, due.answer)
        };
        due.map(line).collect()
    }

    /// Slots that don't stand as the core's monitor sees its spawnd.
    fn adrift(&self, is_up: impl Fn(u8) -> bool) -> Vec<String> {
        let stands = self.slots.iter().filter_map(|(&core, slot)| {
            let fits = match slot.stand {
                Stand::Up => is_up(core),
                Stand::Absent | Stand::Down => !is_up(core),
                Stand::Binding | Stand::Lost => false,
            };
            (!fits).then(|| format!("the slot of core {core} is {}", slot.stand.name()))
        });
        stands.collect()
    }

    /// What is really there, and not in the table as that.
    fn stray(&self, (id, core): (u64, u8), life: Life) -> Option<String> {
        let domain = self.domains.get(&id);
        let part = domain.and_then(|domain| domain.parts.get(&core));
        // What is dead is cleaned up once all of its domain is.
        let stops = domain.is_some_and(|domain| domain.has(Core::Wedged));
        match (life, part.map(|part| part.state)) {
            (Life::Alive, Some(Core::Run | Core::Wedged)) => None,
            (Life::Ended, Some(Core::Dead)) if stops => None,
            (Life::Alive, state) => {
                Some(format!("I5: domain {id} is alive on core {core}, where it is {state:?}"))
            }
            (Life::Ordered | Life::Ended, _) => {
                Some(format!("I12: domain {id} on core {core} is {life:?}, and stays so"))
            }
        }
    }

    /// What is still to happen to a domain although nothing is under way.
    fn unsettled(&self, id: u64, truth: &Truth) -> Option<String> {
        let domain = &self.domains[&id];
        for (&core, part) in &domain.parts {
            // Of what is on a played spawnd's core nothing is true; what was asked is answered.
            let is_alive = truth.life((id, core)) == Some(Life::Alive) || truth.is_played(core);
            match part.state {
                Core::Run | Core::Wedged if !is_alive => {
                    let state = part.state.name();
                    return Some(format!("I5, I8: it is {state} on core {core} and not alive"));
                }
                Core::SpawnPend | Core::SpanPend | Core::KillPend | Core::CleanPend => {
                    let order = match part.order {
                        Order::Nothing => "nothing is asked",
                        Order::Owed(_) => "it was never asked",
                        Order::Asked(_) => "it was asked and there is no answer",
                    };
                    return Some(format!("{} on core {core}, and {order}", part.state.name()));
                }
                _ => {}
            }
        }
        let ends = matches!(domain.state, State::StopPend | State::Stopped);
        (ends && !domain.has(Core::Wedged)).then(|| "it stops and doesn't end".to_owned())
    }

    /// The process manager says that everything has stopped.
    pub(super) fn shutdown_done(&self, wedged: u32) -> Result<(), String> {
        let is_wedged = |state: State, has: bool| state == State::StopPend && has;
        let live = self.domains.values().filter(|domain| domain.state != State::Cleaned);
        let (stuck, busy): (Vec<_>, Vec<_>) =
            live.partition(|domain| is_wedged(domain.state, domain.has(Core::Wedged)));
        if !self.shutdown || !busy.is_empty() || stuck.len() != wedged as usize {
            let busy = busy.len();
            return Err(format!(
                "a shutdown with {wedged} wedged: {} are, {busy} busy",
                stuck.len()
            ));
        }
        Ok(())
    }
}
