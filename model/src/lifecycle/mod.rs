//! The lifecycle of domains: the process manager, a spawnd and a monitor on each of two cores, and two
//! clients.
//!
//! Between a client and the process manager nothing is late: a request that waits is one that wasn't
//! made yet. Between the process manager and the spawnds everything is, in order; so are news of
//! spawnds and the ends of programs. Monitors say to each other at once what they have to say. A
//! client may use a cap as soon as its domain is accepted, earlier than it can have it: what it does
//! to a domain that isn't started is part of the lifecycle too.
//!
//! Clients and cores are alike, so only that one of the unused ones is tried first which has the
//! lowest number.

mod action;
mod answers;
mod bounds;
mod checks;
mod core;
mod monitors;
mod world;

use flounder_procmgmt::machine::Table;

use self::action::Action;
pub use self::bounds::Bounds;
use self::world::World;
use crate::search::Model;
use crate::tell::Tell;

/// How many cores there are.
pub(crate) const CORES: usize = 2;

/// How many clients there are.
pub(crate) const CLIENTS: usize = 2;

/// The model of the lifecycle.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    bounds: Bounds,
    table: Table,
}

impl Lifecycle {
    /// All that can happen within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self::with_table(bounds, Table::LIFECYCLE)
    }

    /// The same with a process manager that runs on other tables, to see that it would be noticed.
    #[must_use]
    pub fn with_table(bounds: Bounds, table: Table) -> Self {
        Self { bounds, table }
    }
}

impl Model for Lifecycle {
    type State = World;
    type Action = Action;

    fn start(&self) -> World {
        World::booted(self.bounds, self.table.clone())
    }

    fn actions(&self, world: &World, out: &mut Vec<Action>) {
        world.actions(out);
    }

    fn is_progress(&self, action: Action) -> bool {
        action.is_progress()
    }

    fn act(&self, world: &mut World, action: Action, tell: &mut Tell) -> Result<(), String> {
        world.act(action, tell)
    }

    fn check(&self, world: &World, at_rest: bool) -> Result<(), String> {
        world.check(at_rest)
    }
}

#[cfg(test)]
mod tests;
