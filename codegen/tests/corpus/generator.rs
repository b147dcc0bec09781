//! A corpus like the published interfaces, from a seed: as many files and declarations, of the same
//! sizes, with the same habits.

use std::fmt::Write as _;

/// Published interfaces, and what they declare in all.
const INTERFACES: usize = 95;
const MESSAGES: usize = 413;
const RPCS: usize = 330;
const STRUCTS: usize = 15;
const ENUMS: usize = 12;
const EMPTY_MESSAGES: usize = 97;

/// The most arguments of a published message.
const ARGUMENTS_MAX: u64 = 16;

/// Published files say whose they are.
const LICENSE: &str = "/*\n * Copyright (c) 2026, the authors.\n * All rights reserved.\n *\n \
    * This file is distributed under the terms in the attached file.\n * If you do not find this \
    file, copies can be found by asking for them.\n * There is no warranty of any kind, not even \
    an implied one, and nobody\n * is liable for anything that an interface definition does.\n */\n";

const TYPES: [&str; 20] = [
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "int",
    "int",
    "size",
    "uintptr",
    "char",
    "bool",
    "iref",
    "errval",
    "errval",
    "cap",
    "give_away_cap",
    "coreid",
];
const VERBS: [&str; 10] =
    ["get", "set", "register", "create", "open", "close", "read", "write", "notify", "remove"];
const NOUNS: [&str; 10] =
    ["block", "page", "queue", "frame", "session", "device", "core", "memory", "timer", "lock"];
const ARGUMENTS: [&str; 12] = [
    "type",
    "fn",
    "option",
    "error",
    "mode",
    "id",
    "trigger",
    "register_",
    "match",
    "self",
    "data",
    "count",
];

/// A file of the corpus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The imports in their order, and the files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Corpus {
    pub(crate) imports: Vec<File>,
    pub(crate) files: Vec<File>,
}

/// The corpus of a seed.
pub(crate) fn corpus(seed: u64) -> Corpus {
    let mut random = Random::new(seed);
    let mut shapes = vec![Shape::default(); INTERFACES];
    for shape in &mut shapes {
        shape.messages = 1;
    }
    for _ in INTERFACES..MESSAGES {
        shapes[random.below(INTERFACES)].messages += 1;
    }
    for (count, declare) in [
        (RPCS, (|shape| shape.rpcs += 1) as fn(&mut Shape)),
        (STRUCTS, |shape| shape.structs += 1),
        (ENUMS, |shape| shape.enums += 1),
        (EMPTY_MESSAGES, |shape| shape.empty = (shape.empty + 1).min(shape.messages)),
    ] {
        for _ in 0..count {
            declare(&mut shapes[random.below(INTERFACES)]);
        }
    }
    let files = shapes.iter().enumerate();
    let mut files: Vec<_> = files.map(|(n, shape)| interface(n, shape, &mut random)).collect();
    files.push(types_only());
    Corpus { imports: imports(), files }
}

/// Three imports that are read for every interface, as for the published ones.
fn imports() -> Vec<File> {
    let file = |name: &str, text: &str| File { name: name.into(), text: text.into() };
    vec![
        file(
            "platform/x86_64.if",
            "alias iref uint32;\nalias errval uintptr;\nalias cycles uint64;",
        ),
        file("arch/x86_64.if", "typedef uint64 vaddr;\ntypedef uint64 paddr;\n"),
        file(
            "types.if",
            "typedef uint8 coreid;\ntypedef struct { coreid core; paddr base; } place;\n",
        ),
    ]
}

fn types_only() -> File {
    let text = "typedef enum { none, some } presence;\ntypedef uint8 sector[512];\n".into();
    File { name: "shared_types.if".into(), text }
}

/// What an interface declares.
#[derive(Clone, Default)]
struct Shape {
    messages: usize,
    empty: usize,
    rpcs: usize,
    structs: usize,
    enums: usize,
}

fn interface(number: usize, shape: &Shape, random: &mut Random) -> File {
    let name = format!("{}_{}{number}", random.pick(&NOUNS), random.pick(&VERBS));
    let indent = if random.one_in(3) { "\t" } else { "    " };
    let mut text = format!("{LICENSE}\ninterface {name} \"Interface {number}\" {{\n");
    let mut put = |line: String| {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{indent}{line}");
    };
    for index in 0..shape.structs {
        put(format!("typedef struct {{ uint64 base; coreid core; vaddr at; }} struct{index};"));
    }
    for index in 0..shape.enums {
        put(format!("typedef enum {{ none{index}, read{index}, write{index} }} enum{index};"));
    }
    for index in 0..shape.messages {
        let arguments = if index < shape.empty { String::new() } else { arguments(&[""], random) };
        put(format!("// About message {index}, in a few words that say what it is for."));
        if number == 0 {
            put(format!("@ata(command=0x{index:X})"));
        }
        put(format!("message {}_{index}({arguments});", random.pick(&VERBS)));
    }
    for index in 0..shape.rpcs {
        let arguments = arguments(&["in ", "in ", "out "], random);
        put(format!("/* About rpc {index}:\n{indent} * it is answered. */"));
        put(format!("rpc {}_{}{index}({arguments});", random.pick(&NOUNS), random.pick(&VERBS)));
    }
    text += "};";
    if random.one_in(2) {
        text.push('\n');
    }
    File { name: format!("{name}.if"), text }
}

fn arguments(directions: &[&str], random: &mut Random) -> String {
    // Most messages have few arguments.
    let count = if random.one_in(20) { ARGUMENTS_MAX } else { 1 + random.next() % 3 };
    let arguments = (0..count).map(|index| {
        let direction = random.pick(directions);
        let name = match random.pick(&ARGUMENTS) {
            name if index == 0 => name.to_owned(),
            name => format!("{name}{index}"),
        };
        let comment = if random.one_in(10) { " /* in bytes */" } else { "" };
        let argument = match random.next() % 8 {
            0 => format!("String {name}[{}]", random.pick(&["64", "2048", "65536"])),
            1 => format!("uint8 {name}[len_{index}, {}]", random.pick(&["16", "512", "4096"])),
            _ => format!("{} {name}", random.pick(&TYPES)),
        };
        format!("{direction}{argument}{comment}")
    });
    arguments.collect::<Vec<_>>().join(if random.one_in(4) { ",\n\t\t" } else { ", " })
}

/// The splitmix64 generator of Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to before the limit, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }
}
