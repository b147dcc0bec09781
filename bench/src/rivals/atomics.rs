//! Two atomics on two cache lines, polled: what the hardware takes for a round trip.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// Says that there are no more round trips.
const STOP: u64 = u64::MAX;
/// Round trips that are timed as one.
const BATCH: u32 = 64;

/// One word alone on two cache lines: CPUs fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// A round trip over two words.
pub(crate) fn polled(slice: Slice) -> Outcome<Samples> {
    let lines = Arc::new([Line::default(), Line::default()]);
    let theirs = Arc::clone(&lines);
    let peer = move || {
        answer(&theirs);
        Ok(())
    };
    face(slice, peer, move || Ok(ask(slice, &lines)))
}

fn answer([there, back]: &[Line; 2]) {
    let mut seen = 0;
    while seen != STOP {
        let now = there.0.load(Ordering::Acquire);
        if now == seen {
            spin_loop();
        } else {
            seen = now;
            back.0.store(seen, Ordering::Release);
        }
    }
}

fn ask(slice: Slice, [there, back]: &[Line; 2]) -> Samples {
    let mut number = 0;
    let samples = slice.measure(BATCH, || {
        number += 1;
        there.0.store(number, Ordering::Release);
        while back.0.load(Ordering::Acquire) != number {
            spin_loop();
        }
    });
    there.0.store(STOP, Ordering::Release);
    samples
}
