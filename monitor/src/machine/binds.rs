//! Bind requests on their way: who asked, who owes the answer.
//!
//! A request has two ends, and each may vanish before the answer. Without its asker it stays until the
//! server answers, so that it keeps counting against the server's limit and a late answer is told from
//! an invented one. Without its server it is handed back to be answered with an error.

use std::collections::{BTreeMap, BTreeSet};

use flounder::CoreId;

use super::exports::Owner;
use crate::peers::{ChildKey, RequestId};

/// How many bind requests of one child can be open: the bound on calls of any other binding.
pub const PENDING_PER_CHILD_MAX: usize = 64;

/// How many bind requests one service can owe an answer: those of 16 clients that ask for all they may.
pub const PENDING_PER_SERVICE_MAX: usize = 1024;

/// How many bind requests can be open over the link to one monitor, in each direction.
pub const PENDING_PER_LINK_MAX: usize = 1024;

/// Who asked for a bind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Asker {
    Child(ChildKey),
    Peer(CoreId),
}

impl Asker {
    fn pending_max(self) -> usize {
        match self {
            Self::Child(_) => PENDING_PER_CHILD_MAX,
            Self::Peer(_) => PENDING_PER_LINK_MAX,
        }
    }
}

/// Who answers a bind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Server {
    /// The monitor's own name service.
    Own,
    Child(ChildKey),
    Peer(CoreId),
}

impl From<Owner> for Server {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Own => Self::Own,
            Owner::Child(child) => Self::Child(child),
        }
    }
}

impl Server {
    fn pending_max(self) -> usize {
        match self {
            Self::Own | Self::Child(_) => PENDING_PER_SERVICE_MAX,
            Self::Peer(_) => PENDING_PER_LINK_MAX,
        }
    }
}

/// Whom to answer, and under which id it asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Asked {
    pub(crate) by: Asker,
    pub(crate) request: RequestId,
}

/// What an answer finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Closed {
    /// Pass the answer on.
    For(Asked),
    /// The asker is gone.
    ForNobody,
    /// Nobody asked this server that.
    Unknown,
}

#[derive(Clone, Hash, Debug)]
struct Pending {
    /// `None` once the asker is gone.
    asked: Option<Asked>,
    server: Server,
}

/// The open bind requests of one monitor.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Binds {
    last: u64,
    pending: BTreeMap<RequestId, Pending>,
    asks: BTreeMap<Asker, BTreeSet<RequestId>>,
    owes: BTreeMap<Server, BTreeSet<RequestId>>,
}

impl Binds {
    /// Opens a request under an id of the monitor's own; `None` if a limit is reached.
    pub(crate) fn open(&mut self, asked: Asked, server: Server) -> Option<RequestId> {
        let asks = self.asks.get(&asked.by).map_or(0, BTreeSet::len);
        let owes = self.owes.get(&server).map_or(0, BTreeSet::len);
        if asks >= asked.by.pending_max() || owes >= server.pending_max() {
            return None;
        }
        self.last += 1;
        let id = RequestId(self.last);
        self.asks.entry(asked.by).or_default().insert(id);
        self.owes.entry(server).or_default().insert(id);
        self.pending.insert(id, Pending { asked: Some(asked), server });
        Some(id)
    }

    /// Closes the request `id` that `server` answers.
    pub(crate) fn close(&mut self, id: RequestId, server: Server) -> Closed {
        if self.pending.get(&id).is_none_or(|pending| pending.server != server) {
            return Closed::Unknown;
        }
        remove_from(&mut self.owes, &server, id);
        match self.take(id) {
            Some(asked) => Closed::For(asked),
            None => Closed::ForNobody,
        }
    }

    /// Forgets that `asker` asked.
    pub(crate) fn asker_gone(&mut self, asker: Asker) {
        for id in self.asks.remove(&asker).unwrap_or_default() {
            if let Some(pending) = self.pending.get_mut(&id) {
                pending.asked = None;
            }
        }
    }

    /// Closes every request that `server` owes an answer; returns whom to answer, oldest first.
    pub(crate) fn server_gone(&mut self, server: Server) -> Vec<Asked> {
        let owed = self.owes.remove(&server).unwrap_or_default();
        owed.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// How many requests are open.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    fn take(&mut self, id: RequestId) -> Option<Asked> {
        let asked = self.pending.remove(&id)?.asked?;
        remove_from(&mut self.asks, &asked.by, id);
        Some(asked)
    }
}

fn remove_from<K: Ord>(index: &mut BTreeMap<K, BTreeSet<RequestId>>, key: &K, id: RequestId) {
    let Some(ids) = index.get_mut(key) else { return };
    ids.remove(&id);
    if ids.is_empty() {
        index.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Server = Server::Child(ChildKey(100));

    fn asked(by: Asker, request: u64) -> Asked {
        Asked { by, request: RequestId(request) }
    }

    fn child(key: u64) -> Asker {
        Asker::Child(ChildKey(key))
    }

    fn assert_empty(binds: &Binds) {
        assert!(binds.pending.is_empty() && binds.asks.is_empty() && binds.owes.is_empty());
    }

    /// Who asks, who serves and under which limit, if everything else differs from request to request.
    struct Limit {
        asker: fn(u64) -> Asker,
        server: fn(u64) -> Server,
        max: usize,
    }

    #[test]
    fn each_limit_is_reached_and_freed() {
        let child_server = |n| Server::Child(ChildKey(n));
        let (peer, peer_server) = (|_| Asker::Peer(CoreId(1)), |_| Server::Peer(CoreId(1)));
        let limits = [
            Limit { asker: |_| child(1), server: child_server, max: PENDING_PER_CHILD_MAX },
            Limit { asker: child, server: |_| SERVER, max: PENDING_PER_SERVICE_MAX },
            Limit { asker: child, server: |_| Server::Own, max: PENDING_PER_SERVICE_MAX },
            Limit { asker: child, server: peer_server, max: PENDING_PER_LINK_MAX },
            Limit { asker: peer, server: child_server, max: PENDING_PER_LINK_MAX },
        ];
        for Limit { asker, server, max } in limits {
            let max = max as u64;
            let mut binds = Binds::default();
            let open = |binds: &mut Binds, n| binds.open(asked(asker(n), n), server(n));
            let first = open(&mut binds, 0).unwrap();
            assert!((1..max).all(|n| open(&mut binds, n).is_some()));
            assert_eq!(open(&mut binds, max), None);
            assert!(matches!(binds.close(first, server(0)), Closed::For(_)));
            assert!(open(&mut binds, max).is_some());
        }
    }

    #[test]
    fn only_the_server_closes_and_only_once() {
        let mut binds = Binds::default();
        let id = binds.open(asked(child(1), 7), SERVER).unwrap();
        assert_eq!(binds.close(id, Server::Child(ChildKey(1))), Closed::Unknown);
        assert_eq!(binds.close(RequestId(99), SERVER), Closed::Unknown);
        assert_eq!(binds.close(id, SERVER), Closed::For(asked(child(1), 7)));
        assert_eq!(binds.close(id, SERVER), Closed::Unknown);
        assert_empty(&binds);
    }

    #[test]
    fn a_dead_asker_counts_until_the_server_answers() {
        let mut binds = Binds::default();
        let ids: Vec<_> = (0..PENDING_PER_SERVICE_MAX as u64)
            .map(|n| binds.open(asked(child(n), n), SERVER).unwrap())
            .collect();
        for n in 0..PENDING_PER_SERVICE_MAX as u64 {
            binds.asker_gone(child(n));
        }
        assert_eq!(binds.open(asked(child(9), 0), SERVER), None);
        for id in ids {
            assert_eq!(binds.close(id, SERVER), Closed::ForNobody);
        }
        assert_empty(&binds);
    }

    #[test]
    fn a_dead_server_hands_its_askers_back_in_order() {
        let mut binds = Binds::default();
        for n in [3, 1, 2] {
            binds.open(asked(child(n), n), SERVER).unwrap();
        }
        binds.asker_gone(child(1));
        assert_eq!(binds.server_gone(SERVER), [asked(child(3), 3), asked(child(2), 2)]);
        assert_empty(&binds);
    }
}
