//! Spawnds that crash under load, again and again: every request is answered, nothing survives, and
//! another comes up each time.

use std::pin::Pin;
use std::time::Duration;

use flounder::{Cap, CoreId, ErrCode, ErrVal, Kernel};
use flounder_boot::{Guard, Operator, System};
use flounder_domain::{ProcessError, Processes, Program};
use flounder_idl::types::DomainState;
use serde::Serialize;

use crate::args::Args;
use crate::programs;
use crate::run;
use crate::scenario::{Wings, modules};
use flounder_multicore::census::{Census, Leaked};
use flounder_multicore::together::{all, in_time};

/// How many domains run on a core when its spawnd crashes. All are waited for, half are killed.
const RUNNING: usize = 6;

/// How many spawns are in flight beside that: with the waits and kills 16 requests.
const SPAWNS: usize = IN_FLIGHT - RUNNING - RUNNING / 2;

/// How many requests are in flight when a spawnd crashes.
const IN_FLIGHT: usize = 16;

/// How long an answer may take: far less than the grace time, which nothing here needs.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// How long is waited before a core without a spawnd is tried again.
const TRY_PAUSE: Duration = Duration::from_micros(200);

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CrashReport {
    pub(crate) cores: u16,
    pub(crate) crashes: u32,
    pub(crate) in_flight: usize,
    pub(crate) answered: u64,
    pub(crate) unanswered: u64,
    /// Answers that are not among those that make sense.
    pub(crate) wrong: u64,
    /// Domains that ran before a crash and not after it: all of them.
    pub(crate) ended: u64,
    pub(crate) survivors: u64,
    /// From the crash to the first domain of the successor, on average.
    pub(crate) recovery_micros: u64,
    pub(crate) leaked: Leaked,
    pub(crate) ok: bool,
}

/// An answer.
type Told = Result<Option<Cap>, ErrVal>;

/// A request in flight.
type Request<'a> = Pin<Box<dyn Future<Output = Told> + 'a>>;

/// Boots, crashes spawnds and counts.
pub(crate) fn crashes(
    args: &Args,
    guard: Option<&Guard>,
    times: u32,
) -> Result<CrashReport, Box<dyn std::error::Error>> {
    let before = Census::take(&Kernel::new(), guard.is_some())?;
    let config = run::config(args, guard).restarts(Duration::ZERO, u32::MAX);
    let modules = modules(programs::modules(), &Wings::default());
    let system = System::boot(config, modules)?;
    let kernel = system.kernel().clone();
    let mut report = CrashReport {
        cores: args.cores.get(),
        crashes: times,
        in_flight: IN_FLIGHT,
        answered: 0,
        unanswered: 0,
        wrong: 0,
        ended: 0,
        survivors: 0,
        recovery_micros: 0,
        leaked: Leaked::default(),
        ok: false,
    };
    let operator = system.operator(CoreId(0))?;
    let crashed = operator.block_on(crash_all(&system, &operator, &mut report));
    drop(operator);
    let end = system.shutdown()?;
    crashed?;
    report.leaked = before.leaked(&kernel)?;
    report.ok = report.unanswered + report.wrong + report.survivors == 0
        && report.leaked.is_nothing()
        && end.is_clean();
    Ok(report)
}

async fn crash_all(
    system: &System,
    operator: &Operator,
    report: &mut CrashReport,
) -> Result<(), Box<dyn std::error::Error>> {
    let processes = operator.system().processes().await?;
    let mut recovery = Duration::ZERO;
    for round in 0..report.crashes {
        let core = CoreId(u8::try_from(round % u32::from(report.cores))?);
        let site = Site { system, operator, processes: &processes, core };
        recovery += site.crash(report).await?;
    }
    let micros = recovery.as_micros() / u128::from(report.crashes.max(1));
    report.recovery_micros = u64::try_from(micros)?;
    Ok(())
}

/// A core whose spawnd crashes.
struct Site<'a> {
    system: &'a System,
    operator: &'a Operator,
    processes: &'a Processes,
    core: CoreId,
}

impl Site<'_> {
    /// Crashes the spawnd with requests in flight; returns how long it took until there was another.
    async fn crash(&self, report: &mut CrashReport) -> Result<Duration, ProcessError> {
        let mut running = Vec::new();
        for _ in 0..RUNNING {
            running.push(self.processes.spawn(self.program()).await?);
        }
        let mut spawned = self.in_flight(&running, report).await;
        let waitset = self.operator.home().waitset();
        let start = waitset.now();
        let next = self.successor().await?;
        let took = waitset.now() - start;

        for cap in &running {
            let status = self.processes.wait(cap).await?;
            report.wrong += u64::from(!matches!(status, 254 | 9));
            self.count_survivor(cap, report).await?;
        }
        // Those that began in time are lost, too; one that came late runs in the successor.
        spawned.push(next);
        for cap in &spawned {
            let killed = self.processes.kill(cap).await;
            report.wrong += u64::from(!is_kill_answer(&killed));
            self.processes.wait(cap).await?;
        }
        Ok(took)
    }

    /// Has the spawnd crash with 16 requests in flight, and counts the answers. Returns the caps of the
    /// spawns that came through.
    async fn in_flight(&self, running: &[Cap], report: &mut CrashReport) -> Vec<Cap> {
        let requests = self.requests(running);
        debug_assert_eq!(requests.len(), IN_FLIGHT, "as many as are promised");
        let crash: Request<'_> = Box::pin(async {
            self.system.crash_spawnd(self.core);
            Ok(None)
        });
        let late = self.operator.home().waitset().sleep(ANSWER_TIME_MAX);
        // The crash is polled last, when the requests are on their way.
        let Some(told) = in_time(late, all(requests.into_iter().chain([crash]))).await else {
            report.unanswered += 1;
            return Vec::new();
        };
        let mut caps = Vec::new();
        for told in told.into_iter().take(IN_FLIGHT) {
            report.answered += 1;
            match told {
                Ok(cap) => caps.extend(cap),
                Err(err) => report.wrong += u64::from(!makes_sense(err)),
            }
        }
        caps
    }

    fn requests<'a>(&'a self, running: &'a [Cap]) -> Vec<Request<'a>> {
        let mut requests: Vec<Request<'a>> = Vec::new();
        for _ in 0..SPAWNS {
            requests.push(Box::pin(async {
                self.processes.spawn(self.program()).await.map(Some).map_err(|e| e.errval())
            }));
        }
        for cap in running {
            requests.push(Box::pin(async {
                self.processes.wait(cap).await.map(|_| None).map_err(|e| e.errval())
            }));
        }
        for cap in &running[..RUNNING / 2] {
            requests.push(Box::pin(async {
                self.processes.kill(cap).await.map(|()| None).map_err(|e| e.errval())
            }));
        }
        requests
    }

    /// The first domain that the successor starts.
    async fn successor(&self) -> Result<Cap, ProcessError> {
        loop {
            match self.processes.spawn(self.program()).await {
                Err(ProcessError::Refused(err)) if makes_sense(err) => {
                    self.operator.home().waitset().sleep(TRY_PAUSE).await;
                }
                other => return other,
            }
        }
    }

    async fn count_survivor(
        &self,
        cap: &Cap,
        report: &mut CrashReport,
    ) -> Result<(), ProcessError> {
        let Some(domain) = cap.identify()?.domain else { return Ok(()) };
        let status = self.processes.status(domain, None).await?;
        let is_over = matches!(status.state, DomainState::Stopped | DomainState::Cleaned);
        report.ended += u64::from(is_over);
        report.survivors += u64::from(!is_over || status.wedged > 0);
        Ok(())
    }

    fn program(&self) -> Program {
        Program::new("/modules/idle").core(self.core)
    }
}

/// True for what a request may hear whose spawnd crashed: that it did, that there is none now, or that
/// the domain is gone.
fn makes_sense(err: ErrVal) -> bool {
    [
        ErrCode::PROC_MGMT_ERR_SPAWND_REQUEST,
        ErrCode::PROC_MGMT_ERR_INVALID_SPAWND,
        ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING,
    ]
    .into_iter()
    .any(|code| err.is(code))
}

fn is_kill_answer(answer: &Result<(), ProcessError>) -> bool {
    match answer {
        Ok(()) => true,
        Err(ProcessError::Refused(err)) => err.is(ErrCode::PROC_MGMT_ERR_DOMAIN_NOT_RUNNING),
        Err(_) => false,
    }
}

impl CrashReport {
    /// The report for a person.
    pub(crate) fn tell(&self) -> String {
        let Self { cores, crashes, in_flight, answered, unanswered, wrong, .. } = self;
        let Self { ended, survivors, recovery_micros, .. } = self;
        let verdict = if self.ok { "Every request was answered." } else { "It did not go well." };
        format!(
            "A spawnd crashed {crashes} times on {cores} cores, {in_flight} requests in flight each \
             time.\n{answered} answers, {unanswered} missing, {wrong} wrong; {ended} domains ended \
             with their spawnd, {survivors} survived it.\nAnother served after {recovery_micros} µs \
             on average.\n{verdict}"
        )
    }
}
