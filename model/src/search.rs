//! Every way that things can happen: a breadth-first search over the states of a model.
//!
//! A model says how it starts, what can happen in a state and what must hold. The search finds every
//! state that can be reached and checks each, so the first violation has a shortest path. Some of
//! what can happen is *progress*: it happens sooner or later, whatever else doesn't. A state without
//! any is *at rest*. That no progress goes in circles is checked at the end, so that each run comes to
//! rest once nothing new is asked for, and what must hold at rest then holds.

use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::seen::{Fingerprint, Seen};
use crate::tell::Tell;

/// Something to be searched.
pub trait Model {
    /// All that decides what can happen next. Two states that hash alike are the same.
    type State: Clone + Hash;
    /// Something that happens.
    type Action: Copy + Debug;

    /// How it starts.
    fn start(&self) -> Self::State;

    /// Adds what can happen, in an order that depends on nothing but the state.
    fn actions(&self, state: &Self::State, out: &mut Vec<Self::Action>);

    /// True if this happens sooner or later, once it can.
    fn is_progress(&self, action: Self::Action) -> bool;

    /// Lets it happen, and tells what there is to tell.
    ///
    /// # Errors
    ///
    /// What went wrong, for people.
    fn act(
        &self,
        state: &mut Self::State,
        action: Self::Action,
        tell: &mut Tell,
    ) -> Result<(), String>;

    /// Checks a state that was just found.
    ///
    /// # Errors
    ///
    /// What doesn't hold, for people.
    fn check(&self, state: &Self::State, at_rest: bool) -> Result<(), String>;
}

/// What a search may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many states it may find; one that would find more is not exhaustive and says so.
    pub states_max: u32,
}

impl Default for Limits {
    /// 60 million states: beyond, the memory of a machine for people ends.
    fn default() -> Self {
        Self { states_max: 60_000_000 }
    }
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Findings {
    /// How many states can be reached.
    pub states: u32,
    /// How many of them are at rest.
    pub rests: u32,
    /// How many ways lead from a state to another.
    pub transitions: u64,
    /// How many steps it takes to get to the last state that was found, on the shortest path.
    pub depth: u32,
    /// True if all that can be reached was found.
    pub exhaustive: bool,
    /// The first thing that doesn't hold.
    pub violation: Option<Violation>,
}

/// Something that doesn't hold, and the shortest way to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// What doesn't hold.
    pub what: String,
    /// What happened, step by step.
    pub path: Vec<String>,
}

/// Finds every state of a model, or the first one where something doesn't hold.
pub fn search<M: Model>(model: &M, limits: Limits) -> Findings {
    Search::new(model, limits).run()
}

/// Where a state was reached from, and by which of the actions there.
#[derive(Clone, Copy, Debug)]
struct Origin {
    place: u32,
    action: u16,
}

struct Search<'a, M: Model> {
    model: &'a M,
    limits: Limits,
    seen: Seen,
    origins: Vec<Origin>,
    /// Where progress leads to from each state, one list after the other, and where each begins.
    leads_to: Vec<u32>,
    begins: Vec<u32>,
    findings: Findings,
}

/// Why a search ends early.
enum End {
    /// Something doesn't hold in the state of a place, or after an action from there.
    Violation { place: u32, action: Option<u16>, what: String },
    /// There are more states than it may find.
    Limit,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, limits: Limits) -> Self {
        let findings = Findings {
            states: 0,
            rests: 0,
            transitions: 0,
            depth: 0,
            exhaustive: false,
            violation: None,
        };
        Self {
            model,
            limits,
            seen: Seen::new(),
            origins: Vec::new(),
            leads_to: Vec::new(),
            begins: Vec::new(),
            findings,
        }
    }

    fn run(mut self) -> Findings {
        let end = self.all_levels().and_then(|()| self.progress_ends());
        self.findings.states = self.seen.count();
        match end {
            Ok(()) => self.findings.exhaustive = true,
            Err(End::Limit) => {}
            Err(End::Violation { place, action, what }) => {
                let path = self.path(place, action);
                self.findings.violation = Some(Violation { what, path });
            }
        }
        self.findings
    }

    fn all_levels(&mut self) -> Result<(), End> {
        let start = contained(|| Ok(self.model.start()));
        let start = start.map_err(|what| End::Violation { place: 0, action: None, what })?;
        self.seen.place(Fingerprint::of(&start));
        self.origins.push(Origin { place: 0, action: 0 });
        let (mut level, mut first) = (vec![start], 0);
        loop {
            let next = self.level(&level, first)?;
            if next.is_empty() {
                return Ok(());
            }
            self.findings.depth += 1;
            first += place_of(level.len());
            level = next;
        }
    }

    /// Goes on from each state of a level, the first of which has that place; the next level.
    fn level(&mut self, level: &[M::State], first: u32) -> Result<Vec<M::State>, End> {
        let (mut next, mut actions) = (Vec::new(), Vec::new());
        for (place, state) in (first..).zip(level) {
            actions.clear();
            self.model.actions(state, &mut actions);
            let at_rest = !actions.iter().any(|&action| self.model.is_progress(action));
            self.findings.rests += u32::from(at_rest);
            let checked = contained(|| self.model.check(state, at_rest));
            checked.map_err(|what| End::Violation { place, action: None, what })?;
            self.begins.push(place_of(self.leads_to.len()));
            for (number, &action) in (0..).zip(&actions) {
                let origin = Origin { place, action: number };
                next.extend(self.follow(state, action, origin)?);
            }
        }
        Ok(next)
    }

    /// Lets an action happen; the state that it leads to, if that is new.
    fn follow(
        &mut self,
        state: &M::State,
        action: M::Action,
        origin: Origin,
    ) -> Result<Option<M::State>, End> {
        let mut state = state.clone();
        let acted = contained(|| self.model.act(&mut state, action, &mut Tell::silent()));
        let Origin { place, action: number } = origin;
        acted.map_err(|what| End::Violation { place, action: Some(number), what })?;
        self.findings.transitions += 1;
        let (place, is_new) = self.seen.place(Fingerprint::of(&state));
        if self.model.is_progress(action) {
            self.leads_to.push(place);
        }
        if !is_new {
            return Ok(None);
        }
        self.origins.push(origin);
        if self.seen.count() > self.limits.states_max {
            return Err(End::Limit);
        }
        Ok(Some(state))
    }

    /// Progress never goes in circles: states that nothing leads to any more are taken away until
    /// none is left (Kahn, Topological sorting of large networks, 1962).
    fn progress_ends(&mut self) -> Result<(), End> {
        let count = self.seen.count();
        self.begins.push(place_of(self.leads_to.len()));
        let mut ways_in = vec![0_u32; count as usize];
        for &to in &self.leads_to {
            ways_in[to as usize] += 1;
        }
        let mut free: Vec<u32> = (0..count).filter(|&at| ways_in[at as usize] == 0).collect();
        let mut taken = 0;
        while let Some(at) = free.pop() {
            taken += 1;
            let begin = self.begins[at as usize] as usize;
            let end = self.begins[at as usize + 1] as usize;
            for &to in &self.leads_to[begin..end] {
                ways_in[to as usize] -= 1;
                if ways_in[to as usize] == 0 {
                    free.push(to);
                }
            }
        }
        match ways_in.iter().position(|&ways| ways > 0) {
            None => {
                debug_assert_eq!(taken, count, "every state is taken away once");
                Ok(())
            }
            Some(place) => {
                let what = "progress goes in circles and never comes to rest".to_owned();
                Err(End::Violation { place: place_of(place), action: None, what })
            }
        }
    }

    /// What happened on the way to a state, and what happens there, told step by step.
    fn path(&self, place: u32, last: Option<u16>) -> Vec<String> {
        let mut numbers: Vec<u16> = last.into_iter().collect();
        let mut at = place;
        while at != 0 {
            let origin = self.origins[at as usize];
            numbers.push(origin.action);
            at = origin.place;
        }
        if numbers.is_empty() {
            return Vec::new(); // maybe it can't even start
        }
        let mut tell = Tell::aloud();
        let (mut state, mut actions) = (self.model.start(), Vec::new());
        for number in numbers.into_iter().rev() {
            actions.clear();
            self.model.actions(&state, &mut actions);
            let action = actions[usize::from(number)];
            // The last step fails as it did before; what it told until then is part of the story.
            let _ = contained(|| self.model.act(&mut state, action, &mut tell));
        }
        tell.into_lines()
    }
}

/// What a step comes to; a panic is a violation like any other.
fn contained<T>(step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("a service panics: {}", text.unwrap_or("without a word")))
    })
}

fn place_of(index: usize) -> u32 {
    u32::try_from(index).expect("a search ends before it needs more than 32 bits")
}

#[cfg(test)]
mod tests;
