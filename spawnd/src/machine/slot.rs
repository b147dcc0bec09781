//! The domains of this core and the state of each.

use std::collections::BTreeMap;

use flounder::{DomainId, ErrVal};

use super::event::{RequestId, RequestKind};

/// A start whose reply is open, and the kills that came before it.
#[derive(Clone, Hash, Debug)]
pub(super) struct Opening {
    pub(super) request: RequestId,
    pub(super) kind: RequestKind,
    pub(super) killers: Vec<RequestId>,
}

/// How a domain stands on this core.
#[derive(Clone, Hash, Debug)]
pub(super) enum State<P> {
    /// The monitor was asked for the program's endpoint.
    WaitingEndpoint { opening: Opening, program: P },
    /// The platform was told to start it.
    Starting { opening: Opening },
    /// It runs.
    Running,
    /// It was told to end; these kills are to be answered.
    Killing { killers: Vec<RequestId> },
    /// It is being ended because its start failed with `err`, or because spawnd stops.
    Undoing { opening: Opening, err: ErrVal },
    /// It didn't end in time. Every kill was answered.
    Wedged,
    /// Like `Wedged`, but the process manager was told that it never started.
    Stray,
    /// It ended, and its resources are still held.
    Ended,
}

impl<P> State<P> {
    /// Whether a stop waits for this domain.
    fn holds_stop(&self) -> bool {
        !matches!(self, Self::Wedged | Self::Stray | Self::Ended)
    }
}

/// A state as it is kept: the many domains that run don't make room for what few wait with.
#[derive(Clone, Hash, Debug)]
enum Kept<P> {
    Running,
    Ended,
    Other(Box<State<P>>),
}

impl<P> Kept<P> {
    fn state(&self) -> &State<P> {
        match self {
            Self::Running => &State::Running,
            Self::Ended => &State::Ended,
            Self::Other(state) => state,
        }
    }
}

impl<P> From<State<P>> for Kept<P> {
    fn from(state: State<P>) -> Self {
        match state {
            State::Running => Self::Running,
            State::Ended => Self::Ended,
            other => Self::Other(Box::new(other)),
        }
    }
}

impl<P> From<Kept<P>> for State<P> {
    fn from(kept: Kept<P>) -> Self {
        match kept {
            Kept::Running => Self::Running,
            Kept::Ended => Self::Ended,
            Kept::Other(state) => *state,
        }
    }
}

/// The table of domains. An ordered map, so that the same events give the same trace.
#[derive(Clone, Hash, Debug)]
pub(super) struct Slots<P> {
    states: BTreeMap<DomainId, Kept<P>>,
    holding_stop: usize,
}

impl<P> Slots<P> {
    pub(super) const fn new() -> Self {
        Self { states: BTreeMap::new(), holding_stop: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn contains(&self, domain: DomainId) -> bool {
        self.states.contains_key(&domain)
    }

    /// How many domains a stop still waits for.
    pub(super) fn holding_stop(&self) -> usize {
        self.holding_stop
    }

    pub(super) fn take(&mut self, domain: DomainId) -> Option<State<P>> {
        let state = State::from(self.states.remove(&domain)?);
        self.holding_stop -= usize::from(state.holds_stop());
        Some(state)
    }

    pub(super) fn put(&mut self, domain: DomainId, state: State<P>) {
        self.holding_stop += usize::from(state.holds_stop());
        let before = self.states.insert(domain, state.into());
        debug_assert!(before.is_none(), "a state is taken before the next is put");
    }

    pub(super) fn domains(&self) -> Vec<DomainId> {
        self.states.keys().copied().collect()
    }

    /// The domains that would not end, ascending.
    pub(super) fn survivors(&self) -> Vec<DomainId> {
        let survives = |kept: &Kept<P>| matches!(kept.state(), State::Wedged | State::Stray);
        self.states.iter().filter(|(_, kept)| survives(kept)).map(|(&domain, _)| domain).collect()
    }

    #[cfg(test)]
    pub(super) fn get(&self, domain: DomainId) -> Option<&State<P>> {
        self.states.get(&domain).map(Kept::state)
    }
}
