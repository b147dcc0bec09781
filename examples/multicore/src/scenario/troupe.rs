//! Who plays: the clients that are there, and the answers that came.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use flounder::{Dispatcher, DomainId, Mailbox};
use flounder_boot::Operator;

use super::client::Heard;
use super::programs::{Entrance, Wings};

/// How many clients and answers may wait to be looked at.
const NEWS_MAX: usize = 1 << 20;

/// The clients and what they heard.
pub(crate) struct Troupe {
    board: Dispatcher<Board>,
    answers: Mailbox<(usize, Heard)>,
}

#[derive(Default)]
struct Board {
    entered: BTreeMap<DomainId, Entrance>,
    heard: BTreeMap<usize, Heard>,
    wakers: Vec<Waker>,
}

impl Troupe {
    /// Opens the door to the clients.
    pub(crate) fn gather(operator: &Operator, wings: &Wings) -> Self {
        let board = operator.dispatcher(Board::default());
        let answers = board.mailbox(NEWS_MAX, |board: &mut Board, (line, heard)| {
            board.heard.insert(line, heard);
            board.wake();
        });
        let door = board.mailbox(NEWS_MAX, |board: &mut Board, entrance: Entrance| {
            board.entered.insert(entrance.domain, entrance);
            board.wake();
        });
        // Set before: the wings are another system's, and its clients talk to nobody.
        let _ = wings.door.set(door);
        Self { board, answers }
    }

    /// Where answers go.
    pub(crate) fn answers(&self) -> Mailbox<(usize, Heard)> {
        self.answers.clone()
    }

    /// Runs a task beside the clients: what the operator asks.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + 'static) {
        self.board.ctx().spawn_local(task);
    }

    /// Waits for the client in that domain.
    pub(crate) async fn entered(&self, domain: DomainId) {
        self.until(|board| board.entered.contains_key(&domain)).await;
    }

    /// Does something with a client that is there.
    pub(crate) fn with<R>(&self, domain: DomainId, act: impl FnOnce(&Entrance) -> R) -> Option<R> {
        self.board.with(|board| board.entered.get(&domain).map(act))
    }

    /// Waits for the answer to a line.
    pub(crate) async fn answered(&self, line: usize) {
        self.until(|board| board.heard.contains_key(&line)).await;
    }

    /// True if the answer to a line is there.
    pub(crate) fn has_answer(&self, line: usize) -> bool {
        self.board.with(|board| board.heard.contains_key(&line))
    }

    /// Takes the answer to a line.
    pub(crate) fn take(&self, line: usize) -> Option<Heard> {
        self.board.with(|board| board.heard.remove(&line))
    }

    async fn until(&self, is: impl Fn(&Board) -> bool) {
        poll_fn(|cx| self.board.with(|board| board.poll(&is, cx))).await;
    }
}

impl Board {
    fn poll(&mut self, is: &impl Fn(&Self) -> bool, cx: &Context<'_>) -> Poll<()> {
        if is(self) {
            return Poll::Ready(());
        }
        self.wakers.push(cx.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}
