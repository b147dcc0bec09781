//! Steps about finding services.

use flounder::{CoreId, ErrVal};
use flounder_domain::{NameError, PROC_MGMT_NAME};

use super::stage::module_program;
use super::{Outcome, Stage, code_name};
use crate::witness_client::WITNESS_NAME;

/// A name that nobody registers.
const NOBODY: &str = "nobody";

/// The name that a program waits for.
const LATE_COMER: &str = "late-comer";

pub(super) async fn boot_and_lookup(stage: &Stage) -> Outcome {
    let manager = stage.names.lookup(PROC_MGMT_NAME).await?;
    let witness = stage.names.lookup(WITNESS_NAME).await?;
    stage.expect("the core of the process manager", manager.core(), CoreId(0))?;
    stage.expect("the witness is who registered", witness == stage.listener.iref(), true)?;

    let listed = stage.names.list().await?;
    for name in [PROC_MGMT_NAME, WITNESS_NAME] {
        let is_listed = listed.iter().any(|(listed, _)| listed == name);
        stage.expect(&format_args!("{name} is listed"), is_listed, true)?;
    }
    let refusal = stage.names.lookup(NOBODY).await.map_err(errval);
    stage.expect(NOBODY, code_name(&refusal), "NAME_ERR_UNKNOWN".to_owned())?;
    let refusal = stage.names.register(PROC_MGMT_NAME, witness).await.map_err(errval);
    stage.expect(PROC_MGMT_NAME, code_name(&refusal), "NAME_ERR_RESERVED".to_owned())?;
    Ok(format!(
        "{} cores are up; {PROC_MGMT_NAME} is {manager}, the witness is {witness}, nobody is unknown",
        stage.cores
    )
    .into())
}

pub(super) async fn blocking_lookup(stage: &Stage) -> Outcome {
    let program = module_program("seeker-async").arg(LATE_COMER).core(stage.far_core());
    let seeker = stage.spawn(program).await?;
    stage.hears(&seeker, "unknown").await?;
    stage.names.register(LATE_COMER, stage.listener.iref()).await?;
    stage.hears(&seeker, "found").await?;
    stage.ends(&seeker, 0).await?;

    stage.names.remove(LATE_COMER).await?;
    let refusal = stage.names.lookup(LATE_COMER).await.map_err(errval);
    stage.expect(LATE_COMER, code_name(&refusal), "NAME_ERR_UNKNOWN".to_owned())?;
    Ok(format!("{seeker} found {LATE_COMER} as soon as it was there").into())
}

fn errval(error: NameError) -> ErrVal {
    match error {
        NameError::Refused(err) => err,
        NameError::Rpc(error) => error.code().into(),
        other => unreachable!("the name service has two ways to fail: {other}"),
    }
}
