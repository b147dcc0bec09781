//! Executables of the host as programs of the system: started, watched and ended with all they
//! start.

mod affinity;
mod cgroup;
mod desk;
mod exec;
mod guard;
mod helper;
mod output;
mod owner;
mod proc;
mod process;
mod pump;
mod raw;
mod spares;
mod stdio;
mod tree;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD, FileType, accessat, stat};

use crate::config::Config;
use cgroup::Groups;
use owner::Owner;

pub use cgroup::NoCgroups;
pub(crate) use desk::{Desk, Desks, HostEvent};
pub(crate) use guard::end_unguarded;
pub use guard::{Guard, guarded};
pub use output::Output;

/// What all cores share for the processes they start.
#[derive(Debug)]
pub(crate) struct Host {
    output: Output,
    groups: Option<Arc<Groups>>,
    guard: Option<Guard>,
}

/// How a system holds the processes that it starts together, found out when it boots.
#[derive(Debug)]
#[non_exhaustive]
pub struct Containment {
    /// How a process is ended with all it started.
    pub trees: Trees,
    /// In how many groups of systems that are gone something was left, and was ended.
    pub stale: u32,
    /// Whether a guard ends what the system leaves, however it ends.
    pub guarded: bool,
}

/// How a process is ended with all it started.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trees {
    /// Each is in a control group in this one, and ends with that.
    Groups(PathBuf),
    /// Its session is looked through, and who started whom. What makes a session of its own and
    /// loses its parent isn't found; a guard ends it with the system.
    Scan(NoCgroups),
}

impl Host {
    /// Finds out how processes are held together.
    pub(crate) fn new(config: &Config) -> (Self, Containment) {
        let (output, guard) = (config.output.clone(), config.guard.clone());
        let guarded = guard.is_some();
        let (stale, groups) = if config.control_groups {
            let owner = Owner::this().map_err(|_| NoCgroups::NotMounted);
            (cgroup::end_stale(), owner.and_then(|owner| Groups::make(&owner)))
        } else {
            (0, Err(NoCgroups::Off))
        };
        match groups {
            Ok(groups) => {
                let trees = Trees::Groups(groups.path().to_owned());
                let groups = Some(Arc::new(groups));
                (Self { output, groups, guard }, Containment { trees, stale, guarded })
            }
            Err(why) => {
                let trees = Trees::Scan(why);
                (Self { output, groups: None, guard }, Containment { trees, stale, guarded })
            }
        }
    }

    /// What to watch the guard with.
    pub(crate) fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    fn groups(&self) -> Option<&Arc<Groups>> {
        self.groups.as_ref()
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

impl fmt::Display for Containment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trees {
            Trees::Groups(path) => write!(f, "each in a control group in {}", path.display())?,
            Trees::Scan(why) => write!(f, "each in a session, without control groups: {why}")?,
        }
        f.write_str(if self.guarded { ", under a guard" } else { ", without a guard" })
    }
}

/// True if `path` is a regular file that this process may execute.
pub(crate) fn is_executable(path: &Path) -> bool {
    let is_file = stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
    is_file && accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}
