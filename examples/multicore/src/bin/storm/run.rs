//! One storm: boot, let domains live and die in lanes beside each other, shut down, count.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use flounder::{CoreId, Kernel};
use flounder_boot::{Config, Guard, Modules, Operator, Output, System};
use flounder_domain::Processes;
use flounder_multicore::census::{Census, processes, resident_kib, zombies};
use flounder_multicore::random::SplitMix;

use crate::Args;
use crate::lives::{self, Life};
use crate::report::Report;

/// How long domains that nobody waits for may take to end, in looks of a millisecond.
const LINGER_LOOKS_MAX: u32 = 30_000;
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// What the lanes share.
pub(crate) struct Sky<'a> {
    pub(crate) system: &'a System,
    pub(crate) operator: &'a Operator,
    pub(crate) processes: Processes,
    pub(crate) guarded: bool,
    /// Requests that are not answered yet.
    pub(crate) open: Cell<u32>,
    to_start: Cell<u32>,
    ended: Cell<u32>,
    tenth: u32,
    resident_kib: Cell<u64>,
    pub(crate) report: RefCell<Report>,
}

/// Runs a storm.
pub(crate) fn run(args: &Args, guard: Option<Guard>) -> Result<Report, Box<dyn Error>> {
    let guarded = guard.is_some();
    let before = Census::take(&Kernel::new(), guarded)?;
    let config = Config::new().cores(args.cores).output(Output::Null).guard(guard);
    let config = config.control_groups(!args.no_control_groups);
    let modules = Modules::new().asynchronous(lives::CLIENT, lives::client);
    let system = System::boot(config, modules)?;
    let kernel = system.kernel().clone();
    let operator = system.operator(CoreId(0))?;
    let mut report = rage(args, guarded, &system, &operator)?;
    report.zombies = zombies()?;
    report.orphans = processes(guarded)?.len().saturating_sub(report.zombies);
    drop(operator);
    let end = system.shutdown()?;
    let left = before.leaked(&kernel)?;
    (report.descriptors, report.threads) = (left.descriptors, left.threads);
    report.objects = left.caps + left.bindings + left.domains;
    report.wrong += end.wedged;
    report.judge();
    Ok(report)
}

/// Lets the domains live, and waits until all have ended.
fn rage(
    args: &Args,
    guarded: bool,
    system: &System,
    operator: &Operator,
) -> Result<Report, Box<dyn Error>> {
    let host_programs = system.containment().to_string();
    let (domains, live, seed) = (args.domains, args.live, args.seed);
    let report = Report { domains, live, seed, host_programs, ..Report::default() };
    let sky = Rc::new(Sky {
        system,
        operator,
        processes: operator.block_on(operator.system().processes())?,
        guarded,
        open: Cell::new(0),
        to_start: Cell::new(domains),
        ended: Cell::new(0),
        tenth: domains.div_ceil(10),
        resident_kib: Cell::new(0),
        report: RefCell::new(report),
    });
    let start = Instant::now();
    operator.block_on(lanes(&sky, live, seed));
    let seconds = start.elapsed().as_secs_f64();
    let lingering = operator.block_on(await_the_rest(&sky))?;
    let mut report = sky.report.take();
    report.lingering = lingering;
    report.unanswered = sky.open.get();
    (report.seconds, report.rate) = (seconds, f64::from(domains) / seconds);
    let (early, late) = (sky.resident_kib.get(), resident_kib()?);
    report.resident_kib = i64::try_from(late)? - i64::try_from(early)?;
    Ok(report)
}

/// As many lanes as domains live at a time, each with one after the other.
async fn lanes(sky: &Rc<Sky<'_>>, live: u32, seed: u64) {
    let lanes = (0..u64::from(live)).map(|lane| {
        // Far apart, so that no lane draws what another did.
        let random = SplitMix::new(seed.wrapping_add(lane << 32));
        lane_of(sky, random)
    });
    flounder_multicore::together::all(lanes).await;
}

async fn lane_of(sky: &Rc<Sky<'_>>, mut random: SplitMix) {
    while let Some(left) = sky.to_start.get().checked_sub(1) {
        sky.to_start.set(left);
        let life = Life::draw(&mut random, sky.system.layout().len());
        if let Err(what) = life.live(sky).await {
            sky.wrong(&format!("{life:?}: {what}"));
        }
        sky.ended();
    }
}

impl Sky<'_> {
    fn wrong(&self, what: &str) {
        let mut report = self.report.borrow_mut();
        report.wrong += 1;
        report.first_wrong.get_or_insert_with(|| what.to_owned());
    }

    fn ended(&self) {
        self.ended.set(self.ended.get() + 1);
        if self.ended.get() == self.tenth {
            self.resident_kib.set(resident_kib().unwrap_or(0));
        }
    }

    /// Counts a request as open until it is answered.
    pub(crate) async fn asked<T>(&self, request: impl Future<Output = T>) -> T {
        self.open.set(self.open.get() + 1);
        let answer = request.await;
        self.open.set(self.open.get() - 1);
        answer
    }
}

/// Waits for the domains that ended with their clients; returns how many didn't.
async fn await_the_rest(sky: &Sky<'_>) -> Result<usize, Box<dyn Error>> {
    let mut left = sky.processes.list().await?.len();
    for _ in 0..LINGER_LOOKS_MAX {
        if left == 0 {
            break;
        }
        sky.operator.home().waitset().sleep(LOOK_PAUSE).await;
        left = sky.processes.list().await?.len();
    }
    Ok(left)
}
