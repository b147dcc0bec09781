//! Steps about programs that start, do their work and exit.

use flounder::CoreId;
use flounder_domain::CALLS_MAX;
use flounder_idl::types::ExitCause;

use super::stage::module_program;
use super::{Outcome, Stage, StepError};
use flounder_multicore::together::each;

pub(super) async fn every_core(stage: &Stage) -> Outcome {
    let cores: Vec<_> = stage.core_ids().collect();
    let greeted = each(&cores, CALLS_MAX as usize, async |core| greet(stage, core).await).await;
    greeted.into_iter().collect::<Result<(), _>>()?;
    Ok(format!("a greeter on each core, {} in all, got its arguments and GREETING", cores.len())
        .into())
}

async fn greet(stage: &Stage, core: CoreId) -> Result<(), StepError> {
    let program = module_program("greeter").arg("--from").arg(core.to_string()).core(core);
    let greeter = stage.spawn(program.env("GREETING", "hello").env("EMPTY", "")).await?;
    let note = stage.hear(&greeter).await;
    let want = format!("/modules/greeter --from {core} | GREETING=hello EMPTY=");
    stage.expect(&format_args!("what {greeter} was started with"), note.what, want)?;
    stage.expect(&format_args!("the core of {greeter}"), note.core, core)?;
    stage.ends(&greeter, 0).await
}

pub(super) async fn exit_codes(stage: &Stage) -> Outcome {
    for module in ["exit", "exit-async"] {
        for status in [0, 7, 255] {
            let program = module_program(module).arg(status.to_string()).core(stage.far_core());
            let child = stage.spawn(program).await?;
            stage.ends(&child, status).await?;
            stage.record(&child, (ExitCause::Exited, status)).await?;
        }
    }
    Ok("0, 7 and 255, from a thread and from the program loop".into())
}

pub(super) async fn exit_by_message(stage: &Stage) -> Outcome {
    for (module, status) in [("nested", 42), ("nested-async", 43)] {
        let program = module_program(module).arg(status.to_string()).core(stage.far_core());
        let child = stage.spawn(program).await?;
        stage.ends(&child, status).await?;
        stage.record(&child, (ExitCause::Exited, status)).await?;
    }
    Ok("42 and 43, from the bottom of a recursion that never returned".into())
}
