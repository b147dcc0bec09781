//! What can happen, and when.

use flounder::{CoreId, DomainId};
use flounder_procmgmt::machine::What;

use super::CORES;
use super::core::Stage;
use super::world::World;

/// Something that happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A client asks for a domain, which may be one that ends with the client.
    Spawn { client: usize, core: CoreId, tied: bool },
    /// A client asks to extend a domain.
    Span { client: usize, domain: DomainId, core: CoreId },
    /// A client asks to end a domain.
    Kill { client: usize, domain: DomainId },
    /// A client waits for the end of a domain.
    Wait { client: usize, domain: DomainId },
    /// A client dies.
    Die { client: usize },
    /// A program tells the process manager that it exits.
    SayExit { domain: DomainId },
    /// A program panics.
    Panic { core: CoreId, domain: DomainId },
    /// A spawnd hears an order, and something goes wrong with it.
    OrderFails { core: CoreId, how: Trouble },
    /// What a dead spawnd started outlives its grace time.
    Outlive { core: CoreId },
    /// A program that hung ends after all.
    Wake { core: CoreId, domain: DomainId },
    /// A spawnd crashes.
    Crash { core: CoreId },
    /// A spawnd answers what nobody asked.
    Lie { core: CoreId },

    /// What a dead spawnd started ends.
    EndLeft { core: CoreId, domain: DomainId },
    /// A spawnd hears an order, and the platform does what that takes.
    Order { core: CoreId },
    /// The process manager hears a spawnd.
    Reply { core: CoreId },
    /// The process manager finds room in the channel to a spawnd.
    Room { core: CoreId },
    /// The process manager finds its binding to a spawnd closed.
    Closed { core: CoreId },
    /// A bind of the process manager to a spawnd ends.
    Bound { core: CoreId },
    /// The process manager hears monitor 0.
    News,
    /// The grace time of what a dead spawnd started is over, and all that is left hangs.
    Grace { core: CoreId },
}

/// What can go wrong with an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The program can't be started.
    NoStart,
    /// The program returns before its spawnd has told that it started.
    ReturnsAtOnce,
    /// The program panics so early that its spawnd tells of the end before it answers the start.
    /// Ours doesn't do that; the process manager shall cope with one that does.
    EndIsToldFirst,
    /// The killed program outlives its grace time.
    Hangs,
}

impl Action {
    /// True if it happens sooner or later, once it can.
    pub(super) fn is_progress(self) -> bool {
        matches!(
            self,
            Self::EndLeft { .. }
                | Self::Order { .. }
                | Self::Reply { .. }
                | Self::Room { .. }
                | Self::Closed { .. }
                | Self::Bound { .. }
                | Self::News
                | Self::Grace { .. }
        )
    }
}

/// All cores.
pub(super) fn cores() -> impl Iterator<Item = CoreId> {
    (0..).map(CoreId).take(CORES)
}

/// Those up to the first that wasn't used: the others are like that one.
fn up_to_unused(used: &[bool]) -> usize {
    used.iter().position(|used| !used).map_or(used.len(), |unused| unused + 1)
}

impl World {
    /// Adds everything that can happen now.
    pub(super) fn actions(&self, out: &mut Vec<Action>) {
        out.extend((!self.news.is_empty()).then_some(Action::News));
        for at in cores() {
            self.progress_of(at, out);
        }
        for at in cores().take(up_to_unused(&self.used_cores)) {
            self.trouble_of(at, out);
        }
        for client in 0..up_to_unused(&self.used_clients) {
            self.requests_of(client, out);
        }
    }

    fn progress_of(&self, core: CoreId, out: &mut Vec<Action>) {
        let here = self.core(core);
        out.extend((!here.orders.is_empty()).then_some(Action::Order { core }));
        out.extend((!here.replies.is_empty()).then_some(Action::Reply { core }));
        out.extend(here.has_room.then_some(Action::Room { core }));
        let closed = here.link.is_some_and(|link| link.closed);
        out.extend(closed.then_some(Action::Closed { core }));
        out.extend((!here.binds.is_empty()).then_some(Action::Bound { core }));
        out.extend(here.grace_is_over().then_some(Action::Grace { core }));
        for (&domain, program) in &here.programs {
            let is_ending = program.stage == Stage::Ending;
            out.extend(is_ending.then_some(Action::EndLeft { core, domain }));
        }
    }

    fn trouble_of(&self, core: CoreId, out: &mut Vec<Action>) {
        let (here, left) = (self.core(core), self.left);
        if left.crashes > 0 && here.spawnd.is_some() {
            out.push(Action::Crash { core });
            let is_heard = here.link.is_some_and(|link| !link.closed);
            out.extend(is_heard.then_some(Action::Lie { core }));
        }
        for (&domain, program) in &here.programs {
            match program.stage {
                Stage::Running if left.exits > 0 => {
                    out.push(Action::SayExit { domain });
                    out.push(Action::Panic { core, domain });
                }
                Stage::Stuck => out.push(Action::Wake { core, domain }),
                Stage::Running | Stage::Ending => {}
            }
        }
        let troubles = self.troubles_of_order(core).iter();
        out.extend(troubles.map(|&how| Action::OrderFails { core, how }));
        let may_outlive = here.grace.is_some() && !here.grace_is_over();
        out.extend((left.hangs > 0 && may_outlive).then_some(Action::Outlive { core }));
    }

    /// What can go wrong with the next order that a spawnd hears.
    fn troubles_of_order(&self, core: CoreId) -> &'static [Trouble] {
        use Trouble::{EndIsToldFirst, Hangs, NoStart, ReturnsAtOnce};
        let (here, left) = (self.core(core), self.left);
        match here.orders.front() {
            Some((_, What::Spawn { .. } | What::Span { .. }, _)) => {
                match (left.failures > 0, left.exits > 0) {
                    (true, true) => &[NoStart, ReturnsAtOnce, EndIsToldFirst],
                    (true, false) => &[NoStart],
                    (false, true) => &[ReturnsAtOnce, EndIsToldFirst],
                    (false, false) => &[],
                }
            }
            Some((_, What::Kill, domain)) if left.hangs > 0 => {
                let program = here.programs.get(domain);
                let runs = program.is_some_and(|program| program.stage == Stage::Running);
                if runs { &[Hangs] } else { &[] }
            }
            _ => &[],
        }
    }

    fn requests_of(&self, client: usize, out: &mut Vec<Action>) {
        if self.clients[client].is_dead {
            return;
        }
        out.extend((self.left.deaths > 0).then_some(Action::Die { client }));
        if self.left.requests == 0 {
            return;
        }
        let may_spawn = self.truths.len() < usize::from(self.left.domains);
        for core in cores().take(up_to_unused(&self.used_cores)).filter(|_| may_spawn) {
            out.push(Action::Spawn { client, core, tied: false });
            if self.left.deaths > 0 {
                out.push(Action::Spawn { client, core, tied: true });
            }
        }
        for domain in self.known_domains() {
            out.push(Action::Kill { client, domain });
            out.push(Action::Wait { client, domain });
            out.extend(cores().map(|core| Action::Span { client, domain, core }));
        }
    }
}
