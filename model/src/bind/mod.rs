//! Bind between cores: monitor 0 and the monitors of two other cores, with a program on each.
//!
//! Each program exports a service and binds to the other's, to its own and to the name service of
//! monitor 0. The two monitors have no link at first; each may make one while the other does. Channels
//! deliver in order and late. The programs are alike, so the first of them begins.

mod action;
mod bounds;
mod links;
mod world;

use self::action::Action;
pub use self::bounds::Bounds;
use self::world::World;
use crate::search::Model;
use crate::tell::Tell;

/// The model of bind.
#[derive(Clone, Copy, Debug)]
pub struct Bind {
    bounds: Bounds,
}

impl Bind {
    /// All that can happen within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds }
    }
}

impl Model for Bind {
    type State = World;
    type Action = Action;

    fn start(&self) -> World {
        World::started(self.bounds)
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
        if at_rest { world.check_at_rest() } else { Ok(()) }
    }
}
