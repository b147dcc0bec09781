//! A scenario as it is played: lines that are known to make sense.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

use flounder::CoreId;
use serde_json::Value;

use super::calls::Call;

/// A whole file.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Scenario {
    pub(crate) system: System,
    pub(crate) lines: Vec<Line>,
}

/// What the system is like that it is played on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct System {
    pub(crate) cores: NonZeroU16,
    pub(crate) grace: Duration,
    /// How often a spawnd is asked whether it turns.
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) domains_per_client_max: Option<u32>,
    pub(crate) waits_per_client_max: Option<u32>,
    /// How long a line may take.
    pub(crate) patience: Duration,
}

/// One line that does something.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) step: Step,
    pub(crate) expect: Expect,
}

/// Fields that an answer must have, with these values.
pub(crate) type Expect = BTreeMap<String, Value>;

/// What a line does.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    /// A client asks.
    Ask(Ask),
    /// Waits until nothing is in flight.
    Quiesce,
    /// Waits for the answer to an earlier line that didn't.
    Await { name: String },
    /// Lets the programs go on that hold their thread.
    Release,
    /// Something happens to the spawnd of a core.
    Spawnd { core: CoreId, what: Mishap },
}

/// A client's request.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ask {
    pub(crate) client: String,
    pub(crate) call: Call,
    /// What the cap is called that it gives, or the answer to come.
    pub(crate) name: Option<String>,
    /// Whether the next line doesn't wait for its answer.
    pub(crate) goes_on: bool,
}

/// What can happen to a spawnd.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mishap {
    /// It panics.
    Crash,
    /// It answers nothing any more, its heartbeats included.
    Hang,
}

impl Mishap {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Hang => "hang",
        }
    }
}
