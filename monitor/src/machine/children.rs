//! The dispatchers of this core, and what each was started as.

use std::collections::BTreeMap;

use flounder::{Badge, CoreId, mutant};

use crate::peers::{ChildKey, ChildKind, Generation};

/// How many dispatchers one core can have: a little more than the 100,000 domains a system must
/// manage, in case they are all on one core.
pub const CHILDREN_MAX: usize = 1 << 17;

/// The children of one monitor.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Children {
    core: CoreId,
    kinds: BTreeMap<ChildKey, ChildKind>,
    /// The last spawnd started; an earlier one has no rights even if its end isn't known yet.
    spawnd: Option<Spawnd>,
}

#[derive(Clone, Hash, Debug)]
struct Spawnd {
    child: ChildKey,
    generation: Generation,
    /// It has told where it listens.
    told: bool,
}

impl Children {
    pub(crate) fn new(core: CoreId) -> Self {
        Self { core, kinds: BTreeMap::new(), spawnd: None }
    }

    pub(crate) fn add(&mut self, child: ChildKey, kind: ChildKind) {
        if let ChildKind::Spawnd { generation } = kind {
            self.spawnd = Some(Spawnd { child, generation, told: false });
        }
        let before = self.kinds.insert(child, kind);
        debug_assert!(before.is_none(), "the handler gives every child a key of its own");
    }

    pub(crate) fn remove(&mut self, child: ChildKey) -> Option<ChildKind> {
        self.spawnd.take_if(|spawnd| spawnd.child == child);
        self.kinds.remove(&child)
    }

    pub(crate) fn kind(&self, child: ChildKey) -> Option<ChildKind> {
        self.kinds.get(&child).copied()
    }

    pub(crate) fn badge(&self, child: ChildKey) -> Option<Badge> {
        Some(self.kind(child)?.badge(self.core))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.kinds.len() >= CHILDREN_MAX
    }

    pub(crate) fn is_spawnd(&self, child: ChildKey) -> bool {
        self.spawnd.as_ref().is_some_and(|spawnd| spawnd.child == child)
    }

    /// Lets `child` tell once, if it is the core's spawnd, where it listens.
    pub(crate) fn spawnd_tells(&mut self, child: ChildKey) -> Option<Generation> {
        let is_told = |spawnd: &&mut Spawnd| {
            (spawnd.child == child && !spawnd.told) || mutant!("anybody-is-a-spawnd")
        };
        let spawnd = self.spawnd.as_mut().filter(is_told)?;
        spawnd.told = true;
        Some(spawnd.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_spawnd_has_no_rights() {
        let mut children = Children::new(CoreId(3));
        for generation in [1, 2] {
            let kind = ChildKind::Spawnd { generation: Generation(generation) };
            children.add(ChildKey(generation), kind);
        }
        assert!(!children.is_spawnd(ChildKey(1)));
        assert_eq!(children.spawnd_tells(ChildKey(1)), None);
        children.remove(ChildKey(1));
        assert_eq!(children.spawnd_tells(ChildKey(2)), Some(Generation(2)));
        assert_eq!(children.spawnd_tells(ChildKey(2)), None, "taken once");
    }

    #[test]
    fn full_at_the_limit() {
        let mut children = Children::new(CoreId(0));
        for key in 1..=CHILDREN_MAX as u64 {
            assert!(!children.is_full());
            children.add(ChildKey(key), ChildKind::Operator);
        }
        assert!(children.is_full());
        children.remove(ChildKey(1));
        assert!(!children.is_full());
    }
}
