//! What must hold when nothing is under way (§5: I1, I2, I5, I8), and what a shutdown tells.

use super::model::{Core, Model, Order, Stand, State};
use super::truth::Truth;

impl Model {
    /// What doesn't hold although nothing is under way.
    pub(super) fn at_rest(&self, truth: &Truth) -> Vec<String> {
        let mut found = Vec::new();
        for (channel, client) in self.clients.iter().filter(|(_, client)| !client.gone) {
            if let Some(due) = client.due.front() {
                found.push(format!(
                    "I1: call {} over #{channel} is owed {:?}",
                    due.call, due.answer
                ));
            }
        }
        for (&id, domain) in &self.domains {
            found.extend(self.unsettled(id, truth).map(|what| format!("domain {id}: {what}")));
            let is_lost = domain.parts.keys().any(|&core| self.is_lost(core));
            let may_wait = domain.state == State::Running || domain.has(Core::Wedged) || is_lost;
            if !domain.waiters.is_empty() && !may_wait {
                found.push(format!("I2: a wait for domain {id} is open in {:?}", domain.state));
            }
        }
        for (id, core) in truth.all_alive() {
            let part = self.domains.get(&id).and_then(|domain| domain.parts.get(&core));
            let known = part.is_some_and(|part| matches!(part.state, Core::Run | Core::Wedged));
            if !known && !self.is_lost(core) {
                found
                    .push(format!("I5: domain {id} is alive on core {core}, unknown to the table"));
            }
        }
        found
    }

    /// True if nothing can be known of a core: its spawnd's binding is gone, its monitor is silent.
    fn is_lost(&self, core: u8) -> bool {
        self.stand(core) == Stand::Lost
    }

    /// What is still to happen to a domain although nothing is under way.
    fn unsettled(&self, id: u64, truth: &Truth) -> Option<String> {
        let domain = &self.domains[&id];
        for (&core, part) in &domain.parts {
            if self.is_lost(core) || truth.is_played(core) {
                return None; // who knows is silent, or makes things up
            }
            match part.state {
                Core::Run if truth.life((id, core)) != Some(super::truth::Life::Alive) => {
                    return Some(format!("I5, I8: it is RUN on core {core} and not alive"));
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
        let is_over = domain.state != State::StopPend || domain.has(Core::Wedged);
        (!is_over).then(|| "it stops and doesn't come to an end".to_owned())
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
