//! The record of one domain: its state, what ended it, how it stands on each core, who waits.

use std::collections::BTreeMap;

use flounder::{CoreId, DomainId};

use super::event::Image;
use super::ids::{BindingKey, Generation, Reply, RequestId};

/// How a domain stands. It only moves down this list; a failed spawn leaves it from `Nil`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Accepted, not yet started.
    Nil,
    /// Its program runs.
    Running,
    /// Something ended it; parts of it may still run.
    StopPend,
    /// Nothing of it executes any more.
    Stopped,
    /// Its resources are back.
    Cleaned,
}

/// How a domain stands on one core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CoreState {
    /// Not there.
    None,
    /// Asked to be spawned there.
    SpawnPend,
    /// Asked to be spanned there.
    SpanPend,
    /// Runs there.
    Run,
    /// Asked to be killed there.
    KillPend,
    /// Can't be stopped there.
    Wedged,
    /// Nothing of it executes there.
    Dead,
    /// Asked to be cleaned up there.
    CleanPend,
    /// Nothing is left there.
    Clean,
}

impl CoreState {
    /// Every state, in the order of the tables.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::SpawnPend,
        Self::SpanPend,
        Self::Run,
        Self::KillPend,
        Self::Wedged,
        Self::Dead,
        Self::CleanPend,
        Self::Clean,
    ];

    /// True if nothing of the domain executes on a core in this state.
    #[must_use]
    pub fn is_still(self) -> bool {
        matches!(self, Self::None | Self::Dead | Self::Clean)
    }

    /// True if nothing of the domain is left on a core in this state.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Clean)
    }
}

/// What ended a domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// It exited.
    Exited,
    /// Somebody killed it.
    Killed,
    /// It panicked or a signal ended it.
    Crashed,
    /// A core it ran on was lost.
    CoreLost,
}

/// A domain's end: fixed once, by whatever came first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ended {
    /// What ended it.
    pub cause: Cause,
    /// Its exit status.
    pub status: u8,
}

impl Ended {
    /// Killed: status 9, as the signal of that name.
    pub const KILLED: Self = Self { cause: Cause::Killed, status: 9 };
    /// A core was lost: status 254, which no signal and no panic gives.
    pub const CORE_LOST: Self = Self { cause: Cause::CoreLost, status: 254 };

    /// Exited with `status`.
    #[must_use]
    pub const fn exited(status: u8) -> Self {
        Self { cause: Cause::Exited, status }
    }

    /// Crashed with `status`: 134 for a panic, 128 and the number for a signal.
    #[must_use]
    pub const fn crashed(status: u8) -> Self {
        Self { cause: Cause::Crashed, status }
    }

    /// What a spawnd may report: anything that isn't an exit is a crash to it.
    pub(super) fn as_death(self) -> Self {
        match self.cause {
            Cause::Exited => self,
            _ => Self::crashed(self.status),
        }
    }
}

/// A request that is not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asker {
    pub(super) client: BindingKey,
    pub(super) reply: Reply,
}

/// A domain on one core.
#[derive(Clone, Hash, Debug)]
pub(super) struct Core {
    pub(super) state: CoreState,
    /// The spawnd that knows of it; a later one doesn't.
    pub(super) generation: Generation,
    /// The request that decides the state; older ones are decided already.
    pub(super) request: Option<RequestId>,
    /// How often `request` was repeated.
    pub(super) retries: u8,
    /// A death seen before the reply that says the program started.
    pub(super) died: Option<Ended>,
    /// Who asked for the spawn or span, unless dead.
    pub(super) asker: Option<Asker>,
}

/// A domain's cores in ascending order. Nearly every domain has one: a list takes what one needs,
/// where the leaf of a map has room for 11.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Cores(Vec<(CoreId, Core)>);

impl Cores {
    pub(super) fn get(&self, at: CoreId) -> Option<&Core> {
        self.place(at).ok().map(|index| &self.0[index].1)
    }

    pub(super) fn get_mut(&mut self, at: CoreId) -> Option<&mut Core> {
        self.place(at).ok().map(|index| &mut self.0[index].1)
    }

    pub(super) fn insert(&mut self, at: CoreId, core: Core) {
        match self.place(at) {
            Ok(index) => self.0[index].1 = core,
            Err(index) => {
                self.0.reserve_exact(1);
                self.0.insert(index, (at, core));
            }
        }
    }

    pub(super) fn remove(&mut self, at: CoreId) {
        if let Ok(index) = self.place(at) {
            self.0.remove(index);
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = CoreId> {
        self.0.iter().map(|(at, _)| *at)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Core> {
        self.0.iter().map(|(_, core)| core)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Core> {
        self.0.iter_mut().map(|(_, core)| core)
    }

    fn place(&self, at: CoreId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&at, |(at, _)| *at)
    }
}

/// Where a domain stands towards a shutdown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Rest {
    /// Something will still happen to it.
    Busy,
    /// Only cores that can't be stopped hold it back.
    Wedged,
    /// Cleaned up.
    Done,
}

/// The record of one domain.
#[derive(Clone, Hash, Debug)]
pub(super) struct Domain {
    pub(super) id: DomainId,
    /// Whose quota it is charged to.
    pub(super) owner: DomainId,
    pub(super) home: CoreId,
    pub(super) image: Image,
    pub(super) state: State,
    /// Set once; in `Nil` it is remembered until the program is known to have started.
    pub(super) ended: Option<Ended>,
    /// Cores not in [`CoreState::None`].
    pub(super) cores: Cores,
    pub(super) killers: Vec<Asker>,
    /// At most one for each binding; the replies are numbered in the order of asking.
    pub(super) waiters: BTreeMap<BindingKey, Reply>,
    /// The binding it ends with.
    pub(super) tied_to: Option<BindingKey>,
    /// No cap to it is left.
    pub(super) detached: bool,
    pub(super) rest: Rest,
    /// Its record is to be freed.
    pub(super) gone: bool,
}

impl Domain {
    pub(super) fn core_state(&self, at: CoreId) -> CoreState {
        self.cores.get(at).map_or(CoreState::None, |core| core.state)
    }

    pub(super) fn is_waited_for_by(&self, key: BindingKey) -> bool {
        self.waiters.contains_key(&key)
    }

    pub(super) fn any_core(&self, mut is: impl FnMut(CoreState) -> bool) -> bool {
        self.cores.values().any(|core| is(core.state))
    }

    pub(super) fn all_cores(&self, mut are: impl FnMut(CoreState) -> bool) -> bool {
        self.cores.values().all(|core| are(core.state))
    }

    /// The cores, to go through while the record changes: at most 256.
    pub(super) fn core_ids(&self) -> Vec<CoreId> {
        self.cores.ids().collect()
    }

    /// Where it stands towards a shutdown, from its state.
    pub(super) fn rest(&self) -> Rest {
        let stuck = |core| matches!(core, CoreState::Dead | CoreState::Clean | CoreState::Wedged);
        if self.state == State::Cleaned {
            Rest::Done
        } else if self.any_core(|core| core == CoreState::Wedged) && self.all_cores(stuck) {
            Rest::Wedged
        } else {
            Rest::Busy
        }
    }
}
