//! What a spawnd owes the process manager, in order, until the binding takes it.
//!
//! One queue for replies and reports, so that a report can't overtake the reply it follows. It is
//! bounded without dropping anything. Replies: at most `requests_max` requests are unanswered.
//! Reports: an unsent report's domain either still has a slot, of which there are `domains_max`, or
//! was cleaned, and then the reply to that cleanup waits behind the report. So the queue never holds
//! more than `2 * requests_max + domains_max`.

use std::collections::VecDeque;

use flounder::{DomainId, ErrVal};

use super::event::{Death, RequestId, RequestKind};

/// A message to the process manager.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owed {
    /// The answer to a request.
    Reply {
        /// The request's id.
        request: RequestId,
        /// What it answers.
        kind: RequestKind,
        /// How it went.
        err: ErrVal,
    },
    /// A death that nobody asked for.
    Exited {
        /// Whose.
        domain: DomainId,
        /// How it ended.
        death: Death,
    },
}

/// The queue, and how many requests wait for an answer, owed or not yet decided.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Owed>,
    unanswered: usize,
}

impl Outbox {
    /// Counts a request in, unless `requests_max` are unanswered.
    pub(super) fn admit(&mut self, requests_max: usize) -> bool {
        let has_room = self.unanswered < requests_max;
        self.unanswered += usize::from(has_room);
        has_room
    }

    pub(super) fn push(&mut self, owed: Owed) {
        self.queue.push_back(owed);
    }

    pub(super) fn next(&self) -> Option<&Owed> {
        self.queue.front()
    }

    pub(super) fn sent(&mut self) {
        if let Some(Owed::Reply { .. }) = self.queue.pop_front() {
            debug_assert!(self.unanswered > 0, "a reply belongs to a request");
            self.unanswered -= 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}
