//! The run as a person likes to read it.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use flounder_boot::{Containment, CoreLayout};

use crate::report::{Report, StepReport};
use crate::run::Scene;
use crate::steps;

/// Tells a run on standard output.
#[derive(Debug)]
pub(crate) struct Story {
    /// Colours only for eyes.
    colours: bool,
    played: usize,
    /// What is kept for the end.
    tables: Vec<Vec<String>>,
}

/// How words are set off, as terminals know it.
#[derive(Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Green,
    Red,
}

impl Style {
    fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Green => 32,
            Self::Red => 31,
        }
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        // https://no-color.org: set and not empty means no colours.
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = io::stdout().is_terminal() && !no_colour;
        Self { colours, played: 0, tables: Vec::new() }
    }

    /// Tells one scene.
    pub(crate) fn tell(&mut self, scene: Scene<'_>) {
        match scene {
            Scene::Up { layout, containment, took } => self.up(layout, containment, took),
            Scene::Played(step) => self.step(step),
            Scene::Down { report, took } => self.down(report, took),
        }
    }

    fn up(&self, layout: &[CoreLayout], containment: &Containment, took: Duration) {
        let cores = if layout.len() == 1 { "core" } else { "cores" };
        let title = format!("A multikernel of {} {cores}", layout.len());
        line(format_args!("{}, up after {}", self.set(Style::Bold, title), time(took)));
        line("");
        for core in layout {
            let place = core.cpu.map_or("on any CPU".to_owned(), |cpu| format!("on CPU {cpu}"));
            let manager = if core.core.0 == 0 { ", process manager" } else { "" };
            let services = format!("monitor.{0}, spawnd.{0}{manager}", core.core);
            let core = core.core.to_string();
            line(format_args!("  core {core:<3}  {place:<10}  {services}"));
        }
        line(format_args!("  host programs: {containment}"));
        if containment.stale > 0 {
            line(format_args!("  ended what {} systems before had left", containment.stale));
        }
        line("");
    }

    fn step(&mut self, step: &StepReport) {
        self.played += 1;
        let number = self.played;
        let about = steps::ALL.iter().find(|known| known.name == step.name).map(|step| step.about);
        let mark =
            if step.ok { self.set(Style::Green, "ok") } else { self.set(Style::Red, "WRONG") };
        let name = self.set(Style::Bold, step.name);
        let took = self.set(Style::Dim, time(Duration::from_micros(step.micros)));
        line(format_args!("{number:>3}  {name}  {took}"));
        line(format_args!("     {}", self.set(Style::Dim, about.unwrap_or_default())));
        line(format_args!("     {mark}: {}", step.detail));
        if !step.table.is_empty() {
            self.tables.push(step.table.clone());
        }
    }

    fn down(&mut self, report: &Report, took: Duration) {
        for table in std::mem::take(&mut self.tables) {
            line("");
            line(self.set(Style::Bold, "ps, while these were alive"));
            for row in table {
                line(format_args!("  {row}"));
            }
        }
        line("");
        for failure in &report.failures {
            line(format_args!("{}: {failure}", self.set(Style::Red, "FAILED")));
        }
        let left = &report.leaked;
        line(format_args!(
            "Down after {}. Left behind: {} threads, {} bindings, {} caps, {} domains, \
             {} descriptors, {} processes.",
            time(took),
            left.threads,
            left.bindings,
            left.caps,
            left.domains,
            left.descriptors,
            left.processes
        ));
        line(self.verdict(report));
    }

    fn verdict(&self, report: &Report) -> String {
        let wrong = report.steps.iter().filter(|step| !step.ok).count();
        let total: u64 = report.steps.iter().map(|step| step.micros).sum();
        let steps = report.steps.len();
        let total = time(Duration::from_micros(total));
        match (report.ok, wrong) {
            (true, _) => self.set(Style::Green, format!("All {steps} steps are ok, in {total}.")),
            (false, 0) => self.set(Style::Red, "The steps are ok, the run is not."),
            (false, _) => self.set(Style::Red, format!("{wrong} of {steps} steps went wrong.")),
        }
    }

    fn set(&self, style: Style, text: impl Display) -> String {
        if self.colours { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_string() }
    }
}

fn line(text: impl Display) {
    // A closed pipe ends the telling, not the run.
    let _ = writeln!(io::stdout(), "{text}");
}

/// A time in the unit that suits it.
pub(crate) fn time(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        let table = [(0, "0 µs"), (999, "999 µs"), (1_000, "1.0 ms"), (1_250_000, "1.2 s")];
        for (micros, expected) in table {
            assert_eq!(time(Duration::from_micros(micros)), expected);
        }
    }
}
