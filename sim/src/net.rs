//! Every channel of a world: who is at its ends, what is in it, what holds it up.
//!
//! The net is the tap of the world's thread. It tells the oracle what passes, keeps the ledger that
//! holds for any service (a channel loses, doubles and reorders nothing; a call has one answer), and
//! carries out the faults that concern channels.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use flounder::tap::{Passing, Tap, TapEnd};
use flounder::{Bell, Cap, Descriptor, Header, Holder, Kernel};
use flounder_idl::{monitor, proc_mgmt, spawn};

use crate::coverage::Coverage;
use crate::fault::Mark;
use crate::note::Note;
use crate::oracle::Oracle;
use crate::random::{Random, mix};
use crate::trace::{Entry, Happening, Trace};
use crate::who::Who;

/// Which of the system's interfaces a channel speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Speaks {
    ProcMgmt,
    Spawn,
    Monitor,
    Other,
}

impl Speaks {
    fn of(descriptor: &Descriptor) -> Self {
        match descriptor.name {
            proc_mgmt::NAME => Self::ProcMgmt,
            spawn::NAME => Self::Spawn,
            monitor::NAME => Self::Monitor,
            _ => Self::Other,
        }
    }
}

/// A message on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Parcel {
    number: u16,
    call: u64,
    /// A cap in it can't be transferred: the receiving binding fails.
    is_foreign: bool,
}

/// One end of a channel.
#[derive(Default)]
pub(crate) struct EndState {
    bell: Option<Arc<Bell>>,
    pub(crate) who: Who,
    pub(crate) closed: bool,
    /// Until which step it finds nothing, or no room.
    deaf_until: u64,
    mute_until: u64,
    /// What it sent and the peer hasn't received.
    sent: VecDeque<Parcel>,
    /// Its calls that were not answered yet.
    calls: BTreeSet<u64>,
}

/// One channel.
pub(crate) struct Link {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) speaks: Speaks,
    pub(crate) ends: [EndState; 2],
}

impl Link {
    pub(crate) fn end(&self, end: TapEnd) -> &EndState {
        &self.ends[usize::from(end.side)]
    }

    fn end_mut(&mut self, end: TapEnd) -> &mut EndState {
        &mut self.ends[usize::from(end.side)]
    }

    fn is_closed(&self) -> bool {
        self.ends.iter().any(|end| end.closed)
    }
}

/// What the net did so far.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Traffic {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) calls: u64,
}

pub(crate) struct State {
    pub(crate) links: Vec<Link>,
    pub(crate) oracle: Oracle,
    pub(crate) trace: Trace,
    pub(crate) traffic: Traffic,
    pub(crate) coverage: Coverage,
    /// Ends that are held up.
    held: BTreeSet<(u64, TapEnd)>,
    /// How many messages a direction of each channel holds at most.
    room_max: usize,
    /// The next cap of this kind that travels to the process manager or a spawnd is broken.
    break_cap: Option<Breakage>,
    refuse_endpoints: u32,
    step: u64,
    /// Caps of another system.
    foreign: Holder,
}

/// How a cap breaks on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Breakage {
    /// It is revoked: it arrives and is good for nothing.
    Revoked,
    /// It is another system's: it doesn't arrive, and the binding fails.
    Foreign,
}

/// The tap of a world.
pub(crate) struct Net {
    pub(crate) state: RefCell<State>,
    hash: Cell<u64>,
}

impl Net {
    pub(crate) fn new(oracle: Oracle, trace: Trace, room_max: usize, seed: u64) -> Rc<Self> {
        let state = State {
            links: Vec::new(),
            oracle,
            trace,
            traffic: Traffic::default(),
            coverage: Coverage::default(),
            held: BTreeSet::new(),
            room_max,
            break_cap: None,
            refuse_endpoints: 0,
            step: 0,
            foreign: Kernel::new().holder(),
        };
        Rc::new(Self { state: RefCell::new(state), hash: Cell::new(mix(seed)) })
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.get()
    }

    pub(crate) fn mix_in(&self, what: u64) {
        self.hash.set(mix(self.hash.get().rotate_left(7) ^ what));
    }

    /// Begins a step; who was held up until then is rung.
    pub(crate) fn begin(&self, step: u64) {
        let mut state = self.state.borrow_mut();
        state.step = step;
        state.trace.begin(step);
        while let Some(&(until, end)) = state.held.first() {
            if until > step {
                return;
            }
            state.held.pop_first();
            state.ring(end);
        }
    }

    /// Lets go of everybody who is held up. False if there was nobody.
    pub(crate) fn release_all(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let held = std::mem::take(&mut state.held);
        for &(_, end) in &held {
            let there = state.end_mut(end);
            (there.deaf_until, there.mute_until) = (0, 0);
            state.ring(end);
        }
        (state.break_cap, state.refuse_endpoints) = (None, 0);
        !held.is_empty()
    }

    /// Holds an end up that `pick` finds. True if there was one.
    pub(crate) fn hold(&self, random: &mut Random, steps: u64, deaf: bool) -> bool {
        let mut state = self.state.borrow_mut();
        let Some(end) = state.any_open_end(random) else { return false };
        let until = state.step + steps;
        let there = state.end_mut(end);
        let limit = if deaf { &mut there.deaf_until } else { &mut there.mute_until };
        *limit = until.max(*limit);
        state.held.insert((until, end));
        true
    }

    /// Rings a bell for nothing.
    pub(crate) fn wake_for_nothing(&self, random: &mut Random) -> bool {
        let state = self.state.borrow();
        let Some(end) = state.any_open_end(random) else { return false };
        state.ring(end);
        true
    }

    pub(crate) fn break_a_cap(&self, how: Breakage) {
        self.state.borrow_mut().break_cap = Some(how);
    }

    pub(crate) fn refuse_an_endpoint(&self) {
        self.state.borrow_mut().refuse_endpoints = 1;
    }

    /// Calls that are open although nothing is under way, but for waits.
    pub(crate) fn unanswered(&self) -> Vec<String> {
        let state = self.state.borrow();
        let mut open = Vec::new();
        for (number, link) in (0_u64..).zip(&state.links) {
            if link.is_closed() || matches!(link.speaks, Speaks::ProcMgmt) {
                continue; // what may be open there is the oracle's business
            }
            for end in link.ends.iter().filter(|_| link.descriptor.name != "nameservice") {
                open.extend(end.calls.iter().map(|call| {
                    format!("call {call} of {} over {} #{number}", end.who, link.descriptor.name)
                }));
            }
        }
        open
    }
}

impl State {
    fn end_mut(&mut self, end: TapEnd) -> &mut EndState {
        self.link_mut(end).end_mut(end)
    }

    fn link_mut(&mut self, end: TapEnd) -> &mut Link {
        &mut self.links[index(end)]
    }

    fn link(&self, end: TapEnd) -> &Link {
        &self.links[index(end)]
    }

    fn ring(&self, end: TapEnd) {
        if let Some(bell) = &self.link(end).end(end).bell {
            bell.ring();
        }
    }

    /// An end at random of a channel that is open and has owners.
    fn any_open_end(&self, random: &mut Random) -> Option<TapEnd> {
        // Old channels are mostly closed: a few tries find one, or there is next to nothing to find.
        for _ in 0..8 {
            if self.links.is_empty() {
                return None;
            }
            let channel = random.below(self.links.len());
            let side = u8::from(random.one_in(2));
            let link = &self.links[channel];
            if !link.is_closed() && link.ends[usize::from(side)].bell.is_some() {
                return Some(TapEnd { channel: channel as u64, side });
            }
        }
        None
    }

    fn note(&mut self, end: TapEnd, happening: Happening, number: u16, call: u64, note: Note) {
        let link = self.link(end);
        let entry = Entry {
            happening,
            channel: end.channel,
            own: link.end(end).who,
            peer: link.end(end.peer()).who,
            name: link.descriptor.message(number).map_or("call failed", |message| message.name),
            call,
            note,
        };
        self.trace.push(entry);
    }

    fn complain(&mut self, end: TapEnd, what: &str) {
        let link = self.link(end);
        let (own, peer) = (link.end(end).who, link.end(end.peer()).who);
        let name = link.descriptor.name;
        self.oracle.complain(format!("{what}: {own} with {peer} over {name} #{}", end.channel));
    }

    /// Books what `end` sends: a call is opened, an answer closes one.
    fn book_sent(&mut self, end: TapEnd, parcel: Parcel, header: Option<Header>) {
        self.traffic.sent += 1;
        let call = parcel.call;
        let link = self.link_mut(end);
        link.end_mut(end).sent.push_back(parcel);
        match header {
            Some(Header::OneWay) => {}
            Some(Header::Call(_)) => {
                link.end_mut(end).calls.insert(call);
                self.traffic.calls += 1;
            }
            Some(Header::Response(_)) | None => {
                if !link.end_mut(end.peer()).calls.remove(&call) {
                    self.complain(end, "an answer to what was not asked, or a second one");
                }
            }
        }
    }

    /// Books what `end` received: it has to be what was sent next. True if it is lost for its caps.
    fn book_received(&mut self, end: TapEnd, number: u16, call: u64) -> bool {
        self.traffic.received += 1;
        let sent = self.link_mut(end).end_mut(end.peer()).sent.pop_front();
        if sent.is_none_or(|sent| (sent.number, sent.call) != (number, call)) {
            self.complain(end, "a channel doesn't deliver what was sent, in its order");
        }
        sent.is_some_and(|sent| sent.is_foreign)
    }

    /// Breaks what travels, if that is to happen. True if it won't arrive.
    fn spoil(&mut self, end: TapEnd, message: &mut dyn Any) -> bool {
        if self.refuse_endpoints > 0
            && let Some(monitor::Message::AllocMonitorEpReply(reply)) = message.downcast_mut()
        {
            // The endpoint stays in the message: its other end closes when the spawnd drops it.
            reply.err = flounder::ErrCode::MON_ERR_LIMIT.into();
            self.refuse_endpoints -= 1;
            self.coverage.mark(Mark::EndpointRefused);
        }
        let Some(how) = self.break_cap else { return false };
        if self.link(end).end(end.peer()).who != Who::ProcMgmt {
            return false;
        }
        let cap = match message.downcast_mut() {
            Some(proc_mgmt::Message::Kill(call)) => &mut call.domain_cap,
            Some(proc_mgmt::Message::Wait(call)) => &mut call.domain_cap,
            Some(proc_mgmt::Message::Exit(message)) => &mut message.domain_cap,
            _ => return false,
        };
        let broken = match how {
            Breakage::Revoked => revoked(cap),
            Breakage::Foreign => self.foreign.frame(1).ok(),
        };
        let Some(broken) = broken else { return false };
        *cap = broken;
        self.break_cap = None;
        self.coverage.mark(Mark::CapTransferFails);
        how == Breakage::Foreign
    }
}

/// A copy of `cap` that is no longer usable.
fn revoked(cap: &Cap) -> Option<Cap> {
    let between = cap.copy().ok()?;
    let copy = between.copy().ok()?;
    between.revoke().ok()?;
    Some(copy)
}

fn index(end: TapEnd) -> usize {
    usize::try_from(end.channel).unwrap_or(usize::MAX)
}

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
                let parcel = Parcel { number: 0, call: call.number(), is_foreign: false };
                (parcel, None, Note::default())
            }
            Passing::Message { header, number, message } => {
                let is_foreign = state.spoil(end, message);
                let speaks = state.link(end).speaks;
                let note = Note::of(speaks, message);
                let State { links, oracle, .. } = &mut *state;
                oracle.sending(end, &links[index(end)], (header, message));
                (Parcel { number, call: call_of(header), is_foreign }, Some(header), note)
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
        let is_lost = state.book_received(end, number, call);
        let State { links, oracle, coverage, .. } = &mut *state;
        let link = &links[index(end)];
        match passing {
            _ if is_lost => oracle.found_closed(end, link, coverage),
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
