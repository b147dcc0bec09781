//! Steps about programs that are killed.

use flounder::{CoreId, ErrCode};
use flounder_idl::types::ExitCause;

use super::sharing::cnode_with;
use super::stage::{Child, module_program};
use super::{Outcome, Stage, StepError};
use flounder_multicore::together::all;

/// The status of a domain that was killed.
pub(super) const KILLED: u8 = 9;

pub(super) async fn kill_same_core(stage: &Stage) -> Outcome {
    let core = stage.operator.core();
    kill_both(stage, core).await?;
    Ok(format!("a blocking and an asynchronous program on core {core}, both 9").into())
}

pub(super) async fn kill_other_core(stage: &Stage) -> Outcome {
    let core = stage.far_core();
    kill_both(stage, core).await?;
    Ok(match stage.cores {
        1 => "there is no other core: two more on core 0, both 9".into(),
        _ => format!("a blocking and an asynchronous program on core {core}, both 9").into(),
    })
}

async fn kill_both(stage: &Stage, core: CoreId) -> Result<(), StepError> {
    for module in ["holder", "holder-async"] {
        let victim = stage.spawn_holder(module, core, 0).await?;
        stage.processes.kill(&victim.cap).await?;
        stage.ends(&victim, KILLED).await?;
        stage.record(&victim, (ExitCause::Killed, KILLED)).await?;
    }
    Ok(())
}

pub(super) async fn crowd(stage: &Stage) -> Outcome {
    let victim = stage.spawn_holder("holder", stage.far_core(), 0).await?;
    let mut waiters = Vec::new();
    for module in ["waiter", "waiter-async"] {
        let waiter = spawn_with(stage, module, &victim).await?;
        stage.hears(&waiter, "waiting").await?;
        waiters.push(waiter);
    }
    let mut killers = Vec::new();
    for module in ["killer", "killer-async"] {
        let killer = spawn_with(stage, module, &victim).await?;
        stage.listener.until_held(killer.id).await;
        killers.push(killer);
    }
    for killer in &killers {
        stage.listener.let_go(killer.id);
    }
    let kills = killers_heard(stage, &killers).await?;
    for waiter in &waiters {
        stage.hears(waiter, &KILLED.to_string()).await?;
    }
    for helper in waiters.iter().chain(&killers) {
        stage.ends(helper, 0).await?;
    }
    Ok(format!("both waiters heard 9; of two killers {kills} joined in the kill").into())
}

/// Each killer is told that the victim is dead: by its kill, or because it came too late.
async fn killers_heard(stage: &Stage, killers: &[Child]) -> Result<usize, StepError> {
    let notes = all(killers.iter().map(|killer| stage.hear(killer))).await;
    let said = |code: ErrCode| notes.iter().filter(|note| note.what == code.name()).count();
    let (kills, late) = (said(ErrCode::OK), said(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING));
    stage.expect("the killers answered", kills + late, killers.len())?;
    stage.expect("one of them killed", kills > 0, true)?;
    Ok(kills)
}

/// Spawns a program that gets a copy of the other domain's cap.
async fn spawn_with(stage: &Stage, module: &str, other: &Child) -> Result<Child, StepError> {
    let cnode = cnode_with(stage, other.cap.copy()?)?;
    stage.spawn(module_program(module).arg_caps(cnode)).await
}
