//! What the user wants to hear of: which findings are errors, which are warnings, which neither.

use crate::code::Code;

/// What becomes of a kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// It is not reported.
    Allow,
    /// It is reported and stops nothing.
    Warn,
    /// It is an error.
    Deny,
}

/// A level for every code. Errors stay errors, but for [`Code::NameMismatch`].
#[derive(Clone, Debug, Default)]
pub struct Levels {
    set: Vec<(Code, Level)>,
    deny_warnings: bool,
}

impl Levels {
    /// The levels when nobody asks for others: `int` is accepted silently, since published
    /// interfaces use it everywhere.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the level of a code. The last of several counts. False if the code is an error that
    /// nothing can lower: bindings can't be made of such an interface.
    pub fn set(&mut self, code: Code, level: Level) -> bool {
        let can_change = code.is_warning() || code == Code::NameMismatch || level == Level::Deny;
        if can_change {
            self.set.push((code, level));
        }
        can_change
    }

    /// Makes an error of whatever would be a warning.
    pub fn deny_warnings(&mut self) {
        self.deny_warnings = true;
    }

    /// What becomes of findings of that code.
    #[must_use]
    pub fn level(&self, code: Code) -> Level {
        let set = self.set.iter().rev().find(|(known, _)| *known == code);
        match set.map_or_else(|| default_level(code), |(_, level)| *level) {
            Level::Warn if self.deny_warnings && code.is_warning() => Level::Deny,
            level => level,
        }
    }
}

fn default_level(code: Code) -> Level {
    match code {
        Code::PlainInt => Level::Allow,
        _ if code.is_warning() => Level::Warn,
        _ => Level::Deny,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_level_counts() {
        let mut levels = Levels::new();
        assert_eq!(levels.level(Code::PlainInt), Level::Allow);
        assert_eq!(levels.level(Code::OldSpelling), Level::Warn);
        assert_eq!(levels.level(Code::NameMismatch), Level::Deny);
        assert!(levels.set(Code::OldSpelling, Level::Allow));
        assert!(levels.set(Code::OldSpelling, Level::Deny));
        assert!(levels.set(Code::NameMismatch, Level::Warn));
        assert_eq!(levels.level(Code::OldSpelling), Level::Deny);
        assert_eq!(levels.level(Code::NameMismatch), Level::Warn);
        assert!(!levels.set(Code::UnknownType, Level::Warn));
        assert_eq!(levels.level(Code::UnknownType), Level::Deny);
    }

    #[test]
    fn denied_warnings_leave_what_is_allowed() {
        let mut levels = Levels::new();
        levels.deny_warnings();
        levels.set(Code::BuiltinAlias, Level::Allow);
        levels.set(Code::NameMismatch, Level::Warn);
        assert_eq!(levels.level(Code::OldSpelling), Level::Deny);
        assert_eq!(levels.level(Code::BuiltinAlias), Level::Allow);
        assert_eq!(levels.level(Code::PlainInt), Level::Allow);
        assert_eq!(levels.level(Code::NameMismatch), Level::Warn);
    }
}
