//! Links between monitors: a star through monitor 0 at birth, the others made at first use.
//!
//! A link can be used from the moment its pair of ends is made: what is sent waits in the channel until
//! the target claims its end. So nothing has to be held back here, and two monitors that connect to
//! each other at the same time end up with two links, which is harmless: each sends on the one it had
//! first. A core never comes back, so a lost link stays lost until a new one is brought.

use std::collections::BTreeMap;

use flounder::CoreId;

/// The core whose monitor connects the others.
pub(crate) const HUB: CoreId = CoreId(0);

/// How one monitor stands with another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    /// Asked for through monitor 0; nothing heard yet.
    Asked,
    /// In use.
    Up,
    /// Closed; if it closed while it was asked for, a connect failure may still come.
    Lost,
}

#[derive(Clone, Hash, Debug)]
struct Route {
    state: State,
    /// The peer made a link too, and this side claimed its end.
    claimed: bool,
}

/// A way to a core, or what is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// There is a link.
    Linked,
    /// Make a link first.
    Connect,
    /// There is no way.
    None,
}

/// What the loss of a link means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loss {
    /// There never was a monitor, as far as this side knows.
    NoMonitor,
    /// The monitor is gone.
    PeerClosed,
}

/// The links of one monitor.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Routes {
    core: CoreId,
    routes: BTreeMap<CoreId, Route>,
}

impl Routes {
    pub(crate) fn new(core: CoreId) -> Self {
        let mut routes = Self { core, routes: BTreeMap::new() };
        if core != HUB {
            routes.added(HUB);
        }
        routes
    }

    /// Notes a link that exists from a monitor's birth.
    pub(crate) fn added(&mut self, core: CoreId) {
        self.routes.insert(core, Route { state: State::Up, claimed: false });
    }

    pub(crate) fn is_up(&self, core: CoreId) -> bool {
        self.routes.get(&core).is_some_and(|route| route.state == State::Up)
    }

    /// Finds a way to `core`. After [`Way::Connect`] the link counts as made.
    pub(crate) fn way(&mut self, core: CoreId) -> Way {
        match self.routes.get(&core).map(|route| route.state) {
            Some(State::Asked | State::Up) => Way::Linked,
            Some(State::Lost) => Way::None,
            None if self.core == HUB || !self.is_up(HUB) => Way::None,
            None => {
                self.routes.insert(core, Route { state: State::Asked, claimed: false });
                Way::Connect
            }
        }
    }

    /// Notes that `core` sent something; false if there is no link it could have come over.
    pub(crate) fn heard(&mut self, core: CoreId) -> bool {
        let Some(route) = self.routes.get_mut(&core) else { return false };
        if route.state == State::Asked {
            route.state = State::Up;
        }
        route.state == State::Up
    }

    /// Notes a link that the monitor of `core` made; false if it made one before.
    pub(crate) fn claim(&mut self, core: CoreId) -> bool {
        let claimed = self.routes.get(&core).is_some_and(|route| route.claimed);
        if core == self.core || core == HUB || claimed {
            return false;
        }
        self.routes.insert(core, Route { state: State::Up, claimed: true });
        true
    }

    /// Notes that monitor 0 knows nobody on `core`; false if nobody waits to hear that.
    pub(crate) fn connect_failed(&mut self, core: CoreId) -> bool {
        if self.is_up(core) {
            return false;
        }
        self.routes.remove(&core).is_some()
    }

    /// Notes that the link to `core` is closed; `None` if there was none.
    pub(crate) fn lost(&mut self, core: CoreId) -> Option<Loss> {
        let route = self.routes.get_mut(&core)?;
        match std::mem::replace(&mut route.state, State::Lost) {
            State::Asked => Some(Loss::NoMonitor),
            State::Up => Some(Loss::PeerClosed),
            State::Lost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: CoreId = CoreId(1);
    const PEER: CoreId = CoreId(2);

    enum Step {
        Way(Way),
        Heard(bool),
        Claim(bool),
        Failed(bool),
        Lost(Option<Loss>),
        HubLost,
    }

    #[test]
    fn a_link_from_first_use_to_its_end() {
        use Step::{Claim, Failed, Heard, HubLost, Lost};
        let way = Step::Way;
        let cases = [
            ("used", vec![way(Way::Connect), way(Way::Linked), Heard(true), Failed(false)]),
            ("no monitor", vec![way(Way::Connect), Failed(true), way(Way::Connect)]),
            (
                "the refusal comes after the close",
                vec![
                    way(Way::Connect),
                    Lost(Some(Loss::NoMonitor)),
                    way(Way::None),
                    Failed(true),
                    Failed(false),
                    way(Way::Connect),
                ],
            ),
            ("made by the peer", vec![Heard(false), Claim(true), Heard(true), way(Way::Linked)]),
            ("made by both", vec![way(Way::Connect), Claim(true), Claim(false), Failed(false)]),
            (
                "lost",
                vec![
                    Claim(true),
                    Lost(Some(Loss::PeerClosed)),
                    Lost(None),
                    Heard(false),
                    way(Way::None),
                ],
            ),
            ("never there", vec![Lost(None), Failed(false)]),
            ("nobody to ask", vec![HubLost, way(Way::None)]),
        ];
        for (name, steps) in cases {
            let mut routes = Routes::new(OWN);
            for (index, step) in steps.into_iter().enumerate() {
                let holds = match step {
                    Step::Way(expected) => routes.way(PEER) == expected,
                    Heard(expected) => routes.heard(PEER) == expected,
                    Claim(expected) => routes.claim(PEER) == expected,
                    Failed(expected) => routes.connect_failed(PEER) == expected,
                    Lost(expected) => routes.lost(PEER) == expected,
                    HubLost => routes.lost(HUB) == Some(Loss::PeerClosed),
                };
                assert!(holds, "{name}: step {index}, then {routes:?}");
            }
        }
    }

    #[test]
    fn the_hub_and_oneself_are_never_brought() {
        let mut routes = Routes::new(OWN);
        assert!(!routes.claim(OWN) && !routes.claim(HUB));
        assert_eq!(Routes::new(HUB).way(PEER), Way::None);
    }
}
