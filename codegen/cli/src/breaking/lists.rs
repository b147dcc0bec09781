//! What changed in a list of named entries: arguments, fields, enumerators.

use flounder_codegen::Span;

use super::change::{Source, Wire};
use super::compare::{Comparison, both};
use super::pairing::Pairing;
use crate::changes::Code;

/// An entry of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    /// Its name in Rust.
    pub(super) rust: &'a str,
    pub(super) span: Span,
}

/// A list in one version: who has it, and what is in it.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) owner: Span,
    pub(super) entries: Vec<Entry<'a>>,
}

/// What the changes of a list are called.
#[derive(Debug)]
pub(super) struct Kind {
    /// What an entry is.
    pub(super) what: &'static str,
    pub(super) removed: Code,
    pub(super) added: Code,
    pub(super) renamed: Code,
    pub(super) moved: Code,
}

impl List<'_> {
    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name).collect()
    }
}

impl Comparison<'_> {
    /// Reports what went, came, moved or got another name. `wire` is what the first three do there;
    /// nothing on the wire has a name.
    pub(super) fn list(
        &mut self,
        (kind, owner, wire): (&Kind, &str, Wire),
        (old, new): (&List<'_>, &List<'_>),
        pairing: &Pairing,
    ) {
        let told = |entry: Entry<'_>| format!("{} `{}` of `{owner}`", kind.what, entry.name);
        for index in &pairing.removed {
            let entry = old.entries[*index];
            let message = told(entry) + " was removed";
            let place = both(entry.span, new.owner);
            self.change(kind.removed, message, place, (wire, Source::Everybody));
        }
        for index in &pairing.added {
            let entry = new.entries[*index];
            let message = told(entry) + " was added";
            let place = both(old.owner, entry.span);
            self.change(kind.added, message, place, (wire, Source::Everybody));
        }
        for (i, j) in &pairing.moved {
            let (before, after) = (old.entries[*i], new.entries[*j]);
            let message = told(after) + " was moved";
            self.change(kind.moved, message, both(before.span, after.span), (wire, Source::Nobody));
        }
        for (i, j) in &pairing.renamed {
            let (before, after) = (old.entries[*i], new.entries[*j]);
            let message = format!("{} was renamed to `{}`", told(before), after.name);
            let source = Source::of(before.rust != after.rust);
            self.change(kind.renamed, message, both(before.span, after.span), (Wire::Same, source));
        }
    }
}
