//! How much may wait for whom.
//!
//! Bindings keep what finds the channel full, up to a limit chosen here when the binding is made; for a
//! binding that somebody else made, the process manager's, [`Outbox`] does. The limits follow from
//! those of the machine: who stays within its own never reaches that of the outbox. A child that does
//! is not reading, and its binding is closed. A monitor that does has stopped, and its links are
//! closed, which is the loss of that core.

use std::collections::VecDeque;

use flounder::CoreId;

use crate::machine::{
    CHILDREN_MAX, PENDING_PER_CHILD_MAX, PENDING_PER_LINK_MAX, PENDING_PER_SERVICE_MAX,
    SURVIVORS_PER_MESSAGE_MAX,
};

/// Answers that a child can have coming besides those to its binds: to exports, to spawnd's requests for
/// endpoints, to questions for the name service.
const CHILD_REPLIES_MAX: usize = 1024;

/// How much waits for one child: answers to all it may ask, requests to all it may serve.
pub const CHILD_OUTBOX_MAX: usize =
    PENDING_PER_CHILD_MAX + PENDING_PER_SERVICE_MAX + CHILD_REPLIES_MAX;

/// News of one core's spawnd: that every domain of a full core survived it, and the end of each. A
/// whole system isn't meant to have more domains.
const LINK_NEWS_MAX: usize = CHILDREN_MAX / SURVIVORS_PER_MESSAGE_MAX + CHILDREN_MAX;

/// How much waits for one monitor: requests and answers to all requests, both outcomes of a connect for
/// every other core, and news.
pub const LINK_OUTBOX_MAX: usize = 2 * PENDING_PER_LINK_MAX + 2 * CoreId::COUNT_MAX + LINK_NEWS_MAX;

/// How much waits for the process manager: each core's spawnd came and went, every domain of the
/// system survived it, and the request to stop.
pub(crate) const PROC_MGMT_OUTBOX_MAX: usize = 2 * CoreId::COUNT_MAX + LINK_NEWS_MAX + 1;

/// The outbox is full; here is what it didn't take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the peer doesn't read: its outbox is full")]
pub(crate) struct Full<T>(pub(crate) T);

/// Messages in order for one peer, up to a limit. Empty it holds no memory.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    waiting: VecDeque<T>,
    len_max: usize,
}

impl<T> Outbox<T> {
    /// An outbox that holds up to `len_max` messages.
    pub(crate) fn new(len_max: usize) -> Self {
        Self { waiting: VecDeque::new(), len_max }
    }

    /// True if the next message may be sent right away.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sends `message` if nothing waits before it, else keeps it. `send` hands it back if the channel
    /// is full.
    ///
    /// # Errors
    ///
    /// [`Full`] hands the message back: close the peer's binding.
    pub(crate) fn send(
        &mut self,
        message: T,
        send: impl FnOnce(T) -> Result<(), T>,
    ) -> Result<(), Full<T>> {
        let refused = if self.is_empty() { send(message) } else { Err(message) };
        match refused {
            Err(message) if self.waiting.len() >= self.len_max => Err(Full(message)),
            Err(message) => {
                self.waiting.push_back(message);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Sends what waits until `send` hands a message back; true if nothing waits any more.
    pub(crate) fn flush(&mut self, mut send: impl FnMut(T) -> Result<(), T>) -> bool {
        while let Some(message) = self.waiting.pop_front() {
            if let Err(message) = send(message) {
                self.waiting.push_front(message);
                return false;
            }
        }
        self.waiting = VecDeque::new();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A channel with room for so many.
    fn channel(room: usize, sent: &mut Vec<u32>) -> impl FnMut(u32) -> Result<(), u32> {
        let full_at = sent.len() + room;
        move |message| {
            if sent.len() == full_at {
                return Err(message);
            }
            sent.push(message);
            Ok(())
        }
    }

    #[test]
    fn order_holds_through_a_full_channel() {
        let (mut outbox, mut sent) = (Outbox::new(8), Vec::new());
        for (message, room) in [(1, 1), (2, 0), (3, 9), (4, 9)] {
            outbox.send(message, channel(room, &mut sent)).unwrap();
        }
        assert_eq!((sent.as_slice(), outbox.waiting.len()), (&[1][..], 3));
        assert!(!outbox.flush(channel(2, &mut sent)));
        assert!(outbox.flush(channel(2, &mut sent)));
        outbox.send(5, channel(1, &mut sent)).unwrap();
        assert_eq!(sent, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn full_at_the_limit_hands_the_message_back() {
        for len_max in [0, 1, PROC_MGMT_OUTBOX_MAX] {
            let mut outbox = Outbox::new(len_max);
            for message in 0..len_max {
                outbox.send(message, Err).unwrap();
            }
            assert_eq!(outbox.send(len_max, Err), Err(Full(len_max)));
            assert_eq!(outbox.waiting.len(), len_max);
        }
    }
}
