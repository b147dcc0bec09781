//! How long to measure, and on which CPUs.

use std::time::Duration;

use crate::sample::Slice;

/// How long to measure, and on which CPUs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    /// How often each contestant has its slice.
    pub(crate) rounds: usize,
    /// How long a slice is.
    pub(crate) span: Duration,
    /// How long an idle system is watched.
    pub(crate) idle: Duration,
    /// The CPUs that may be used.
    pub(crate) cpus: Vec<usize>,
}

impl Plan {
    /// Everything in under four minutes.
    pub(crate) fn full(cpus: Vec<usize>) -> Self {
        Self { rounds: 25, span: Duration::from_millis(40), idle: Duration::from_secs(10), cpus }
    }

    /// Everything in under 45 seconds.
    pub(crate) fn quick(cpus: Vec<usize>) -> Self {
        Self { rounds: 9, span: Duration::from_millis(20), idle: Duration::from_secs(2), cpus }
    }

    /// A slice between two CPUs; `None` if there are fewer.
    pub(crate) fn slice(&self) -> Option<Slice> {
        match *self.cpus {
            [here, there, ..] => Some(Slice { span: self.span, here, there }),
            _ => None,
        }
    }
}
