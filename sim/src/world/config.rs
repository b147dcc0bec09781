//! What can be chosen when a world is made.

use std::time::Duration;

use flounder::CoreId;

use super::Violation;

/// How many cores a world has at most: what the set of played spawnds holds.
pub(crate) const CORES_MAX: u8 = 64;

/// What can be chosen when a world is made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Config {
    pub(crate) cores: u8,
    pub(crate) domains_per_client_max: u32,
    pub(crate) room_max: usize,
    pub(crate) domains_per_core_max: usize,
    pub(crate) grace: Duration,
    pub(crate) restarts_max: u32,
    pub(crate) trace_lines: usize,
    played: u64,
}

impl Config {
    /// Two cores with real spawnds, the default quotas, channels of the usual capacity, a grace time
    /// of 100 ms, 16 restarts of a spawnd in a row, and the last 60 lines of the trace.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cores: 2,
            domains_per_client_max: 1_024,
            room_max: 8,
            domains_per_core_max: 100_000,
            grace: Duration::from_millis(100),
            restarts_max: 16,
            trace_lines: 60,
            played: 0,
        }
    }

    /// With so many cores: 1 to 64.
    #[must_use]
    pub const fn cores(self, cores: u8) -> Self {
        Self { cores, ..self }
    }

    /// With so many domains a client may have.
    #[must_use]
    pub const fn domains_per_client_max(self, domains: u32) -> Self {
        Self { domains_per_client_max: domains, ..self }
    }

    /// With so many domains on a core, ended ones that aren't cleaned up included.
    #[must_use]
    pub const fn domains_per_core_max(self, domains: usize) -> Self {
        Self { domains_per_core_max: domains, ..self }
    }

    /// With so many restarts in a row of a spawnd that answers no heartbeat.
    #[must_use]
    pub const fn restarts_max(self, restarts: u32) -> Self {
        Self { restarts_max: restarts, ..self }
    }

    /// With room for so many messages in each direction of each channel, but never more than the
    /// channel was made for.
    #[must_use]
    pub const fn room_max(self, messages: usize) -> Self {
        Self { room_max: messages, ..self }
    }

    /// With so much time for a killed program to end.
    #[must_use]
    pub const fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// With so many lines of trace kept for a violation.
    #[must_use]
    pub const fn trace_lines(self, lines: usize) -> Self {
        Self { trace_lines: lines, ..self }
    }

    /// With a spawnd on `core`, if there can be such a core, that is played by the world and breaks
    /// rules.
    #[must_use]
    pub const fn played_spawnd(self, core: CoreId) -> Self {
        if core.0 >= CORES_MAX {
            return self;
        }
        Self { played: self.played | 1 << core.0, ..self }
    }

    pub(crate) fn plays(&self, core: CoreId) -> bool {
        core.0 < CORES_MAX && self.played >> core.0 & 1 == 1
    }

    pub(crate) fn check(&self) -> Result<(), WorldError> {
        if self.cores == 0 || self.cores > CORES_MAX {
            return Err(WorldError::Cores { cores: self.cores });
        }
        if self.room_max == 0 { Err(WorldError::NoRoom) } else { Ok(()) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Why there is no world.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// A program blocks: it would stop the one thread there is.
    #[error("`{name}` is a blocking program: a simulated world runs asynchronous ones only")]
    Blocking {
        /// The program.
        name: String,
    },
    /// Too few cores, or too many.
    #[error("a world has 1 to {CORES_MAX} cores, not {cores}")]
    Cores {
        /// How many were asked for.
        cores: u8,
    },
    /// Channels must hold a message.
    #[error("a channel has room for at least one message")]
    NoRoom,
    /// The system doesn't boot.
    #[error("the system doesn't boot: {why}")]
    Boot {
        /// Why.
        why: String,
    },
    /// Something went wrong while it booted.
    #[error("while it booted: {0}")]
    Violation(#[from] Violation),
}
