//! A ring of 64-byte slots as one would write it by hand: a sequence word per slot, no bounds but the
//! ring's own, no checks. What a `ump` binding is compared with.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// The slots of a ring.
const SLOTS: usize = 64;
/// The words of a slot besides its sequence word.
pub(super) const WORDS: usize = 7;
/// Calls that are timed as one.
const BATCH: u32 = 64;
/// Says that there are no more calls.
const STOP: u64 = u64::MAX;

#[derive(Debug, Default)]
#[repr(align(64))]
struct Slot {
    words: [AtomicU64; WORDS],
    sequence: AtomicU64,
}

/// One end of a direction. Who uses it sees to it that no more is under way than fits.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Arc<[Slot]>,
    position: u64,
}

impl Ring {
    /// The sender's end and the receiver's.
    pub(super) fn ends() -> (Self, Self) {
        let slots: Arc<[Slot]> = (0..SLOTS).map(|_| Slot::default()).collect();
        (Self { slots: Arc::clone(&slots), position: 0 }, Self { slots, position: 0 })
    }

    fn slot(&self) -> &Slot {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is a small number")]
        let index = (self.position % SLOTS as u64) as usize;
        &self.slots[index]
    }

    pub(super) fn send(&mut self, words: &[u64]) {
        let slot = self.slot();
        for (place, word) in slot.words.iter().zip(words) {
            place.store(*word, Ordering::Relaxed);
        }
        slot.sequence.store(self.position + 1, Ordering::Release);
        self.position += 1;
    }

    pub(super) fn try_receive<const COUNT: usize>(&mut self) -> Option<[u64; COUNT]> {
        let slot = self.slot();
        if slot.sequence.load(Ordering::Acquire) != self.position + 1 {
            return None;
        }
        let words = std::array::from_fn(|index| slot.words[index].load(Ordering::Relaxed));
        self.position += 1;
        Some(words)
    }

    pub(super) fn receive<const COUNT: usize>(&mut self) -> [u64; COUNT] {
        loop {
            if let Some(words) = self.try_receive() {
                return words;
            }
            spin_loop();
        }
    }
}

/// A call u64 -> u64: a message number, a call id and the argument, as a binding sends them.
pub(crate) fn call(slice: Slice) -> Outcome<Samples> {
    const CALL: u64 = 3;
    let ((mut request_tx, mut request_rx), (mut answer_tx, mut answer_rx)) =
        (Ring::ends(), Ring::ends());
    let peer = move || {
        loop {
            let [number, id, argument] = request_rx.receive();
            if number == STOP {
                return Ok(());
            }
            answer_tx.send(&[number + 1, id, argument.wrapping_add(1)]);
        }
    };
    face(slice, peer, move || {
        let (mut number, mut failed) = (0, Ok(()));
        let samples = slice.measure(BATCH, || {
            request_tx.send(&[CALL, number, number]);
            let [kind, id, next] = answer_rx.receive();
            if (kind, id) != (CALL + 1, number) {
                failed = Err("another answer came".into());
            }
            number = next;
        });
        request_tx.send(&[STOP]);
        failed.map(|()| samples)
    })
}
