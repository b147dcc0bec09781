//! Endpoints that are counted: each exists once, and it is known which ones still do.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

/// What an endpoint is one end of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum End {
    /// A binding to a service; the number is unique.
    Service(u64),
    /// A link between monitors.
    Link(usize),
}

/// An endpoint. It can't be copied, and its drop is noticed.
pub(crate) struct Token {
    pub(crate) end: End,
    registry: Registry,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.fmt(f)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let mut books = self.registry.0.borrow_mut();
        assert!(books.live.remove(&self.end), "{:?} dropped twice", self.end);
        if let End::Link(link) = self.end {
            books.dropped_links.push(link);
        }
    }
}

#[derive(Default, Debug)]
struct Books {
    services: u64,
    live: BTreeSet<End>,
    dropped_links: Vec<usize>,
}

/// The endpoints of one run.
#[derive(Clone, Default, Debug)]
pub(crate) struct Registry(Rc<RefCell<Books>>);

impl Registry {
    pub(crate) fn service_end(&self) -> Token {
        let number = {
            let mut books = self.0.borrow_mut();
            books.services += 1;
            books.services
        };
        self.make(End::Service(number))
    }

    pub(crate) fn link_end(&self, link: usize) -> Token {
        self.make(End::Link(link))
    }

    fn make(&self, end: End) -> Token {
        assert!(self.0.borrow_mut().live.insert(end), "{end:?} made twice");
        Token { end, registry: self.clone() }
    }

    /// The links whose travelling end was dropped since this was last asked, claimed or not.
    pub(crate) fn take_dropped_links(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.borrow_mut().dropped_links)
    }

    pub(crate) fn live(&self) -> BTreeSet<End> {
        self.0.borrow().live.clone()
    }
}
