//! Whose turn it is.

use std::time::Duration;

use flounder::Clock;

use super::{Loop, Progress, REST_HORIZON, Role, World};

/// One step in so many lets time pass besides.
const STEPS_PER_TICK: usize = 64;
/// How much time passes at most in such a step, in microseconds.
const TICK_US_MAX: usize = 2_000;

impl World {
    /// Gives one loop, or one job of a platform, a turn.
    pub(super) fn turn(&mut self) -> Progress {
        if self.random.one_in(STEPS_PER_TICK) {
            let micros = self.random.below(TICK_US_MAX) as u64;
            self.pass(Duration::from_micros(micros));
        }
        let places = self.loops.len() + 1;
        let first = self.random.below(places);
        for place in (first..places).chain(0..first) {
            if self.give(place) {
                self.shared.net.mix_in(place as u64);
                return Progress::Turn;
            }
        }
        self.idle()
    }

    fn give(&mut self, place: usize) -> bool {
        match self.loops.get(place) {
            Some(it) if it.stalled_until > self.steps || self.is_stuck(it) => false,
            Some(it) => it.waitset.poll(1) > 0,
            None => self.do_a_job(),
        }
    }

    /// True while the spawnd lives that hangs on that loop.
    fn is_stuck(&self, it: &Loop) -> bool {
        let Role::Spawnd(core) = it.role else { return false };
        it.stuck_in.is_some_and(|life| self.platforms[core.index()].generation() == life)
    }

    fn do_a_job(&mut self) -> bool {
        let jobs = self.shared.jobs.borrow().len();
        if jobs == 0 {
            return false;
        }
        let place = self.random.below(jobs);
        let Some((core, job)) = self.shared.take_job(place) else { return false };
        self.platforms[core.index()].work(job);
        true
    }

    /// Nobody has anything to do: whoever is held up is let go, or time passes to the next timer.
    fn idle(&mut self) -> Progress {
        let mut freed = self.shared.net.release_all();
        for it in &mut self.loops {
            freed |= it.stalled_until > self.steps;
            it.stalled_until = 0;
        }
        freed |= self.platforms.iter().any(|platform| platform.obey());
        if freed {
            return Progress::Turn;
        }
        let next = self.loops.iter().filter(|it| !self.beats_only(it));
        let next = next.filter_map(|it| it.waitset.next_timer()).min();
        match next.filter(|&next| next - self.clock.now() < REST_HORIZON) {
            Some(next) => {
                self.clock.advance_to(next);
                Progress::Turn
            }
            None => Progress::Rest,
        }
    }

    /// True for a loop that waits for nothing but the time of a heartbeat that will be answered.
    fn beats_only(&self, it: &Loop) -> bool {
        let Role::Monitor(core) = it.role else { return false };
        let is_stuck = |it: &Loop| it.role == Role::Spawnd(core) && self.is_stuck(it);
        let is_calm = self.shared.net.state.borrow().oracle.is_calm(core.0);
        is_calm && !self.loops.iter().any(is_stuck)
    }
}
