//! What a system costs that has nothing to do.

use std::time::{Duration, Instant};

use flounder_boot::{Config, Modules, System};
use rustix::time::{ClockId, clock_gettime};

use crate::plan::Plan;
use crate::race::Outcome;
use crate::report::Row;

/// An idle system uses less of one CPU than this.
const SHARE_MAX: f64 = 0.01;
/// How many cores the system has.
const CORES: u16 = 4;

/// The share of one CPU that an idle system takes, as nanoseconds per second and as a ratio.
pub(crate) fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let system = System::boot(Config::new().cores(CORES.try_into()?), Modules::new())?;
    let (cpu, start) = (cpu_time()?, Instant::now());
    std::thread::sleep(plan.idle);
    let share = cpu_time()?.saturating_sub(cpu).as_secs_f64() / start.elapsed().as_secs_f64();
    system.shutdown()?;
    Ok(vec![Row {
        case: "B10",
        variant: "4 cores, per second".into(),
        p50_ns: Some(share * 1e9),
        ratio_to: Some("one CPU"),
        ratio: Some(share),
        goal: Some(SHARE_MAX),
        met: Some(share < SHARE_MAX),
        rounds: 1,
        ..Row::default()
    }])
}

/// The CPU time of the whole process.
fn cpu_time() -> Outcome<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}
