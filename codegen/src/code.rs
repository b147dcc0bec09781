//! The numbers of findings, which stay what they are: users search for them and silence them.

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        /// What kind of finding a diagnostic is. `E…` are errors, `W…` are warnings.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $number, "`: ", $meaning, ".")] $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as errors show it, `E050`.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What the code means, a clause without a full stop.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Encoding = "E001", "the file is not UTF-8, or too large";
    StrayCharacter = "E002", "a character that has no meaning in an interface file";
    Unterminated = "E003", "a comment or a string without an end";
    TooDeep = "E004", "comments, braces or types nested too deep";
    Syntax = "E005", "something is missing, or there is too much of something";
    Number = "E006", "a number that is malformed or too large";
    Escape = "E007", "an unknown escape in a string";
    Reserved = "E008", "a reserved word used as a name";
    Unreadable = "E009", "a file that can't be read";
    NotAlone = "E010", "an interface file holds exactly one interface and nothing else";
    NoMessages = "E011", "an interface without messages";
    TypeAfterMessage = "E012", "a type declared after a message";
    InterfaceInImport = "E013", "an import that holds an interface";
    NameMismatch = "E014", "the interface is not named like its file";
    Direction = "E015", "`in` and `out` belong to the arguments of an rpc, to all of them";
    DuplicateType = "E020", "two types of one name";
    DuplicateMessage = "E021", "two messages of one name";
    DuplicateArgument = "E022", "two arguments of one name";
    DuplicateField = "E023", "two fields of one name";
    DuplicateEnumerator = "E024", "two enumerators of one name";
    DuplicateAnnotation = "E025", "two annotations or annotation keys of one name";
    SameInRust = "E026", "two names that become one in Rust";
    SameOutput = "E027", "two files whose bindings would have one name";
    BuiltinName = "E028", "a declaration with the name of a builtin type";
    UnknownType = "E030", "a type that is not declared before its use";
    NotABuiltin = "E031", "an alias of something that is not a builtin type";
    AnnotationValue = "E032", "an annotation that names no argument";
    ZeroBound = "E040", "a bound of 0";
    FixedSize = "E041", "a fixed-size type over the size limit";
    UnboundedString = "E042", "a String without a maximum";
    UnboundedArray = "E043", "an array without a maximum, or in a place that takes none";
    ListOfStrings = "E044", "a dynamic array of Strings";
    ListOfCaps = "E045", "a dynamic array of capabilities";
    TooMany = "E046", "more messages or enumerators than the wire can number";
    OldSpelling = "W001", "an old spelling of `message`";
    BuiltinAlias = "W002", "an alias with the name of a builtin type; the builtin wins";
    UnknownAnnotation = "W003", "an annotation that nobody knows";
    PlainInt = "W004", "the deprecated type `int`";
}

impl Code {
    /// Whether the finding lets generation go on, unless it is denied.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.number().starts_with('W')
    }

    /// The code with that number, in either case.
    #[must_use]
    pub fn find(number: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number().eq_ignore_ascii_case(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascend() {
        let numbers: Vec<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn codes_are_found_by_number() {
        for code in Code::ALL {
            assert_eq!(Code::find(&code.number().to_lowercase()), Some(*code));
        }
        assert_eq!(Code::find("E999"), None);
    }
}
