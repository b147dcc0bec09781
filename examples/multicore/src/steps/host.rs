//! Steps about executables of the host.

use std::collections::BTreeSet;
use std::fs;

use flounder::{Cap, CoreId, ErrCode};
use flounder_domain::Program;
use flounder_idl::types::ExitCause;

use super::death::KILLED;
use super::stage::Child;
use super::{Outcome, Stage, StepError};
use flounder_multicore::census::processes;

/// A program that waits far longer than any step.
const WAITS: [&str; 2] = ["/bin/sleep", "100000"];

/// A program that ends while its child runs on.
const LEAVES: &str = "sleep 100000 & exit 3";

fn shell(text: &str) -> Program {
    Program::new("/bin/sh").arg("-c").arg(text).env("PATH", "/usr/bin:/bin")
}

fn waits() -> Program {
    let [path, seconds] = WAITS;
    Program::new(path).arg(seconds)
}

pub(super) async fn programs(stage: &Stage) -> Outcome {
    let far = stage.far_core();
    let table =
        [(Program::new("/bin/true"), 0), (Program::new("/bin/false"), 1), (shell("exit 7"), 7)];
    for (program, status) in table {
        let child = stage.spawn(program.core(far)).await?;
        stage.ends(&child, status).await?;
        stage.record(&child, (ExitCause::Exited, status)).await?;
    }
    let victim = stage.spawn(waits().core(far)).await?;
    stage.processes.kill(&victim.cap).await?;
    stage.ends(&victim, KILLED).await?;
    stage.record(&victim, (ExitCause::Killed, KILLED)).await?;
    Ok("true 0, false 1, a shell 7, and a sleeping one was killed: 9".into())
}

pub(super) async fn grandchild(stage: &Stage) -> Outcome {
    let before = processes(stage.guarded)?.len();
    let child = stage.spawn(shell(LEAVES).core(stage.far_core())).await?;
    stage.ends(&child, 3).await?;
    let after = processes(stage.guarded)?.len();
    stage.expect("the processes after it", after, before)?;
    Ok(format!("{child} exited with 3 and left a sleeping child, which ended with it").into())
}

pub(super) async fn span(stage: &Stage) -> Outcome {
    let (home, away) = (stage.operator.core(), stage.far_core());
    let before = processes(stage.guarded)?;
    let child = stage.spawn(waits().core(home).spanned_by_spawner()).await?;
    let after = processes(stage.guarded)?;
    let pid = after.iter().find(|pid| !before.contains(pid)).copied().unwrap_or(0);
    let detail = if away == home {
        let asked = spanned(stage, &child, home, CoreId(1)).await;
        stage.expect_code("the answer to span", asked, ErrCode::PROC_MGMT_ERR_INVALID_SPAWND)?;
        format!("there is one core: {child} could not be spanned to core 1")
    } else {
        spanned(stage, &child, home, away).await?;
        let cpus = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let both = [home, away].map(|core| cpu_of(stage, core));
        stage.expect("the CPUs it may use", allowed(&cpus), wanted(&both)?)?;
        format!("{child} is on cores {home} and {away}, and may use CPUs {}", allowed(&cpus))
    };
    stage.processes.kill(&child.cap).await?;
    stage.ends(&child, KILLED).await?;
    Ok(detail.into())
}

async fn spanned(
    stage: &Stage,
    child: &Child,
    home: CoreId,
    to: CoreId,
) -> Result<(), flounder_domain::ProcessError> {
    let dispatcher = stage.operator.home().holder().dispatcher(home, child.id);
    stage.processes.span(&child.cap, to, Cap::NULL, dispatcher).await
}

fn cpu_of(stage: &Stage, core: CoreId) -> Option<usize> {
    stage.layout.iter().find(|layout| layout.core == core).and_then(|layout| layout.cpu)
}

/// What the kernel is to say of a process on cores with these CPUs: these, or with cores on any CPU,
/// what it says of this one.
fn wanted(cpus: &[Option<usize>]) -> Result<String, StepError> {
    let cpus: Option<BTreeSet<usize>> = cpus.iter().copied().collect();
    match cpus {
        Some(cpus) => Ok(cpus.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        None => Ok(allowed(&fs::read_to_string("/proc/thread-self/status")?)),
    }
}

/// The CPUs that a process may use, each by its number.
fn allowed(status: &str) -> String {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let ranges = list.unwrap_or_default().trim().split(',');
    let ranges = ranges.map(|range| range.split_once('-').unwrap_or((range, range)));
    let number = |text: &str| text.parse::<usize>().unwrap_or(0);
    let cpus = ranges.flat_map(|(first, last)| number(first)..=number(last));
    cpus.map(|cpu| cpu.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_spelled_out() {
        for (list, expected) in [("0", "0"), ("0-2", "0,1,2"), ("1,3-4,9", "1,3,4,9")] {
            assert_eq!(allowed(&format!("Name:\tsh\nCpus_allowed_list:\t{list}\n")), expected);
        }
    }
}
