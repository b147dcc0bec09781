//! Steps about waiting for a domain.

use std::pin::pin;

use flounder::{AnyBinding, ErrCode};
use flounder_idl::proc_mgmt::Wait;

use super::death::KILLED;
use super::stage::Child;
use super::{Outcome, Stage, StepError};
use flounder_multicore::together::begin;

/// The status byte of a domain that has none yet.
const NO_STATUS: u8 = 255;

pub(super) async fn around_death(stage: &Stage) -> Outcome {
    let core = stage.far_core();
    let leaver = stage.spawn_holder("holder", core, 7).await?;
    let mut before = pin!(stage.processes.wait(&leaver.cap));
    begin(before.as_mut()).await;
    stage.listener.let_go(leaver.id);
    stage.expect("a wait before death", before.await?, 7)?;
    stage.expect("a wait after death", stage.processes.wait(&leaver.cap).await?, 7)?;

    let victim = stage.spawn_holder("holder-async", core, 0).await?;
    let mut kill = pin!(stage.processes.kill(&victim.cap));
    begin(kill.as_mut()).await;
    let during = stage.processes.wait(&victim.cap).await?;
    stage.expect("a wait during death", during, KILLED)?;
    kill.await?;
    Ok("7 before and after an exit; 9 to a wait between a kill and its answer".into())
}

pub(super) async fn nohang(stage: &Stage) -> Outcome {
    let holder = stage.spawn_holder("holder", stage.far_core(), 7).await?;
    let alive = (ErrCode::PROC_MGMT_DOMAIN_ALIVE.name().to_owned(), NO_STATUS);
    stage.expect("nohang before death", ask(stage, &holder).await?, alive)?;
    stage.listener.let_go(holder.id);
    stage.ends(&holder, 7).await?;
    let ended = (ErrCode::OK.name().to_owned(), 7);
    stage.expect("nohang after death", ask(stage, &holder).await?, ended)?;
    Ok("alive and 255 before, 7 after; asking did not change the status".into())
}

/// A wait that doesn't block, as the message says it.
async fn ask(stage: &Stage, child: &Child) -> Result<(String, u8), StepError> {
    let request = Wait { domain_cap: child.cap.copy()?, nohang: true };
    let answer = stage.processes.binding().call(request).await?;
    let name = answer.err.top().map_or_else(|| answer.err.to_string(), |code| code.name().into());
    Ok((name, answer.status))
}
