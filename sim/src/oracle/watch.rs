//! How monitors watch over spawnds (D14): an independent reading of when one may be ended, when the
//! next one comes, and when there is none any more.
//!
//! It hears heartbeats as they are sent and answered, what a platform is asked to end and start, and
//! what the time is. It doesn't hear timers: too late is noticed at rest, too early at once.

use std::collections::BTreeMap;
use std::time::Duration;

use flounder::Time;
use flounder_monitor::WatchConfig;

/// The last life of a core's spawnd.
#[derive(Debug)]
struct Life {
    generation: u64,
    phase: Phase,
    /// How many lives in a row ended before they answered a heartbeat, at least and at most: whether
    /// one was heard that ended meanwhile isn't known.
    failures: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Up {
        /// The heartbeat that it owes an answer to.
        owes: Option<u64>,
        /// When it was started, or heard of last. It was asked later, but when isn't known: what it is
        /// asked may wait for room.
        heard: Time,
        /// There is a reason besides heartbeats to end it.
        may_end: bool,
    },
    Ended {
        at: Time,
    },
    GivenUp,
}

/// The watches over all spawnds of a world.
pub(crate) struct Watches {
    config: WatchConfig,
    lives: BTreeMap<u8, Life>,
}

impl Watches {
    pub(super) fn new(config: WatchConfig) -> Self {
        Self { config, lives: BTreeMap::new() }
    }

    /// True if nothing is to happen to the core's spawnd but heartbeats.
    pub(crate) fn is_calm(&self, core: u8) -> bool {
        self.lives.get(&core).is_none_or(|life| !matches!(life.phase, Phase::Ended { .. }))
    }

    /// True if the core has a spawnd, as far as its monitor is concerned.
    pub(super) fn is_up(&self, core: u8) -> bool {
        self.lives.get(&core).is_some_and(|life| matches!(life.phase, Phase::Up { .. }))
    }

    /// A spawnd is started.
    pub(super) fn started(&mut self, core: u8, generation: u64, now: Time) -> Result<(), String> {
        let up = Phase::Up { owes: None, heard: now, may_end: false };
        let Some(life) = self.lives.get_mut(&core) else {
            self.lives.insert(core, Life { generation, phase: up, failures: (0, 0) });
            return Ok(());
        };
        let before = (life.generation, life.phase);
        (life.generation, life.phase) = (generation, up);
        let (Phase::Ended { at }, true) = (before.1, generation == before.0 + 1) else {
            return Err(format!("D14: spawnd {core}/{generation} is started after {before:?}"));
        };
        let (failures, since) = (life.failures.0, now - at);
        if failures > self.config.restarts_max {
            return Err(format!("D14: spawnd {core}/{generation} is started after {failures}"));
        }
        if since < self.backoff(failures) {
            let least = self.backoff(failures);
            let what = format!("is started {since:?} after {failures} failures, not {least:?}");
            return Err(format!("D14: spawnd {core}/{generation} {what}"));
        }
        Ok(())
    }

    /// The least time between two lives: it doubles with each failure in a row, up to a limit.
    fn backoff(&self, failures: u32) -> Duration {
        let mut least = self.config.backoff_first;
        for _ in 1..failures {
            least = (least * 2).min(self.config.backoff_max);
        }
        least
    }

    fn up(&mut self, core: u8, generation: u64) -> Option<&mut Life> {
        let life = self.lives.get_mut(&core)?;
        let is_up = life.generation == generation && matches!(life.phase, Phase::Up { .. });
        is_up.then_some(life)
    }

    /// A monitor asks its spawnd whether it turns.
    pub(super) fn asks(
        &mut self,
        (core, generation): (u8, u64),
        request: u64,
    ) -> Result<(), String> {
        let Some(Life { phase: Phase::Up { owes, .. }, .. }) = self.up(core, generation) else {
            return Ok(()); // it waited for room, and arrives nowhere
        };
        match owes.replace(request) {
            None => Ok(()),
            Some(owed) => {
                Err(format!("D14: spawnd {core}/{generation} owes {owed}, and is asked {request}"))
            }
        }
    }

    /// A monitor hears an answer.
    pub(super) fn answered(&mut self, (core, generation): (u8, u64), request: u64, now: Time) {
        let Some(life) = self.lives.get_mut(&core).filter(|it| it.generation == generation) else {
            return;
        };
        match &mut life.phase {
            Phase::Up { owes, heard, .. } if *owes == Some(request) => {
                (*owes, *heard) = (None, now);
                life.failures = (0, 0);
            }
            Phase::Ended { .. } => life.failures.0 = 1,
            _ => {}
        }
    }

    /// There is a reason to end that life: its binding is closed, or the process manager wants it.
    pub(super) fn may_end(&mut self, core: u8, generation: u64) {
        if let Some(Life { phase: Phase::Up { may_end, .. }, .. }) = self.up(core, generation) {
            *may_end = true;
        }
    }

    /// A monitor ends that life. True if it is because it answers no heartbeats.
    pub(super) fn fences(&mut self, core: u8, generation: u64, now: Time) -> Result<bool, String> {
        let patience = self.config.heartbeat_period * self.config.heartbeats_missed_max;
        let Some(Life { phase: Phase::Up { heard, may_end, .. }, .. }) = self.up(core, generation)
        else {
            return Ok(false); // it ended by itself, and its monitor hasn't heard of it
        };
        let silence = now - *heard;
        let is_late = silence >= patience;
        if is_late || *may_end {
            Ok(is_late && !*may_end)
        } else {
            Err(format!(
                "D14: spawnd {core}/{generation} is ended after {silence:?}, for no reason"
            ))
        }
    }

    /// A life is over.
    pub(super) fn ended(&mut self, core: u8, generation: u64, now: Time) {
        if let Some(life) = self.up(core, generation) {
            life.phase = Phase::Ended { at: now };
            life.failures = (life.failures.0 + 1, life.failures.1 + 1);
        }
    }

    /// A monitor gives the core up.
    pub(super) fn given_up(&mut self, core: u8) -> Result<(), String> {
        let Some(life) = self.lives.get_mut(&core) else { return Ok(()) };
        let was = std::mem::replace(&mut life.phase, Phase::GivenUp);
        let failures = life.failures.1;
        if failures > self.config.restarts_max && matches!(was, Phase::Ended { .. }) {
            return Ok(());
        }
        Err(format!("D14: core {core} is given up after {failures} failures, {was:?}"))
    }

    /// What doesn't hold although nothing is under way.
    pub(super) fn at_rest(&self) -> Vec<String> {
        let wrong = |(core, life): (&u8, &Life)| match life.phase {
            Phase::Up { owes: None, .. } | Phase::GivenUp => None,
            phase => Some(format!("D14: spawnd {core}/{} is {phase:?}", life.generation)),
        };
        self.lives.iter().filter_map(wrong).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAWND: (u8, u64) = (0, 1);

    fn at(ms: u64) -> Time {
        Time::from_nanos(ms * 1_000_000)
    }

    fn watches() -> Watches {
        let mut config = WatchConfig::default();
        config.heartbeat_period = Duration::from_millis(100);
        config.heartbeats_missed_max = 2;
        config.backoff_first = Duration::from_millis(10);
        config.restarts_max = 1;
        let mut watches = Watches::new(config);
        watches.started(0, 1, at(0)).expect("the first");
        watches
    }

    #[test]
    fn a_spawnd_may_be_ended_once_it_is_late() {
        let mut watches = watches();
        watches.asks(SPAWND, 1).expect("it owes nothing");
        watches.fences(0, 1, at(199)).expect_err("too early");
        assert_eq!(watches.fences(0, 1, at(200)), Ok(true));
        watches.answered(SPAWND, 1, at(300));
        watches.fences(0, 1, at(400)).expect_err("it has answered");
        watches.may_end(0, 1);
        assert_eq!(watches.fences(0, 1, at(400)), Ok(false));
    }

    #[test]
    fn a_spawnd_is_asked_again_once_it_has_answered() {
        let mut watches = watches();
        watches.asks(SPAWND, 1).expect("it owes nothing");
        watches.asks(SPAWND, 2).expect_err("it owes an answer");
        assert!(!watches.at_rest().is_empty());
    }

    #[test]
    fn lives_in_a_row_come_later_and_end() {
        let mut watches = watches();
        watches.ended(0, 1, at(0));
        assert!(!watches.at_rest().is_empty());
        watches.given_up(0).expect_err("once is not too often");
        let mut watches = super::tests::watches();
        watches.ended(0, 1, at(0));
        watches.started(0, 2, at(9)).expect_err("too early");
        watches.ended(0, 2, at(20));
        watches.started(0, 3, at(100)).expect_err("too often");
        watches.ended(0, 3, at(200));
        assert_eq!(watches.given_up(0), Ok(()));
        assert!(watches.at_rest().is_empty());
    }
}
