//! What the command tells.

use flounder_model::Findings;
use flounder_model::campaign::Scope;
use flounder_model::mutants::Caught;
use serde::Serialize;

/// One search, for machines.
#[derive(Serialize, Debug)]
pub(crate) struct Search {
    model: &'static str,
    bounds: String,
    states: u32,
    rests: u32,
    transitions: u64,
    depth: u32,
    exhaustive: bool,
    seconds: f64,
    /// What doesn't hold, and the way to it, step by step.
    violation: Option<String>,
    path: Vec<String>,
}

impl Search {
    pub(crate) fn new(scope: &Scope, findings: Findings, seconds: f64) -> Self {
        let (violation, path) =
            findings.violation.map_or((None, Vec::new()), |it| (Some(it.what), it.path));
        Self {
            model: scope.model(),
            bounds: scope.bounds(),
            states: findings.states,
            rests: findings.rests,
            transitions: findings.transitions,
            depth: findings.depth,
            exhaustive: findings.exhaustive,
            seconds: (seconds * 10.0).round() / 10.0,
            violation,
            path,
        }
    }

    /// A row for people, and the way to what doesn't hold.
    pub(crate) fn tell(&self) {
        println!("{} {}", self.model, self.bounds);
        println!(
            "    {} states, {} at rest, {} transitions, depth {}, {:.1} s",
            self.states, self.rests, self.transitions, self.depth, self.seconds
        );
        if let Some(what) = &self.violation {
            println!("\nThe shortest way there:");
            for line in &self.path {
                println!("    {line}");
            }
            println!("violation: {what}");
            println!("see it again with: model {} --bounds {}\n", self.model, self.bounds);
        } else if !self.exhaustive {
            println!("    NOT exhaustive: there are more states than --states-max");
        }
    }
}

/// All searches, for machines; the keys that sum them up come last.
#[derive(Default, Serialize, Debug)]
pub(crate) struct Summary {
    results: Vec<Search>,
    searches: usize,
    states: u64,
    transitions: u64,
    depth: u32,
    seconds: f64,
    exhaustive: usize,
    violations: usize,
}

impl Summary {
    pub(crate) fn add(&mut self, search: Search) {
        self.searches += 1;
        self.states += u64::from(search.states);
        self.transitions += search.transitions;
        self.depth = self.depth.max(search.depth);
        self.seconds = ((self.seconds + search.seconds) * 10.0).round() / 10.0;
        self.exhaustive += usize::from(search.exhaustive);
        self.violations += usize::from(search.violation.is_some());
        self.results.push(search);
    }

    /// True if every search was exhaustive and found nothing.
    pub(crate) fn holds(&self) -> bool {
        self.exhaustive == self.searches && self.violations == 0
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn tell(&self) {
        println!(
            "{} searches, {} exhaustive: {} states, {} transitions, depth {}, {:.1} s, {} violations",
            self.searches,
            self.exhaustive,
            self.states,
            self.transitions,
            self.depth,
            self.seconds,
            self.violations
        );
    }
}

/// Tells which defects were found.
pub(crate) fn tell_mutants(caught: &[Caught], json: bool) {
    #[derive(Serialize)]
    struct Row<'a> {
        mutant: &'a str,
        caught: bool,
        states: u32,
        depth: u32,
        violation: &'a str,
    }
    let rows = caught.iter().map(|it| {
        let found = it.found.as_ref();
        Row {
            mutant: it.mutant,
            caught: found.is_some(),
            states: found.map_or(0, |(_, findings)| findings.states),
            depth: found.map_or(0, |(_, findings)| findings.depth),
            violation: found
                .and_then(|(_, findings)| findings.violation.as_ref())
                .map_or("", |violation| &violation.what),
        }
    });
    if json {
        let rows: Vec<_> = rows.collect();
        println!("{}", serde_json::to_string(&rows).unwrap_or_default());
        return;
    }
    println!("{:<36} {:>8} {:>6}  found as", "defect", "states", "depth");
    for row in rows {
        println!("{:<36} {:>8} {:>6}  {:.90}", row.mutant, row.states, row.depth, row.violation);
    }
    let found = caught.iter().filter(|it| it.found.is_some()).count();
    println!("caught {found} of {}", caught.len());
}
