//! What a system costs that has nothing to do: CPU time, and how often its threads wake.

use std::fs;
use std::io;
use std::time::Duration;

use flounder::Kernel;
use flounder_boot::{Guard, System};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::args::Args;
use crate::run::Plan;
use crate::steps::Stage;
use flounder_multicore::census::{Census, Leaked, thread_ids};

/// An idle system uses less of one CPU than this, in percent.
const CPU_PERCENT_MAX: f64 = 1.0;

/// What an idle system costs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct IdleReport {
    pub(crate) cores: u16,
    pub(crate) seconds: u32,
    /// How many programs waited.
    pub(crate) programs: usize,
    /// The share of one CPU that the whole process used, in percent.
    pub(crate) cpu_percent: f64,
    /// How often the thread that woke most did, per second.
    pub(crate) wakes_per_second_max: f64,
    pub(crate) threads: Vec<ThreadWakes>,
    pub(crate) leaked: Leaked,
    pub(crate) ok: bool,
}

/// How often a thread woke.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct ThreadWakes {
    pub(crate) name: String,
    /// Its voluntary context switches: it went to sleep as often as it woke.
    pub(crate) wakes: u64,
}

/// Boots, lets one blocking and one asynchronous program wait on each core, and measures.
pub(crate) fn idle(
    args: &Args,
    guard: Option<&Guard>,
    seconds: u32,
) -> Result<IdleReport, Box<dyn std::error::Error>> {
    let plan = Plan::of(args, guard, None);
    let before = Census::take(&Kernel::new(), plan.guarded)?;
    let system = plan.boot()?;
    let kernel = system.kernel().clone();
    let mut report = wait_and_measure(&plan, &system, seconds)?;
    let end = system.shutdown()?;
    report.leaked = before.leaked(&kernel)?;
    report.ok &= report.leaked.is_nothing() && end.wedged == 0 && end.stuck == 0;
    Ok(report)
}

fn wait_and_measure(
    plan: &Plan,
    system: &System,
    seconds: u32,
) -> Result<IdleReport, Box<dyn std::error::Error>> {
    let stage = Stage::set(system)?;
    let mut programs = Vec::new();
    for core in stage.core_ids() {
        for module in ["holder", "holder-async"] {
            programs.push(stage.operator.block_on(stage.spawn_holder(module, core, 0))?);
        }
    }
    let (cpu, wakes) = (cpu_time()?, wakes()?);
    let span = Duration::from_secs(seconds.into());
    stage.operator.block_on(stage.operator.home().waitset().sleep(span));
    let cpu = cpu_time()?.saturating_sub(cpu);
    let threads = since(&wakes, self::wakes()?);

    let most = threads.iter().map(|thread| thread.wakes).max().unwrap_or(0);
    let cpu_percent = 100.0 * cpu.as_secs_f64() / span.as_secs_f64();
    Ok(IdleReport {
        cores: plan.cores.get(),
        seconds,
        programs: programs.len(),
        cpu_percent,
        wakes_per_second_max: f64::from(u32::try_from(most)?) / f64::from(seconds),
        threads,
        leaked: Leaked::default(),
        ok: cpu_percent < CPU_PERCENT_MAX && most <= seconds.into(),
    })
}

/// The CPU time of the whole process: what getrusage calls user and system time, to the nanosecond.
fn cpu_time() -> io::Result<Duration> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).map_err(io::Error::other)
}

/// How often each thread went to sleep so far, by its number.
fn wakes() -> io::Result<Vec<(u32, ThreadWakes)>> {
    let mut threads = Vec::new();
    for id in thread_ids()? {
        let status = fs::read_to_string(format!("/proc/self/task/{id}/status"))?;
        let name = field(&status, "Name:").unwrap_or_default().to_owned();
        let wakes = field(&status, "voluntary_ctxt_switches:").and_then(|text| text.parse().ok());
        let wakes = wakes.ok_or_else(|| io::Error::other("no count of context switches"))?;
        threads.push((id, ThreadWakes { name, wakes }));
    }
    Ok(threads)
}

/// The value of a line of `/proc/self/task/*/status`.
fn field<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
}

/// How often each thread woke between two counts; those that came or went meanwhile are left out.
fn since(before: &[(u32, ThreadWakes)], after: Vec<(u32, ThreadWakes)>) -> Vec<ThreadWakes> {
    let counted = |id: u32| before.iter().find(|(before, _)| *before == id);
    let threads = after.into_iter().filter_map(|(id, ThreadWakes { name, wakes })| {
        let (_, earlier) = counted(id)?;
        Some(ThreadWakes { name, wakes: wakes.saturating_sub(earlier.wakes) })
    });
    threads.collect()
}

impl IdleReport {
    /// The report for a person.
    pub(crate) fn tell(&self) -> String {
        let Self { cores, seconds, programs, cpu_percent, wakes_per_second_max, .. } = self;
        let mut lines = vec![
            format!("{programs} programs waited on {cores} cores for {seconds} s."),
            format!("CPU time: {cpu_percent:.3} % of one CPU (less than {CPU_PERCENT_MAX} is ok)."),
            format!("The thread that woke most did so {wakes_per_second_max:.2} times a second."),
        ];
        let restless = self.threads.iter().filter(|thread| thread.wakes > (*seconds).into());
        lines.extend(
            restless.map(|thread| format!("  {} woke {} times", thread.name, thread.wakes)),
        );
        lines.push(if self.ok { "It is idle.".into() } else { "It is not idle.".into() });
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voluntary_switches_are_read_and_not_the_others() {
        let status =
            "Name:\tsystem.0\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(field(status, "Name:"), Some("system.0"));
        assert_eq!(field(status, "voluntary_ctxt_switches:"), Some("12"));
        assert_eq!(field(status, "Threads:"), None);
    }

    #[test]
    fn a_thread_is_counted_if_it_was_there_all_the_time() {
        let thread = |wakes| ThreadWakes { name: "system.0".into(), wakes };
        let (before, after) =
            ([(1, thread(5)), (2, thread(1))], vec![(1, thread(7)), (3, thread(9))]);
        assert_eq!(since(&before, after), [thread(2)]);
    }
}
