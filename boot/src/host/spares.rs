//! Groups that are empty again, kept for the processes to come: to make and remove one takes the
//! kernel longer than all else that a start needs beyond a bare `posix_spawn`.

use super::cgroup::Group;

/// How many groups a core keeps: more programs than that rarely end between two starts, and the rest
/// only have to be made again.
const SPARES_MAX: usize = 16;

/// The groups that a core keeps, of which the first keeps its descriptors, too: the one that serves
/// where programs come one after the other. They are removed with that of the system: in order, by the
/// guard, or by the next boot.
#[derive(Debug, Default)]
pub(super) struct Spares(Vec<Group>);

impl Spares {
    /// A group for a process.
    pub(super) fn take(&mut self) -> Option<Group> {
        self.0.pop()
    }

    /// Keeps the group of a process of which nothing is left. Hands it back if there are enough, or if it
    /// isn't as it was.
    pub(super) fn keep(&mut self, mut group: Group) -> Option<Group> {
        if self.0.len() >= SPARES_MAX || !group.is_as_new().unwrap_or(false) {
            return Some(group);
        }
        if !self.0.is_empty() {
            group.close();
        }
        self.0.push(group);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;
    use std::sync::Arc;

    use flounder::DomainId;

    use super::*;
    use crate::host::cgroup::Groups;
    use crate::host::owner::Owner;

    /// The groups of a system; says so if there are none to be had.
    fn groups() -> Option<Arc<Groups>> {
        let groups = Groups::make(&Owner::this().expect("this process is there"));
        groups.map(Arc::new).map_err(|why| println!("skipped: {why}")).ok()
    }

    #[test]
    fn no_more_are_kept_than_the_limit_says() {
        let Some(groups) = groups() else { return };
        let mut spares = Spares::default();
        for (number, id) in (0..=SPARES_MAX).zip((1..).map(DomainId)) {
            let handed_back = spares.keep(groups.group(id).expect("it can be made"));
            assert_eq!(handed_back.is_some(), number == SPARES_MAX, "{number}");
        }
        let open = std::iter::from_fn(|| spares.take()).map(|group| group.is_open());
        let open: Vec<_> = open.collect();
        assert_eq!((open.len(), open.iter().filter(|&&open| open).count()), (SPARES_MAX, 1));
        let path = groups.path().to_owned();
        drop(groups);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_is_not_empty_is_not_kept() {
        let Some(groups) = groups() else { return };
        let group = groups.group(DomainId(1)).expect("it can be made");
        let mut child = Command::new("/bin/sleep").arg("1000").spawn().expect("it starts");
        let procs = groups.path().join(DomainId(1).to_string()).join("cgroup.procs");
        fs::write(procs, child.id().to_string()).expect("it joins");
        let mut spares = Spares::default();
        let handed_back = spares.keep(group).expect("somebody is in it");
        handed_back.kill().expect("it can be killed");
        child.wait().expect("it is our child");
        assert!(spares.keep(handed_back).is_none(), "it is empty now");
    }
}
