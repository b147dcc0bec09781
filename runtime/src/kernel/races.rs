//! What must hold while threads race for the same caps. No thread sleeps; a barrier starts them
//! together and the promises hold for every order.

use std::sync::Barrier;
use std::thread;

use super::{Cap, CapError, Counts, Kernel, LastDrop, Transfer};
use crate::DomainId;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, lock};

const THREADS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 2 } else { 300 };

#[derive(Default)]
struct Drops(Mutex<Vec<DomainId>>);

impl LastDrop for Drops {
    fn last_drop(&self, domain: DomainId) {
        lock(&self.0).push(domain);
    }
}

#[test]
fn the_last_drop_is_told_once_whoever_drops_last() {
    let kernel = Kernel::new();
    let root = kernel.process_manager().unwrap();
    for round in 0..ROUNDS {
        let drops = Arc::new(Drops::default());
        let domain = DomainId(round as u64 + 1);
        let first = root.retype_domain(domain, Some(drops.clone())).unwrap();
        let mut caps: Vec<_> = (1..THREADS).map(|_| first.copy().unwrap()).collect();
        caps.push(first);
        assert!(lock(&drops.0).is_empty());
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for cap in caps {
                scope.spawn(|| {
                    start.wait();
                    let copies: Vec<_> = (0..8).map(|_| cap.copy().unwrap()).collect();
                    drop((cap, copies));
                });
            }
        });
        assert_eq!(*lock(&drops.0), [domain]);
        assert_eq!(
            kernel.counts(),
            Counts { caps: 1, objects: 1, holders: 1, ..Counts::default() }
        );
    }
}

/// Copies of copies are made of `cap` while `stop` runs: all made by then must be dead afterwards,
/// unless they were made after it. `stop_is_final`: then nothing can be made any more.
fn race(cap: &Cap, stop: impl FnOnce() + Send, stop_is_final: bool) {
    let stopped = AtomicBool::new(false);
    let start = Barrier::new(THREADS + 1);
    let (start, stopped) = (&start, &stopped);
    let copier = move || {
        start.wait();
        let mut copies = Vec::new();
        for _ in 0..50 {
            let late = stopped.load(Ordering::Acquire);
            let copy = cap.copy().and_then(|copy| copy.copy());
            assert!(!late || copy.is_ok() != stop_is_final, "a copy begun after the stop");
            copies.push((late, copy));
        }
        copies
    };
    let made: Vec<_> = thread::scope(|scope| {
        let copiers: Vec<_> = (0..THREADS).map(|_| scope.spawn(copier)).collect();
        scope.spawn(move || {
            start.wait();
            stop();
            stopped.store(true, Ordering::Release);
        });
        copiers
            .into_iter()
            .flat_map(|copier| copier.join().expect("copiers assert nothing that is false"))
            .collect()
    });
    for copy in made.iter().filter_map(|(late, copy)| copy.as_ref().ok().filter(|_| !late)) {
        // Before the stop, or during it: dead, or as good as made afterwards.
        assert!(!stop_is_final || copy.identify() == Err(CapError::Revoked));
    }
    for copy in made.iter().filter_map(|(late, copy)| copy.as_ref().ok().filter(|_| *late)) {
        assert!(copy.identify().is_ok());
    }
}

#[test]
fn no_copy_outlives_a_revocation_above() {
    for _ in 0..ROUNDS {
        let top = Kernel::new().holder().frame(1).unwrap();
        let cap = top.copy().unwrap();
        race(&cap, || top.revoke().unwrap(), true);
    }
}

#[test]
fn no_copy_outlives_its_holder() {
    for _ in 0..ROUNDS {
        let holder = Kernel::new().holder();
        let cap = holder.frame(1).unwrap();
        race(&cap, || holder.end(), true);
    }
}

#[test]
fn what_is_copied_after_a_revocation_is_usable() {
    for _ in 0..ROUNDS {
        let cap = Kernel::new().holder().frame(1).unwrap();
        race(&cap, || cap.revoke().unwrap(), false);
    }
}

#[test]
fn an_endpoint_is_taken_once() {
    for round in 0..ROUNDS {
        let holder = Kernel::new().holder();
        let cap = holder.endpoint(Box::new(round));
        let taken = AtomicUsize::new(0);
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let copy = cap.copy().unwrap();
                let (start, taken) = (&start, &taken);
                scope.spawn(move || {
                    start.wait();
                    match copy.take_endpoint() {
                        Ok(payload) => {
                            assert_eq!(payload.downcast_ref(), Some(&round));
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                        Err((copy, err)) => {
                            assert_eq!(err, CapError::Revoked);
                            assert!(!copy.is_null());
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 1);
        assert_eq!(cap.identify(), Err(CapError::Revoked));
    }
}

#[test]
fn a_cap_moved_while_its_parent_is_revoked_stays_dead() {
    for _ in 0..ROUNDS {
        let kernel = Kernel::new();
        let top = kernel.holder().frame(1).unwrap();
        let (moved, copied) = (top.copy().unwrap(), top.copy().unwrap());
        let to = kernel.holder();
        let (moved, copied) = thread::scope(|scope| {
            let revoker = scope.spawn(|| top.revoke().unwrap());
            let moved = moved.transfer(Transfer::Move, &to).unwrap();
            let copied = copied.transfer(Transfer::Copy, &to).unwrap();
            revoker.join().unwrap();
            (moved, copied)
        });
        for cap in [moved, copied] {
            assert_eq!(cap.identify(), Err(CapError::Revoked));
        }
    }
}
