//! The step about programs that panic.

use flounder_idl::types::ExitCause;

use super::stage::module_program;
use super::{Outcome, Stage};

/// The status of a program that panicked: 128 and the number of SIGABRT.
const PANICKED: u8 = 134;

pub(super) async fn panic(stage: &Stage) -> Outcome {
    let bystander = stage.spawn_holder("holder-async", stage.far_core(), 0).await?;
    for module in ["panicker", "panicker-async"] {
        let child = stage.spawn(module_program(module).core(stage.far_core())).await?;
        stage.hears(&child, "about to panic").await?;
        stage.ends(&child, PANICKED).await?;
        stage.record(&child, (ExitCause::Crashed, PANICKED)).await?;
    }
    let unharmed = stage.listener.let_go(bystander.id);
    stage.expect("a program on the same loop lives", unharmed, true)?;
    stage.ends(&bystander, 0).await?;
    Ok("134, from a thread and from the program loop; its neighbours live".into())
}
