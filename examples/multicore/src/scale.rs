//! Many at once: domains alive, waiters on one domain, bindings; what each costs in time and memory.

use std::cell::{Cell, RefCell};
use std::fs;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use flounder::{Cap, CoreId, Kernel};
use flounder_boot::{Guard, Operator, System};
use flounder_domain::{PROC_MGMT_NAME, ProcessError, Processes, Program};
use serde::Serialize;

use crate::args::Args;
use crate::programs;
use crate::run;
use crate::scenario::{Wings, modules};
use flounder_multicore::bare::{Bare, IDLE_PATH};
use flounder_multicore::census::{Census, Leaked};
use flounder_multicore::together::{begin, each};

/// How many calls are under way at once: fewer than one binding lets through.
const WIDTH: usize = 32;

/// Records of the first domains may still be there when the others come.
const WIDTH_MARGIN: u32 = 64;

/// How many bindings wait for one domain.
const WAITERS: usize = 10_000;

/// The status of a killed domain.
const KILLED: u8 = 9;

/// The goal: an idle domain takes less than this beyond what its program has.
const DOMAIN_BYTES_MAX: u64 = 2_048;

/// What many at once cost.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ScaleReport {
    pub(crate) cores: u16,
    pub(crate) domains: u32,
    /// What a spawn took while few were alive, and while nearly all were, in microseconds.
    pub(crate) spawn_micros_first: f64,
    pub(crate) spawn_micros_last: f64,
    /// Resident memory that an idle domain adds, with its program.
    pub(crate) domain_bytes: u64,
    /// What the program takes without a domain around it.
    pub(crate) own_bytes: u64,
    /// What the domain takes beyond that.
    pub(crate) beyond_bytes: u64,
    /// How long it took to list all of them, and how many were listed.
    pub(crate) list_millis: f64,
    pub(crate) listed: usize,
    /// What a kill and a wait took, both, in microseconds.
    pub(crate) end_micros: f64,
    pub(crate) waiters: usize,
    /// Resident memory that a binding of a client to the process manager adds, both ends.
    pub(crate) binding_bytes: u64,
    /// From the kill to the last waiter's answer.
    pub(crate) waiters_millis: f64,
    /// How many waiters got the status.
    pub(crate) waiters_answered: usize,
    pub(crate) leaked: Leaked,
    pub(crate) ok: bool,
}

/// Boots, fills the system and measures.
pub(crate) fn scale(
    args: &Args,
    guard: Option<&Guard>,
    domains: u32,
) -> Result<ScaleReport, Box<dyn std::error::Error>> {
    let before = Census::take(&Kernel::new(), guard.is_some())?;
    let config = run::config(args, guard);
    let modules = modules(programs::modules(), &Wings::default());
    let quota = domains.saturating_add(WIDTH_MARGIN);
    let system = System::boot(config.domains_per_client_max(quota), modules)?;
    let kernel = system.kernel().clone();
    let mut report = ScaleReport { cores: args.cores.get(), domains, ..ScaleReport::default() };
    measure(&system, &mut report)?;
    let end = system.shutdown()?;
    report.leaked = before.leaked(&kernel)?;
    report.ok = report.listed == usize::try_from(domains)?
        && report.waiters_answered == WAITERS
        && report.leaked.is_nothing()
        && end.is_clean();
    Ok(report)
}

fn measure(system: &System, report: &mut ScaleReport) -> Result<(), Box<dyn std::error::Error>> {
    let operator = system.operator(CoreId(0))?;
    operator.block_on(async {
        let crowd = Crowd { operator: &operator, processes: operator.system().processes().await? };
        let domains = crowd.spawn_all(report).await?;
        // Kept, as the domains are.
        let _bare = crowd.without_domains(report)?;
        crowd.list_all(report).await?;
        // While they live: what memory was given back would hide what is taken.
        crowd.wait_together(report).await?;
        crowd.end_all(report, &domains).await
    })
}

/// Who asks for all that.
struct Crowd<'a> {
    operator: &'a Operator,
    processes: Processes,
}

impl Crowd<'_> {
    /// Fills the system with idle domains.
    async fn spawn_all(
        &self,
        report: &mut ScaleReport,
    ) -> Result<Vec<Cap>, Box<dyn std::error::Error>> {
        // What the first ones bring along, such as the first pages of tables, isn't counted.
        let warm = self.spawn(report, WIDTH).await?;
        self.end(&warm).await?;
        drop(warm);
        let tenth = usize::try_from(report.domains / 10)?.max(1);
        let rest = usize::try_from(report.domains)?.saturating_sub(2 * tenth);

        let (resident, start) = (resident_bytes()?, self.now());
        let mut domains = self.spawn(report, tenth).await?;
        report.spawn_micros_first = micros_each(self.now() - start, tenth);
        domains.extend(self.spawn(report, rest).await?);
        let start = self.now();
        domains.extend(self.spawn(report, tenth).await?);
        report.spawn_micros_last = micros_each(self.now() - start, tenth);
        let more = resident_bytes()?.saturating_sub(resident);
        report.domain_bytes = more / u64::try_from(domains.len().max(1))?;
        Ok(domains)
    }

    /// Makes the same programs once more, without domains.
    fn without_domains(
        &self,
        report: &mut ScaleReport,
    ) -> Result<Bare, Box<dyn std::error::Error>> {
        let programs = usize::try_from(report.domains)?;
        let (bare, bytes) = Bare::measured(self.operator.home(), programs, resident_bytes)?;
        report.own_bytes = bytes / u64::from(report.domains.max(1));
        report.beyond_bytes = report.domain_bytes.saturating_sub(report.own_bytes);
        Ok(bare)
    }

    async fn list_all(&self, report: &mut ScaleReport) -> Result<(), Box<dyn std::error::Error>> {
        let start = self.now();
        report.listed = self.processes.list().await?.len();
        report.list_millis = millis(self.now() - start);
        Ok(())
    }

    async fn end_all(
        &self,
        report: &mut ScaleReport,
        domains: &[Cap],
    ) -> Result<(), Box<dyn std::error::Error>> {
        let start = self.now();
        self.end(domains).await?;
        report.end_micros = micros_each(self.now() - start, domains.len());
        Ok(())
    }

    async fn spawn(
        &self,
        report: &ScaleReport,
        count: usize,
    ) -> Result<Vec<Cap>, Box<dyn std::error::Error>> {
        let cores: Vec<_> = (0..=u8::MAX).take(report.cores.into()).map(CoreId).collect();
        let places: Vec<_> = cores.iter().copied().cycle().take(count).collect();
        let spawned = each(&places, WIDTH, async |core| {
            self.processes.spawn(Program::new(IDLE_PATH).core(core)).await
        });
        Ok(spawned.await.into_iter().collect::<Result<_, _>>()?)
    }

    /// Kills and waits for each.
    async fn end(&self, domains: &[Cap]) -> Result<(), Box<dyn std::error::Error>> {
        let places: Vec<_> = (0..domains.len()).collect();
        let ended = each(&places, WIDTH, async |index: usize| {
            self.processes.kill(&domains[index]).await?;
            self.processes.wait(&domains[index]).await
        });
        for status in ended.await {
            status?;
        }
        Ok(())
    }

    /// Has many bindings wait for one domain, and ends it.
    async fn wait_together(
        &self,
        report: &mut ScaleReport,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let domain = self.processes.spawn(Program::new(IDLE_PATH)).await?;
        let names = self.operator.system().names().await?;
        let iref = names.lookup(PROC_MGMT_NAME).await?;
        let (host, monitor) = (self.operator.dispatcher(()), self.operator.system().monitor());
        let resident = resident_bytes()?;
        let mut clients = Vec::with_capacity(WAITERS);
        for _ in 0..WAITERS {
            clients.push(Processes::bind(monitor, &host.ctx(), iref).await?);
        }
        for client in &clients {
            client.try_wait(&domain).await?;
        }
        let more = resident_bytes()?.saturating_sub(resident);
        report.binding_bytes = more / u64::try_from(WAITERS)?;

        let tally = Rc::new(Tally::default());
        for client in clients.clone() {
            let (domain, tally) = (domain.copy()?, Rc::clone(&tally));
            let mut waiting = Box::pin(async move { tally.add(&client.wait(&domain).await) });
            // Polled once here, so that the request is on its way before the next one of its client.
            begin(waiting.as_mut()).await;
            host.ctx().spawn_local(waiting);
        }
        for client in &clients {
            client.try_wait(&domain).await?;
        }
        let start = self.now();
        self.processes.kill(&domain).await?;
        tally.all(WAITERS).await;
        report.waiters_millis = millis(self.now() - start);
        report.waiters = WAITERS;
        report.waiters_answered = tally.right.get();
        Ok(())
    }

    fn now(&self) -> flounder::Time {
        self.operator.home().waitset().now()
    }
}

/// Counts the answers to many waits.
#[derive(Debug, Default)]
struct Tally {
    answers: Cell<usize>,
    /// How many of them are as they must be.
    right: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Tally {
    fn add(&self, status: &Result<u8, ProcessError>) {
        self.answers.set(self.answers.get() + 1);
        self.right.set(self.right.get() + usize::from(*status == Ok(KILLED)));
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    async fn all(&self, answers: usize) {
        poll_fn(|cx| {
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            if self.answers.get() == answers { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

fn micros_each(span: Duration, count: usize) -> f64 {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    span.as_secs_f64() * 1e6 / f64::from(count)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// The resident memory of this process.
fn resident_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no count of resident memory"))
}

impl ScaleReport {
    /// The report for a person.
    pub(crate) fn tell(&self) -> String {
        format!(
            "{} idle domains on {} cores: {} bytes each, {} of them their program's own\n\
             and {} beyond (the goal is less than {DOMAIN_BYTES_MAX}).\n\
             A spawn took {:.1} µs while few were alive, {:.1} µs while nearly all were.\n\
             {} were listed in {:.1} ms; to kill and wait for one took {:.1} µs.\n\
             {} of {} waiters on one domain had their answer {:.1} ms after the kill.\n\
             A client's binding to the process manager takes {} bytes, both ends.\n{}",
            self.domains,
            self.cores,
            self.domain_bytes,
            self.own_bytes,
            self.beyond_bytes,
            self.spawn_micros_first,
            self.spawn_micros_last,
            self.listed,
            self.list_millis,
            self.end_micros,
            self.waiters_answered,
            self.waiters,
            self.waiters_millis,
            self.binding_bytes,
            if self.ok { "It is ok." } else { "It is not ok." }
        )
    }
}
