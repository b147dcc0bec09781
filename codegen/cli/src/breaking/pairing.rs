//! Which entry of an old list is which entry of the new one.
//!
//! Entries of one name belong together. Of the others, those that `is_renamed` takes for each other
//! do, in order. What moved is the fewest entries without which the rest has kept its order.

use std::collections::{BTreeMap, BTreeSet};

/// Indices into the old and the new list.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Pairing {
    /// Those that are in both, by their place in the old list.
    pub(super) kept: Vec<(usize, usize)>,
    /// Those of `kept` whose names differ.
    pub(super) renamed: Vec<(usize, usize)>,
    /// Those of `kept` that moved.
    pub(super) moved: Vec<(usize, usize)>,
    pub(super) removed: Vec<usize>,
    pub(super) added: Vec<usize>,
}

/// So many that came are looked at for each that went: a file may have thousands of both.
const COMPARED_MAX: usize = 256;

/// Pairs two lists of distinct names.
pub(super) fn pair(
    old: &[&str],
    new: &[&str],
    is_renamed: impl Fn(usize, usize) -> bool,
) -> Pairing {
    let places: BTreeMap<&str, usize> = new.iter().copied().zip(0..).collect();
    let (mut kept, mut removed) = (Vec::new(), Vec::new());
    for (index, name) in old.iter().enumerate() {
        match places.get(name) {
            Some(place) => kept.push((index, *place)),
            None => removed.push(index),
        }
    }
    let taken: BTreeSet<usize> = kept.iter().map(|(_, new)| *new).collect();
    let mut added: Vec<usize> = (0..new.len()).filter(|index| !taken.contains(index)).collect();
    let mut renamed = Vec::new();
    removed.retain(|old| {
        let found = added.iter().take(COMPARED_MAX).position(|new| is_renamed(*old, *new));
        renamed.extend(found.map(|at| (*old, added.remove(at))));
        found.is_none()
    });
    kept.extend(&renamed);
    kept.sort_unstable();
    let moved = moved(&kept);
    Pairing { kept, renamed, moved, removed, added }
}

/// The pairs that are in no longest ascending run of the new indices.
fn moved(kept: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Per length, the pair that ends the run with the smallest end; per pair, the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (index, (_, new)) in kept.iter().enumerate() {
        let length = ends.partition_point(|end| kept[*end].1 < *new);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut stayed = BTreeSet::new();
    let mut next = ends.last().copied();
    while let Some(index) = next {
        stayed.insert(index);
        next = before[index];
    }
    let all = kept.iter().enumerate();
    all.filter(|(index, _)| !stayed.contains(index)).map(|(_, pair)| *pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of the old list, a word per entry that isn't as it was.
    fn told(old: &str, new: &str) -> String {
        let (old, new): (Vec<_>, Vec<_>) = (old.split(' ').collect(), new.split(' ').collect());
        // Names of one length are the same thing renamed, if they stand in the same place.
        let pairing =
            pair(&old, &new, |i, j| i == j && old[i].len() == new[j].len() && old[i].len() > 1);
        assert!(pairing.moved.iter().chain(&pairing.renamed).all(|it| pairing.kept.contains(it)));
        let removed = pairing.removed.iter().map(|i| format!("-{}", old[*i]));
        let added = pairing.added.iter().map(|i| format!("+{}", new[*i]));
        let renamed = pairing.renamed.iter().map(|(i, j)| format!("{}={}", old[*i], new[*j]));
        let moved = pairing.moved.iter().map(|(i, _)| format!("~{}", old[*i]));
        removed.chain(added).chain(renamed).chain(moved).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lists_are_paired() {
        for (old, new, expected) in [
            ("a b c", "a b c", ""),
            ("a b c", "b c", "-a"),
            ("a b c", "a b c d", "+d"),
            ("a b c", "d a b c", "+d"),
            ("a b c", "c a b", "~c"),
            ("a b c d", "b a d c", "~a ~c"),
            ("a b c d", "d c b a", "~a ~b ~c"),
            ("a bb c", "a dd c", "bb=dd"),
            ("a bb c", "dd a c", "-bb +dd"),
            ("a bb c d", "d bx a c", "bb=bx ~a ~d"),
            ("a b c d e f", "b c x d f a", "-e +x ~a"),
        ] {
            assert_eq!(told(old, new), expected, "{old} -> {new}");
        }
    }
}
