//! A change, and who breaks.

use flounder_codegen::Span;

use crate::changes::Code;

/// A change between two versions.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) code: Code,
    /// What changed, a sentence without a full stop.
    pub(super) message: String,
    pub(super) place: Place,
    pub(super) wire: Wire,
    /// Whether sources must change.
    pub(super) source: Source,
}

/// Where a change is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    /// In the new version and in the old one.
    Both { new: Span, old: Span },
    /// In the new version only.
    New(Span),
    /// In the old version only: the new one has no place for it.
    Old(Span),
}

/// What happens between old and new programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    /// They understand each other.
    Same,
    /// The fingerprints differ, so they can't bind.
    Refused,
    /// The fingerprint doesn't see the change: they bind, and take one value for another.
    Misread,
}

/// Whose sources must change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Nobody,
    /// Those who receive.
    Handlers,
    /// Those who receive and those who send.
    Everybody,
}

impl Wire {
    /// Whether old and new programs understand each other no more. `is_seen` if the fingerprint
    /// sees the change.
    pub(super) fn of(is_seen: bool) -> Self {
        if is_seen { Self::Refused } else { Self::Misread }
    }

    /// The same if `is_used`: what nobody sends breaks nobody.
    pub(super) fn only_if(self, is_used: bool) -> Self {
        if is_used { self } else { Self::Same }
    }

    /// What happens, in a word, if something does.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Refused => Some("refused"),
            Self::Misread => Some("misread"),
        }
    }
}

impl Source {
    /// `Everybody` if `is_broken`.
    pub(super) fn of(is_broken: bool) -> Self {
        if is_broken { Self::Everybody } else { Self::Nobody }
    }
}

impl Change {
    /// Who breaks, in words for machines.
    pub(super) fn broken(&self) -> Vec<&'static str> {
        let wire = ["old-client-new-server", "new-client-old-server"];
        let source = match self.source {
            Source::Nobody => &[][..],
            Source::Handlers => &["handlers"],
            Source::Everybody => &["handlers", "callers"],
        };
        let wire = if self.wire == Wire::Same { &[][..] } else { &wire };
        [wire, source].concat()
    }

    /// Who breaks, in sentences for people.
    pub(super) fn notes(&self) -> Vec<&'static str> {
        let wire = match self.wire {
            Wire::Same => None,
            Wire::Refused if self.code == Code::InterfaceRemoved => {
                Some("old clients find no new server")
            }
            Wire::Refused => Some(
                "old clients can't bind to new servers, nor new clients to old servers: the \
                 fingerprints differ",
            ),
            Wire::Misread => Some(
                "old clients and new servers take one value for another, and so do new clients and \
                 old servers: the fingerprint doesn't see this change",
            ),
        };
        let source = match self.source {
            Source::Nobody => None,
            Source::Handlers => Some("the source of handlers must change"),
            Source::Everybody => Some("the source of handlers and of callers must change"),
        };
        [wire, source].into_iter().flatten().collect()
    }
}

impl Place {
    /// Where it is shown.
    pub(super) fn span(self) -> Span {
        match self {
            Self::Both { new: span, .. } | Self::New(span) | Self::Old(span) => span,
        }
    }

    /// Where it was.
    pub(super) fn old(self) -> Option<Span> {
        match self {
            Self::Both { old, .. } | Self::Old(old) => Some(old),
            Self::New(_) => None,
        }
    }
}
