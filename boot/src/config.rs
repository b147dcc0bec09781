//! What one can choose about a system, and what can go wrong when it boots.

use std::num::NonZeroU16;
use std::rc::Rc;
use std::time::Duration;

use flounder::CoreId;
use flounder::observe::Observe;
use flounder_monitor::WatchConfig;

use crate::host::{Guard, Output};
use crate::observers::Observers;

/// What one can choose about a system.
///
/// ```
/// use flounder_boot::Config;
///
/// let config = Config::new().cores(2.try_into()?).pinned(false);
/// # let _ = config;
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    pub(crate) cores: NonZeroU16,
    pub(crate) pinned: bool,
    pub(crate) grace: Duration,
    pub(crate) output: Output,
    pub(crate) control_groups: bool,
    pub(crate) guard: Option<Guard>,
    pub(crate) domains_per_client_max: u32,
    pub(crate) waits_per_client_max: u32,
    pub(crate) observers: Observers,
    pub(crate) watch: WatchConfig,
}

impl Config {
    /// How many logical cores a system has unless it says otherwise.
    pub const CORES: NonZeroU16 = NonZeroU16::new(4).unwrap();

    /// How long a killed program has to end unless the system says otherwise: a program that waits
    /// on its dispatcher at all does so far more often.
    pub const GRACE: Duration = Duration::from_secs(2);

    /// After how many heartbeat periods without an answer a spawnd is dead.
    pub const HEARTBEATS_MISSED_MAX: u32 = WatchConfig::new().heartbeats_missed_max;

    /// How many domains one client may have unless the system says otherwise.
    pub const DOMAINS_PER_CLIENT_MAX: u32 = flounder_procmgmt::machine::DOMAINS_PER_CLIENT_MAX;

    /// How many waits one client may have open unless the system says otherwise.
    pub const WAITS_PER_CLIENT_MAX: u32 = flounder_procmgmt::machine::WAITS_PER_CLIENT_MAX;

    /// Four cores, each pinned to a CPU.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cores: Self::CORES,
            pinned: true,
            grace: Self::GRACE,
            output: Output::Inherit,
            control_groups: true,
            guard: None,
            domains_per_client_max: Self::DOMAINS_PER_CLIENT_MAX,
            waits_per_client_max: Self::WAITS_PER_CLIENT_MAX,
            observers: Observers::NONE,
            watch: WatchConfig::new(),
        }
    }

    /// With this many logical cores, at most [`CoreId::COUNT_MAX`]. With more cores than CPUs
    /// several share one.
    #[must_use]
    pub fn cores(self, cores: NonZeroU16) -> Self {
        Self { cores, ..self }
    }

    /// Whether each core's threads are pinned to its CPU.
    #[must_use]
    pub fn pinned(self, pinned: bool) -> Self {
        Self { pinned, ..self }
    }

    /// How long a killed program has to end before its core counts as wedged.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Where what host programs print goes; unless the system says otherwise, where its own does.
    #[must_use]
    pub fn output(self, output: Output) -> Self {
        Self { output, ..self }
    }

    /// Whether host programs are held together by control groups where that can be. Without, what
    /// escapes from its session and its parent isn't ended with its domain.
    #[must_use]
    pub fn control_groups(self, control_groups: bool) -> Self {
        Self { control_groups, ..self }
    }

    /// With the guard that [`guarded`](crate::guarded) gave, if it gave one. A system without a guard
    /// can't promise that nothing outlives it: if its process is killed, the kernel ends the host
    /// programs themselves, and nobody what they started until the next system boots.
    #[must_use]
    pub fn guard(self, guard: impl Into<Option<Guard>>) -> Self {
        Self { guard: guard.into(), ..self }
    }

    /// How many domains one client may have, live ones and those whose record a cap keeps. A client
    /// is a domain; all operators together are one.
    #[must_use]
    pub fn domains_per_client_max(self, domains: u32) -> Self {
        Self { domains_per_client_max: domains, ..self }
    }

    /// How often a spawnd is asked whether it turns. It is dead after
    /// [`Config::HEARTBEATS_MISSED_MAX`] periods without an answer.
    #[must_use]
    pub const fn heartbeat_period(mut self, period: Duration) -> Self {
        self.watch.heartbeat_period = period;
        self
    }

    /// How long after its first failure a spawnd is started again, and how often it may fail in a
    /// row: each failure doubles the time, up to 5 seconds; one that answered a heartbeat begins
    /// anew. After the last the core stays without, and the system has failed.
    #[must_use]
    pub const fn restarts(mut self, backoff_first: Duration, restarts_max: u32) -> Self {
        self.watch.backoff_first = backoff_first;
        self.watch.restarts_max = restarts_max;
        self
    }

    /// How many waits one client may have open, over all its bindings.
    #[must_use]
    pub fn waits_per_client_max(self, waits: u32) -> Self {
        Self { waits_per_client_max: waits, ..self }
    }

    /// With somebody who sees the messages of all its services, programs and operators. For each of
    /// them, `make` is called on its thread with its core and its name, such as `spawnd.1`.
    #[must_use]
    pub fn observed(
        self,
        make: impl Fn(CoreId, &str) -> Rc<dyn Observe> + Send + Sync + 'static,
    ) -> Self {
        Self { observers: Observers::new(make), ..self }
    }
}

impl Config {
    /// The part of it that concerns monitors.
    pub(crate) fn watch(&self) -> WatchConfig {
        let mut watch = self.watch;
        watch.grace = self.grace;
        watch
    }

    /// The part of it that concerns the process manager.
    pub(crate) fn process_manager(&self) -> flounder_procmgmt::machine::Config {
        let mut config = flounder_procmgmt::machine::Config::default();
        config.domains_per_client_max = self.domains_per_client_max;
        config.waits_per_client_max = self.waits_per_client_max;
        config
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a system didn't boot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootError {
    /// There are more cores than core numbers.
    #[error("{cores} cores are too many: a system has at most {max}", max = CoreId::COUNT_MAX)]
    TooManyCores {
        /// The cores asked for.
        cores: u16,
    },
    /// The system didn't tell which CPUs may be used.
    #[error("the system doesn't tell which CPUs may be used: {0}")]
    Cpus(#[source] std::io::Error),
    /// A loop's thread could not be started or pinned.
    #[error("the threads of core {core} didn't start: {source}; without pinning it may work")]
    Core {
        /// The core.
        core: CoreId,
        /// What the system says.
        source: std::io::Error,
    },
    /// A service panicked while the system booted.
    #[error("the system failed while it booted: {0}")]
    Failed(String),
}
