//! A target, handed inputs until the time is over.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flounder_fuzz::Target;

use crate::args::Args;
use crate::generator::Random;
use crate::limits::{MINIMISE_S_MAX, cpu_time};
use crate::minimise::minimised;
use crate::mutate::mutated;
use crate::report::Report;
use crate::trial::{self, Finding};

/// How many mutated inputs are kept to be mutated further.
const KEPT_MAX: usize = 512;

/// How many different findings end a run: more of them are one mistake, seen often.
const FINDINGS_MAX: usize = 16;

/// The work on one target.
pub(crate) struct Session<'a> {
    args: &'a Args,
    target: Target,
    seeds: &'a [Vec<u8>],
    kept: Vec<Vec<u8>>,
    random: Random,
    /// Holds the input that is tried, for whoever finds the process dead.
    running: PathBuf,
    places: BTreeSet<String>,
    findings: Vec<String>,
    /// The CPU time that making findings small has taken.
    minimising: Duration,
}

impl<'a> Session<'a> {
    pub(crate) fn new(args: &'a Args, target: Target, seeds: &'a [Vec<u8>]) -> io::Result<Self> {
        fs::create_dir_all(&args.artifacts)?;
        Ok(Self {
            args,
            target,
            seeds,
            kept: Vec::new(),
            random: Random::new(args.seed),
            running: args.artifacts.join(format!("running-{}.if", target.name)),
            places: BTreeSet::new(),
            findings: Vec::new(),
            minimising: Duration::ZERO,
        })
    }

    /// Tries the seeds, then mutations, until the time or the count is reached.
    pub(crate) fn run(mut self) -> io::Result<Report> {
        let (start, end) = (Instant::now(), Duration::from_secs(self.args.seconds));
        let mut inputs = 0;
        while inputs < self.args.inputs
            && start.elapsed() < end
            && self.findings.len() < FINDINGS_MAX
        {
            let seed = usize::try_from(inputs).ok().and_then(|index| self.seeds.get(index));
            let data = seed.cloned().unwrap_or_else(|| self.next());
            fs::write(&self.running, &data)?;
            if let Err(finding) = trial::run(self.target, &data) {
                self.note(&finding, &data)?;
            }
            inputs += 1;
        }
        fs::remove_file(&self.running)?;
        let taken = start.elapsed();
        let ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1);
        Ok(Report {
            target: self.target.name,
            seed: self.args.seed,
            inputs,
            seconds: taken.as_secs_f64(),
            per_second: inputs.saturating_mul(1_000) / ms,
            findings: self.findings,
        })
    }

    /// A mutation of a seed or of an earlier mutation.
    fn next(&mut self) -> Vec<u8> {
        let pool = self.seeds.len() + self.kept.len();
        let (first, second) = (self.random.below(pool), self.random.below(pool));
        let (first, second) = (self.input(first).to_vec(), self.input(second).to_vec());
        let data = mutated(&first, &second, &mut self.random);
        if self.kept.len() < KEPT_MAX {
            self.kept.push(data.clone());
        } else if self.random.one_in(4) {
            let at = self.random.below(KEPT_MAX);
            self.kept[at].clone_from(&data);
        }
        data
    }

    fn input(&self, index: usize) -> &[u8] {
        let kept = index.checked_sub(self.seeds.len());
        kept.map_or_else(|| &self.seeds[index], |kept| &self.kept[kept])
    }

    /// Saves a finding of a new place, as small as it can be made.
    fn note(&mut self, finding: &Finding, data: &[u8]) -> io::Result<()> {
        if !self.places.insert(finding.place.clone()) {
            return Ok(());
        }
        let same = |data: &[u8]| {
            trial::run(self.target, data).is_err_and(|other| other.place == finding.place)
        };
        let (start, earlier) = (cpu_time(), self.minimising);
        let taken = || earlier + cpu_time().saturating_sub(start);
        let small = minimised(data, || taken() < Duration::from_secs(MINIMISE_S_MAX), same);
        self.minimising = taken();
        let name = format!("{}-{}-{}.if", self.target.name, self.args.seed, self.findings.len());
        let path = self.args.artifacts.join(name);
        fs::write(&path, small)?;
        self.findings.push(format!("{}: {finding}", path.display()));
        Ok(())
    }
}
