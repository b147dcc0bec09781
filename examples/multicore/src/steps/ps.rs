//! The step that lists the domains.

use flounder_domain::DomainStatus;
use flounder_idl::types::{DomainState, ExitCause};

use super::{Outcome, Stage, StepError, Told};

pub(super) async fn ps(stage: &Stage) -> Outcome {
    let mut children = Vec::new();
    for (core, status) in stage.core_ids().zip(0..) {
        let module = if core.0 % 2 == 0 { "holder" } else { "holder-async" };
        children.push(stage.spawn_holder(module, core, status).await?);
    }
    let statuses = statuses(stage).await?;
    for child in &children {
        let status = statuses.iter().find(|status| status.domain == child.id);
        let is_running = status.is_some_and(|status| status.state == DomainState::Running);
        stage.expect(&format_args!("{child} is listed as running"), is_running, true)?;
    }
    for child in &children {
        stage.listener.let_go(child.id);
        stage.processes.wait(&child.cap).await?;
    }
    let detail = format!("{} listed, {} of them ours", statuses.len(), children.len());
    Ok(Told { detail, table: table(&statuses) })
}

/// How all domains stand that are not cleaned up yet. One that ends meanwhile is left out.
async fn statuses(stage: &Stage) -> Result<Vec<DomainStatus>, StepError> {
    let mut statuses = Vec::new();
    for domain in stage.processes.list().await? {
        statuses.extend(stage.processes.status(domain, None).await);
    }
    Ok(statuses)
}

fn table(statuses: &[DomainStatus]) -> Vec<String> {
    let head = "domain  core  cores  state      ended by   status  command".to_owned();
    std::iter::once(head).chain(statuses.iter().map(row)).collect()
}

fn row(status: &DomainStatus) -> String {
    let state = match status.state {
        DomainState::Nil => "starting",
        DomainState::Running => "running",
        DomainState::StopPend => "stopping",
        DomainState::Stopped => "stopped",
        DomainState::Cleaned => "cleaned",
    };
    let (cause, status_byte) = match status.cause {
        ExitCause::None => ("-", "-".to_owned()),
        ExitCause::Exited => ("exit", status.status.to_string()),
        ExitCause::Killed => ("kill", status.status.to_string()),
        ExitCause::Crashed => ("crash", status.status.to_string()),
        ExitCause::CoreLost => ("lost core", status.status.to_string()),
    };
    let DomainStatus { domain, core, cores, .. } = status;
    // Padded as text: the numbers' own formatting may not know widths.
    let [domain, core] = [domain.to_string(), core.to_string()];
    let command = command(status);
    format!(
        "{domain:>6}  {core:>4}  {cores:>5}  {state:<9}  {cause:<9}  {status_byte:>6}  {command}"
    )
}

/// The arguments, of which the first is the path by custom; the path if they aren't told.
fn command(status: &DomainStatus) -> String {
    if status.argvbuf.is_empty() {
        return status.program.clone();
    }
    let text = String::from_utf8_lossy(&status.argvbuf);
    text.trim_end_matches('\0').replace('\0', " ")
}
