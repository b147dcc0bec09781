//! Many runs after each other: the same system again and again, in ever new orders.

use std::io::{self, IsTerminal, Write};

use flounder_boot::Guard;

use crate::args::Args;
use crate::report::{Report, Runs};
use crate::run::{Plan, Scene, run};

/// Runs as often as the command line says. `audience` follows a run only if it is the only one.
pub(crate) fn repeat(
    args: &Args,
    guard: Option<&Guard>,
    mut audience: impl FnMut(Scene<'_>),
) -> Runs {
    let mut shown: Option<(Report, Option<u64>)> = None;
    let mut failed = 0;
    let progress = args.repeat > 1 && io::stderr().is_terminal();
    for nth in 0..args.repeat {
        let seed = args.shuffle.map(|seed| seed.wrapping_add(nth.into()));
        let plan = Plan::of(args, guard, seed);
        let report =
            if args.repeat == 1 { run(&plan, &mut audience) } else { run(&plan, &mut |_| ()) };
        if progress {
            let _ = write!(io::stderr(), "\rrun {} of {}, {failed} failed", nth + 1, args.repeat);
        }
        failed += u32::from(!report.ok);
        if shown.as_ref().is_none_or(|(shown, _)| shown.ok) {
            shown = Some((report, seed));
        }
    }
    if progress {
        let _ = writeln!(io::stderr());
    }
    let (shown, shuffle) = shown.expect("there is at least one run");
    Runs { shown, count: args.repeat, failed, shuffle }
}

/// Tells on standard output what came of several runs.
pub(crate) fn tell(runs: &Runs) {
    let mut out = io::stdout().lock();
    let Runs { shown, count, failed, shuffle } = runs;
    let ok = count - failed;
    let _ = writeln!(out, "{ok} of {count} runs of {} steps are ok.", shown.steps.len());
    if *failed == 0 {
        return;
    }
    let seed = shuffle.map_or(String::new(), |seed| format!(" (--shuffle {seed})"));
    let _ = writeln!(out, "The first that failed{seed}:");
    for step in shown.steps.iter().filter(|step| !step.ok) {
        let _ = writeln!(out, "  {}: {}", step.name, step.detail);
    }
    for failure in &shown.failures {
        let _ = writeln!(out, "  {failure}");
    }
    let left = &shown.leaked;
    let _ = writeln!(
        out,
        "  left behind: {} threads, {} bindings, {} caps, {} domains, {} descriptors, {} processes",
        left.threads, left.bindings, left.caps, left.domains, left.descriptors, left.processes
    );
}
