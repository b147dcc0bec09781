//! The races that decide whether a loop wakes, in every order that the memory model allows. A wake-up
//! that is lost is a deadlock, which loom reports.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use loom::thread;

use super::{Bell, Owned, Registration, Source, Turn, Waitset};
use crate::clock::MonotonicClock;
use crate::kill::KillSwitch;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, Ordering};

/// How often a model of three threads interrupts one where it could have gone on. Without a bound it
/// takes minutes.
const PREEMPTIONS_MAX: usize = 4;

/// Takes what other threads put down before they rang. It looks once at each letter in a turn, and
/// relies on the bell for what comes later.
struct Letters<const N: usize> {
    letters: Arc<[AtomicBool; N]>,
    taken: Cell<usize>,
}

impl<const N: usize> Source for Letters<N> {
    fn turn(&self) -> Turn {
        // Relaxed: the ring alone has to publish them.
        let taken = self.letters.iter().filter(|letter| letter.load(Ordering::Relaxed));
        self.taken.set(taken.count());
        Turn::Idle
    }

    fn end(&self) {}
}

impl<const N: usize> Letters<N> {
    fn of(waitset: &Waitset) -> (Rc<Self>, Registration) {
        let letters = Arc::new([(); N].map(|()| AtomicBool::new(false)));
        waitset.insert(&Owned::default(), |_| Rc::new(Self { letters, taken: Cell::new(0) }))
    }

    /// Puts one letter down and rings, on a thread of its own.
    fn post(&self, at: usize, bell: &Arc<Bell>) -> thread::JoinHandle<()> {
        let (letters, bell) = (Arc::clone(&self.letters), Arc::clone(bell));
        thread::spawn(move || {
            letters[at].store(true, Ordering::Relaxed);
            bell.ring();
        })
    }
}

#[test]
fn a_ring_races_with_falling_asleep() {
    loom::model(|| {
        let waitset = Waitset::new();
        let (source, registration) = Letters::<1>::of(&waitset);
        let ringer = source.post(0, registration.bell());
        waitset.run_until(|| source.taken.get() == 1);
        ringer.join().expect("the ringer panics never");
    });
}

#[test]
fn two_ring_the_same_bell() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS_MAX);
    model.check(|| {
        let waitset = Waitset::new();
        let (source, registration) = Letters::<2>::of(&waitset);
        let ringers = [0, 1].map(|at| source.post(at, registration.bell()));
        waitset.run_until(|| source.taken.get() == 2);
        for ringer in ringers {
            ringer.join().expect("the ringers panic never");
        }
    });
}

#[test]
fn a_wake_races_with_falling_asleep() {
    loom::model(|| {
        let waitset = Waitset::new();
        let woken = Arc::new(AtomicBool::new(false));
        let (ready, wakers_flag) = (Arc::clone(waitset.ready()), Arc::clone(&woken));
        let waker = thread::spawn(move || {
            wakers_flag.store(true, Ordering::Relaxed);
            ready.wake();
        });
        waitset.run_until(|| woken.load(Ordering::Relaxed));
        waker.join().expect("the waker panics never");
    });
}

#[test]
fn a_program_is_killed_while_it_falls_asleep() {
    loom::model(|| {
        let kill = KillSwitch::new();
        let waitset = Waitset::with_clock(Rc::new(MonotonicClock::new()), Some(kill.clone()));
        let killer = thread::spawn(move || kill.throw());
        let unwound = catch_unwind(AssertUnwindSafe(|| waitset.run_until(|| false)));
        let payload = unwound.expect_err("nothing else ends the loop");
        assert!(KillSwitch::is_kill(&*payload));
        killer.join().expect("the killer panics never");
    });
}
