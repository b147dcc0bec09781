//! What the kernel tells of processes under `/proc`.

use std::fs;
use std::io;

use rustix::process::Pid;

/// A process at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stat {
    pub(super) pid: Pid,
    pub(super) parent: Option<Pid>,
    pub(super) session: Option<Pid>,
    /// When it started, in ticks since the boot of the host.
    pub(super) start: u64,
    state: char,
}

impl Stat {
    /// The process of this number.
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        let text = fs::read(format!("/proc/{pid}/stat"))?;
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        Self::parse(&String::from_utf8_lossy(&text)).ok_or_else(invalid)
    }

    /// All processes there are. Those that come and go meanwhile may be missing.
    pub(super) fn all() -> io::Result<Vec<Self>> {
        let entries = fs::read_dir("/proc")?;
        let pid = |entry: fs::DirEntry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
        let pids = entries.filter_map(|entry| pid(entry.ok()?));
        Ok(pids.filter_map(|pid| Self::of(pid).ok()).collect())
    }

    /// True if nothing of it runs any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }

    /// Reads the line: number, name in parentheses, which may hold anything, and then fields.
    fn parse(text: &str) -> Option<Self> {
        let (pid, rest) = text.split_once(' ')?;
        let (_, rest) = rest.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| Some(Pid::from_raw(fields.get(index)?.parse().ok()?));
        Some(Self {
            pid: Pid::from_raw(pid.parse().ok()?)?,
            state: fields.first()?.chars().next()?,
            parent: number(1)?,
            session: number(3)?,
            start: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_hold_anything() {
        let fields = "1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0";
        for (name, state, over) in [("sh", 'S', false), ("a) Z 1 (b", 'R', false), ("", 'Z', true)]
        {
            let stat = Stat::parse(&format!("42 ({name}) {state} {fields}")).unwrap();
            assert_eq!(stat.pid, Pid::from_raw(42).unwrap());
            assert_eq!((stat.parent, stat.session), (Pid::from_raw(1), Pid::from_raw(7)));
            assert_eq!((stat.start, stat.is_over()), (4711, over));
        }
        assert_eq!(Stat::parse("42 (sh) S 1"), None);
    }

    #[test]
    fn this_process_is_one_of_all() {
        let this = Stat::of(rustix::process::getpid()).unwrap();
        let others = Stat::all().unwrap();
        assert!(others.iter().any(|other| (other.pid, other.start) == (this.pid, this.start)));
    }
}
