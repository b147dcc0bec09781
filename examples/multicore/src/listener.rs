//! The witness itself: a service that the main thread exports, as a program could.
//!
//! It keeps what each domain told until a step asks for it, and the reply tokens of those that ask
//! to be held: letting a program go is answering it.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use flounder::{AnyBinding, CoreId, Dispatcher, DomainId, Iref};
use flounder_boot::Operator;
use flounder_domain::ReachError;

use crate::witness_client::WITNESS_NAME;
use flounder_multicore::witness::{
    Binding, Hold, HoldReply, HoldResponse, Interface, RxVtbl, Saw, SawReply, SawResponse,
};

/// The witness.
pub(crate) struct Listener {
    dispatcher: Dispatcher<Notebook>,
    iref: Iref,
}

/// What one program told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    /// The core it told it from, as its monitor says.
    pub(crate) core: CoreId,
    /// What it saw.
    pub(crate) what: String,
}

/// What was told and not yet asked for. It grows with what our own programs tell in one step.
#[derive(Default)]
struct Notebook {
    notes: BTreeMap<DomainId, VecDeque<Note>>,
    held: BTreeMap<DomainId, HoldReply>,
    /// Who waits for anything new.
    wakers: Vec<Waker>,
}

const TABLE: RxVtbl<Notebook> = RxVtbl { saw_call: on_saw, hold_call: on_hold };

impl Listener {
    /// Exports the witness and registers its name.
    pub(crate) async fn serve(operator: &Operator) -> Result<Self, ReachError> {
        let dispatcher = operator.dispatcher(Notebook::default());
        let ctx = dispatcher.ctx();
        let system = operator.system();
        let iref =
            system.serve::<Interface, Notebook>(&ctx, WITNESS_NAME, &TABLE, |_, _| Ok(())).await?;
        Ok(Self { dispatcher, iref })
    }

    /// The witness as others find it.
    pub(crate) fn iref(&self) -> Iref {
        self.iref
    }

    /// Waits for the next thing that `domain` tells.
    pub(crate) async fn hear(&self, domain: DomainId) -> Note {
        poll_fn(|cx| self.dispatcher.with(|book| book.poll_note(domain, cx))).await
    }

    /// Waits until `domain` asks to be held.
    pub(crate) async fn until_held(&self, domain: DomainId) {
        poll_fn(|cx| self.dispatcher.with(|book| book.poll_held(domain, cx))).await;
    }

    /// Lets `domain` go on; false if it isn't held.
    pub(crate) fn let_go(&self, domain: DomainId) -> bool {
        let reply = self.dispatcher.with(|book| book.held.remove(&domain));
        reply.is_some_and(|reply| reply.send(HoldResponse {}).is_ok())
    }

    /// Forgets what nobody asked for.
    pub(crate) fn forget(&self) {
        let book = self.dispatcher.with(std::mem::take);
        drop(book);
    }
}

impl Notebook {
    fn poll_note(&mut self, domain: DomainId, cx: &Context<'_>) -> Poll<Note> {
        match self.notes.get_mut(&domain).and_then(VecDeque::pop_front) {
            Some(note) => Poll::Ready(note),
            None => self.wait(cx),
        }
    }

    fn poll_held(&mut self, domain: DomainId, cx: &Context<'_>) -> Poll<()> {
        if self.held.contains_key(&domain) { Poll::Ready(()) } else { self.wait(cx) }
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

fn on_saw(book: &mut Notebook, binding: &Binding<Notebook>, saw: Saw, reply: SawReply) {
    let peer = binding.peer();
    let note = Note { core: peer.core, what: saw.what };
    book.notes.entry(peer.domain).or_default().push_back(note);
    book.wake();
    // A program that was killed meanwhile hears no answer.
    let _ = reply.send(SawResponse {});
}

fn on_hold(book: &mut Notebook, binding: &Binding<Notebook>, _: Hold, reply: HoldReply) {
    book.held.insert(binding.peer().domain, reply);
    book.wake();
}
