//! Names in force: which are taken, and what type each names.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Ident, Lost};
use crate::code::Code;
use crate::diag::Diagnostics;
use crate::model::{BUILTINS, STRING, TypeRef};
use crate::near::nearest;
use crate::source::Span;

/// The builtin that says nothing about its size.
const INT: &str = "int";

/// What a type name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    Type(TypeRef),
    /// The builtin `String`, which is no type of its own.
    String,
    /// A declaration with an error of its own: its uses are no errors.
    Broken,
}

/// The types that a declaration can name.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    declared: BTreeMap<String, (Meaning, Span)>,
    /// Words of declarations that were lost to syntax errors: unknown names may be theirs.
    lost: BTreeSet<String>,
    lost_everything: bool,
}

impl Scope {
    pub(super) fn builtin(name: &str) -> Option<Meaning> {
        if name == STRING {
            return Some(Meaning::String);
        }
        let (_, builtin) = BUILTINS.iter().find(|(known, _)| *known == name)?;
        Some(Meaning::Type(TypeRef::Builtin(*builtin)))
    }

    pub(super) fn declared(&self, name: &str) -> Option<(Meaning, Span)> {
        self.declared.get(name).copied()
    }

    pub(super) fn declare(&mut self, name: &Ident, meaning: Meaning) {
        self.declared.insert(name.name.clone(), (meaning, name.span));
    }

    pub(super) fn lose(&mut self, lost: &Lost) {
        match lost {
            Lost::Words(words) => self.lost.extend(words.iter().cloned()),
            Lost::Everything => self.lost_everything = true,
        }
    }

    /// Whether the declaration of an unknown name may have been lost.
    pub(super) fn may_be_lost(&self, name: &str) -> bool {
        self.lost_everything || self.lost.contains(name)
    }

    /// What `name` stands for; an unknown name is reported.
    pub(super) fn resolve(&self, name: &Ident, diagnostics: &mut Diagnostics) -> Meaning {
        if name.name.is_empty() {
            return Meaning::Broken;
        }
        if let Some(builtin) = Self::builtin(&name.name) {
            deprecated(name, diagnostics);
            return builtin;
        }
        if let Some((meaning, _)) = self.declared(&name.name) {
            return meaning;
        }
        if !self.may_be_lost(&name.name) {
            let message = format!("no type named `{}`", name.name);
            let diagnostic = diagnostics.report(Code::UnknownType, name.span, message);
            if let Some(near) = self.nearest(&name.name) {
                diagnostic.help(format!("did you mean `{near}`?"));
            } else {
                diagnostic.help("types are declared before their use, or in an import (`-i FILE`)");
            }
        }
        Meaning::Broken
    }

    /// The known type whose name is most like `name`, if one is.
    fn nearest(&self, name: &str) -> Option<&str> {
        let declared = self.declared.keys().map(String::as_str);
        let known = BUILTINS.iter().map(|(known, _)| *known).chain([STRING]).chain(declared);
        nearest(name, known)
    }
}

/// Reports the use of a builtin that has a better name.
pub(super) fn deprecated(name: &Ident, diagnostics: &mut Diagnostics) {
    if name.name == INT {
        diagnostics
            .report(Code::PlainInt, name.span, "`int` is deprecated")
            .help("write `int32`, which is what it means");
    }
}

/// A name space: reports a name that is taken, be it as written or as Rust sees it.
pub(super) struct Names {
    /// What lives here, for messages: "message", "argument".
    what: &'static str,
    duplicate: Code,
    written: BTreeMap<String, Span>,
    converted: BTreeMap<String, (String, Span)>,
}

impl Names {
    pub(super) fn new(what: &'static str, duplicate: Code) -> Self {
        Self { what, duplicate, written: BTreeMap::new(), converted: BTreeMap::new() }
    }

    /// Takes `name`, which `convert` makes a Rust name of. False if that was reported as taken.
    pub(super) fn take(
        &mut self,
        name: &Ident,
        convert: fn(&str) -> proc_macro2::Ident,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        if name.name.is_empty() {
            return true;
        }
        if !self.take_written(name, diagnostics) {
            return false;
        }
        let what = self.what;
        let converted = convert(&name.name).to_string();
        if let Some((other, first)) = self.converted.get(&converted) {
            let message =
                format!("{what}s `{other}` and `{}` are both `{converted}` in Rust", name.name);
            diagnostics
                .report(Code::SameInRust, name.span, message)
                .related(*first, format!("`{other}` is declared here"))
                .help("rename one of them");
            return false;
        }
        self.converted.insert(converted, (name.name.clone(), name.span));
        true
    }

    /// Takes a name that has no Rust counterpart, such as the length of an array.
    pub(super) fn take_written(&mut self, name: &Ident, diagnostics: &mut Diagnostics) -> bool {
        if let Some(first) = self.written.get(&name.name) {
            let message = format!("{} `{}` is declared twice", self.what, name.name);
            diagnostics
                .report(self.duplicate, name.span, message)
                .related(*first, "first declared here");
            return false;
        }
        self.written.insert(name.name.clone(), name.span);
        true
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.written.contains_key(name)
    }
}
