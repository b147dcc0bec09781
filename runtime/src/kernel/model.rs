//! Random histories of caps beside a model too simple to be wrong: a tree that is kept for ever,
//! in which a revocation marks every descendant.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{CNODE_SLOTS, Cap, CapError, Counts, Holder, Kernel, Transfer};

/// So few that they often meet.
const HOLDERS: usize = 3;
/// Shorter than [`super::DERIVATION_DEPTH_MAX`], so that no derivation fails for its depth.
const STEPS_MAX: usize = 60;

/// One step of a history; caps and holders are chosen modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Frame { holder: usize },
    EndPoint { holder: usize },
    Copy { cap: usize },
    Transfer { cap: usize, how: Transfer, to: usize },
    Revoke { cap: usize },
    End { holder: usize },
    Drop { cap: usize },
    TakeEndPoint { cap: usize },
    Put { cap: usize, slot: usize },
    Take { slot: usize },
    CopyFrom { slot: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let cap = any::<usize>;
    let holder = 0..HOLDERS;
    let slot = 0..4_usize;
    let how = prop_oneof![Just(Transfer::Copy), Just(Transfer::Move)];
    prop_oneof![
        1 => holder.clone().prop_map(|holder| Step::Frame { holder }),
        1 => holder.clone().prop_map(|holder| Step::EndPoint { holder }),
        6 => cap().prop_map(|cap| Step::Copy { cap }),
        4 => (cap(), how, holder.clone()).prop_map(|(cap, how, to)| Step::Transfer { cap, how, to }),
        2 => cap().prop_map(|cap| Step::Revoke { cap }),
        1 => holder.prop_map(|holder| Step::End { holder }),
        2 => cap().prop_map(|cap| Step::Drop { cap }),
        1 => cap().prop_map(|cap| Step::TakeEndPoint { cap }),
        2 => (cap(), slot.clone()).prop_map(|(cap, slot)| Step::Put { cap, slot }),
        1 => slot.clone().prop_map(|slot| Step::Take { slot }),
        1 => slot.prop_map(|slot| Step::CopyFrom { slot }),
    ]
}

/// What the model knows of a cap; it stays in the list when the cap is gone.
struct Entry {
    parent: Option<usize>,
    root: usize,
    /// `None` in a `CNode`.
    holder: Option<usize>,
    revoked: bool,
}

#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    ended: [bool; HOLDERS],
    /// Roots of `EndPoint`s, and whether they were taken.
    endpoints: Vec<(usize, bool)>,
}

impl Model {
    fn add(&mut self, parent: Option<usize>, holder: Option<usize>) -> usize {
        let id = self.entries.len();
        let root = parent.map_or(id, |parent| self.entries[parent].root);
        self.entries.push(Entry { parent, root, holder, revoked: false });
        id
    }

    fn usable(&self, id: usize) -> bool {
        let entry = &self.entries[id];
        let held = entry.holder.is_none_or(|holder| !self.ended[holder]);
        held && !entry.revoked && !self.endpoints.contains(&(entry.root, true))
    }

    fn revoke(&mut self, above: usize) {
        for id in 0..self.entries.len() {
            let parents = |&id: &usize| self.entries[id].parent;
            if std::iter::successors(parents(&id), parents).any(|parent| parent == above) {
                self.entries[id].revoked = true;
            }
        }
    }
}

/// The real caps beside the model's.
struct World {
    kernel: Kernel,
    holders: Vec<Holder>,
    caps: Vec<(Cap, usize)>,
    /// A `CNode` of holder 0, in its slots what the model calls them.
    cnode: Cap,
    slots: [Option<usize>; CNODE_SLOTS],
    model: Model,
}

impl World {
    fn new() -> Self {
        let kernel = Kernel::new();
        let holders: Vec<_> = (0..HOLDERS).map(|_| kernel.holder()).collect();
        let (cnode, caps) = (holders[0].cnode(), Vec::new());
        Self { kernel, holders, caps, cnode, slots: [None; CNODE_SLOTS], model: Model::default() }
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Frame { holder } => {
                let id = self.model.add(None, Some(holder));
                self.caps
                    .push((self.holders[holder].frame(1).expect("one byte is a valid size"), id));
            }
            Step::EndPoint { holder } => {
                let id = self.model.add(None, Some(holder));
                self.model.endpoints.push((id, false));
                self.caps.push((self.holders[holder].endpoint(Box::new(id)), id));
            }
            Step::Revoke { cap } => self.revoke(cap),
            Step::Copy { cap } => self.copy(cap),
            Step::Transfer { cap, how, to } => self.transfer(cap, how, to),
            Step::End { holder } => {
                self.holders[holder].end();
                self.model.ended[holder] = true;
            }
            Step::Drop { cap } => drop(self.choose(cap)),
            Step::TakeEndPoint { cap } => self.take_endpoint(cap),
            Step::Put { cap, slot } => self.put(cap, slot),
            Step::Take { slot } => self.take(slot),
            Step::CopyFrom { slot } => self.copy_from(slot),
        }
    }

    fn choose(&mut self, cap: usize) -> Option<(Cap, usize)> {
        let count = self.caps.len();
        (count > 0).then(|| self.caps.swap_remove(cap % count))
    }

    fn revoke(&mut self, cap: usize) {
        let Some((cap, id)) = self.choose(cap) else { return };
        assert_eq!(cap.revoke().is_ok(), self.model.usable(id));
        if self.model.usable(id) {
            self.model.revoke(id);
        }
        self.caps.push((cap, id));
    }

    fn copy(&mut self, cap: usize) {
        let Some((cap, id)) = self.choose(cap) else { return };
        let copy = cap.copy();
        assert_eq!(copy.is_ok(), self.model.usable(id));
        if let Ok(copy) = copy {
            let child = self.model.add(Some(id), self.model.entries[id].holder);
            self.caps.push((copy, child));
        }
        self.caps.push((cap, id));
    }

    fn transfer(&mut self, cap: usize, how: Transfer, to: usize) {
        let Some((cap, id)) = self.choose(cap) else { return };
        let passed = cap.transfer(how, &self.holders[to]).expect("there is one kernel");
        let id = match how {
            _ if !self.model.usable(id) => id,
            Transfer::Copy => self.model.add(Some(id), Some(to)),
            Transfer::Move => {
                self.model.entries[id].holder = Some(to);
                id
            }
        };
        self.caps.push((passed, id));
    }

    fn take_endpoint(&mut self, cap: usize) {
        let Some((cap, id)) = self.choose(cap) else { return };
        let root = self.model.entries[id].root;
        let expected = self.model.usable(id) && self.model.endpoints.contains(&(root, false));
        match cap.take_endpoint() {
            Ok(payload) => {
                assert!(expected);
                assert_eq!(payload.downcast_ref(), Some(&root));
                self.model.endpoints.retain(|&endpoint| endpoint != (root, false));
                self.model.endpoints.push((root, true));
            }
            Err((cap, _)) => {
                assert!(!expected);
                self.caps.push((cap, id));
            }
        }
    }

    fn put(&mut self, cap: usize, slot: usize) {
        let Some((cap, id)) = self.choose(cap) else { return };
        let free = self.slots[slot].is_none();
        let expected = !self.model.ended[0] && self.model.usable(id) && free;
        match self.cnode.put(slot, cap) {
            Ok(()) => {
                assert!(expected);
                self.slots[slot] = Some(id);
                self.model.entries[id].holder = None;
            }
            Err((cap, _)) => {
                assert!(!expected);
                self.caps.push((cap, id));
            }
        }
    }

    fn take(&mut self, slot: usize) {
        let expected = if self.model.ended[0] { None } else { self.slots[slot].take() };
        let cap = self.cnode.take(slot);
        assert_eq!(cap.is_ok(), expected.is_some());
        if let (Ok(cap), Some(id)) = (cap, expected) {
            self.model.entries[id].holder = Some(0);
            self.caps.push((cap, id));
        }
    }

    fn copy_from(&mut self, slot: usize) {
        let usable = |&id: &usize| !self.model.ended[0] && self.model.usable(id);
        let expected = self.slots[slot].filter(usable);
        let copy = self.cnode.copy_from(slot);
        assert_eq!(copy.is_ok(), expected.is_some());
        if let (Ok(copy), Some(id)) = (copy, expected) {
            let child = self.model.add(Some(id), Some(0));
            self.caps.push((copy, child));
        }
    }

    fn check(&self) {
        for (cap, id) in &self.caps {
            let state = cap.identify().map(drop);
            let expected = if self.model.usable(*id) { Ok(()) } else { Err(CapError::Revoked) };
            assert_eq!(state, expected, "cap {id}: {cap:?}");
        }
        let inside = self.slots.iter().flatten().count();
        assert_eq!(self.kernel.counts().caps, self.caps.len() + inside + 1);
        for (at, holder) in self.holders.iter().enumerate() {
            let holds = |(_, id): &&(Cap, usize)| self.model.entries[*id].holder == Some(at);
            let held = self.caps.iter().filter(holds).count();
            assert_eq!(holder.seats().taken(), held + usize::from(at == 0), "the CNode is 0's");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 500 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn caps_are_usable_exactly_when_the_model_says(steps in vec(step(), 0..STEPS_MAX)) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
            world.check();
        }
        let kernel = world.kernel.clone();
        drop(world);
        prop_assert_eq!(kernel.counts(), Counts::default());
    }
}
