//! The searches that are made: which model, within which bounds.
//!
//! No search allows for everything at once, since what can happen multiplies. Each row allows for what
//! meets: many requests at one domain, two domains, what fails, who dies.

use crate::search::{Findings, Limits, search};
use crate::{Bind, Lifecycle, bind, lifecycle};

/// A model and its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Scope {
    /// The lifecycle of domains.
    Lifecycle(lifecycle::Bounds),
    /// Bind between cores.
    Bind(bind::Bounds),
}

/// How much is searched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effort {
    /// Seconds, in a test without optimisation.
    Test,
    /// About a minute.
    Quick,
    /// Some minutes, and a gigabyte or two.
    Long,
}

impl Scope {
    /// The model's name.
    #[must_use]
    pub fn model(&self) -> &'static str {
        match self {
            Self::Lifecycle(_) => "lifecycle",
            Self::Bind(_) => "bind",
        }
    }

    /// The bounds, as they are parsed.
    #[must_use]
    pub fn bounds(&self) -> String {
        match self {
            Self::Lifecycle(bounds) => bounds.to_string(),
            Self::Bind(bounds) => bounds.to_string(),
        }
    }

    /// Searches it.
    #[must_use]
    pub fn search(&self, limits: Limits) -> Findings {
        match *self {
            Self::Lifecycle(bounds) => search(&Lifecycle::new(bounds), limits),
            Self::Bind(bounds) => search(&Bind::new(bounds), limits),
        }
    }
}

/// The searches of an effort.
#[must_use]
pub fn scopes(effort: Effort) -> Vec<Scope> {
    let of_effort = |&(row, scope): &(Effort, Scope)| (row == effort).then_some(scope);
    SCOPES.iter().filter_map(of_effort).collect()
}

const SCOPES: &[(Effort, Scope)] = {
    use Effort::{Long, Quick, Test};
    const LIFECYCLE: lifecycle::Bounds = lifecycle::Bounds::none();
    const ONE_DOMAIN: lifecycle::Bounds = lifecycle::Bounds { domains: 1, ..LIFECYCLE };
    const TROUBLE: lifecycle::Bounds = lifecycle::Bounds {
        requests: 3,
        exits: 1,
        crashes: 1,
        failures: 1,
        hangs: 1,
        ..ONE_DOMAIN
    };
    const BIND: bind::Bounds = bind::Bounds::none();
    const fn lifecycle(bounds: lifecycle::Bounds) -> Scope {
        Scope::Lifecycle(bounds)
    }
    const fn bind(bounds: bind::Bounds) -> Scope {
        Scope::Bind(bounds)
    }
    &[
        (Test, lifecycle(lifecycle::Bounds { requests: 3, exits: 1, ..ONE_DOMAIN })),
        (Test, lifecycle(lifecycle::Bounds { requests: 2, crashes: 1, hangs: 1, ..ONE_DOMAIN })),
        (Test, lifecycle(lifecycle::Bounds { requests: 2, failures: 1, deaths: 1, ..ONE_DOMAIN })),
        (Test, bind(bind::Bounds { requests: 2, ..BIND })),
        (Test, bind(bind::Bounds { requests: 1, deaths: 1, losses: 1 })),
        // Kills, waits and spans, whoever comes first.
        (Quick, lifecycle(lifecycle::Bounds { requests: 5, exits: 1, crashes: 1, ..ONE_DOMAIN })),
        // Two domains meet in one spawnd and its channels.
        (Quick, lifecycle(lifecycle::Bounds { requests: 3, exits: 1, ..LIFECYCLE })),
        (Quick, lifecycle(lifecycle::Bounds { requests: 2, exits: 1, crashes: 1, ..LIFECYCLE })),
        // What fails while something else does.
        (Quick, lifecycle(TROUBLE)),
        // Who asked is gone.
        (Quick, lifecycle(lifecycle::Bounds { requests: 3, crashes: 1, deaths: 1, ..ONE_DOMAIN })),
        (Quick, bind(bind::Bounds { requests: 2, deaths: 1, losses: 1 })),
        (Long, lifecycle(lifecycle::Bounds { requests: 3, exits: 1, crashes: 1, ..LIFECYCLE })),
        (Long, lifecycle(lifecycle::Bounds { requests: 3, exits: 1, deaths: 1, ..LIFECYCLE })),
        (Long, lifecycle(lifecycle::Bounds { requests: 4, exits: 1, ..LIFECYCLE })),
        (Long, lifecycle(lifecycle::Bounds { requests: 4, ..TROUBLE })),
        (Long, bind(bind::Bounds { requests: 3, ..BIND })),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_holds_within_small_bounds() {
        for scope in scopes(Effort::Test) {
            let found = scope.search(Limits::default());
            let told = format!("{} {}", scope.model(), scope.bounds());
            println!("{told}: {} states", found.states);
            assert_eq!(found.violation, None, "{told}");
            assert!(found.exhaustive && found.rests > 0, "{told}: {found:?}");
        }
    }

    #[test]
    fn every_effort_has_both_models() {
        for effort in [Effort::Test, Effort::Quick, Effort::Long] {
            let models: Vec<_> = scopes(effort).iter().map(Scope::model).collect();
            assert!(models.contains(&"lifecycle") && models.contains(&"bind"), "{effort:?}");
        }
    }
}
