//! The channels between monitors: who made one, who hears over it, who sends over it.

use std::collections::{BTreeMap, VecDeque};

use flounder::CoreId;
use flounder_monitor::{Event, PeerMessage};

use super::world::{End, World};
use crate::tell::Tell;

/// What travels between monitors.
#[derive(Clone, Hash, Debug)]
pub(super) enum Parcel {
    Message(PeerMessage<End>),
    /// The other end is closed.
    Closed,
}

/// A channel between two monitors.
#[derive(Clone, Hash, Debug)]
pub(super) struct Link {
    pub(super) maker: CoreId,
    pub(super) taker: CoreId,
    /// The taker has its end.
    pub(super) is_claimed: bool,
    /// One of the ends is gone: what is sent is dropped.
    pub(super) is_closed: bool,
    pub(super) to_taker: VecDeque<Parcel>,
    pub(super) to_maker: VecDeque<Parcel>,
}

impl Link {
    fn new(maker: CoreId, taker: CoreId, is_claimed: bool) -> Self {
        Self {
            maker,
            taker,
            is_claimed,
            is_closed: false,
            to_taker: VecDeque::new(),
            to_maker: VecDeque::new(),
        }
    }

    fn other(&self, core: CoreId) -> CoreId {
        if self.maker == core { self.taker } else { self.maker }
    }

    fn is_between(&self, one: CoreId, other: CoreId) -> bool {
        [(one, other), (other, one)].contains(&(self.maker, self.taker))
    }

    /// What is on its way to one of the two.
    fn wire_to(&mut self, core: CoreId) -> &mut VecDeque<Parcel> {
        if self.maker == core { &mut self.to_maker } else { &mut self.to_taker }
    }

    /// True if there is something to hear, at the maker's end or at the other.
    pub(super) fn has_news(&self, to_maker: bool) -> bool {
        if to_maker {
            !self.to_maker.is_empty()
        } else {
            self.is_claimed && !self.to_taker.is_empty()
        }
    }

    /// True if the taker's end of that link is on its way here.
    fn carries(&self, end: End) -> bool {
        let carries = |parcel: &Parcel| match parcel {
            Parcel::Message(
                PeerMessage::ConnectRequest { endpoint, .. }
                | PeerMessage::Connect { endpoint, .. },
            ) => *endpoint == end,
            _ => false,
        };
        self.to_taker.iter().chain(&self.to_maker).any(carries)
    }
}

/// All links, and over which one each monitor sends to each other.
#[derive(Clone, Default, Hash, Debug)]
pub(super) struct Links {
    pub(super) all: Vec<Link>,
    ways: BTreeMap<(CoreId, CoreId), usize>,
}

impl Links {
    /// Two monitors are born with a link.
    pub(super) fn add(&mut self, maker: CoreId, taker: CoreId) {
        let link = self.all.len();
        self.all.push(Link::new(maker, taker, true));
        self.ways.insert((maker, taker), link);
        self.ways.insert((taker, maker), link);
    }

    /// Sends over the link that there is; without one it is dropped.
    pub(super) fn send(&mut self, from: CoreId, to: CoreId, message: PeerMessage<End>) {
        let Some(&link) = self.ways.get(&(from, to)) else { return };
        let link = &mut self.all[link];
        if !link.is_closed {
            link.wire_to(to).push_back(Parcel::Message(message));
        }
    }

    /// Makes a link and keeps one end of it; the other.
    pub(super) fn make(&mut self, maker: CoreId, taker: CoreId) -> Result<End, String> {
        let link = self.all.len();
        self.all.push(Link::new(maker, taker, false));
        match self.ways.insert((maker, taker), link) {
            None => Ok(End::Link(link)),
            Some(_) => Err(format!("monitor {maker} makes a second link to {taker}")),
        }
    }

    /// Claims an end. Who has a link already goes on sending over that.
    pub(super) fn claim(&mut self, core: CoreId, peer: CoreId, end: End) -> Result<(), String> {
        match end {
            End::Link(link) if (self.all[link].maker, self.all[link].taker) == (peer, core) => {
                self.all[link].is_claimed = true;
                self.ways.entry((core, peer)).or_insert(link);
                Ok(())
            }
            other => Err(format!("monitor {core} claims {other:?} as a link to {peer}")),
        }
    }

    pub(super) fn forget_way(&mut self, from: CoreId, to: CoreId) {
        self.ways.remove(&(from, to));
    }

    /// A core is lost: at the other ends that is heard after everything else.
    pub(super) fn lose(&mut self, core: CoreId) {
        for link in self.all.iter_mut().filter(|it| it.maker == core || it.taker == core) {
            link.close_end(core);
        }
        self.close_dropped();
    }

    /// A link whose travelling end was dropped is closed.
    pub(super) fn close_dropped(&mut self) {
        loop {
            let is_dropped = |(index, link): (usize, &Link)| {
                let end = End::Link(index);
                let lives = link.is_claimed || link.is_closed;
                (!lives && !self.all.iter().any(|other| other.carries(end))).then_some(index)
            };
            let Some(dropped) = self.all.iter().enumerate().find_map(is_dropped) else { return };
            let taker = self.all[dropped].taker;
            self.all[dropped].close_end(taker);
        }
    }
}

impl Link {
    fn close_end(&mut self, core: CoreId) {
        self.wire_to(core).clear();
        if !std::mem::replace(&mut self.is_closed, true) {
            let other = self.other(core);
            self.wire_to(other).push_back(Parcel::Closed);
        }
    }
}

impl World {
    /// A monitor hears the next over a link.
    pub(super) fn hear(
        &mut self,
        link: usize,
        to_maker: bool,
        tell: &mut Tell,
    ) -> Result<(), String> {
        let Link { maker, taker, .. } = self.links.all[link];
        let (core, peer) = if to_maker { (maker, taker) } else { (taker, maker) };
        match self.links.all[link].wire_to(core).pop_front() {
            Some(Parcel::Message(message)) => {
                tell.say(|| format!("monitor {core} hears monitor {peer}: {message:?}"));
                self.handle(core, Event::Peer { from: peer, message }, tell)
            }
            Some(Parcel::Closed) => {
                tell.say(|| format!("monitor {core} finds a link to {peer} closed"));
                self.link_closed(core, peer, link, tell)
            }
            None => Ok(()),
        }
    }

    /// The loss of the link that a monitor sends over is the loss of its peer.
    fn link_closed(
        &mut self,
        core: CoreId,
        peer: CoreId,
        link: usize,
        tell: &mut Tell,
    ) -> Result<(), String> {
        if self.links.ways.get(&(core, peer)) != Some(&link) {
            return Ok(());
        }
        self.links.forget_way(core, peer);
        let claimed = |it: &&mut Link| it.is_claimed && it.is_between(core, peer);
        for link in self.links.all.iter_mut().filter(claimed) {
            link.wire_to(core).clear();
        }
        self.handle(core, Event::LinkGone { core: peer }, tell)
    }
}
