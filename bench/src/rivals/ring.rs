//! A ring of 64-byte slots as one would write it by hand: a sequence word per slot, no bounds but the
//! ring's own, no checks. What a `ump` binding is compared with.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::interface::launch::Launch;
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// The slots of a ring.
const SLOTS: usize = 64;
/// The words of a slot besides its sequence word.
pub(super) const WORDS: usize = 7;
/// Calls that are timed as one.
const BATCH: u32 = 64;
/// One-way messages that are timed as one: many times what a ring holds.
pub(super) const STREAM_BATCH: u32 = 1_024;
/// Says that there are no more calls.
const STOP: u64 = u64::MAX;

#[derive(Debug, Default)]
#[repr(align(64))]
struct Slot {
    words: [AtomicU64; WORDS],
    sequence: AtomicU64,
}

/// The receiver's position, alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Received(AtomicU64);

/// One end of a direction. A sender waits for room; in a call there always is some.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Arc<[Slot]>,
    received: Arc<Received>,
    position: u64,
    /// How many slots the sender knows to be received.
    known: u64,
}

impl Ring {
    /// The sender's end and the receiver's.
    pub(super) fn ends() -> (Self, Self) {
        let slots: Arc<[Slot]> = (0..SLOTS).map(|_| Slot::default()).collect();
        let received = Arc::new(Received::default());
        let end = || {
            let (slots, received) = (Arc::clone(&slots), Arc::clone(&received));
            Self { slots, received, position: 0, known: 0 }
        };
        (end(), end())
    }

    fn slot(&self) -> &Slot {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is a small number")]
        let index = (self.position % SLOTS as u64) as usize;
        &self.slots[index]
    }

    pub(super) fn send(&mut self, words: &[u64]) {
        while self.position - self.known == SLOTS as u64 {
            self.known = self.received.0.load(Ordering::Acquire);
        }
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
        self.received.0.store(self.position, Ordering::Release);
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

/// One-way messages u64, each a slot.
pub(crate) fn stream(slice: Slice) -> Outcome<Samples> {
    let (mut tx, mut rx) = Ring::ends();
    let peer = move || {
        let mut sum = 0_u64;
        loop {
            let [number] = rx.receive();
            if number == STOP {
                std::hint::black_box(sum);
                return Ok(());
            }
            sum = sum.wrapping_add(number);
        }
    };
    face(slice, peer, move || {
        let mut number = 0;
        let samples = slice.measure(STREAM_BATCH, || {
            tx.send(&[number]);
            number += 1;
        });
        tx.send(&[STOP]);
        Ok(samples)
    })
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

/// A call with a path and a buffer, in slots: how long they are, then their bytes.
pub(crate) fn launch(slice: Slice, example: fn() -> Launch) -> Outcome<Samples> {
    let ((mut request_tx, mut request_rx), (mut answer_tx, mut answer_rx)) =
        (Ring::ends(), Ring::ends());
    let peer = move || {
        loop {
            let [id, path, arguments] = request_rx.receive();
            if id == STOP {
                return Ok(());
            }
            let bytes = request_rx.receive_bytes(usize::try_from(path + arguments)?);
            let (path, arguments) = bytes.split_at(usize::try_from(path)?);
            let launch =
                Launch { path: str::from_utf8(path)?.to_owned(), arguments: arguments.to_vec() };
            answer_tx.send(&[id, (launch.path.len() + launch.arguments.len()) as u64]);
        }
    };
    face(slice, peer, move || {
        let (mut id, mut failed) = (0, Ok(()));
        let samples = slice.measure(BATCH, || {
            let Launch { path, arguments } = example();
            request_tx.send(&[id, path.len() as u64, arguments.len() as u64]);
            request_tx.send_bytes(&[path.as_bytes(), &arguments].concat());
            let [answered, bytes] = answer_rx.receive();
            if (answered, bytes) != (id, (path.len() + arguments.len()) as u64) {
                failed = Err("another answer came".into());
            }
            id += 1;
        });
        request_tx.send(&[STOP]);
        failed.map(|()| samples)
    })
}

impl Ring {
    fn send_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(WORDS * size_of::<u64>()) {
            let mut words = [0; WORDS];
            for (word, bytes) in words.iter_mut().zip(chunk.chunks(size_of::<u64>())) {
                let mut whole = [0; size_of::<u64>()];
                whole[..bytes.len()].copy_from_slice(bytes);
                *word = u64::from_le_bytes(whole);
            }
            self.send(&words);
        }
    }

    fn receive_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + WORDS * size_of::<u64>());
        while bytes.len() < count {
            let words: [u64; WORDS] = self.receive();
            bytes.extend(words.map(u64::to_le_bytes).as_flattened());
        }
        bytes.truncate(count);
        bytes
    }
}
