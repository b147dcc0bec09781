//! The step with 1,000 programs.

use flounder_domain::CALLS_MAX;

use super::stage::Child;
use super::{Outcome, Stage, StepError};
use flounder_multicore::together::each;

/// How many programs are alive at once: just under the default quota of one client.
const CROWD: usize = 1_000;

/// As many at a time as one binding may have calls outstanding.
const AT_A_TIME: usize = CALLS_MAX as usize;

pub(super) async fn thousand(stage: &Stage) -> Outcome {
    let cores: Vec<_> = stage.core_ids().cycle().take(CROWD).collect();
    let born = each(&cores, AT_A_TIME, async |core| {
        stage.spawn_holder("holder-async", core, core.0).await
    })
    .await;
    let crowd = born.into_iter().collect::<Result<Vec<_>, _>>()?;
    let alive = alive(stage, &crowd).await?;
    stage.expect("how many are alive at once", alive, CROWD)?;
    for child in &crowd {
        stage.listener.let_go(child.id);
    }
    let expected: Vec<_> = crowd.iter().zip(&cores).collect();
    let ended =
        each(&expected, AT_A_TIME, async |(child, core)| stage.ends(child, core.0).await).await;
    ended.into_iter().collect::<Result<(), _>>()?;
    Ok(format!("{alive} held at once, each ended with the number of its core").into())
}

/// How many of them the process manager lists.
async fn alive(stage: &Stage, crowd: &[Child]) -> Result<usize, StepError> {
    let listed = stage.processes.list().await?;
    Ok(crowd.iter().filter(|child| listed.binary_search(&child.id).is_ok()).count())
}
