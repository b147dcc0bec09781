//! What one can choose when a channel is made, and who is at the other end.

use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};

use crate::ids::{CoreId, DomainId};

/// What one can choose when a channel is made. Both ends share the choice.
///
/// ```
/// use flounder::BindOptions;
///
/// let options = BindOptions::new().capacity(1.try_into()?);
/// assert_eq!(options.capacity_of().get(), 1);
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct BindOptions {
    capacity: NonZeroU16,
    calls_max: NonZeroU32,
    outbox_max: u32,
    driver: DriverChoice,
}

/// Which interconnect driver carries a channel: what differs is speed, never meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum DriverChoice {
    /// A direct queue if both ends are claimed on one waitset and the first to be claimed wasn't used
    /// before. Else [`Ump`](crate::Ump) if all messages of the interface are small and plain: none owns
    /// anything, strings, arrays of varying length and capabilities included; none takes more than 24
    /// bytes when it is encoded; and the channel holds no more of them than a ring has slots, which are
    /// 64. Else [`Local`](crate::Local), which moves what messages own.
    /// [`AnyBinding::driver`] says what it has become.
    ///
    /// [`AnyBinding::driver`]: crate::AnyBinding::driver
    #[default]
    Automatic,
    /// [`Local`](crate::Local): messages are moved.
    Local,
    /// [`Ump`](crate::Ump): messages are encoded into cache lines.
    Ump,
}

impl BindOptions {
    /// How many messages a direction holds by default: enough for a burst of small ones, little
    /// enough that a thousand bindings are cheap.
    pub const CAPACITY: NonZeroU16 = NonZeroU16::new(8).unwrap();
    /// How many calls may wait for their answers by default.
    pub const CALLS_MAX: NonZeroU32 = NonZeroU32::new(64).unwrap();

    /// How many one-way messages may be queued behind a full channel by default.
    pub const OUTBOX_MAX: u32 = 64;

    /// The default options.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            capacity: Self::CAPACITY,
            calls_max: Self::CALLS_MAX,
            outbox_max: Self::OUTBOX_MAX,
            driver: DriverChoice::Automatic,
        }
    }

    /// With room for `messages` in each direction.
    #[must_use]
    pub const fn capacity(self, messages: NonZeroU16) -> Self {
        Self { capacity: messages, ..self }
    }

    /// With at most `calls` waiting for their answers, in each direction.
    #[must_use]
    pub const fn calls_max(self, calls: NonZeroU32) -> Self {
        Self { calls_max: calls, ..self }
    }

    /// With at most `messages` one-way messages queued behind a full channel, in each direction.
    #[must_use]
    pub const fn outbox_max(self, messages: u32) -> Self {
        Self { outbox_max: messages, ..self }
    }

    /// Over this driver.
    #[must_use]
    pub const fn driver(self, driver: DriverChoice) -> Self {
        Self { driver, ..self }
    }

    /// Which driver carries the channel.
    #[must_use]
    pub const fn driver_of(&self) -> DriverChoice {
        self.driver
    }

    /// How many one-way messages may be queued behind a full channel, in each direction.
    #[must_use]
    pub const fn outbox_max_of(&self) -> u32 {
        self.outbox_max
    }

    /// How many messages a direction holds.
    #[must_use]
    pub const fn capacity_of(&self) -> NonZeroU16 {
        self.capacity
    }

    /// How many calls may wait for their answers, in each direction.
    #[must_use]
    pub const fn calls_max_of(&self) -> NonZeroU32 {
        self.calls_max
    }
}

impl Default for BindOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Who is at the other end of a binding, as the monitor of that side stamped it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Badge {
    /// The core the peer runs on.
    pub core: CoreId,
    /// The peer's domain; [`DomainId::NONE`] for services and operators.
    pub domain: DomainId,
    /// What the peer is.
    pub role: Role,
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Role::Program if self.domain != DomainId::NONE => {
                write!(f, "domain {}@{}", self.domain, self.core)
            }
            Role::Program => write!(f, "peer"),
            Role::Operator => write!(f, "operator@{}", self.core),
            Role::Service => write!(f, "service@{}", self.core),
            Role::Monitor => write!(f, "monitor.{}", self.core),
        }
    }
}

/// What a peer is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Role {
    /// A program in a domain, or whoever made the channel without a monitor.
    #[default]
    Program,
    /// Whoever runs the system: a shell, a test, the main program.
    Operator,
    /// A service of the system other than a monitor.
    Service,
    /// A monitor.
    Monitor,
}
