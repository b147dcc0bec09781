//! Who may command a spawnd: the one place that turns a look at the cap into an answer.

use flounder::{Cap, CapKind, ErrCode, mutant};

/// What identifying the cap of a request told.
///
/// The cap can be identified and nothing else: it can't be retyped, so no spawnd can mint a `Domain`
/// cap from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presented {
    /// A live `ProcessManager` cap.
    ProcessManager,
    /// A live cap of another type.
    OtherType,
    /// No cap, a revoked one, or one that can't be identified.
    Unidentifiable,
}

impl Presented {
    /// Looks at the cap of a request.
    #[must_use]
    pub fn of(cap: &Cap) -> Self {
        match cap.identify() {
            Ok(info) if info.kind == CapKind::ProcessManager => Self::ProcessManager,
            Ok(_) => Self::OtherType,
            Err(_) => Self::Unidentifiable,
        }
    }

    /// Lets the process manager pass.
    ///
    /// # Errors
    ///
    /// The code that answers the request instead.
    pub fn check(self) -> Result<(), ErrCode> {
        match self {
            _ if mutant!("anybody-commands-a-spawnd") => Ok(()),
            Self::ProcessManager => Ok(()),
            Self::OtherType => Err(ErrCode::SPAWN_ERR_NOT_PROC_MNGR),
            Self::Unidentifiable => Err(ErrCode::SPAWN_ERR_IDENTIFY_PROC_MNGR_CAP),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_process_manager_passes() {
        let table = [
            (Presented::ProcessManager, Ok(())),
            (Presented::OtherType, Err(ErrCode::SPAWN_ERR_NOT_PROC_MNGR)),
            (Presented::Unidentifiable, Err(ErrCode::SPAWN_ERR_IDENTIFY_PROC_MNGR_CAP)),
        ];
        for (presented, expected) in table {
            assert_eq!(presented.check(), expected, "{presented:?}");
        }
    }
}
