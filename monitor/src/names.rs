//! The name service: which iref is behind which name.
//!
//! A name belongs to the client that registered it and goes with it. `C` tells clients apart, `W` is
//! what answers one that waits for a name; the table keeps it and hands it out when the name is
//! registered.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use flounder::{ErrCode, ErrVal, Iref, Role};

/// The longest name; one byte less than the interface's string, for the NUL it may end in elsewhere.
pub const NAME_BYTES_MAX: usize = 63;

/// How many names a client can have registered.
pub const NAMES_PER_CLIENT_MAX: usize = 64;

/// How many names a client can wait for: the bound on calls of any binding.
pub const WAITS_PER_CLIENT_MAX: usize = 64;

/// How many names there can be: at 63 bytes each and their nodes, about 16 MiB.
pub const NAMES_MAX: usize = 1 << 16;

/// How many waits there can be, over all clients.
const WAITS_MAX: usize = 1 << 16;

/// Names that only services and monitors may register.
const RESERVED: &[Reserved] = &[
    Reserved::Name("nameservice"),
    Reserved::Name("proc_mgmt"),
    Reserved::Prefix("monitor."),
    Reserved::Prefix("spawn."),
];

#[derive(Debug)]
enum Reserved {
    Name(&'static str),
    Prefix(&'static str),
}

impl Reserved {
    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Name(reserved) => name == *reserved,
            Self::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

/// Why the name service refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Somebody has registered the name.
    #[error("the name is taken")]
    Exists,
    /// Nobody has registered the name.
    #[error("no service is registered under this name")]
    Unknown,
    /// It isn't 1 to 63 bytes of letters, digits, `_`, `-`, `.` and `/`.
    #[error("this can't be a service name")]
    Invalid,
    /// Only a service of the system may have the name.
    #[error("the name is reserved for a service of the system")]
    Reserved,
    /// Another client has registered the name.
    #[error("the name belongs to another client")]
    NotOwner,
    /// The client, or the whole table, is at a limit.
    #[error("a limit of the name service is reached")]
    Limit,
    /// The null iref was to be registered.
    #[error("the null iref names no service")]
    NullIref,
}

impl From<NameError> for ErrVal {
    fn from(error: NameError) -> Self {
        Self::from(match error {
            NameError::Exists => ErrCode::NAME_ERR_EXISTS,
            NameError::Unknown => ErrCode::NAME_ERR_UNKNOWN,
            NameError::Invalid => ErrCode::NAME_ERR_INVALID,
            NameError::Reserved => ErrCode::NAME_ERR_RESERVED,
            NameError::NotOwner => ErrCode::NAME_ERR_NOT_OWNER,
            NameError::Limit => ErrCode::NAME_ERR_LIMIT,
            NameError::NullIref => ErrCode::MON_ERR_INVALID_IREF,
        })
    }
}

/// What became of a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting<W> {
    /// The name is there: answer now.
    Found(W, Iref),
    /// It will be handed out by [`Names::register`], or dropped with its client.
    Later,
}

#[derive(Debug)]
struct Service<C> {
    owner: C,
    iref: Iref,
}

#[derive(Debug)]
struct Waiter<C, W> {
    client: C,
    answer: W,
}

#[derive(Debug, Default)]
struct Client {
    names: BTreeSet<String>,
    /// The names it waits for; the number tells two waits for the same one apart.
    waits: BTreeSet<(String, u64)>,
}

/// The table of names. Clients appear with their first use and leave with [`Names::client_gone`].
///
/// ```
/// use flounder::{CoreId, Iref, Role};
/// use flounder_monitor::{Names, Waiting};
///
/// let (service, client) = (1, 2);
/// let iref = Iref::new(CoreId(1), 7);
/// let mut names = Names::new();
/// assert_eq!(names.wait_for(client, "echo", "the client's reply token"), Ok(Waiting::Later));
/// let waiting = names.register(service, Role::Program, "echo", iref);
/// assert_eq!(waiting, Ok(vec!["the client's reply token"]));
/// assert_eq!(names.lookup("echo"), Ok(iref));
/// ```
#[derive(Debug)]
pub struct Names<C, W> {
    services: BTreeMap<String, Service<C>>,
    /// By name and in the order they came, so that one can leave without a search.
    waiters: BTreeMap<String, BTreeMap<u64, Waiter<C, W>>>,
    waits_len: usize,
    waits_last: u64,
    clients: BTreeMap<C, Client>,
}

impl<C, W> Default for Names<C, W> {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
            waiters: BTreeMap::new(),
            waits_len: 0,
            waits_last: 0,
            clients: BTreeMap::new(),
        }
    }
}

impl<C: Copy + Ord, W> Names<C, W> {
    /// A table without names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers `iref` under `name` for `client`. Returns who waited for the name, in the order they
    /// came, to be told the iref.
    ///
    /// # Errors
    ///
    /// [`NameError::Invalid`], [`NameError::NullIref`], [`NameError::Reserved`] unless `role` is that of
    /// a service or a monitor, [`NameError::Exists`] whoever has the name, [`NameError::Limit`].
    pub fn register(
        &mut self,
        client: C,
        role: Role,
        name: &str,
        iref: Iref,
    ) -> Result<Vec<W>, NameError> {
        check_name(name)?;
        check_reserved(name, role)?;
        if iref == Iref::NULL {
            return Err(NameError::NullIref);
        }
        let table_full = self.services.len() >= NAMES_MAX;
        let Entry::Vacant(entry) = self.services.entry(name.to_owned()) else {
            return Err(NameError::Exists);
        };
        let names = &mut self.clients.entry(client).or_default().names;
        if table_full || names.len() >= NAMES_PER_CLIENT_MAX {
            return Err(NameError::Limit);
        }
        names.insert(name.to_owned());
        entry.insert(Service { owner: client, iref });
        Ok(self.take_waiters(name))
    }

    /// Takes `name` back.
    ///
    /// # Errors
    ///
    /// [`NameError::Invalid`], [`NameError::Unknown`], or [`NameError::NotOwner`] if another client
    /// registered it.
    pub fn remove(&mut self, client: C, name: &str) -> Result<(), NameError> {
        check_name(name)?;
        let service = self.services.get(name).ok_or(NameError::Unknown)?;
        if service.owner != client {
            return Err(NameError::NotOwner);
        }
        self.services.remove(name);
        if let Some(owner) = self.clients.get_mut(&client) {
            owner.names.remove(name);
        }
        Ok(())
    }

    /// Looks `name` up.
    ///
    /// # Errors
    ///
    /// [`NameError::Invalid`] or [`NameError::Unknown`].
    pub fn lookup(&self, name: &str) -> Result<Iref, NameError> {
        check_name(name)?;
        Ok(self.services.get(name).ok_or(NameError::Unknown)?.iref)
    }

    /// Looks `name` up, now or once it is registered.
    ///
    /// # Errors
    ///
    /// [`NameError::Invalid`] or [`NameError::Limit`], with the `answer` handed back.
    pub fn wait_for(
        &mut self,
        client: C,
        name: &str,
        answer: W,
    ) -> Result<Waiting<W>, (NameError, W)> {
        match self.lookup(name) {
            Ok(iref) => return Ok(Waiting::Found(answer, iref)),
            Err(NameError::Unknown) => (),
            Err(error) => return Err((error, answer)),
        }
        let table_full = self.waits_len >= WAITS_MAX;
        let waits = &mut self.clients.entry(client).or_default().waits;
        if table_full || waits.len() >= WAITS_PER_CLIENT_MAX {
            return Err((NameError::Limit, answer));
        }
        self.waits_len += 1;
        self.waits_last += 1;
        waits.insert((name.to_owned(), self.waits_last));
        let waiters = self.waiters.entry(name.to_owned()).or_default();
        waiters.insert(self.waits_last, Waiter { client, answer });
        Ok(Waiting::Later)
    }

    /// The first registered name after `after` in the order of their bytes, and its iref.
    #[must_use]
    pub fn next_after(&self, after: &str) -> Option<(&str, Iref)> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        let (name, service) = self.services.range::<str, _>(range).next()?;
        Some((name, service.iref))
    }

    /// Forgets a client: its names are free, its waits are dropped unanswered.
    pub fn client_gone(&mut self, client: C) {
        let Some(gone) = self.clients.remove(&client) else { return };
        for name in gone.names {
            self.services.remove(&name);
        }
        self.waits_len -= gone.waits.len();
        for (name, wait) in gone.waits {
            let Some(waiters) = self.waiters.get_mut(&name) else { continue };
            waiters.remove(&wait);
            if waiters.is_empty() {
                self.waiters.remove(&name);
            }
        }
    }

    fn take_waiters(&mut self, name: &str) -> Vec<W> {
        let waiters = self.waiters.remove(name).unwrap_or_default();
        self.waits_len -= waiters.len();
        let take = |(wait, Waiter { client, answer })| {
            if let Some(client) = self.clients.get_mut(&client) {
                client.waits.remove(&(name.to_owned(), wait));
            }
            answer
        };
        waiters.into_iter().map(take).collect()
    }
}

fn check_name(name: &str) -> Result<(), NameError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    let valid = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed);
    if valid { Ok(()) } else { Err(NameError::Invalid) }
}

fn check_reserved(name: &str, role: Role) -> Result<(), NameError> {
    let system = matches!(role, Role::Service | Role::Monitor);
    let reserved = RESERVED.iter().any(|reserved| reserved.covers(name));
    if reserved && !system { Err(NameError::Reserved) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
