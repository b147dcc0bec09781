//! Comparing what a step hears with what it must hear.

use std::fmt::Debug;
use std::time::Duration;

use flounder::{CapError, CoreId, RpcError};
use flounder_domain::{BindError, NameError, ProcessError, ReachError};
use flounder_idl::types::ExitCause;

/// Why a step is red.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("{what}: {got}, not {want}")]
    Wrong { what: String, got: String, want: String },
    #[error("no end within {0:?}")]
    Late(Duration),
    #[error(transparent)]
    System(#[from] std::io::Error),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error(transparent)]
    Rpc(#[from] RpcError),
    #[error(transparent)]
    Cap(#[from] CapError),
}

/// What a step can hear and compare.
pub(crate) trait Answer: Debug + PartialEq {
    /// Another value than this one, for a step that is to hear something wrong.
    fn falsified(&self) -> Self;
}

impl Answer for u8 {
    fn falsified(&self) -> Self {
        self.wrapping_add(1)
    }
}

impl Answer for u16 {
    fn falsified(&self) -> Self {
        self.wrapping_add(1)
    }
}

impl Answer for usize {
    fn falsified(&self) -> Self {
        self.wrapping_add(1)
    }
}

impl Answer for bool {
    fn falsified(&self) -> Self {
        !self
    }
}

impl Answer for String {
    fn falsified(&self) -> Self {
        format!("not {self}")
    }
}

impl Answer for CoreId {
    fn falsified(&self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl Answer for ExitCause {
    fn falsified(&self) -> Self {
        if *self == Self::Killed { Self::Exited } else { Self::Killed }
    }
}

impl<T: Answer, U: Answer> Answer for (T, U) {
    fn falsified(&self) -> Self {
        (self.0.falsified(), self.1.falsified())
    }
}
