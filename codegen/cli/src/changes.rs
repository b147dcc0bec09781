//! The numbers of changes that break somebody, which stay what they are, as those of findings do.

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal, $help:expr;)*) => {
        /// What kind of change it is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Code { $($name),* }

        impl Code {
            /// Every code there is.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it is shown, `B010`.
            pub(crate) fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What the code means, a clause without a full stop.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// How to do it compatibly.
            pub(crate) fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)* }
            }

            /// The page of `flounder explain`.
            pub(crate) fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../pages/", $number, ".md")),)*
                }
            }
        }
    };
}

/// Whatever the fingerprint sees has one way out.
const BESIDE: &str = "keep it as it was, declare the new form in an interface of another name, and \
                      serve both until no old peer is left";

/// What only sources see.
const NAME: &str = "keep the old name, and tell the new one in the comment";

codes! {
    InterfaceRemoved = "B001", "an interface was removed",
        "keep it, and serve it until no client of it is left";
    InterfaceRenamed = "B002", "an interface was renamed",
        "serve both names until no client of the old one is left";
    MessageRemoved = "B010", "a message was removed",
        "keep it, let its handler do nothing or answer with an error, and say so in its comment";
    MessageAdded = "B011", "a message was added", BESIDE;
    MessageRenamed = "B012", "a message was renamed", NAME;
    MessageMoved = "B013", "a message was moved among the others",
        "keep the order: the numbers of messages follow from it";
    MessageKind = "B014", "a message became an rpc, or an rpc a message", BESIDE;
    ArgumentRemoved = "B020", "an argument was removed",
        "keep it, let receivers ignore it, and say so in its comment";
    ArgumentAdded = "B021", "an argument was added", BESIDE;
    ArgumentRenamed = "B022", "an argument was renamed", NAME;
    ArgumentMoved = "B023", "an argument was moved among the others",
        "keep the order: arguments have no names on the wire";
    ArgumentType = "B024", "the type of an argument changed", BESIDE;
    ArgumentBound = "B025", "the bound of an argument changed",
        "keep the bound, and send what doesn't fit in parts; or declare the new one in an interface \
         of another name, and serve both until no old peer is left";
    ArgumentDirection = "B026", "an argument changed its direction", BESIDE;
    TypeRemoved = "B030", "a type was removed", "keep it: a type that nobody sends costs nothing";
    TypeRenamed = "B031", "a type was renamed", "keep the old name as well: `typedef new old;`";
    TypeChanged = "B032", "a type became another one",
        "keep it, declare the new type under another name, and use that in an interface of another \
         name";
    TypeMoved = "B033", "a type moved to another file",
        "leave it where it is, or have every user name it through its interface";
    TypeLength = "B034", "the length of an array type changed",
        "keep it, declare the new array under another name, and use that in an interface of another \
         name";
    FieldRemoved = "B040", "a field of a struct was removed",
        "keep it, let receivers ignore it, and say so in its comment";
    FieldAdded = "B041", "a field was added to a struct",
        "keep the struct, declare the new one under another name, and use that in an interface of \
         another name";
    FieldRenamed = "B042", "a field of a struct was renamed", NAME;
    FieldMoved = "B043", "a field of a struct was moved among the others",
        "keep the order: fields have no names on the wire";
    FieldType = "B044", "the type of a field changed",
        "keep the struct, declare the new one under another name, and use that in an interface of \
         another name";
    ValueRemoved = "B050", "a value of an enum was removed",
        "keep it: whoever never sends it loses nothing";
    ValueAdded = "B051", "a value was added to an enum",
        "keep the enum, declare the new one under another name, and use that in an interface of \
         another name";
    ValueRenamed = "B052", "a value of an enum was renamed",
        "keep the old name; if it means something else now, add a value to an enum of another name";
    ValueMoved = "B053", "a value of an enum was moved among the others",
        "keep the order: the numbers of values follow from it";
}

impl Code {
    /// The code with that number, in either case.
    pub(crate) fn find(number: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number().eq_ignore_ascii_case(number))
    }
}
