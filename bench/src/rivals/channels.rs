//! A call written by hand over a pair of channels, polled. The message is the interface's own enum.

use std::hint::spin_loop;
use std::sync::mpsc;

use crate::interface::bench::{Increment, IncrementResponse, Message};
use crate::race::Outcome;
use crate::rivals::face;
use crate::sample::{Samples, Slice};

/// Calls that are timed as one.
const BATCH: u32 = 64;
/// What a binding's direction holds, too.
const CAPACITY: usize = flounder::BindOptions::CAPACITY.get() as usize;

/// The sending end of a channel.
trait Tx: Send + 'static {
    fn send(&self, message: Message) -> Outcome<()>;
}

/// The receiving end of a channel.
trait Rx: Send + 'static {
    /// `None` if there is nothing now.
    ///
    /// # Errors
    ///
    /// If there will never be anything.
    fn receive(&self) -> Outcome<Option<Message>>;
}

/// Two bounded crossbeam channels, as many places as in a binding.
pub(crate) fn crossbeam(slice: Slice) -> Outcome<Samples> {
    call(slice, crossbeam_channel::bounded(CAPACITY), crossbeam_channel::bounded(CAPACITY))
}

/// Two crossbeam channels without a bound.
pub(crate) fn crossbeam_unbounded(slice: Slice) -> Outcome<Samples> {
    call(slice, crossbeam_channel::unbounded(), crossbeam_channel::unbounded())
}

/// Two channels of the standard library, as many places as in a binding.
pub(crate) fn std_mpsc(slice: Slice) -> Outcome<Samples> {
    call(slice, mpsc::sync_channel(CAPACITY), mpsc::sync_channel(CAPACITY))
}

fn call<T: Tx, R: Rx>(slice: Slice, there: (T, R), back: (T, R)) -> Outcome<Samples> {
    let ((request_tx, request_rx), (answer_tx, answer_rx)) = (there, back);
    let peer = move || {
        // An error is the end: the other side has gone.
        while let Ok(message) = wait_for(&request_rx) {
            if let Message::Increment(Increment { number }) = message {
                let response = IncrementResponse { next: number.wrapping_add(1) };
                answer_tx.send(Message::IncrementResponse(response))?;
            }
        }
        Ok(())
    };
    face(slice, peer, move || {
        let mut number = 0;
        let mut failed = Ok(());
        let samples = slice.measure(BATCH, || match increment(&request_tx, &answer_rx, number) {
            Ok(next) => number = next,
            Err(error) => failed = Err(error),
        });
        failed.map(|()| samples)
    })
}

fn increment(tx: &impl Tx, rx: &impl Rx, number: u64) -> Outcome<u64> {
    tx.send(Message::Increment(Increment { number }))?;
    match wait_for(rx)? {
        Message::IncrementResponse(response) => Ok(response.next),
        other => Err(format!("{other:?} is no answer").into()),
    }
}

fn wait_for(rx: &impl Rx) -> Outcome<Message> {
    loop {
        if let Some(message) = rx.receive()? {
            return Ok(message);
        }
        spin_loop();
    }
}

impl Tx for crossbeam_channel::Sender<Message> {
    fn send(&self, message: Message) -> Outcome<()> {
        Ok(self.try_send(message)?)
    }
}

impl Rx for crossbeam_channel::Receiver<Message> {
    fn receive(&self) -> Outcome<Option<Message>> {
        match self.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(crossbeam_channel::TryRecvError::Empty) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Tx for mpsc::SyncSender<Message> {
    fn send(&self, message: Message) -> Outcome<()> {
        Ok(self.try_send(message)?)
    }
}

impl Rx for mpsc::Receiver<Message> {
    fn receive(&self) -> Outcome<Option<Message>> {
        match self.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
