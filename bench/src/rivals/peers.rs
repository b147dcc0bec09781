//! What others have for the same: rtrb for a stream, tokio's channels for a call.

use std::hint::spin_loop;

use tokio::sync::{mpsc, oneshot};

use super::ring::STREAM_BATCH;
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// The places of a stream, as in the ring it is compared with.
const STREAM_CAPACITY: usize = 64;
/// The places of a channel of calls, as in a binding.
const CAPACITY: usize = flounder::BindOptions::CAPACITY.get() as usize;
/// Calls that are timed as one.
const BATCH: u32 = 64;

/// One-way messages u64 through an rtrb ring.
pub(crate) fn rtrb_stream(slice: Slice) -> Outcome<Samples> {
    let (mut tx, mut rx) = rtrb::RingBuffer::<u64>::new(STREAM_CAPACITY);
    let peer = move || {
        let mut sum = 0_u64;
        while !(rx.is_abandoned() && rx.is_empty()) {
            match rx.pop() {
                Ok(number) => sum = sum.wrapping_add(number),
                Err(_) => spin_loop(),
            }
        }
        std::hint::black_box(sum);
        Ok(())
    };
    face(slice, peer, move || {
        let mut number = 0;
        Ok(slice.measure(STREAM_BATCH, || {
            while tx.push(number).is_err() {
                spin_loop();
            }
            number += 1;
        }))
    })
}

/// A call: its argument, and where its answer goes.
type Call = (u64, oneshot::Sender<u64>);

/// A call through tokio's channels; both sides poll.
pub(crate) fn tokio_polled(slice: Slice) -> Outcome<Samples> {
    let (tx, mut rx) = mpsc::channel::<Call>(CAPACITY);
    let peer = move || {
        loop {
            match rx.try_recv() {
                // An error means that the caller has gone.
                Ok((number, answer)) => {
                    let _ = answer.send(number.wrapping_add(1));
                }
                Err(mpsc::error::TryRecvError::Empty) => spin_loop(),
                Err(mpsc::error::TryRecvError::Disconnected) => return Ok(()),
            }
        }
    };
    face(slice, peer, move || {
        let (mut number, mut failed) = (0, Ok(()));
        let samples = slice.measure(BATCH, || match poll_tokio(&tx, number) {
            Ok(next) => number = next,
            Err(error) => failed = Err(error),
        });
        failed.map(|()| samples)
    })
}

fn poll_tokio(tx: &mpsc::Sender<Call>, number: u64) -> Outcome<u64> {
    let (answer, mut answered) = oneshot::channel();
    tx.try_send((number, answer))?;
    loop {
        match answered.try_recv() {
            Ok(next) => return Ok(next),
            Err(oneshot::error::TryRecvError::Empty) => spin_loop(),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A call through tokio's channels; both sides sleep, each in a runtime of its own.
pub(crate) fn tokio_asleep(slice: Slice) -> Outcome<Samples> {
    let runtime = || tokio::runtime::Builder::new_current_thread().build();
    let (tx, mut rx) = mpsc::channel::<Call>(CAPACITY);
    let peer = move || {
        runtime()?.block_on(async {
            while let Some((number, answer)) = rx.recv().await {
                // An error means that the caller has gone.
                let _ = answer.send(number.wrapping_add(1));
            }
        });
        Ok(())
    };
    face(slice, peer, move || {
        let runtime = runtime()?;
        let (mut number, mut failed) = (0, Ok(()));
        let call = async |number| -> Outcome<u64> {
            let (answer, answered) = oneshot::channel();
            tx.send((number, answer)).await?;
            Ok(answered.await?)
        };
        let samples = slice.measure(1, || match runtime.block_on(call(number)) {
            Ok(next) => number = next,
            Err(error) => failed = Err(error),
        });
        failed.map(|()| samples)
    })
}
