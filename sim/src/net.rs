//! Every channel of a world: who is at its ends, what is in it, what holds it up.
//!
//! The net is the tap of the world's thread. It tells the oracle what passes, keeps the ledger that
//! holds for any service (a channel loses, doubles and reorders nothing; a call has one answer), and
//! carries out the faults that concern channels.

mod books;
mod tap;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use flounder::tap::TapEnd;
use flounder::{Bell, Descriptor, Holder, Kernel};
use flounder_idl::{monitor, proc_mgmt, spawn};

use crate::coverage::Coverage;
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
    /// What is wrong with it so that the receiving binding fails.
    spoilt: Option<Breakage>,
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
    /// How the next message with a domain's cap to the process manager breaks.
    break_next: Option<Breakage>,
    /// Who has just taken out what came as spoilt bytes.
    finds_spoilt: Option<TapEnd>,
    refuse_endpoints: u32,
    step: u64,
    /// Caps of another system.
    foreign: Holder,
}

/// How a message breaks on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Breakage {
    /// Its cap is revoked: it arrives and is good for nothing.
    Revoked,
    /// Its cap is another system's: it doesn't arrive, and the binding fails.
    Foreign,
    /// Its bytes are none of a message: the binding fails, too.
    Malformed,
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
            break_next: None,
            finds_spoilt: None,
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
        (state.break_next, state.refuse_endpoints) = (None, 0);
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

    /// Has the process manager hear nothing of `who` for a while. False if that has no binding to it.
    pub(crate) fn hold_from(&self, who: Who, steps: u64) -> bool {
        let mut state = self.state.borrow_mut();
        let Some(end) = state.heard_at(who) else { return false };
        let until = state.step + steps;
        state.end_mut(end).deaf_until = until;
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

    pub(crate) fn break_a_message(&self, how: Breakage) {
        self.state.borrow_mut().break_next = Some(how);
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

    /// Where the process manager hears `who`.
    fn heard_at(&self, who: Who) -> Option<TapEnd> {
        let numbered = (0_u64..)
            .zip(&self.links)
            .filter(|(_, link)| link.speaks == Speaks::ProcMgmt && !link.is_closed());
        let sides = numbered.flat_map(|(channel, link)| {
            (0_u8..).zip(&link.ends).map(move |(side, own)| (TapEnd { channel, side }, own))
        });
        let mut theirs = sides.filter(|(_, own)| own.who == who).map(|(end, _)| end.peer());
        theirs.find(|&end| self.link(end).end(end).who == Who::ProcMgmt)
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
}

fn index(end: TapEnd) -> usize {
    usize::try_from(end.channel).unwrap_or(usize::MAX)
}
