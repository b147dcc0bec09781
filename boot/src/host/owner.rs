//! Whose a group is: a process, told apart from all others that had or will have its number.

use std::fs;
use std::io;

use rustix::process::{Pid, getpid};

use super::proc::Stat;

/// What the names of all groups begin with.
const PREFIX: &str = "flounder";

/// A process of one boot of the host, as whoever shares its numbers knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    /// The boot of the host.
    boot: String,
    /// The name space of process numbers: those of another container are not ours to judge.
    space: String,
    pid: i32,
    /// When it started, in the kernel's ticks since the boot.
    start: u64,
}

impl Owner {
    /// This process.
    pub(super) fn this() -> io::Result<Self> {
        Self::of(getpid())
    }

    /// Another process, which is there.
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let space = fs::read_link("/proc/self/ns/pid")?;
        let space = space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        let start = Stat::of(pid)?.start;
        let pid = pid.as_raw_nonzero().get();
        Ok(Self { boot: boot.trim().to_owned(), space, pid, start })
    }

    /// The name of its group, of which it may have several.
    pub(super) fn name(&self, number: u32) -> String {
        let Self { boot, space, pid, start } = self;
        format!("{PREFIX}.{boot}.{space}.{pid}.{start}.{number}")
    }

    /// Whose group has this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let mut next = || parts.next();
        let (prefix, boot, space) = (next()?, next()?.to_owned(), next()?.to_owned());
        let (pid, start) = (next()?.parse().ok()?, next()?.parse().ok()?);
        let _number: u32 = next()?.parse().ok()?;
        (prefix == PREFIX && next().is_none()).then_some(Self { boot, space, pid, start })
    }

    /// True if this process can tell that it is gone.
    pub(super) fn is_gone(&self) -> bool {
        let Ok(this) = Self::this() else { return false };
        if self.boot != this.boot {
            return true;
        }
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.space == this.space) else {
            return false;
        };
        Stat::of(pid).map_or(true, |stat| stat.start != self.start || stat.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is() {
        let this = Owner::this().unwrap();
        assert_eq!(Owner::named(&this.name(7)), Some(this.clone()));
        for name in ["flounder", "other.a.1.2.3.4", "flounder.a.1.x.3.4", "flounder.a.1.2.3.4.5"] {
            assert_eq!(Owner::named(name), None, "{name}");
        }
    }

    #[test]
    fn who_is_gone() {
        let this = Owner::this().unwrap();
        let table = [
            ("this process", this.clone(), false),
            ("one of its number that started before", Owner { start: 0, ..this.clone() }, true),
            ("one of another boot", Owner { boot: "x".into(), ..this.clone() }, true),
            ("one of another container", Owner { space: "1".into(), start: 0, ..this }, false),
        ];
        for (what, owner, expected) in table {
            assert_eq!(owner.is_gone(), expected, "{what}");
        }
    }
}
