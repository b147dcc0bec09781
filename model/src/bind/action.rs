//! What can happen.

/// What a program binds to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// The service of the other program.
    Other,
    /// The service of the other program, as though it spoke another interface.
    Mismatched,
    /// Its own service.
    Own,
    /// The name service of monitor 0.
    Names,
    /// A service of a core that there isn't.
    Nowhere,
}

/// Something that happens. Programs are named by their number, 0 or 1, wires by their place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A program asks for a binding.
    Bind { program: usize, target: Target },
    /// A program takes its export back.
    Unexport { program: usize },
    /// A program says that it is the spawnd of its core.
    Pose { program: usize },
    /// A program dies.
    Die { program: usize },
    /// A core is lost.
    Lose { program: usize },

    /// A monitor hears its program.
    Up { program: usize },
    /// A program hears its monitor.
    Down { program: usize },
    /// A program decides on the oldest offer.
    Decide { program: usize, accepts: bool },
    /// The name service claims an end.
    Claim,
    /// A monitor hears another: over which link, and whether it is the one that made it.
    Link { link: usize, to_maker: bool },
}

impl Action {
    /// True if it happens sooner or later, once it can.
    pub(super) fn is_progress(self) -> bool {
        matches!(
            self,
            Self::Up { .. }
                | Self::Down { .. }
                | Self::Decide { .. }
                | Self::Claim
                | Self::Link { .. }
        )
    }
}
