//! Steps about caps that cross domains, and a domain that crosses cores.

use flounder::{Cap, CapError, CoreId, ErrCode, Rights};
use flounder_idl::types::ExitCause;

use super::stage::module_program;
use super::{Outcome, Stage, StepError};

/// The smallest Frame that shows the point.
const FRAME_BYTES: usize = 64;

pub(super) async fn frame(stage: &Stage) -> Outcome {
    let holder = stage.operator.home().holder();
    let (shared, inherited) = (holder.frame(FRAME_BYTES)?, holder.frame(FRAME_BYTES)?);
    shared.write_at(0, b"ping")?;
    inherited.write_at(0, b"heir")?;
    let argcn = cnode_with(stage, shared.copy()?)?;
    let inheritcn = cnode_with(stage, inherited.copy_with(Rights::READ)?)?;

    let program = module_program("sharer").core(stage.far_core());
    let child = stage.spawn(program.arg_caps(argcn).inherit(inheritcn)).await?;
    stage.hears(&child, "ping").await?;
    stage.hears(&child, "heir").await?;
    stage.hears(&child, ErrCode::CAP_ERR_RIGHTS.name()).await?;
    stage.ends(&child, 0).await?;

    let mut word = [0; 4];
    shared.read_at(4, &mut word)?;
    let word = String::from_utf8_lossy(&word).into_owned();
    stage.expect("the child's word in the Frame", word, "pong".to_owned())?;
    Ok(format!("parent wrote ping, {child} wrote pong; the inherited Frame is read-only").into())
}

pub(super) async fn span(stage: &Stage) -> Outcome {
    let there = if stage.cores > 1 { stage.far_core() } else { CoreId(1) };
    let program = module_program("spanner").arg(there.to_string());
    let spanner = stage.spawn(program).await?;
    let detail = if stage.cores > 1 {
        spanned(stage, &spanner, there).await?
    } else {
        stage.hears(&spanner, ErrCode::PROC_MGMT_ERR_INVALID_SPAWND.name()).await?;
        format!("there is one core: {spanner} asked for core 1 and was refused")
    };
    stage.listener.until_held(spanner.id).await;
    stage.listener.let_go(spanner.id);
    stage.ends(&spanner, 0).await?;
    stage.record(&spanner, (ExitCause::Exited, 0)).await?;
    Ok(detail.into())
}

/// Hears both dispatchers of a domain, whose word may come in either order.
async fn spanned(
    stage: &Stage,
    spanner: &super::stage::Child,
    there: CoreId,
) -> Result<String, StepError> {
    let mut notes = [stage.hear(spanner).await, stage.hear(spanner).await];
    notes.sort_by_key(|note| note.core);
    let [at_home, away] = notes;
    stage.expect("the answer to span", at_home.what, ErrCode::OK.name().to_owned())?;
    stage.expect("where the work was done", away.core, there)?;
    stage.expect("the sum of 1 to 1,000", away.what, "500500".to_owned())?;
    let status = stage.processes.status(spanner.id, None).await?;
    stage.expect(&format_args!("the cores of {spanner}"), status.cores, 2)?;
    Ok(format!("{spanner} is on cores 0 and {there}, where it added 1 to 1,000"))
}

/// A `CNode` with one cap.
pub(super) fn cnode_with(stage: &Stage, cap: Cap) -> Result<Cap, CapError> {
    let cnode = stage.operator.home().holder().cnode();
    cnode.put(0, cap).map_err(|(_, error)| error)?;
    Ok(cnode)
}
