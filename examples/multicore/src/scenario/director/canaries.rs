//! One domain on each core whose spawnd will come to harm: its end tells that the spawnd is gone, and
//! that another can be spawned tells that there is a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flounder::{Cap, CoreId, DomainId, ErrCode, Waitset};
use flounder_domain::{ProcessError, Processes, Program};

use crate::scenario::line::{Scenario, Step};

/// How long is waited before a core without a spawnd is tried again.
const TRY_PAUSE: Duration = Duration::from_millis(1);

/// The canaries by core.
#[derive(Debug, Default)]
pub(super) struct Canaries {
    alive: BTreeMap<CoreId, Cap>,
    /// Where something happened since the last look.
    in_danger: BTreeSet<CoreId>,
}

impl Canaries {
    /// A canary on each core whose spawnd the scenario harms.
    pub(super) async fn of(
        scenario: &Scenario,
        processes: &Processes,
    ) -> Result<Self, ProcessError> {
        let mut canaries = Self::default();
        for line in &scenario.lines {
            if let Step::Spawnd { core, .. } = line.step
                && u16::from(core.0) < scenario.system.cores.get()
                && !canaries.alive.contains_key(&core)
            {
                canaries.alive.insert(core, spawn(processes, core).await?);
            }
        }
        Ok(canaries)
    }

    pub(super) fn in_danger(&mut self, core: CoreId) {
        self.in_danger.insert(core);
    }

    /// True if that domain is one of them.
    pub(super) fn has(&self, domain: DomainId) -> bool {
        let id = |cap: &Cap| cap.identify().ok().and_then(|info| info.domain);
        self.alive.values().any(|cap| id(cap) == Some(domain))
    }

    /// Waits until each spawnd that came to harm is gone and there is another.
    pub(super) async fn replace(
        &mut self,
        processes: &Processes,
        waitset: &Waitset,
    ) -> Result<(), ProcessError> {
        while let Some(core) = self.in_danger.pop_first() {
            let Some(canary) = self.alive.remove(&core) else { continue };
            processes.wait(&canary).await?;
            let next = loop {
                match spawn(processes, core).await {
                    Err(ProcessError::Refused(err)) if comes_back(err) => {
                        waitset.sleep(TRY_PAUSE).await;
                    }
                    other => break other?,
                }
            };
            self.alive.insert(core, next);
        }
        Ok(())
    }
}

async fn spawn(processes: &Processes, core: CoreId) -> Result<Cap, ProcessError> {
    processes.spawn(Program::new("/modules/idle").core(core)).await
}

/// True for what a spawn answers while one spawnd is gone and the next isn't there yet.
fn comes_back(err: flounder::ErrVal) -> bool {
    err.is(ErrCode::PROC_MGMT_ERR_INVALID_SPAWND) || err.is(ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST)
}
