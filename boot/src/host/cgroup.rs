//! Control groups, version 2: what is in one can't leave it by forking, and ends with one write.
//!
//! A system has a group of its own beside whatever this process is in, with a group in it for each
//! domain that is a process. The system's is named after the boot of the host, the process and its
//! start, so that a later system knows one whose owner is gone, and ends what is left in it. A
//! domain's is named after the one that it was made for, and serves others after that.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flounder::DomainId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, statat, unlinkat};
use rustix::io::{Errno, pread, write};

use super::owner::Owner;
use super::stdio::above_stdio;

/// How many systems one process may run at the same time with groups of their own.
const SYSTEMS_MAX: u32 = 1_000;

/// How long the end of what was killed is waited for where nobody else does: one look at the file
/// that tells of it, as often as [`LOOKS_MAX`] says.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
const LOOKS_MAX: u32 = 20;

/// What the file that tells whether a group is empty has at most: a few short lines.
const EVENTS_BYTES: usize = 256;

/// Where what is in a group is ended.
const KILL: &str = "cgroup.kill";

/// The links of a group without groups in it: its name, and its own to itself.
const LINKS_OF_EMPTY: u64 = 2;

/// Why there are no control groups to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoCgroups {
    /// The configuration says so.
    #[error("they are switched off")]
    Off,
    /// The host has none of version 2, or this process isn't in one.
    #[error("no hierarchy of version 2 is mounted")]
    NotMounted,
    /// The kernel is older than 5.14.
    #[error("the kernel can't kill a group")]
    NoKill,
    /// None can be made.
    #[error("none can be made in {}: {source}", path.display())]
    Refused {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The group of a system.
#[derive(Debug)]
pub(super) struct Groups {
    path: PathBuf,
    dir: OwnedFd,
}

/// The group of one domain at a time.
#[derive(Debug)]
pub(super) struct Group {
    groups: Arc<Groups>,
    name: String,
    /// Where a process joins, once that was asked for.
    procs: Option<OwnedFd>,
    /// What tells whether it is empty, once that was asked for.
    events: Option<OwnedFd>,
}

impl Groups {
    /// Makes the group of a system, in that of this process.
    pub(super) fn make(owner: &Owner) -> Result<Self, NoCgroups> {
        let parent = own_group().ok_or(NoCgroups::NotMounted)?;
        let refused = |source| NoCgroups::Refused { path: parent.clone(), source };
        let path = make_first_free(&parent, owner).map_err(refused)?;
        let dir = openat(CWD, &path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| refused(error.into()))?;
        let groups = Self { path, dir };
        if groups.path.join(KILL).exists() { Ok(groups) } else { Err(NoCgroups::NoKill) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the group of a domain.
    pub(super) fn group(self: &Arc<Self>, domain: DomainId) -> io::Result<Group> {
        let name = domain.to_string();
        match mkdirat(&self.dir, &name, Mode::from_raw_mode(0o755)) {
            // Left by the same domain's earlier start that failed: no other ever has its number.
            Ok(()) | Err(Errno::EXIST) => {
                Ok(Group { groups: Arc::clone(self), name, procs: None, events: None })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        // What can't be ended or removed is left to the next boot.
        let _ = end(&self.path);
    }
}

impl Group {
    /// Where a process writes 0 to join. Stays open until [`Group::close`].
    pub(super) fn procs(&mut self) -> io::Result<BorrowedFd<'_>> {
        let procs = match self.procs.take() {
            Some(procs) => procs,
            None => above_stdio(self.open("cgroup.procs", OFlags::WRONLY)?)?,
        };
        Ok(OwnedFd::as_fd(self.procs.insert(procs)))
    }

    /// Whether anything runs in the group. What tells stays open until [`Group::close`].
    pub(super) fn is_populated(&mut self) -> io::Result<bool> {
        Ok(self.state()?.is_populated)
    }

    /// Whether the group may serve another program: nothing is in it, it isn't frozen, has no groups in
    /// it, and can be ended by force. What else a program has set in its group, if it has the right to
    /// write there, stays: limits for groups within, and whether pressure is told.
    pub(super) fn is_as_new(&mut self) -> io::Result<bool> {
        let State { is_populated, is_frozen } = self.state()?;
        let links = statat(&self.groups.dir, &self.name, AtFlags::empty())?.st_nlink;
        self.open(KILL, OFlags::WRONLY)?;
        Ok(!is_populated && !is_frozen && links == LINKS_OF_EMPTY)
    }

    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        self.procs.is_some() || self.events.is_some()
    }

    /// Gives the descriptors of the group back, until they are needed again.
    pub(super) fn close(&mut self) {
        (self.procs, self.events) = (None, None);
    }

    fn state(&mut self) -> io::Result<State> {
        let events = match self.events.take() {
            Some(events) => events,
            None => self.events()?,
        };
        State::read(self.events.insert(events))
    }

    /// Ends everything in the group by force, also what is being forked.
    pub(super) fn kill(&self) -> io::Result<()> {
        write(self.open(KILL, OFlags::WRONLY)?, b"1")?;
        Ok(())
    }

    /// Opens what tells whether anything is in the group, to be watched: see [`is_populated`].
    pub(super) fn events(&self) -> io::Result<OwnedFd> {
        self.open("cgroup.events", OFlags::RDONLY)
    }

    /// Removes the group, which must be empty.
    pub(super) fn remove(self) -> io::Result<()> {
        match unlinkat(&self.groups.dir, &self.name, AtFlags::REMOVEDIR) {
            // The program made groups in its own.
            Err(Errno::BUSY | Errno::NOTEMPTY) => remove_tree(&self.groups.path.join(&self.name)),
            result => Ok(result?),
        }
    }

    fn open(&self, file: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let path = format!("{}/{file}", self.name);
        Ok(openat(&self.groups.dir, path, flags | OFlags::CLOEXEC, Mode::empty())?)
    }
}

/// What the events of a group tell.
#[derive(PartialEq, Eq, Debug)]
struct State {
    is_populated: bool,
    is_frozen: bool,
}

impl State {
    fn read(events: &impl AsFd) -> io::Result<Self> {
        let mut buffer = [0; EVENTS_BYTES];
        let bytes = pread(events, &mut buffer, 0)?;
        Ok(Self::told_by(&buffer[..bytes]))
    }

    fn told_by(events: &[u8]) -> Self {
        let says = |what: &[u8]| events.split(|&byte| byte == b'\n').any(|line| line == what);
        Self { is_populated: says(b"populated 1"), is_frozen: says(b"frozen 1") }
    }
}

/// Whether anything runs in the group whose events these are. Once read, the descriptor is
/// exceptional when that changes.
pub(super) fn is_populated(events: &impl AsFd) -> io::Result<bool> {
    Ok(State::read(events)?.is_populated)
}

/// Ends what is left in the groups of systems whose processes are gone, and removes them. Returns in
/// how many there was something.
pub(super) fn end_stale() -> u32 {
    let Some(parent) = own_group() else { return 0 };
    let stale = groups_in(&parent, |name| Owner::named(name).is_some_and(|owner| owner.is_gone()));
    // What can't be ended now is tried again at the next boot.
    stale.iter().filter_map(|path| end(path).ok()).map(u32::from).sum()
}

/// Ends what is left in the groups of a process of which only its parent knows, and removes them.
pub(super) fn end_of(owner: &Owner) {
    let Some(parent) = own_group() else { return };
    for path in groups_in(&parent, |name| Owner::named(name).as_ref() == Some(owner)) {
        let _ = end(&path);
    }
}

fn groups_in(parent: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let named =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(&is_wanted);
    paths.filter(named).collect()
}

/// Ends everything in a group and removes it; true if there was something.
fn end(path: &Path) -> io::Result<bool> {
    let events = fs::File::open(path.join("cgroup.events"))?;
    let had_some = is_populated(&events)?;
    if had_some {
        fs::write(path.join(KILL), "1")?;
        await_empty(&events)?;
    }
    remove_tree(path)?;
    Ok(had_some)
}

fn await_empty(events: &impl AsFd) -> io::Result<()> {
    for _ in 0..LOOKS_MAX {
        if !is_populated(events)? {
            return Ok(());
        }
        // A signal of this process is as good as news.
        let _ = poll(&mut [PollFd::new(events, PollFlags::PRI)], Some(&LOOK));
    }
    Err(io::Error::from(io::ErrorKind::TimedOut))
}

/// Removes a group and those in it, the deepest first.
fn remove_tree(path: &Path) -> io::Result<()> {
    let mut found = vec![path.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next) {
        let entries = fs::read_dir(path)?.filter_map(Result::ok);
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let folders: Vec<_> = folders.map(|entry| entry.path()).collect();
        found.extend(folders);
        next += 1;
    }
    // One that can't be removed doesn't keep the others.
    found.iter().rev().map(fs::remove_dir).fold(Ok(()), Result::and)
}

/// Makes the system's group, under the first of the owner's names that is free.
fn make_first_free(parent: &Path, owner: &Owner) -> io::Result<PathBuf> {
    for number in 0..SYSTEMS_MAX {
        let path = parent.join(owner.name(number));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::QuotaExceeded))
}

/// The directory of the group of version 2 that this process is in.
fn own_group() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    find_group(&groups, &mounts)
}

fn find_group(groups: &str, mounts: &str) -> Option<PathBuf> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (unescape(fields.next()?), unescape(fields.next()?));
        let inside = Path::new(own).strip_prefix(root).ok()?;
        kind.starts_with("cgroup2 ").then(|| Path::new(&point).join(inside))
    })
}

/// Spaces and the like stand in the table of mounts as a backslash and three octal digits.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => text.extend([char::from(code), '\0'].iter().take(1)),
            None => text.push('\\'),
        }
        text.push_str(code.map_or(part, |_| &part[3..]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_where_its_hierarchy_is_mounted() {
        const PLAIN: &str = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        const OLD: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
        const PART: &str = "40 31 0:38 /a /mnt/c\\040d rw - cgroup2 none rw\n";
        let table = [
            ("0::/\n", PLAIN, Some("/sys/fs/cgroup")),
            ("0::/user.slice/x\n", PLAIN, Some("/sys/fs/cgroup/user.slice/x")),
            ("4:cpu:/\n0::/\n", &format!("{OLD}{PLAIN}"), Some("/sys/fs/cgroup")),
            ("0::/a/b\n", PART, Some("/mnt/c d/b")),
            ("0::/b\n", PART, None),
            ("4:cpu:/\n", OLD, None),
            ("0::/\n", OLD, None),
            ("0::/\n", "", None),
        ];
        for (groups, mounts, expected) in table {
            let found = find_group(groups, mounts);
            assert_eq!(found, expected.map(PathBuf::from), "{groups:?} {mounts:?}");
        }
    }

    #[test]
    fn only_a_one_says_that_something_is_so() {
        for (events, is_populated, is_frozen) in [
            (&b"populated 1\nfrozen 0\n"[..], true, false),
            (b"populated 0\nfrozen 1\n", false, true),
            (b"frozen 1\npopulated 1\n", true, true),
            (b"populated 10\n", false, false),
            (b"", false, false),
        ] {
            let expected = State { is_populated, is_frozen };
            assert_eq!(State::told_by(events), expected, "{events:?}");
        }
    }
}
