//! What must hold in every state, what must hold at rest, and that everything is given back.

use std::rc::Rc;

use flounder::{CoreId, DomainId, ErrCode, ErrVal};
use flounder_procmgmt::machine::{
    Answer, BindingKey, Client, CoreState, Effect, Effects, Event, Footprint, Presented, Reply,
    SlotState, State,
};

use super::action::cores;
use super::answers::Asked;
use super::core::Stage;
use super::world::{Load, World};
use crate::seen::Fingerprint;
use crate::tell::Tell;

/// Nobody that the model knows: asks what must have no effect.
const STRANGER: Client = Client { key: BindingKey(98), domain: DomainId(1_098), operator: false };

/// The answer to a stranger is looked at where it comes out.
const REPLY: Reply = Reply(0);

impl World {
    pub(super) fn check(&self, at_rest: bool) -> Result<(), String> {
        self.check_list()?;
        self.check_what_changes_nothing()?;
        if at_rest {
            self.check_answered()?;
            self.check_tied()?;
            self.check_table()?;
            self.check_given_back()?;
        }
        Ok(())
    }

    /// The list has what isn't cleaned up.
    fn check_list(&self) -> Result<(), String> {
        let listed = self.manager.list(DomainId::NONE, usize::MAX).domains;
        let is_live = |domain: &DomainId| {
            self.status(*domain).is_some_and(|status| status.state < State::Cleaned)
        };
        let live: Vec<_> = (1..=self.truths.len() as u64).map(DomainId).filter(is_live).collect();
        if listed == live { Ok(()) } else { Err(format!("{listed:?} are listed, of {live:?}")) }
    }

    /// What must change nothing in any state: questions, caps that allow nothing, others' exits.
    fn check_what_changes_nothing(&self) -> Result<(), String> {
        let mut manager = (*self.manager).clone();
        let mut ask = |event: Event<Load>, expected: Option<Answer>| {
            let mut effects = Effects::default();
            manager.handle(event.clone(), &mut effects);
            let expected = expected.map(|answer| Effect::Answer(REPLY, answer));
            if effects.as_slice() == expected.as_slice() {
                return Ok(());
            }
            Err(format!("{event:?} comes to {:?}, not to {expected:?}", effects.as_slice()))
        };
        let (client, reply, nothing) = (STRANGER, REPLY, Presented::Nothing);
        let hash = ErrVal::from(ErrCode::PROC_MGMT_ERR_DOMAIN_CAP_HASH);
        let (payload, core) = (Load, CoreId(0));
        ask(Event::Kill { client, reply, cap: nothing }, Some(Answer::Kill(hash)))?;
        ask(Event::Span { client, reply, cap: nothing, core, payload }, Some(Answer::Span(hash)))?;
        for nohang in [false, true] {
            let event = Event::Wait { client, reply, cap: nothing, nohang };
            ask(event, Some(Answer::Wait(hash, 0)))?;
        }
        for domain in (1..=self.truths.len() as u64).map(DomainId) {
            let cap = Presented::Domain(domain);
            ask(Event::Exit { client, cap, status: 3 }, None)?;
            let answer = self.answer_at_once(domain);
            ask(Event::Wait { client, reply, cap, nohang: true }, Some(answer))?;
        }
        if Fingerprint::of(&manager) == Fingerprint::of(&*self.manager) {
            return Ok(());
        }
        Err("a question, or what nobody may do, has an effect".to_owned())
    }

    /// What a wait that doesn't hang is answered.
    fn answer_at_once(&self, domain: DomainId) -> Answer {
        match self.status(domain) {
            None => Answer::Wait(ErrCode::PROC_MGMT_ERR_DOMAIN_TABLE_FIND.into(), 0),
            Some(it) if it.state < State::Stopped => {
                Answer::Wait(ErrCode::PROC_MGMT_DOMAIN_ALIVE.into(), 255)
            }
            Some(it) => Answer::Wait(ErrVal::OK, it.ended.map_or(0, |ended| ended.status)),
        }
    }

    /// Only waits on what runs or is wedged are open, and no spawnd owes anything.
    fn check_answered(&self) -> Result<(), String> {
        for (client, asker) in (0..).zip(&self.clients) {
            for (_, asked) in &asker.open {
                let Asked::Wait(domain) = *asked else {
                    return Err(format!("client {client} asked {asked} and is never answered"));
                };
                let is_running =
                    self.status(domain).is_some_and(|status| status.state == State::Running);
                if !is_running && !self.is_stuck(domain) {
                    return Err(format!("client {client} asked {asked} and waits for ever"));
                }
            }
        }
        let Footprint { owed, asked, .. } = self.manager.footprint();
        if owed + asked > 0 {
            return Err(format!("spawnds are owed {owed} orders and owe {asked} replies"));
        }
        Ok(())
    }

    /// What ends with a client that is dead has ended, as far as it can.
    fn check_tied(&self) -> Result<(), String> {
        for (domain, truth) in (1..).map(DomainId).zip(&self.truths) {
            let is_dead = |client: usize| self.clients[client].is_dead;
            let state = self.status(domain).map(|status| status.state);
            if state == Some(State::Running) && truth.tied_to.is_some_and(is_dead) {
                return Err(format!("domain {domain} outlives the client that it ends with"));
            }
        }
        Ok(())
    }

    pub(super) fn is_stuck(&self, domain: DomainId) -> bool {
        let of_domain = |at| self.core(at).programs.get(&domain);
        cores().filter_map(of_domain).any(|program| program.stage == Stage::Stuck)
    }

    /// The table equals reality.
    fn check_table(&self) -> Result<(), String> {
        for at in cores() {
            let generation = self.core(at).spawnd.as_ref().map(|spawnd| spawnd.generation);
            let (slot, of) = self.manager.slot(at);
            if slot != SlotState::Up || Some(of.0) != generation {
                return Err(format!(
                    "slot {at} is {slot:?} of {of:?}, but {generation:?} is there"
                ));
            }
            for domain in (1..=self.truths.len() as u64).map(DomainId) {
                self.check_entry(at, domain)?;
            }
        }
        Ok(())
    }

    fn check_entry(&self, at: CoreId, domain: DomainId) -> Result<(), String> {
        let entry = self.manager.core_state(domain, at);
        let program = self.core(at).programs.get(&domain).map(|it| it.stage);
        let agrees = match entry {
            CoreState::Run => {
                let domain = self.status(domain).map(|status| status.state);
                program == Some(Stage::Running) && domain == Some(State::Running)
            }
            CoreState::Wedged => program == Some(Stage::Stuck),
            CoreState::None | CoreState::Dead | CoreState::Clean => program.is_none(),
            CoreState::SpawnPend
            | CoreState::SpanPend
            | CoreState::KillPend
            | CoreState::CleanPend => false,
        };
        if agrees {
            return Ok(());
        }
        Err(format!("domain {domain} is {entry:?} on core {at}, and its program {program:?}"))
    }

    /// A shutdown stops everything, and what nobody holds leaves nothing.
    fn check_given_back(&self) -> Result<(), String> {
        let mut world = self.clone();
        let tell = &mut Tell::silent();
        world.shut_down_began = true;
        world.manage(Event::Shutdown, tell)?;
        world.come_to_rest(tell)?;
        let stuck = (1..=self.truths.len() as u64).map(DomainId).filter(|it| self.is_stuck(*it));
        let wedged = u32::try_from(stuck.count()).ok();
        if world.shut_down != wedged {
            return Err(format!("a shutdown leaves {:?} wedged, not {wedged:?}", world.shut_down));
        }
        let domains: Vec<_> = world.known_domains().collect();
        for domain in domains {
            world.manage(Event::LastCapDropped(domain), tell)?;
        }
        if let Some(asker) = world.clients.iter().find(|asker| !asker.open.is_empty()) {
            return Err(format!("a shutdown leaves {:?} unanswered", asker.open));
        }
        let left = world.manager.footprint();
        if left != Footprint::default() {
            return Err(format!("{left:?} is left in the process manager"));
        }
        for at in cores() {
            let spawnd = world.core(at).spawnd.as_ref().map(|it| Rc::clone(&it.machine));
            let domains = spawnd.map_or(0, |machine| machine.domains());
            if domains > 0 {
                return Err(format!("{domains} domains are left in spawnd {at}"));
            }
        }
        Ok(())
    }
}
