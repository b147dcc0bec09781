//! One run: boot, set the stage, play the steps, shut down, count what is left.

use std::num::NonZeroU16;
use std::time::Duration;

use flounder::{Clock, Kernel, MonotonicClock};
use flounder_boot::{Config, Containment, CoreLayout, Guard, Output, System};

use crate::args::{Args, Leak};
use crate::leak::leak;
use crate::programs;
use crate::report::{Report, StepReport, micros};
use crate::steps::{self, Stage, Step};
use flounder_multicore::census::{Census, Leaked};
use flounder_multicore::random::shuffle;

/// What a run does.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) cores: NonZeroU16,
    pub(crate) config: Config,
    /// Whether this process has a guard.
    pub(crate) guarded: bool,
    pub(crate) steps: Vec<&'static Step>,
    /// The step that hears one wrong answer.
    pub(crate) wrong: Option<String>,
    pub(crate) leak: Option<Leak>,
}

/// How the command line wants systems. What host programs print belongs to no story.
pub(crate) fn config(args: &Args, guard: Option<&Guard>) -> Config {
    let config = Config::new().cores(args.cores).pinned(!args.no_pin);
    let config = config.guard(guard.cloned()).output(Output::Null);
    match args.recorder.clone() {
        Some(recorder) => config.observed(move |core, label| recorder.track(core, label)),
        None => config,
    }
}

/// What happens in a run, for whoever tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scene<'a> {
    /// The system has booted.
    Up { layout: &'a [CoreLayout], containment: &'a Containment, took: Duration },
    /// A step was played.
    Played(&'a StepReport),
    /// The system is down.
    Down { report: &'a Report, took: Duration },
}

/// Is told what happens in a run.
pub(crate) type Audience<'a> = &'a mut dyn FnMut(Scene<'_>);

impl Plan {
    /// What the command line asks for; `shuffle` is the seed of this run's order.
    pub(crate) fn of(args: &Args, guard: Option<&Guard>, shuffle_seed: Option<u64>) -> Self {
        let mut steps: Vec<_> = steps::ALL
            .iter()
            .filter(|step| args.only.as_ref().is_none_or(|only| only == step.name))
            .collect();
        if let Some(seed) = shuffle_seed {
            shuffle(&mut steps, seed);
        }
        let (wrong, leak) = (args.wrong.clone(), args.leak);
        let (config, guarded) = (config(args, guard), guard.is_some());
        Self { cores: args.cores, config, guarded, steps, wrong, leak }
    }

    /// Boots the system of this plan.
    pub(crate) fn boot(&self) -> Result<System, flounder_boot::BootError> {
        System::boot(self.config.clone(), programs::modules())
    }
}

/// Runs the plan.
pub(crate) fn run(plan: &Plan, audience: Audience<'_>) -> Report {
    let mut report = Report {
        cores: plan.cores.get(),
        host_programs: String::new(),
        stale: 0,
        steps: Vec::new(),
        leaked: Leaked::default(),
        failures: Vec::new(),
        ok: false,
    };
    if let Err(failure) = boot_and_play(plan, &mut report, audience) {
        report.failures.push(failure.to_string());
        judge(&mut report);
        audience(Scene::Down { report: &report, took: Duration::ZERO });
    }
    report
}

fn boot_and_play(
    plan: &Plan,
    report: &mut Report,
    audience: Audience<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let clock = MonotonicClock::new();
    let before = Census::take(&Kernel::new(), plan.guarded)?;
    let start = clock.now();
    let system = plan.boot()?;
    let kernel = system.kernel().clone();
    let (layout, containment) = (system.layout(), system.containment());
    (report.host_programs, report.stale) = (containment.to_string(), containment.stale);
    audience(Scene::Up { layout, containment, took: clock.now() - start });

    if let Err(error) = play(plan, &system, report, audience) {
        report.failures.push(error.to_string());
    }
    let start = clock.now();
    shut_down(system, report);
    let took = clock.now() - start;
    report.leaked = before.leaked(&kernel)?;
    judge(report);
    audience(Scene::Down { report, took });
    Ok(())
}

fn play(
    plan: &Plan,
    system: &System,
    report: &mut Report,
    audience: Audience<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let stage = Stage::set(system)?;
    if let Some(kind) = plan.leak {
        leak(kind, &stage)?;
    }
    for step in &plan.steps {
        let hears_wrong = plan.wrong.as_deref() == Some(step.name);
        let played = play_step(&stage, step, hears_wrong);
        audience(Scene::Played(&played));
        report.steps.push(played);
    }
    Ok(())
}

fn play_step(stage: &Stage, step: &Step, hears_wrong: bool) -> StepReport {
    let (outcome, took) = stage.play(step, hears_wrong);
    let (ok, detail, table) = match outcome {
        Ok(told) => (true, told.detail, told.table),
        Err(error) => (false, error.to_string(), Vec::new()),
    };
    StepReport { name: step.name, ok, detail, micros: micros(took), table }
}

/// Shuts the system down and notes what didn't go as it must.
fn shut_down(system: System, report: &mut Report) {
    match system.shutdown() {
        Ok(end) if end.wedged == 0 && end.stuck == 0 => {}
        Ok(end) => report
            .failures
            .push(format!("{} domains and {} loops did not stop", end.wedged, end.stuck)),
        Err(failed) => report.failures.push(failed.to_string()),
    }
}

fn judge(report: &mut Report) {
    report.ok = report.failures.is_empty()
        && report.leaked.is_nothing()
        && report.steps.iter().all(|step| step.ok);
}
