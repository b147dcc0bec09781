//! Round trips whose sides sleep while they wait: what the system takes to wake a thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::{self, Thread};

use rustix::thread::futex;

use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// Says that there are no more round trips.
const STOP: u32 = u32::MAX;

/// A futex on each core: both sides sleep in each round trip.
pub(crate) fn futex_ping_pong(slice: Slice) -> Outcome<Samples> {
    let words = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let theirs = Arc::clone(&words);
    let peer = move || {
        let [there, back] = &*theirs;
        let mut seen = 0;
        while seen != STOP {
            seen = wait_for_change(there, seen)?;
            publish(back, seen)?;
        }
        Ok(())
    };
    face(slice, peer, move || {
        let [there, back] = &*words;
        let (mut number, mut failed) = (0, Ok(()));
        let samples = slice.measure(1, || {
            number += 1;
            let trip = publish(there, number).and_then(|()| wait_for_change(back, number - 1));
            failed = failed.and(trip.map(drop));
        });
        publish(there, STOP)?;
        failed?;
        Ok(samples)
    })
}

fn publish(word: &AtomicU32, number: u32) -> rustix::io::Result<()> {
    word.store(number, Ordering::Release);
    futex::wake(word, futex::Flags::PRIVATE, 1).map(drop)
}

fn wait_for_change(word: &AtomicU32, seen: u32) -> rustix::io::Result<u32> {
    loop {
        let now = word.load(Ordering::Acquire);
        if now != seen {
            return Ok(now);
        }
        match futex::wait(word, futex::Flags::PRIVATE, seen, None) {
            Ok(()) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Two threads on one CPU that park and unpark each other.
pub(crate) fn park_on_one_cpu(slice: Slice) -> Outcome<Samples> {
    let slice = Slice { there: slice.here, ..slice };
    let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let theirs = Arc::clone(&words);
    let (own_thread, asker) = std::sync::mpsc::channel::<Thread>();
    let (peer_thread, answerer) = std::sync::mpsc::channel::<Thread>();
    let peer = move || {
        peer_thread.send(thread::current())?;
        let asker = asker.recv()?;
        let [there, back] = &*theirs;
        let mut seen = 0;
        while seen != u64::MAX {
            seen = park_until_changed(there, seen);
            back.store(seen, Ordering::Release);
            asker.unpark();
        }
        Ok(())
    };
    face(slice, peer, move || {
        own_thread.send(thread::current())?;
        let answerer = answerer.recv()?;
        let [there, back] = &*words;
        let mut number = 0;
        let samples = slice.measure(1, || {
            number += 1;
            there.store(number, Ordering::Release);
            answerer.unpark();
            park_until_changed(back, number - 1);
        });
        there.store(u64::MAX, Ordering::Release);
        answerer.unpark();
        Ok(samples)
    })
}

fn park_until_changed(word: &AtomicU64, seen: u64) -> u64 {
    loop {
        let now = word.load(Ordering::Acquire);
        if now != seen {
            return now;
        }
        thread::park();
    }
}
