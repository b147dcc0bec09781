//! What messages are made of, read from the interface files without the compiler.
//!
//! Only declarations of types are read; arguments come from the descriptors. A value of fixed size is
//! its leaves one after the other, however structs and arrays nest.

use std::collections::BTreeMap;
use std::iter::Peekable;

use flounder::{Cap, MessageDescriptor, MessageKind};

/// A value that holds no others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    /// An integer of so many bytes.
    Unsigned(usize),
    /// Likewise, with a sign.
    Signed(usize),
    /// An error value, which shows itself by name.
    Error,
    Bool,
    /// One of so many enumerators.
    Enum(u64),
    Cap,
}

impl Leaf {
    /// The bytes it takes, and the multiple of which its place is.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) => bytes,
            Self::Error => 8,
            Self::Bool => 1,
            Self::Enum(_) => 4,
            Self::Cap => 0,
        }
    }

    /// The largest of its values, as the bits on the wire.
    pub(crate) fn most(self) -> u64 {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) => u64::MAX >> (64 - 8 * bytes),
            Self::Error => u64::MAX,
            Self::Bool => 1,
            Self::Enum(count) => count - 1,
            Self::Cap => 0,
        }
    }

    /// The most memory it takes in a struct.
    pub(crate) fn memory(self) -> usize {
        self.bytes().max(size_of::<Cap>())
    }
}

/// The form of an argument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Fixed(Vec<Leaf>),
    /// A string of at most so many bytes.
    Text(usize),
    /// At most so many elements.
    List(Vec<Leaf>, usize),
}

/// A message and the forms of its arguments, in textual order.
pub(crate) struct Message {
    pub(crate) number: u16,
    pub(crate) name: &'static str,
    pub(crate) kind: MessageKind,
    pub(crate) bytes_max: usize,
    pub(crate) arguments: Vec<Form>,
}

/// The types that some files declare.
pub(crate) struct Types(BTreeMap<String, Vec<Leaf>>);

const BUILTINS: &[(&str, Leaf)] = &[
    ("uint8", Leaf::Unsigned(1)),
    ("uint16", Leaf::Unsigned(2)),
    ("uint32", Leaf::Unsigned(4)),
    ("uint64", Leaf::Unsigned(8)),
    ("size", Leaf::Unsigned(8)),
    ("uintptr", Leaf::Unsigned(8)),
    ("char", Leaf::Unsigned(1)),
    ("iref", Leaf::Unsigned(4)),
    ("int8", Leaf::Signed(1)),
    ("int16", Leaf::Signed(2)),
    ("int32", Leaf::Signed(4)),
    ("int", Leaf::Signed(4)),
    ("int64", Leaf::Signed(8)),
    ("intptr", Leaf::Signed(8)),
    ("bool", Leaf::Bool),
    ("errval", Leaf::Error),
    ("cap", Leaf::Cap),
    ("give_away_cap", Leaf::Cap),
];

impl Types {
    /// Reads the declarations of files, imports first.
    pub(crate) fn declared_in(texts: &[String]) -> Self {
        let builtins = BUILTINS.iter().map(|&(name, leaf)| (name.to_owned(), vec![leaf]));
        let mut types = Self(builtins.collect());
        for text in texts {
            let words = words(text);
            let mut words = words.iter().map(String::as_str).peekable();
            while let Some(word) = words.next() {
                match word {
                    "typedef" => types.typedef(&mut words),
                    "alias" => {
                        let name = words.next().expect("an alias has a name").to_owned();
                        let ty = types.get(words.next().expect("an alias names a type"));
                        types.0.insert(name, ty);
                    }
                    _ => {}
                }
            }
        }
        types
    }

    fn typedef<'a>(&mut self, words: &mut Peekable<impl Iterator<Item = &'a str>>) {
        let leaves = match words.next().expect("a typedef has a type") {
            "struct" => self.fields(words),
            "enum" => {
                let names = words.by_ref().take_while(|word| *word != "}");
                let count = names.filter(|word| !matches!(*word, "{" | ",")).count();
                vec![Leaf::Enum(count as u64)]
            }
            name => self.get(name),
        };
        let name = words.next().expect("a typedef has a name").to_owned();
        let length = match words.next() {
            Some("[") => words.next().expect("an array has a length").parse().expect("a number"),
            _ => 1,
        };
        self.0.insert(name, leaves.repeat(length));
    }

    fn fields<'a>(&self, words: &mut impl Iterator<Item = &'a str>) -> Vec<Leaf> {
        let words = words.take_while(|word| *word != "}");
        let words: Vec<_> = words.filter(|word| *word != "{").collect();
        let fields = words.split(|word| *word == ";").filter(|field| !field.is_empty());
        fields.flat_map(|field| self.get(field[0])).collect()
    }

    fn get(&self, name: &str) -> Vec<Leaf> {
        self.0.get(name).unwrap_or_else(|| panic!("nobody declares {name}")).clone()
    }

    pub(crate) fn message(&self, message: &MessageDescriptor) -> Message {
        let &MessageDescriptor { number, name, kind, bytes_max, arguments } = message;
        let arguments = arguments.iter().map(|argument| self.form(argument.ty)).collect();
        Message { number, name, kind, bytes_max, arguments }
    }

    fn form(&self, ty: &str) -> Form {
        let Some((element, bound)) = ty.strip_suffix(']').and_then(|ty| ty.split_once('[')) else {
            return Form::Fixed(self.get(ty));
        };
        let bound = bound.rsplit(',').next().expect("rsplit gives one at least").trim();
        let bound: usize = bound.parse().expect("a bound is a number");
        match element {
            // The bound counts the NUL that strings had in C.
            "String" => Form::Text(bound - 1),
            element => Form::List(self.get(element), bound),
        }
    }
}

/// The words and signs of a file, without comments.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let comment = match rest.get(..2) {
            Some("//") => Some("\n"),
            Some("/*") => Some("*/"),
            _ => None,
        };
        if let Some(end) = comment {
            rest = rest.split_once(end).map_or("", |(_, after)| after);
            words.push(String::new());
            continue;
        }
        rest = &rest[next.len_utf8()..];
        if next.is_alphanumeric() || next == '_' {
            words.last_mut().expect("there is a last word").push(next);
        } else {
            words.extend([next.to_string(), String::new()]);
        }
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

#[test]
fn declarations_are_read_as_they_are_meant() {
    let text = "alias word uint32; /* typedef no no; */ typedef enum { a, // b\n c } few;
        typedef struct { int8 x; few y; } pair; typedef pair pairs[2];";
    let types = Types::declared_in(&[text.to_owned()]);
    let pair = [Leaf::Signed(1), Leaf::Enum(2)];
    assert_eq!(types.form("word"), Form::Fixed(vec![Leaf::Unsigned(4)]));
    assert_eq!(types.form("pairs"), Form::Fixed(pair.repeat(2)));
    assert_eq!(types.form("pair[n, 7]"), Form::List(pair.to_vec(), 7));
    assert_eq!(types.form("String[16]"), Form::Text(15));
}
