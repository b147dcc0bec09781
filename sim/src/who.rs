//! Who is at an end of a channel, as it calls itself in traces.

use std::fmt;

/// Who is at an end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) enum Who {
    /// It has no owner yet, or one that says nothing.
    #[default]
    Nobody,
    /// The process manager.
    ProcMgmt,
    /// The monitor of a core.
    Monitor(u8),
    /// One life of a core's spawnd.
    Spawnd { core: u8, generation: u64 },
    /// A program in a domain.
    Program { domain: u64, core: u8 },
    /// Whoever stands outside the system and uses it.
    Host { number: u64, core: u8 },
}

impl Who {
    /// Who is called that: the opposite of `Display`.
    pub(crate) fn called(label: &str) -> Self {
        let pair = |rest: &str, at| {
            let (first, second) = rest.split_once(at)?;
            Some((first.parse().ok()?, second.parse().ok()?))
        };
        let found = if label == "proc_mgmt" {
            Some(Self::ProcMgmt)
        } else if let Some(core) = label.strip_prefix("monitor.") {
            core.parse().ok().map(Self::Monitor)
        } else if let Some(rest) = label.strip_prefix("spawnd.") {
            let lives = rest.split_once('/').and_then(|(core, generation)| {
                Some((core.parse().ok()?, generation.parse().ok()?))
            });
            lives.map(|(core, generation)| Self::Spawnd { core, generation })
        } else if let Some(rest) = label.strip_prefix("domain ") {
            pair(rest, '@').map(|(domain, core)| Self::Program { domain, core })
        } else if let Some(rest) = label.strip_prefix("host ") {
            pair(rest, '@').map(|(number, core)| Self::Host { number, core })
        } else {
            None
        };
        found.unwrap_or_default()
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::ProcMgmt => f.write_str("proc_mgmt"),
            Self::Monitor(core) => write!(f, "monitor.{core}"),
            Self::Spawnd { core, generation } => write!(f, "spawnd.{core}/{generation}"),
            Self::Program { domain, core } => write!(f, "domain {domain}@{core}"),
            Self::Host { number, core } => write!(f, "host {number}@{core}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_who() {
        for who in [
            Who::Nobody,
            Who::ProcMgmt,
            Who::Monitor(3),
            Who::Spawnd { core: 2, generation: 7 },
            Who::Program { domain: 12, core: 1 },
            Who::Host { number: 4, core: 0 },
        ] {
            assert_eq!(Who::called(&who.to_string()), who);
        }
    }
}
