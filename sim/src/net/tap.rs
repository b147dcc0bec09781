//! The net as the tap of its thread: it lets pass, tells the oracle, and keeps the books.

use std::sync::Arc;

use flounder::tap::{Passing, Tap, TapEnd};
use flounder::{Bell, Descriptor, Header};

use super::{Breakage, Link, Net, Parcel, Speaks, State, index};
use crate::note::Note;
use crate::trace::Happening;
use crate::who::Who;

fn call_of(header: Header) -> u64 {
    match header {
        Header::OneWay => 0,
        Header::Call(call) | Header::Response(call) => call.number(),
    }
}

impl Tap for Net {
    fn opened(&self, descriptor: &'static Descriptor) -> u64 {
        let mut state = self.state.borrow_mut();
        let speaks = Speaks::of(descriptor);
        state.links.push(Link { descriptor, speaks, ends: Default::default() });
        state.links.len() as u64 - 1
    }

    fn attached(&self, end: TapEnd, bell: &Arc<Bell>) {
        self.state.borrow_mut().end_mut(end).bell = Some(Arc::clone(bell));
    }

    fn introduced(&self, end: TapEnd, label: &str) {
        let mut state = self.state.borrow_mut();
        state.end_mut(end).who = Who::called(label);
        let State { links, oracle, .. } = &mut *state;
        oracle.introduced(end, &links[index(end)]);
    }

    fn may_send(&self, end: TapEnd) -> bool {
        let state = self.state.borrow();
        let link = state.link(end);
        let own = link.end(end);
        let held = own.mute_until > state.step && !link.is_closed();
        // Where the peer has no owner yet, nobody would say that there is room again.
        let full = own.sent.len() >= state.room_max && link.end(end.peer()).bell.is_some();
        !held && !full
    }

    fn may_receive(&self, end: TapEnd) -> bool {
        let state = self.state.borrow();
        let own = state.link(end).end(end);
        own.deaf_until <= state.step || own.closed
    }

    fn sending(&self, end: TapEnd, passing: Passing<'_>) {
        let mut state = self.state.borrow_mut();
        let (parcel, header, note) = match passing {
            Passing::CallFailed { call } => {
                let parcel = Parcel { number: 0, call: call.number(), spoilt: None };
                (parcel, None, Note::default())
            }
            Passing::Message { header, number, message } => {
                let spoilt = state.spoil(end, message);
                let speaks = state.link(end).speaks;
                let note = Note::of(speaks, message);
                let State { links, oracle, coverage, .. } = &mut *state;
                oracle.sending(end, &links[index(end)], (header, message), coverage);
                (Parcel { number, call: call_of(header), spoilt }, Some(header), note)
            }
        };
        let Parcel { number, call, .. } = parcel;
        state.book_sent(end, parcel, header);
        state.note(end, Happening::Sent, number, call, note);
        drop(state);
        self.mix_in((end.channel << 20) ^ (u64::from(number) << 1) ^ u64::from(end.side));
        self.mix_in(note.digest() ^ call);
    }

    fn received(&self, end: TapEnd, passing: Passing<'_>) {
        let mut state = self.state.borrow_mut();
        if state.link(end).end(end).closed {
            return; // what is left over when an end closes is dropped unread
        }
        let (number, call) = match &passing {
            Passing::CallFailed { call } => (0, call.number()),
            Passing::Message { header, number, .. } => (*number, call_of(*header)),
        };
        let spoilt = state.book_received(end, number, call);
        state.finds_spoilt = (spoilt == Some(Breakage::Malformed)).then_some(end);
        let State { links, oracle, coverage, .. } = &mut *state;
        let link = &links[index(end)];
        match passing {
            _ if spoilt.is_some() => oracle.found_closed(end, link, coverage),
            Passing::Message { header, message, .. } => {
                oracle.received(end, link, (header, message), coverage);
            }
            Passing::CallFailed { .. } => {}
        }
        state.note(end, Happening::Received, number, call, Note::default());
        let link = state.link(end);
        let waits_for_room = link.end(end.peer()).sent.len() + 1 == state.room_max;
        if waits_for_room {
            state.ring(end.peer());
        }
        drop(state);
        self.mix_in((end.channel << 20) ^ (u64::from(number) << 1) ^ u64::from(end.side));
    }

    fn spoils(&self, end: TapEnd) -> bool {
        self.state.borrow_mut().finds_spoilt.take_if(|spoilt| *spoilt == end).is_some()
    }

    fn found_closed(&self, end: TapEnd) {
        let mut state = self.state.borrow_mut();
        if state.link(end).end(end).closed {
            return;
        }
        let State { links, oracle, coverage, .. } = &mut *state;
        oracle.found_closed(end, &links[index(end)], coverage);
        state.note(end, Happening::FoundClosed, 0, 0, Note::default());
    }

    fn closed(&self, end: TapEnd) {
        let mut state = self.state.borrow_mut();
        if state.link(end).end(end).closed {
            return;
        }
        let State { links, oracle, .. } = &mut *state;
        oracle.closed(end, &links[index(end)]);
        state.note(end, Happening::Closed, 0, 0, Note::default());
        let own = state.end_mut(end);
        own.closed = true;
        own.bell = None;
        own.calls.clear();
        // Who is held up there has nothing to wait for any more.
        state.ring(end.peer());
    }
}
